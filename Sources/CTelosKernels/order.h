// Sorting, and moving elements along the last axis by index.
#ifndef TELOS_ORDER_H
#define TELOS_ORDER_H

/// A whole number that orders as the float does; NaN after everything else in both directions.
TELOS_INLINE uint32_t sort_key(float x, int descending) {
    if (x != x) return UINT32_MAX;
    const float positive_zero = x + 0.0f;
    uint32_t bits;
    memcpy(&bits, &positive_zero, 4);
    const uint32_t key = bits & 0x80000000u ? ~bits : bits | 0x80000000u;
    return descending ? ~key : key;
}

/// Sorts by the upper 32 bits, keeping the order of equals: insertion while that is short, else four passes of bytes.
static void sort_pairs(uint64_t *pairs, uint64_t *spare, int64_t count) {
    if (count <= 48) {
        for (int64_t i = 1; i < count; ++i) {
            const uint64_t pair = pairs[i];
            int64_t k = i;
            for (; k > 0 && pairs[k - 1] > pair; --k) pairs[k] = pairs[k - 1];
            pairs[k] = pair;
        }
        return;
    }
    int64_t starts[4][256];
    memset(starts, 0, sizeof starts);
    for (int64_t i = 0; i < count; ++i) {
        for (int digit = 0; digit < 4; ++digit) starts[digit][(pairs[i] >> (32 + 8 * digit)) & 255] += 1;
    }
    uint64_t *from = pairs, *to = spare;
    for (int digit = 0; digit < 4; ++digit) {
        int64_t *start = starts[digit];
        if (start[(from[0] >> (32 + 8 * digit)) & 255] == count) continue;
        int64_t sum = 0;
        for (int value = 0; value < 256; ++value) {
            const int64_t here = start[value];
            start[value] = sum;
            sum += here;
        }
        for (int64_t i = 0; i < count; ++i) to[start[(from[i] >> (32 + 8 * digit)) & 255]++] = from[i];
        uint64_t *const other = from;
        from = to;
        to = other;
    }
    if (from != pairs) memcpy(pairs, from, (size_t)count * sizeof *pairs);
}

static void run_argsort(const telos_instruction *i) {
    const int64_t count = i->n1;
    uint64_t *pairs = (uint64_t *)(uintptr_t)i->aux;
    for (int64_t r = 0; r < i->n0; ++r) {
        const float *row = i->a + r * count;
        float *d = i->dst + r * count;
        for (int64_t k = 0; k < count; ++k) {
            pairs[k] = (uint64_t)sort_key(row[k], i->flags & 1) << 32 | (uint64_t)k;
        }
        sort_pairs(pairs, pairs + count, count);
        for (int64_t k = 0; k < count; ++k) d[k] = (float)(int32_t)(pairs[k] & UINT32_MAX);
    }
}

static void run_gather_along(const telos_instruction *i) {
    for (int64_t r = 0; r < i->n0; ++r) {
        const float *row = i->a + r * i->n1, *indices = i->b + r * i->n2;
        float *d = i->dst + r * i->n2;
        for (int64_t k = 0; k < i->n2; ++k) {
            const int64_t at = index_below(indices[k], i->n1);
            d[k] = at < 0 ? 0.0f : row[at];
        }
    }
}

static void run_scatter_along(const telos_instruction *i) {
    vfill(i->dst, 0.0f, i->n0 * i->n1);
    for (int64_t r = 0; r < i->n0; ++r) {
        const float *values = i->a + r * i->n2, *indices = i->b + r * i->n2;
        float *row = i->dst + r * i->n1;
        for (int64_t k = 0; k < i->n2; ++k) {
            const int64_t at = index_below(indices[k], i->n1);
            if (at >= 0) row[at] += values[k];
        }
    }
}

/// The first NaN so far, or else the first of the largest so far.
static void run_cumulative_argmax(const telos_instruction *i) {
    for (int64_t r = 0; r < i->n0; ++r) {
        const float *row = i->a + r * i->n1;
        float *d = i->dst + r * i->n1;
        int64_t at = 0;
        for (int64_t k = 0; k < i->n1; ++k) {
            if (row[at] == row[at] && (row[k] > row[at] || row[k] != row[k])) at = k;
            d[k] = (float)at;
        }
    }
}

#endif
