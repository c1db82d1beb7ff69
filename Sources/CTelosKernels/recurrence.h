// The first-order linear recurrence h[t] = a[t] h[t - 1] + b[t], in order, one fused multiply-add a step.
#ifndef TELOS_RECURRENCE_H
#define TELOS_RECURRENCE_H

#pragma STDC FP_CONTRACT OFF

/// V vectors of columns, `tail` of the last, down or up `count` rows.
TELOS_INLINE void recur_columns(const int V, const telos_instruction *i, int64_t outer, int64_t column, int64_t tail) {
    const int64_t count = i->n1, inner = i->n2, reverse = i->flags & 1;
    const int64_t start = (outer * count + (reverse ? count - 1 : 0)) * inner + column;
    const int64_t row = reverse ? -inner : inner;
    const float *a = i->a + start, *b = i->b + start;
    float *d = i->dst + start;
    v16 h[4];
    TELOS_UNROLL for (int v = 0; v < V; ++v) {
        h[v] = i->c ? vload(i->c + outer * inner + column + 16 * v) : vsplat(0.0f);
    }
    for (int64_t t = 0; t < count; ++t, a += row, b += row, d += row) {
        TELOS_UNROLL for (int v = 0; v < V; ++v) {
            const v16 addend = vload(b + 16 * v);
            h[v] = t == 0 && !i->c ? addend : vfma(vload(a + 16 * v), h[v], addend);
        }
        TELOS_UNROLL for (int v = 0; v < V - 1; ++v) vstore(d + 16 * v, h[v]);
        vstore_part(d + 16 * (V - 1), h[V - 1], tail);
    }
}

/// Rows that are contiguous in time: up to 16 side by side, transposed a block of 16 steps at a time.
static void recur_rows(const telos_instruction *i, int64_t begin, int64_t end) {
    const int64_t count = i->n1, reverse = i->flags & 1, blocks = (count + 15) / 16;
    for (int64_t r = begin; r < end; r += 16) {
        const int64_t height = end - r < 16 ? end - r : 16;
        v16 h = i->c ? vload(i->c + r) : vsplat(0.0f);
        int starts = !i->c;
        for (int64_t block = 0; block < blocks; ++block) {
            const int64_t t = 16 * (reverse ? blocks - 1 - block : block);
            const int64_t width = count - t < 16 ? count - t : 16;
            v16 a[16], b[16];
            for (int64_t l = 0; l < 16; ++l) {
                const int64_t at = (r + l) * count + t;
                a[l] = l < height ? vload(i->a + at) : vsplat(0.0f);
                b[l] = l < height ? vload(i->b + at) : vsplat(0.0f);
            }
            vtranspose(a);
            vtranspose(b);
            for (int64_t step = 0; step < width; ++step) {
                const int64_t s = reverse ? width - 1 - step : step;
                h = starts ? b[s] : vfma(a[s], h, b[s]);
                starts = 0;
                b[s] = h;
            }
            vtranspose(b);
            for (int64_t l = 0; l < height; ++l) vstore_part(i->dst + (r + l) * count + t, b[l], width);
        }
    }
}

static void run_recurrence(const telos_instruction *i, int64_t part, int64_t parts) {
    const int64_t outer = i->n0, inner = i->n2;
    if (inner == 1) {
        const int64_t blocks = (outer + 15) / 16, end = blocks * (part + 1) / parts * 16;
        recur_rows(i, blocks * part / parts * 16, end < outer ? end : outer);
        return;
    }
    const int64_t blocks = (inner + 15) / 16;
    const int64_t from = blocks * part / parts * 16, last = blocks * (part + 1) / parts * 16;
    const int64_t to = last < inner ? last : inner;
    for (int64_t o = 0; o < outer; ++o) {
        int64_t c = from;
        for (; c + 64 <= to; c += 64) recur_columns(4, i, o, c, 16);
        for (; c < to; c += 16) recur_columns(1, i, o, c, to - c < 16 ? to - c : 16);
    }
}

#endif
