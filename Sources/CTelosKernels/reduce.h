// Reductions and running sums.
#ifndef TELOS_REDUCE_H
#define TELOS_REDUCE_H

#pragma STDC FP_CONTRACT OFF

typedef enum { REDUCE_SUM = 0, REDUCE_MAXIMUM = 1, REDUCE_SQUARES = 2 } reduction;

TELOS_INLINE v16 reduce_step(const reduction how, v16 sum, v16 x) {
    return how == REDUCE_MAXIMUM ? vmaximum(sum, x) : how == REDUCE_SQUARES ? sum + x * x : sum + x;
}
TELOS_INLINE float reduce_lanes(const reduction how, v16 v) {
    return how == REDUCE_MAXIMUM ? vmaximum_lanes(v) : vsum(v);
}
TELOS_INLINE v16 reduce_start(const reduction how) { return vsplat(how == REDUCE_MAXIMUM ? -INFINITY : 0.0f); }

/// R rows of `count` elements: lane l takes elements l, l + 16, ...; then the tree.
TELOS_INLINE void reduce_rows(const reduction how, const int R, float *target, const float *source, int64_t count) {
    v16 lanes[4];
    TELOS_UNROLL for (int r = 0; r < R; ++r) lanes[r] = reduce_start(how);
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        TELOS_UNROLL for (int r = 0; r < R; ++r) {
            lanes[r] = reduce_step(how, lanes[r], vload(source + r * count + i));
        }
    }
    if (i < count) {
        const v16i present = vlanes() < (v16i)(int32_t)(count - i);
        TELOS_UNROLL for (int r = 0; r < R; ++r) {
            lanes[r] = present ? reduce_step(how, lanes[r], vload(source + r * count + i)) : lanes[r];
        }
    }
    TELOS_UNROLL for (int r = 0; r < R; ++r) target[r] = reduce_lanes(how, lanes[r]);
}

/// V vectors of columns, `tail` of the last, each in order down `count` rows.
TELOS_INLINE void reduce_columns(const reduction how, const int V, float *target, const float *source, int64_t count,
                                 int64_t row, int64_t tail) {
    v16 sum[4];
    TELOS_UNROLL for (int v = 0; v < V; ++v) sum[v] = reduce_start(how);
    for (int64_t i = 0; i < count; ++i, source += row) {
        TELOS_UNROLL for (int v = 0; v < V; ++v) sum[v] = reduce_step(how, sum[v], vload(source + 16 * v));
    }
    TELOS_UNROLL for (int v = 0; v < V - 1; ++v) vstore(target + 16 * v, sum[v]);
    vstore_part(target + 16 * (V - 1), sum[V - 1], tail);
}

TELOS_INLINE void run_reduction(const reduction how, const telos_instruction *i, int64_t part, int64_t parts) {
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
        for (; r + 4 <= end; r += 4) reduce_rows(how, 4, i->dst + r, i->a + r * count, count);
        for (; r < end; ++r) reduce_rows(how, 1, i->dst + r, i->a + r * count, count);
        return;
    }
    for (int64_t o = begin; o < end; ++o) {
        const float *source = i->a + o * count * inner;
        float *target = i->dst + o * inner;
        int64_t c = from;
        for (; c + 64 <= to; c += 64) reduce_columns(how, 4, target + c, source + c, count, inner, 16);
        for (; c < to; c += 16) {
            const int64_t tail = to - c < 16 ? to - c : 16;
            reduce_columns(how, 1, target + c, source + c, count, inner, tail);
        }
    }
}

static void run_sum(const telos_instruction *i, int64_t part, int64_t parts) {
    if (i->flags & TELOS_SQUARES) run_reduction(REDUCE_SQUARES, i, part, parts);
    else run_reduction(REDUCE_SUM, i, part, parts);
}
static void run_maximum(const telos_instruction *i, int64_t part, int64_t parts) {
    run_reduction(REDUCE_MAXIMUM, i, part, parts);
}

/// The first NaN, or else the first element that equals the maximum.
static void run_argmax(const telos_instruction *i) {
    for (int64_t r = 0; r < i->n0; ++r) {
        const float *row = i->a + r * i->n1;
        float largest;
        reduce_rows(REDUCE_MAXIMUM, 1, &largest, row, i->n1);
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
