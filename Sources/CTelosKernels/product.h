// Matrix products. Each element of the result accumulates over k in order by fused multiply-add from zero, whatever the
// tile it falls into: the tiles choose only which elements are in registers together.
#ifndef TELOS_PRODUCT_H
#define TELOS_PRODUCT_H

#pragma STDC FP_CONTRACT OFF

// Rows of a register tile, and its columns in vectors of 16.
#if TELOS_FORM_AVX512
enum { TILE_ROWS = 12, TILE_VECTORS = 2, PACK_WIDTH = 32 };
#elif TELOS_FORM_AVX2
enum { TILE_ROWS = 6, TILE_VECTORS = 1, PACK_WIDTH = 16 };
#elif TELOS_FORM_NEON
enum { TILE_ROWS = 6, TILE_VECTORS = 1, PACK_WIDTH = 16 };
#else
enum { TILE_ROWS = 2, TILE_VECTORS = 1, PACK_WIDTH = 16 };
#endif
enum { DEPTH = 256, BLOCK_ROWS = 192, SPREAD = DEPTH + 16 };

typedef struct {
    const float *a;         // element (m, k) at m * a_row + k * a_step
    const float *b;         // element (k, n) at k * b_row + n
    float *c;               // element (m, n) at m * c_row + n
    const float *bias;      // NULL, or one value a column
    const float *bias_row;  // NULL, or one value for all
    int64_t a_row, a_step, b_row, c_row, k;
    int first;              // starts from zero rather than from c
} product_tile;

/// R rows by V vectors; `tail` columns of the last vector are stored.
TELOS_INLINE void multiply_tile(const int R, const int V, const product_tile *t, int64_t tail) {
    v16 sum[TILE_ROWS][8];
    TELOS_UNROLL for (int r = 0; r < R; ++r) {
        TELOS_UNROLL for (int v = 0; v < V; ++v) {
            sum[r][v] = t->first ? vsplat(0.0f) : vload(t->c + r * t->c_row + 16 * v);
        }
    }
    // A pointer for every third row: the other two are reached by scaled addressing.
    const float *a[(TILE_ROWS + 2) / 3];
    TELOS_UNROLL for (int r = 0; r < R; r += 3) a[r / 3] = t->a + r * t->a_row;
    const int64_t a_row = t->a_row, a_step = t->a_step, b_row = t->b_row;
    const float *b = t->b;
    for (int64_t k = t->k; k > 0; --k) {
        v16 columns[8];
        TELOS_UNROLL for (int v = 0; v < V; ++v) columns[v] = vload(b + 16 * v);
        b += b_row;
        TELOS_UNROLL for (int r = 0; r < R; ++r) {
            const v16 x = vsplat(a[r / 3][(r % 3) * a_row]);
            TELOS_UNROLL for (int v = 0; v < V; ++v) sum[r][v] = vfma(x, columns[v], sum[r][v]);
        }
        TELOS_UNROLL for (int r = 0; r < R; r += 3) a[r / 3] += a_step;
    }
    if (t->bias) {
        TELOS_UNROLL for (int v = 0; v < V; ++v) {
            const v16 x = vload(t->bias + 16 * v);
            TELOS_UNROLL for (int r = 0; r < R; ++r) sum[r][v] += x;
        }
    }
    if (t->bias_row) {
        const v16 x = vsplat(*t->bias_row);
        TELOS_UNROLL for (int r = 0; r < R; ++r) {
            TELOS_UNROLL for (int v = 0; v < V; ++v) sum[r][v] += x;
        }
    }
    TELOS_UNROLL for (int r = 0; r < R; ++r) {
        float *c = t->c + r * t->c_row;
        TELOS_UNROLL for (int v = 0; v < V - 1; ++v) vstore(c + 16 * v, sum[r][v]);
        if (tail == 16) vstore(c + 16 * (V - 1), sum[r][V - 1]);
        else vstore_part(c + 16 * (V - 1), sum[r][V - 1], tail);
    }
}

#define TELOS_TILE(R, V) \
    static void multiply_##R##x##V(const product_tile *t, int64_t tail) { multiply_tile(R, V, t, tail); }
#define TELOS_TILE_ROW(R) {multiply_##R##x1, multiply_##R##x2}
typedef void (*tile_function)(const product_tile *, int64_t);

TELOS_TILE(1, 1) TELOS_TILE(2, 1)
#if TELOS_FORM_AVX512
TELOS_TILE(3, 1) TELOS_TILE(4, 1) TELOS_TILE(5, 1) TELOS_TILE(6, 1) TELOS_TILE(7, 1) TELOS_TILE(8, 1)
TELOS_TILE(9, 1) TELOS_TILE(10, 1) TELOS_TILE(11, 1) TELOS_TILE(12, 1)
TELOS_TILE(1, 2) TELOS_TILE(2, 2) TELOS_TILE(3, 2) TELOS_TILE(4, 2) TELOS_TILE(5, 2) TELOS_TILE(6, 2)
TELOS_TILE(7, 2) TELOS_TILE(8, 2) TELOS_TILE(9, 2) TELOS_TILE(10, 2) TELOS_TILE(11, 2) TELOS_TILE(12, 2)
TELOS_TILE(1, 3) TELOS_TILE(1, 4) TELOS_TILE(1, 8) TELOS_TILE(2, 3) TELOS_TILE(2, 4)
static const tile_function tiles[TILE_ROWS + 1][TILE_VECTORS] = {
    {0, 0}, TELOS_TILE_ROW(1), TELOS_TILE_ROW(2), TELOS_TILE_ROW(3), TELOS_TILE_ROW(4), TELOS_TILE_ROW(5),
    TELOS_TILE_ROW(6), TELOS_TILE_ROW(7), TELOS_TILE_ROW(8), TELOS_TILE_ROW(9), TELOS_TILE_ROW(10),
    TELOS_TILE_ROW(11), TELOS_TILE_ROW(12),
};
// One or two rows: more columns at once, so that sums do not wait for one another.
enum { WIDE_VECTORS = 8 };
static const tile_function wide_tiles[3][WIDE_VECTORS + 1] = {
    {0},
    {0, multiply_1x1, multiply_1x2, multiply_1x3, multiply_1x4, 0, 0, 0, multiply_1x8},
    {0, multiply_2x1, multiply_2x2, multiply_2x3, multiply_2x4},
};
#elif TELOS_FORM_AVX2 || TELOS_FORM_NEON
TELOS_TILE(3, 1) TELOS_TILE(4, 1) TELOS_TILE(5, 1) TELOS_TILE(6, 1)
TELOS_TILE(1, 2) TELOS_TILE(1, 3) TELOS_TILE(1, 4) TELOS_TILE(2, 2)
static const tile_function tiles[TILE_ROWS + 1][TILE_VECTORS] = {
    {0}, {multiply_1x1}, {multiply_2x1}, {multiply_3x1}, {multiply_4x1}, {multiply_5x1}, {multiply_6x1},
};
enum { WIDE_VECTORS = 4 };
static const tile_function wide_tiles[3][WIDE_VECTORS + 1] = {
    {0}, {0, multiply_1x1, multiply_1x2, multiply_1x3, multiply_1x4}, {0, multiply_2x1, multiply_2x2},
};
#else
static const tile_function tiles[TILE_ROWS + 1][TILE_VECTORS] = {{0}, {multiply_1x1}, {multiply_2x1}};
enum { WIDE_VECTORS = 2 };
static const tile_function wide_tiles[3][WIDE_VECTORS + 1] = {{0}, {0, multiply_1x1}, {0, multiply_2x1}};
#endif

typedef float v4 __attribute__((ext_vector_type(4)));
typedef v4 v4_unaligned __attribute__((aligned(4)));

/// Four floats of each of four rows.
TELOS_INLINE v16 load_quarters(const float *const *rows, int64_t k) {
    typedef float v8 __attribute__((ext_vector_type(8)));
    const v4 a = *(const v4_unaligned *)(rows[0] + k), b = *(const v4_unaligned *)(rows[4] + k);
    const v4 c = *(const v4_unaligned *)(rows[8] + k), d = *(const v4_unaligned *)(rows[12] + k);
    const v8 low = __builtin_shufflevector(a, b, 0, 1, 2, 3, 4, 5, 6, 7);
    const v8 high = __builtin_shufflevector(c, d, 0, 1, 2, 3, 4, 5, 6, 7);
    return __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}

/// panel[k * width + n] = b[n * b_row + k], for `columns` n and `depth` k.
static void pack_transposed(float *panel, int64_t width, const float *b, int64_t b_row, int64_t columns,
                            int64_t depth) {
    for (int64_t n = 0; n < columns; n += 16) {
        const int64_t present = columns - n < 16 ? columns - n : 16;
        const float *rows[16];
        TELOS_UNROLL for (int i = 0; i < 16; ++i) rows[i] = b + (n + (i < present ? i : present - 1)) * b_row;
        float *target = panel + n;
        int64_t k = 0;
        for (; k + 4 <= depth; k += 4, target += 4 * width) {
            const v16 p = load_quarters(rows, k), q = load_quarters(rows + 1, k);
            const v16 r = load_quarters(rows + 2, k), s = load_quarters(rows + 3, k);
            const v16 t = TELOS_SHUFFLE(p, q, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
            const v16 u = TELOS_SHUFFLE(p, q, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
            const v16 v = TELOS_SHUFFLE(r, s, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
            const v16 w = TELOS_SHUFFLE(r, s, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
            vstore(target, TELOS_SHUFFLE(t, v, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29));
            vstore(target + width, TELOS_SHUFFLE(t, v, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31));
            vstore(target + 2 * width, TELOS_SHUFFLE(u, w, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29));
            vstore(target + 3 * width, TELOS_SHUFFLE(u, w, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31));
        }
        for (; k < depth; ++k, target += width) {
            for (int i = 0; i < 16; ++i) target[i] = rows[i][k];
        }
    }
}

typedef struct {
    const float *a, *b, *bias, *bias_row;
    float *c;
    int64_t m, n, k, a_row, a_step, b_row, c_row;
    int b_transposed;   // element (k, n) of b at n * b_row + k
    int continues;      // adds to what c holds
} product;

/// The columns of a panel of transposed columns: more for one or two rows, which take more at once.
TELOS_INLINE int64_t panel_width(const product *p) {
    const int64_t width = p->m <= 2 ? 16 * WIDE_VECTORS / p->m : PACK_WIDTH;
    return width > PACK_WIDTH ? width : PACK_WIDTH;
}

/// All rows of up to TILE_VECTORS * 16 columns.
TELOS_INLINE void multiply_columns(const product *p, product_tile *t, int64_t rows_in_all, int64_t columns,
                                   const float *a) {
    const int vectors = (int)((columns + 15) / 16);
    const int64_t tail = columns - 16 * (vectors - 1);
    // Tiles of nearly equal height rather than full ones and a short rest.
    int64_t remaining = rows_in_all, count = (remaining + TILE_ROWS - 1) / TILE_ROWS;
    float *c = t->c;
    for (; count > 0; --count) {
        const int64_t rows = (remaining + count - 1) / count;
        t->a = a;
        t->c = c;
        tiles[rows][vectors - 1](t, tail);
        a += rows * t->a_row;
        c += rows * p->c_row;
        remaining -= rows;
    }
}

/// `columns` columns from the operands that `t` names, in tiles.
static void multiply_strip(const product *p, product_tile *t, const float *a, int64_t rows, int64_t columns) {
    const float *b = t->b, *bias = t->bias;
    float *c = t->c;
    const int64_t widest = rows <= 2 ? WIDE_VECTORS / rows : TILE_VECTORS;
    while (columns > 0) {
        int64_t vectors = (columns + 15) / 16;
        if (vectors > widest) vectors = widest;
        while (rows <= 2 && !wide_tiles[rows][vectors]) vectors -= 1;
        const int64_t width = columns < 16 * vectors ? columns : 16 * vectors;
        t->b = b;
        t->c = c;
        t->bias = bias;
        if (rows <= 2) {
            t->a = a;
            wide_tiles[rows][vectors](t, width - 16 * (vectors - 1));
        } else {
            multiply_columns(p, t, rows, width, a);
        }
        b += width;
        c += width;
        if (bias) bias += width;
        columns -= width;
    }
}

/// One block of depth, over `rows` rows of a: panels of columns, copied where that pays.
static void multiply_block(const product *p, product_tile *t, int64_t k, const float *a, float *c, int64_t rows,
                           int last, float *panel) {
    // Rows of b far apart share cache sets and pages: worth a copy when enough rows of a use it.
    const int copies = !p->b_transposed && rows >= 48 && p->n >= 256;
    const int64_t all = (p->n + 15) / 16 * 16;
    const int64_t most = p->b_transposed && panel_width(p) < all ? panel_width(p) : copies ? PACK_WIDTH : all;
    for (int64_t n = 0; n < p->n; n += most) {
        const int64_t columns = p->n - n < most ? p->n - n : most;
        t->c = c + n;
        t->bias = last && p->bias ? p->bias + n : NULL;
        t->b = panel;
        t->b_row = most;
        if (p->b_transposed) {
            pack_transposed(panel, most, p->b + n * p->b_row + k, p->b_row, columns, t->k);
        } else if (copies) {
            const float *b = p->b + k * p->b_row + n;
            for (int64_t i = 0; i < t->k; ++i) {
                // Steps of a row are too long for the hardware to see them coming.
                __builtin_prefetch(b + (i + 16) * p->b_row);
                __builtin_prefetch(b + (i + 16) * p->b_row + 16);
                for (int64_t j = 0; j < columns; j += 16) {
                    vstore(panel + i * PACK_WIDTH + j, vload(b + i * p->b_row + j));
                }
            }
        } else {
            t->b = p->b + k * p->b_row + n;
            t->b_row = p->b_row;
        }
        multiply_strip(p, t, a, rows, columns);
    }
}

/// Copies a block of a whose rows (or columns, if transposed) lie so far apart that they share cache sets.
static __attribute__((noinline)) void multiply_copying(const product *p, product_tile *t, int64_t k, int last,
                                                       float *panel) {
    float block[BLOCK_ROWS * SPREAD] __attribute__((aligned(64)));
    for (int64_t m = 0; m < p->m; m += BLOCK_ROWS) {
        const int64_t rows = p->m - m < BLOCK_ROWS ? p->m - m : BLOCK_ROWS;
        const float *a = p->a + m * p->a_row + k * p->a_step;
        if (p->a_step == 1) {
            for (int64_t r = 0; r < rows; ++r) vcopy(block + r * SPREAD, a + r * p->a_row, t->k);
            t->a_row = SPREAD;
            t->a_step = 1;
        } else {
            for (int64_t i = 0; i < t->k; ++i) vcopy(block + i * BLOCK_ROWS, a + i * p->a_step, rows);
            t->a_row = 1;
            t->a_step = BLOCK_ROWS;
        }
        multiply_block(p, t, k, block, p->c + m * p->c_row, rows, last, panel);
    }
}

static void multiply(const product *p) {
    if (p->m <= 0 || p->n <= 0) return;
    float panel[DEPTH * PACK_WIDTH] __attribute__((aligned(64)));
    const int64_t depth = p->k;
    const int64_t distance = p->a_step == 1 ? p->a_row : p->a_step;
    const int copies = distance >= 512 && p->m >= 24 && p->n >= 128;
    const int64_t block = p->b_transposed ? DEPTH * PACK_WIDTH / panel_width(p) : DEPTH;
    product_tile t = {.a_row = p->a_row, .a_step = p->a_step, .c_row = p->c_row};
    int64_t k = 0;
    do {
        t.k = depth - k < block ? depth - k : block;
        t.first = k == 0 && !p->continues;
        const int last = k + t.k >= depth;
        t.bias_row = last ? p->bias_row : NULL;
        if (copies) multiply_copying(p, &t, k, last, panel);
        else multiply_block(p, &t, k, p->a + k * p->a_step, p->c, p->m, last, panel);
        k += t.k;
    } while (k < depth);
}

enum { NARROW_ROWS = 128 };

/// Fewer than 16 columns: the lanes are rows of a instead. The transpose of the result goes through `strip`.
static void multiply_narrow(const product *p) {
    float strip[16 * NARROW_ROWS] __attribute__((aligned(64)));
    product sub = {.m = p->n, .k = p->k, .a = p->b, .a_row = p->b_transposed ? p->b_row : 1,
                   .a_step = p->b_transposed ? 1 : p->b_row, .b_transposed = p->a_step == 1,
                   .b_row = p->a_step == 1 ? p->a_row : p->a_step, .c = strip, .c_row = NARROW_ROWS};
    const v16 bias = p->bias ? vload(p->bias) : vsplat(0.0f);
    for (int64_t m = 0; m < p->m; m += NARROW_ROWS) {
        sub.n = p->m - m < NARROW_ROWS ? p->m - m : NARROW_ROWS;
        sub.b = p->a + m * p->a_row;
        multiply(&sub);
        for (int64_t i = 0; i < sub.n; i += 16) {
            const int64_t rows = sub.n - i < 16 ? sub.n - i : 16;
            float *c = p->c + (m + i) * p->c_row;
            if (p->n <= 2) {
                for (int64_t r = 0; r < rows; ++r) {
                    for (int64_t n = 0; n < p->n; ++n) {
                        const float x = strip[n * NARROW_ROWS + i + r];
                        c[r * p->c_row + n] = p->bias ? x + p->bias[n] : x;
                    }
                }
                continue;
            }
            v16 block[16];
            for (int n = 0; n < 16; ++n) block[n] = n < p->n ? vload(strip + n * NARROW_ROWS + i) : vsplat(0.0f);
            vtranspose(block);
            float lines[16][16];
            TELOS_UNROLL for (int r = 0; r < 16; ++r) vstore(lines[r], p->bias ? block[r] + bias : block[r]);
            for (int64_t r = 0; r < rows; ++r) vstore_part(c + r * p->c_row, vload(lines[r]), p->n);
        }
    }
}

/// Columns past the last multiple of 16 that are better computed with rows in the lanes. In vector operations for 16
/// rows: one a row and step of k, against one a column, and the transposition of what comes in and goes out.
static int64_t narrow_columns(const product *p) {
    const int64_t rest = p->n % 16, k = p->k;
    if (rest == 0 || p->m < 8) return 0;
    const int64_t rows = p->m < 16 ? p->m : 16;
    const int64_t transposition = (p->a_step == 1 ? 5 * k : 0) + (rest <= 2 ? 30 * rest : 120)
        + (p->m < 32 ? 100 : 25);
    return rest * k + transposition < rows * k ? rest : 0;
}

static void multiply_any(const product *p) {
    const int64_t narrow = narrow_columns(p);
    if (narrow == 0) {
        multiply(p);
        return;
    }
    product part = *p;
    part.n -= narrow;
    const int64_t n = part.n;
    if (n > 0) multiply(&part);
    part.n = narrow;
    part.b += p->b_transposed ? n * p->b_row : n;
    part.c += n;
    if (part.bias) part.bias += n;
    multiply_narrow(&part);
}

static void run_product(const telos_instruction *i, int64_t part, int64_t parts) {
    const int64_t batch = i->n0, m = i->n1, n = i->n2, k = i->n3;
    const int transpose_a = i->flags & TELOS_TRANSPOSE_A, transpose_b = i->flags & TELOS_TRANSPOSE_B;
    product p = {.m = m, .n = n, .k = k, .c_row = n, .b_transposed = transpose_b != 0};
    p.a_row = transpose_a ? 1 : k;
    p.a_step = transpose_a ? m : 1;
    p.b_row = transpose_b ? k : n;
    p.bias = i->flags & TELOS_BIAS ? i->c : NULL;
    const float *left = i->a, *right = i->b;
    int64_t left_stride = i->s0, right_stride = i->s1;
    if (n == 1 && m > 1) {
        // One column: compute its transpose, one row, so that the lanes are rows of a.
        left = i->b;
        right = i->a;
        left_stride = i->s1;
        right_stride = i->s0;
        p = (product){.m = 1, .n = m, .k = k, .a_row = 0, .a_step = 1, .c_row = m, .b_transposed = !transpose_a,
                      .b_row = transpose_a ? m : k, .bias_row = p.bias};
    }
    if (p.b_row == 1) p.b_transposed = 0;   // a single step of k: columns are contiguous either way
    int64_t first = 0, end = batch, m0 = 0, m1 = p.m, n0 = 0, n1 = p.n;
    if (parts > 1) {
        if (batch >= parts) {
            first = batch * part / parts;
            end = batch * (part + 1) / parts;
        } else if (p.m >= p.n) {
            const int64_t blocks = (p.m + TILE_ROWS - 1) / TILE_ROWS;
            m0 = blocks * part / parts * TILE_ROWS;
            m1 = blocks * (part + 1) / parts * TILE_ROWS;
            if (m1 > p.m) m1 = p.m;
        } else {
            const int64_t blocks = (p.n + 31) / 32;
            n0 = blocks * part / parts * 32;
            n1 = blocks * (part + 1) / parts * 32;
            if (n1 > p.n) n1 = p.n;
        }
    }
    p.m = m1 - m0;
    p.n = n1 - n0;
    if (p.bias) p.bias += n0;
    for (int64_t e = first; e < end; ++e) {
        p.a = left + e * left_stride + m0 * p.a_row;
        p.b = right + e * right_stride + (p.b_transposed ? n0 * p.b_row : n0);
        p.c = i->dst + e * i->s2 + m0 * p.c_row + n0;
        multiply_any(&p);
    }
}

#endif
