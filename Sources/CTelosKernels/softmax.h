// The normalised exponential of rows and the logarithm of its denominator.
#ifndef TELOS_SOFTMAX_H
#define TELOS_SOFTMAX_H

#pragma STDC FP_CONTRACT OFF

/// What is subtracted before the exponential: the maximum where it is finite.
TELOS_INLINE v16 softmax_shift(v16 peak) { return vabs(peak) < INFINITY ? peak : vsplat(0.0f); }

enum { NARROW_WIDTH = 32 };

/// 16 elements of each of up to 16 rows, turned so that rows are in the lanes.
TELOS_INLINE void load_turned(v16 x[16], const float *source, int64_t rows, int64_t row) {
    for (int64_t r = 0; r < 16; ++r) x[r] = r < rows ? vload(source + r * row) : vsplat(0.0f);
    vtranspose(x);
}

/// Up to 16 rows of at most NARROW_WIDTH elements, rows in the lanes. The sum is that of `reduce_rows`: element k + 16
/// joins element k, then the tree.
TELOS_INLINE void softmax_narrow(const int logarithm, float *target, const float *source, int64_t rows, int64_t count) {
    v16 x[NARROW_WIDTH], sum[16];
    for (int64_t k = 0; k < count; k += 16) load_turned(x + k, source + k, rows, count);
    v16 peak = x[0];
    for (int64_t k = 1; k < count; ++k) peak = vmaximum(peak, x[k]);
    const v16 shift = softmax_shift(peak);
    for (int64_t k = 0; k < count; ++k) x[k] = vexp(x[k] - shift);
    for (int64_t k = 0; k < 16 && k < count; ++k) sum[k] = k + 16 < count ? x[k] + x[k + 16] : x[k];
    for (int64_t half = 8; half > 0; half /= 2) {
        for (int64_t k = 0; k < half && k + half < count; ++k) sum[k] += sum[k + half];
    }
    if (logarithm) {
        vstore_part(target, vlog(sum[0]) + shift, rows);
        return;
    }
    for (int64_t k = 0; k < count; ++k) x[k] /= sum[0];
    for (int64_t k = 0; k < count; k += 16) {
        vtranspose(x + k);
        const int64_t width = count - k < 16 ? count - k : 16;
        for (int64_t r = 0; r < rows; ++r) vstore_part(target + r * count + k, x[k + r], width);
    }
}

/// R rows, elements in the lanes: exponentials, kept where they are wanted, and their sums.
TELOS_INLINE void softmax_sums(const int logarithm, const int R, float *target, const float *source, int64_t count,
                               const float *shifts, float *sums) {
    const int64_t whole = count / 16 * 16;
    v16 lanes[4];
    TELOS_UNROLL for (int r = 0; r < R; ++r) lanes[r] = vsplat(0.0f);
    for (int64_t k = 0; k < whole; k += 16) {
        TELOS_UNROLL for (int r = 0; r < R; ++r) {
            const v16 e = vexp(vload(source + r * count + k) - vsplat(shifts[r]));
            if (!logarithm) vstore(target + r * count + k, e);
            lanes[r] += e;
        }
    }
    if (whole < count) {
        const v16i present = vlanes() < (v16i)(int32_t)(count - whole);
        TELOS_UNROLL for (int r = 0; r < R; ++r) {
            const v16 e = vexp(vload(source + r * count + whole) - vsplat(shifts[r]));
            if (!logarithm) vstore_part(target + r * count + whole, e, count - whole);
            lanes[r] = present ? lanes[r] + e : lanes[r];
        }
    }
    TELOS_UNROLL for (int r = 0; r < R; ++r) sums[r] = vsum(lanes[r]);
}

/// Up to 16 longer rows.
TELOS_INLINE void softmax_wide(const int logarithm, float *target, const float *source, int64_t rows, int64_t count) {
    float sums[16] = {0}, shifts[16] = {0};
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4) reduce_rows(REDUCE_MAXIMUM, 4, shifts + r, source + r * count, count);
    for (; r < rows; ++r) reduce_rows(REDUCE_MAXIMUM, 1, shifts + r, source + r * count, count);
    vstore(shifts, softmax_shift(vload(shifts)));
    float *to = logarithm ? NULL : target;
    for (r = 0; r + 4 <= rows; r += 4) {
        softmax_sums(logarithm, 4, logarithm ? to : to + r * count, source + r * count, count, shifts + r, sums + r);
    }
    for (; r < rows; ++r) {
        softmax_sums(logarithm, 1, logarithm ? to : to + r * count, source + r * count, count, shifts + r, sums + r);
    }
    if (logarithm) {
        vstore_part(target, vlog(vload(sums)) + vload(shifts), rows);
        return;
    }
    const int64_t whole = count / 16 * 16;
    for (r = 0; r < rows; ++r, to += count) {
        const v16 total = vsplat(sums[r]);
        for (int64_t k = 0; k < whole; k += 16) vstore(to + k, vload(to + k) / total);
        if (whole < count) vstore_part(to + whole, vload(to + whole) / total, count - whole);
    }
}

TELOS_INLINE void softmax_rows(const int logarithm, const telos_instruction *i, int64_t part, int64_t parts) {
    const int64_t count = i->n1, blocks = (i->n0 + 15) / 16;
    for (int64_t block = blocks * part / parts; block < blocks * (part + 1) / parts; ++block) {
        const int64_t r = 16 * block, rows = i->n0 - r < 16 ? i->n0 - r : 16;
        const float *source = i->a + r * count;
        float *target = i->dst + (logarithm ? r : r * count);
        if (count == 0) {
            if (logarithm) vfill(target, -INFINITY, rows);
        } else if (count <= NARROW_WIDTH) {
            softmax_narrow(logarithm, target, source, rows, count);
        } else {
            softmax_wide(logarithm, target, source, rows, count);
        }
    }
}

static void run_softmax(const telos_instruction *i, int64_t part, int64_t parts) { softmax_rows(0, i, part, parts); }
static void run_log_sum_exp(const telos_instruction *i, int64_t part, int64_t parts) {
    softmax_rows(1, i, part, parts);
}

#endif
