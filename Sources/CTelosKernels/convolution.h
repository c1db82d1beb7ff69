// Products with the patches that a window sees, which are read a block at a time and never written out in full. The
// bits are those of the product with all patches: each element accumulates over k in order.
#ifndef TELOS_CONVOLUTION_H
#define TELOS_CONVOLUTION_H

#pragma STDC FP_CONTRACT OFF

/// Floats of one block of patches: with the operands it meets, it stays in the second-level cache.
enum { PATCH_BLOCK = 40960 };

static void run_convolution(const telos_instruction *i, int64_t part, int64_t parts) {
    const telos_window *w = (const telos_window *)i->aux;
    const int64_t patches = w->images * w->rows * w->columns, n = i->n2;
    const int64_t size = w->window_height * w->window_width * w->channels;
    // Rows that are not a power of two apart do not compete for the same places of the cache.
    const int64_t stride = (size + 15) / 16 * 16 + 16;
    int64_t most = PATCH_BLOCK / stride / TILE_ROWS * TILE_ROWS;
    if (most < TILE_ROWS) most = TILE_ROWS;
    float block[PATCH_BLOCK + 16] __attribute__((aligned(64)));
    int64_t begin = 0, end = patches, m0 = 0, m1 = size;
    if (i->flags & TELOS_TRANSPOSE_A) {
        const int64_t tiles = (size + TILE_ROWS - 1) / TILE_ROWS;
        m0 = tiles * part / parts * TILE_ROWS;
        m1 = tiles * (part + 1) / parts * TILE_ROWS;
        if (m1 > size) m1 = size;
    } else {
        begin = patches * part / parts;
        end = patches * (part + 1) / parts;
    }
    for (int64_t first = begin; first < end; first += most) {
        const int64_t count = end - first < most ? end - first : most;
        unfold_patches(w, i->a, i->immediate, first, first + count, block, stride);
        if (i->flags & TELOS_TRANSPOSE_A) {
            const product p = {.m = m1 - m0, .n = n, .k = count, .a = block + m0, .a_row = 1, .a_step = stride,
                               .b = i->b + first * n, .b_row = n, .c = i->dst + m0 * n, .c_row = n,
                               .continues = first > 0};
            multiply(&p);
        } else {
            const int transposed = (i->flags & TELOS_TRANSPOSE_B) != 0;
            const product p = {.m = count, .n = n, .k = size, .a = block, .a_row = stride, .a_step = 1, .b = i->b,
                               .b_row = transposed ? size : n, .b_transposed = transposed, .c = i->dst + first * n,
                               .c_row = n};
            multiply_any(&p);
        }
    }
}

#endif
