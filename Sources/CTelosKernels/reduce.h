// Reductions and running sums.
#ifndef TELOS_REDUCE_H
#define TELOS_REDUCE_H

#pragma STDC FP_CONTRACT OFF

TELOS_INLINE v16 reduce_step(const int maximum, v16 sum, v16 x) { return maximum ? vmaximum(sum, x) : sum + x; }
TELOS_INLINE float reduce_lanes(const int maximum, v16 v) { return maximum ? vmaximum_lanes(v) : vsum(v); }

/// R rows of `count` elements: lane l takes elements l, l + 16, ...; then the tree.
TELOS_INLINE void reduce_rows(const int maximum, const int R, float *target, const float *source, int64_t count) {
    v16 lanes[4];
    TELOS_UNROLL for (int r = 0; r < R; ++r) lanes[r] = vsplat(maximum ? -INFINITY : 0.0f);
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        TELOS_UNROLL for (int r = 0; r < R; ++r) {
            lanes[r] = reduce_step(maximum, lanes[r], vload(source + r * count + i));
        }
    }
    if (i < count) {
        const v16i present = vlanes() < (v16i)(int32_t)(count - i);
        TELOS_UNROLL for (int r = 0; r < R; ++r) {
            lanes[r] = present ? reduce_step(maximum, lanes[r], vload(source + r * count + i)) : lanes[r];
        }
    }
    TELOS_UNROLL for (int r = 0; r < R; ++r) target[r] = reduce_lanes(maximum, lanes[r]);
}

/// V vectors of columns, `tail` of the last, each in order down `count` rows.
TELOS_INLINE void reduce_columns(const int maximum, const int V, float *target, const float *source, int64_t count,
                                 int64_t row, int64_t tail) {
    v16 sum[4];
    TELOS_UNROLL for (int v = 0; v < V; ++v) sum[v] = vsplat(maximum ? -INFINITY : 0.0f);
    for (int64_t i = 0; i < count; ++i, source += row) {
        TELOS_UNROLL for (int v = 0; v < V; ++v) sum[v] = reduce_step(maximum, sum[v], vload(source + 16 * v));
    }
    TELOS_UNROLL for (int v = 0; v < V - 1; ++v) vstore(target + 16 * v, sum[v]);
    vstore_part(target + 16 * (V - 1), sum[V - 1], tail);
}

TELOS_INLINE void run_reduction(const int maximum, const telos_instruction *i, int64_t part, int64_t parts) {
    const int64_t outer = i->n0, count = i->n1, inner = i->n2;
    int64_t begin = 0, end = outer, from = 0, to = inner;
    if (outer >= parts) {
        begin = outer * part / parts;
        end = outer * (part + 1) / parts;
    } else {
        const int64_t blocks = (inner + 15) / 16;
        from = blocks * part / parts * 16;
        to = blocks * (part + 1) / parts * 16;
        if (to > inner) to = inner;
    }
    if (inner == 1) {
        if (from >= to) return;
        int64_t r = begin;
        for (; r + 4 <= end; r += 4) reduce_rows(maximum, 4, i->dst + r, i->a + r * count, count);
        for (; r < end; ++r) reduce_rows(maximum, 1, i->dst + r, i->a + r * count, count);
        return;
    }
    for (int64_t o = begin; o < end; ++o) {
        const float *source = i->a + o * count * inner;
        float *target = i->dst + o * inner;
        int64_t c = from;
        for (; c + 64 <= to; c += 64) reduce_columns(maximum, 4, target + c, source + c, count, inner, 16);
        for (; c < to; c += 16) {
            const int64_t tail = to - c < 16 ? to - c : 16;
            reduce_columns(maximum, 1, target + c, source + c, count, inner, tail);
        }
    }
}

static void run_sum(const telos_instruction *i, int64_t part, int64_t parts) { run_reduction(0, i, part, parts); }
static void run_maximum(const telos_instruction *i, int64_t part, int64_t parts) { run_reduction(1, i, part, parts); }

/// The first NaN, or else the first element that equals the maximum.
static void run_argmax(const telos_instruction *i) {
    for (int64_t r = 0; r < i->n0; ++r) {
        const float *row = i->a + r * i->n1;
        float largest;
        reduce_rows(1, 1, &largest, row, i->n1);
        const int unordered = largest != largest;
        int64_t at = 0;
        for (int64_t k = 0; k < i->n1; k += 16) {
            const v16 x = vload(row + k);
            const v16i inside = vlanes() < (v16i)(int32_t)(i->n1 - k < 16 ? i->n1 - k : 16);
            const v16i hit = inside & (unordered ? x != x : x == largest);
            if (!vany(hit)) continue;
            at = k + __builtin_reduce_min(hit ? vlanes() : (v16i)16);
            break;
        }
        i->dst[r] = (float)at;
    }
}

static void run_cumulative_sum(const telos_instruction *i) {
    const int64_t count = i->n1;
    for (int64_t r = 0; r < i->n0; ++r) {
        const float *a = i->a + r * count;
        float *d = i->dst + r * count;
        float sum = 0.0f;
        if (i->flags & 1) {
            for (int64_t k = count - 1; k >= 0; --k) d[k] = sum += a[k];
        } else {
            for (int64_t k = 0; k < count; ++k) d[k] = sum += a[k];
        }
    }
}

#endif
