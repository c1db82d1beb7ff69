// Copies, gathers and scatters.
#ifndef TELOS_MOVE_H
#define TELOS_MOVE_H

/// The index that a float holds, or -1 where it is not one of 0 ..< count.
TELOS_INLINE int64_t index_below(float value, int64_t count) {
    return value >= 0.0f && value < (float)count && (int64_t)value < count ? (int64_t)value : -1;
}

/// Extents and strides with extents of one dropped and neighbours merged where they are contiguous.
typedef struct {
    int64_t extent[4], stride[4];
} strided_shape;

static strided_shape merged_shape(const telos_instruction *i) {
    const int64_t extents[4] = {i->n0, i->n1, i->n2, i->n3}, strides[4] = {i->s0, i->s1, i->s2, i->s3};
    strided_shape shape = {{1, 1, 1, 1}, {0, 0, 0, 0}};
    int at = 4;
    for (int d = 3; d >= 0; --d) {
        if (extents[d] == 1) continue;
        if (at < 4 && strides[d] == shape.extent[at] * shape.stride[at]) {
            shape.extent[at] *= extents[d];
        } else {
            at -= 1;
            shape.extent[at] = extents[d];
            shape.stride[at] = strides[d];
        }
    }
    if (at == 4) shape.stride[3] = 1;
    return shape;
}

/// target[r * columns + c] = source[r + c * stride].
static void copy_transposed(float *target, const float *source, int64_t rows, int64_t columns, int64_t stride) {
    for (int64_t c = 0; c < columns; c += 16) {
        const int64_t width = columns - c < 16 ? columns - c : 16;
        for (int64_t r = 0; r < rows; r += 16) {
            const int64_t height = rows - r < 16 ? rows - r : 16;
            v16 block[16];
            for (int i = 0; i < 16; ++i) block[i] = i < width ? vload(source + r + (c + i) * stride) : vsplat(0.0f);
            vtranspose(block);
            float out[16][16];
            TELOS_UNROLL for (int i = 0; i < 16; ++i) vstore(out[i], block[i]);
            for (int64_t i = 0; i < height; ++i) vstore_part(target + (r + i) * columns + c, vload(out[i]), width);
        }
    }
}

static void run_strided_copy(const telos_instruction *i) {
    const strided_shape s = merged_shape(i);
    const int64_t rows = s.extent[2], columns = s.extent[3], row = s.stride[2], column = s.stride[3];
    float *target = i->dst;
    for (int64_t x = 0; x < s.extent[0]; ++x) {
        for (int64_t y = 0; y < s.extent[1]; ++y, target += rows * columns) {
            const float *source = i->a + x * s.stride[0] + y * s.stride[1];
            if (row == 1 && column > 1 && rows >= 4 && columns >= 2) {
                copy_transposed(target, source, rows, columns, column);
                continue;
            }
            for (int64_t r = 0; r < rows; ++r) {
                const float *from = source + r * row;
                float *to = target + r * columns;
                if (column == 1) vcopy(to, from, columns);
                else if (column == 0) vfill(to, *from, columns);
                else for (int64_t c = 0; c < columns; ++c) to[c] = from[c * column];
            }
        }
    }
}

static void run_strided_store(const telos_instruction *i) {
    const strided_shape s = merged_shape(i);
    const int64_t rows = s.extent[2], columns = s.extent[3], column = s.stride[3];
    const float *source = i->a;
    for (int64_t x = 0; x < s.extent[0]; ++x) {
        for (int64_t y = 0; y < s.extent[1]; ++y) {
            for (int64_t r = 0; r < rows; ++r, source += columns) {
                float *to = i->dst + x * s.stride[0] + y * s.stride[1] + r * s.stride[2];
                if (column == 1) vcopy(to, source, columns);
                else for (int64_t c = 0; c < columns; ++c) to[c * column] = source[c];
            }
        }
    }
}

static void run_gather_last(const telos_instruction *i) {
    for (int64_t r = 0; r < i->n0; ++r) {
        const int64_t at = index_below(i->b[r], i->n1);
        i->dst[r] = at < 0 ? 0.0f : i->a[r * i->n1 + at];
    }
}

static void run_scatter_last(const telos_instruction *i) {
    vfill(i->dst, 0.0f, i->n0 * i->n1);
    for (int64_t r = 0; r < i->n0; ++r) {
        const int64_t at = index_below(i->b[r], i->n1);
        if (at >= 0) i->dst[r * i->n1 + at] = i->a[r];
    }
}

static void run_gather_rows(const telos_instruction *i) {
    const int64_t width = i->n2;
    for (int64_t r = 0; r < i->n0; ++r) {
        const int64_t at = index_below(i->b[r], i->n1);
        if (at < 0) vfill(i->dst + r * width, 0.0f, width);
        else vcopy(i->dst + r * width, i->a + at * width, width);
    }
}

static void run_scatter_rows(const telos_instruction *i) {
    const int64_t width = i->n2;
    vfill(i->dst, 0.0f, i->n1 * width);
    for (int64_t r = 0; r < i->n0; ++r) {
        const int64_t at = index_below(i->b[r], i->n1);
        if (at < 0) continue;
        float *to = i->dst + at * width;
        const float *from = i->a + r * width;
        int64_t c = 0;
        for (; c + 16 <= width; c += 16) vstore(to + c, vload(to + c) + vload(from + c));
        if (c < width) vstore_part(to + c, vload(to + c) + vload(from + c), width - c);
    }
}

#endif
