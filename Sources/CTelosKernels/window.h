// Windows that slide over pictures [image, height, width, channel], and the adjoint of reading through them.
#ifndef TELOS_WINDOW_H
#define TELOS_WINDOW_H

#pragma STDC FP_CONTRACT OFF

/// Adds count floats in place; may read, but not write, up to 15 floats beyond.
TELOS_INLINE void vadd_to(float *target, const float *source, int64_t count) {
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) vstore(target + i, vload(target + i) + vload(source + i));
    if (i < count) vstore_part(target + i, vload(target + i) + vload(source + i), count - i);
}

/// The samples of a window, whose first lies at `first` of `extent`, that are inside: low ..< high of `size`.
TELOS_INLINE void clip_window(int64_t first, int64_t extent, int64_t size, int64_t dilation, int64_t *low,
                              int64_t *high) {
    int64_t from = 0, to = size;
    if (first < 0) from = (-first + dilation - 1) / dilation;
    if (first + (size - 1) * dilation >= extent) to = first >= extent ? 0 : (extent - first + dilation - 1) / dilation;
    *low = from < size ? from : size;
    *high = to > *low ? to : *low;
}

/// Patches begin ..< end, `stride` floats apart: (y, x, channel), the samples outside the picture set to `fill`.
static void unfold_patches(const telos_window *w, const float *pictures, float fill, int64_t begin, int64_t end,
                           float *target, int64_t stride) {
    if (begin >= end) return;
    const int64_t channels = w->channels, run = w->window_width * channels;
    int64_t column = begin % w->columns, line = begin / w->columns % w->rows;
    const float *picture = pictures + begin / w->columns / w->rows * w->height * w->width * channels;
    for (int64_t patch = begin; patch < end; ++patch, target += stride) {
        const int64_t top = line * w->stride_height - w->top, left = column * w->stride_width - w->left;
        if (++column == w->columns) {
            column = 0;
            line += 1;
        }
        const float *corner = picture + (top * w->width + left) * channels;
        if (line == w->rows) {
            line = 0;
            picture += w->height * w->width * channels;
        }
        int64_t low, high;
        clip_window(left, w->width, w->window_width, w->dilation_width, &low, &high);
        float *to = target;
        const int whole = high - low == w->window_width && w->dilation_width == 1;
        if (whole && top >= 0 && top + (w->window_height - 1) * w->dilation_height < w->height) {
            const int64_t step = w->dilation_height * w->width * channels;
            for (int64_t y = 0; y < w->window_height; ++y, to += run, corner += step) vcopy(to, corner, run);
            continue;
        }
        for (int64_t y = 0; y < w->window_height; ++y, to += run) {
            const int64_t row = top + y * w->dilation_height;
            if (row < 0 || row >= w->height) {
                vfill(to, fill, run);
                continue;
            }
            const float *from = corner + y * w->dilation_height * w->width * channels;
            if (low > 0) vfill(to, fill, low * channels);
            if (w->dilation_width == 1) {
                vcopy(to + low * channels, from + low * channels, (high - low) * channels);
            } else {
                for (int64_t x = low; x < high; ++x) {
                    vcopy(to + x * channels, from + x * w->dilation_width * channels, channels);
                }
            }
            if (high < w->window_width) vfill(to + high * channels, fill, (w->window_width - high) * channels);
        }
    }
}

static void run_unfold(const telos_instruction *i, int64_t part, int64_t parts) {
    const telos_window *w = (const telos_window *)i->aux;
    const int64_t patches = w->images * w->rows * w->columns;
    const int64_t size = w->window_height * w->window_width * w->channels, begin = patches * part / parts;
    unfold_patches(w, i->a, i->immediate, begin, patches * (part + 1) / parts, i->dst + begin * size, size);
}

/// Every sample of every patch added to its place in the picture: for one place, in the order of the patches.
static void run_fold(const telos_instruction *i, int64_t part, int64_t parts) {
    const telos_window *w = (const telos_window *)i->aux;
    const int64_t channels = w->channels, run = w->window_width * channels, line = w->width * channels;
    int64_t first = 0, end = w->images, from_row = 0, to_row = w->height;
    if (w->images >= parts) {
        first = w->images * part / parts;
        end = w->images * (part + 1) / parts;
    } else {
        from_row = w->height * part / parts;
        to_row = w->height * (part + 1) / parts;
    }
    for (int64_t image = first; image < end; ++image) {
        float *picture = i->dst + image * w->height * line;
        vfill(picture + from_row * line, 0.0f, (to_row - from_row) * line);
        const float *from = i->a + image * w->rows * w->columns * w->window_height * run;
        for (int64_t place = 0; place < w->rows * w->columns; ++place) {
            const int64_t top = place / w->columns * w->stride_height - w->top;
            const int64_t left = place % w->columns * w->stride_width - w->left;
            int64_t low, high;
            clip_window(left, w->width, w->window_width, w->dilation_width, &low, &high);
            for (int64_t y = 0; y < w->window_height; ++y, from += run) {
                const int64_t row = top + y * w->dilation_height;
                if (row < from_row || row >= to_row) continue;
                float *to = picture + row * line + left * channels;
                if (w->dilation_width == 1) {
                    vadd_to(to + low * channels, from + low * channels, (high - low) * channels);
                } else {
                    for (int64_t x = low; x < high; ++x) {
                        vadd_to(to + x * w->dilation_width * channels, from + x * channels, channels);
                    }
                }
            }
        }
    }
}

#endif
