// Values, buffers and hashes for programs that compare the forms of the kernels.
#ifndef TELOS_FORMS_SUPPORT_H
#define TELOS_FORMS_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "telos_kernels.h"

// ---------------------------------------------------------------- values

static telos_isa form;
static uint64_t state;

static uint64_t word(void) {
    uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}
static int64_t below(int64_t count) { return (int64_t)(word() % (uint64_t)count); }
static int64_t extent(void) { return 1 + below(70); }
static int once_in(int64_t count) { return below(count) == 0; }

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// A multiple of 2^-22 in [-2, 2).
static float plain(void) { return (float)(below(1 << 24) - (1 << 23)) * 0x1p-22f; }

/// Signed zeros, subnormals, infinities, NaN, and where functions change their way of working.
static float special(void) {
    static const uint32_t magnitudes[] = {
        0x00000000, 0x00000001, 0x00000003, 0x007FFFFF, 0x00800000, 0x00800001, 0x33000000, 0x3F000000, 0x3F6B851F,
        0x3F7FFFFF, 0x3F800000, 0x3F800001, 0x40000000, 0x40490FDB, 0x41200000, 0x42AEAC50, 0x42B17218, 0x42CFF1B5,
        0x42D00000, 0x47800000, 0x47800001, 0x4B000000, 0x4B800000, 0x7149F2CA, 0x7F7FFFFF, 0x7F800000, 0x7FC00000,
        0x7F800001,
    };
    return float_of(magnitudes[below(sizeof magnitudes / sizeof *magnitudes)] | (uint32_t)below(2) << 31);
}

typedef enum { PLAIN, SPRINKLED, WILD } values;

static float value_of(values kind) {
    switch (kind) {
    case PLAIN: return plain();
    case SPRINKLED: return once_in(200) ? special() : once_in(50) ? plain() * 0x1p-126f : plain();
    case WILD: return once_in(4) ? special() : once_in(3) ? plain() * 8 : float_of((uint32_t)word());
    }
    return 0;
}

// ---------------------------------------------------------------- buffers

enum { MARGIN = 16, MOST_BUFFERS = 64 };
static struct { float *base; int64_t count; } buffers[MOST_BUFFERS];
static int buffer_count;

static float *new_buffer(int64_t count) {
    float *base = malloc((size_t)(count + 2 * MARGIN) * sizeof(float));
    if (!base || buffer_count == MOST_BUFFERS) abort();
    const float beyond[] = {3.0f, -1e30f, float_of(0x7FC0BEEF), float_of(0x7F800000)};
    for (int64_t i = 0; i < count + 2 * MARGIN; ++i) base[i] = beyond[form];
    buffers[buffer_count].base = base;
    buffers[buffer_count++].count = count;
    return base + MARGIN;
}
static float *filled(int64_t count, values kind) {
    float *p = new_buffer(count);
    for (int64_t i = 0; i < count; ++i) p[i] = value_of(kind);
    return p;
}
static float *zeroed(int64_t count) {
    float *p = new_buffer(count);
    memset(p, 0, (size_t)count * sizeof(float));
    return p;
}
/// Indices of which some are not in 0 ..< count.
static float *indices(int64_t length, int64_t count) {
    float *p = new_buffer(length);
    for (int64_t i = 0; i < length; ++i) p[i] = once_in(8) ? special() : (float)below(count + 1);
    return p;
}

/// Every margin must be as it was; then the buffers of the case are given back.
static void release(const char *what) {
    for (int b = 0; b < buffer_count; ++b) {
        float *base = buffers[b].base;
        for (int i = 1; i < 2 * MARGIN; ++i) {
            const int64_t at = i < MARGIN ? i : buffers[b].count + i;
            if (memcmp(base, base + at, sizeof(float)) == 0) continue;
            fprintf(stderr, "%s, %s: written outside a buffer\n", telos_isa_name(form), what);
            exit(1);
        }
        free(base);
    }
    buffer_count = 0;
}

static uint64_t hash_floats(const float *values, int64_t count, uint64_t hash) {
    for (int64_t i = 0; i < count; ++i) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        if ((bits & 0x7FFFFFFF) > 0x7F800000) bits = 0x7FC00000;
        hash = telos_hash(&bits, sizeof bits, hash);
    }
    return hash;
}
static uint64_t hash_double(double value, uint64_t hash) {
    const uint64_t bits = value != value ? 0x7FF8000000000000ULL : telos_bits64(value);
    return telos_hash(&bits, sizeof bits, hash);
}

#endif
