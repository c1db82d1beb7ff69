// Sixteen lanes of float, whatever the registers: the compiler splits them to what the target has. Every form is
// compiled from the same source, so that a result can differ between instruction sets only where this file says so,
// and it does so nowhere: vfma is one rounding in each.
#ifndef TELOS_VECTOR_H
#define TELOS_VECTOR_H

#include <math.h>

#pragma STDC FP_CONTRACT OFF
#pragma clang diagnostic ignored "-Wpsabi"

#define TELOS_INLINE static inline __attribute__((always_inline, unused))
#define TELOS_OVERLOAD static inline __attribute__((always_inline, unused, overloadable))
#define TELOS_UNROLL _Pragma("clang loop unroll(full)")

typedef float v16 __attribute__((ext_vector_type(16)));
typedef int32_t v16i __attribute__((ext_vector_type(16)));
typedef uint32_t v16u __attribute__((ext_vector_type(16)));
typedef double v16d __attribute__((ext_vector_type(16)));
typedef int64_t v16l __attribute__((ext_vector_type(16)));
typedef uint64_t v16ul __attribute__((ext_vector_type(16)));
// Several vectors at once, for long chains of operations that would otherwise wait for one another.
#if TELOS_FORM_AVX512
enum { WIDE_LANES = 64 };
#else
enum { WIDE_LANES = 32 };
#endif
typedef float vwide __attribute__((ext_vector_type(WIDE_LANES)));
typedef int32_t vwidei __attribute__((ext_vector_type(WIDE_LANES)));
typedef uint32_t vwideu __attribute__((ext_vector_type(WIDE_LANES)));
typedef vwide vwide_unaligned __attribute__((aligned(4)));
typedef v16 v16_unaligned __attribute__((aligned(4)));

TELOS_INLINE v16 vload(const float *p) { return *(const v16_unaligned *)p; }
TELOS_INLINE void vstore(float *p, v16 v) { *(v16_unaligned *)p = v; }
TELOS_INLINE v16 vsplat(float x) { return (v16)x; }
TELOS_INLINE v16i vlanes(void) { return (v16i){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}; }

/// Stores lanes 0 ..< count, count in 0 ... 16.
TELOS_INLINE void vstore_part(float *p, v16 v, int64_t count) {
#if TELOS_FORM_AVX512
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), (__m512)v);
#else
    if (count >= 16) {
        vstore(p, v);
        return;
    }
    float lanes[16];
    vstore(lanes, v);
    const float *q = lanes;
    if (count & 8) { memcpy(p, q, 32); p += 8; q += 8; }
    if (count & 4) { memcpy(p, q, 16); p += 4; q += 4; }
    if (count & 2) { memcpy(p, q, 8); p += 2; q += 2; }
    if (count & 1) *p = *q;
#endif
}

/// Copies count floats; may read, but not write, up to 15 floats beyond.
TELOS_INLINE void vcopy(float *target, const float *source, int64_t count) {
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) vstore(target + i, vload(source + i));
    if (i < count) vstore_part(target + i, vload(source + i), count - i);
}

TELOS_INLINE void vfill(float *target, float value, int64_t count) {
    const v16 v = vsplat(value);
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) vstore(target + i, v);
    if (i < count) vstore_part(target + i, v, count - i);
}

/// a * b + c with one rounding.
TELOS_OVERLOAD v16 vfma(v16 a, v16 b, v16 c) {
#if TELOS_FORM_SCALAR
    // The product of two floats is exact in double. The sum, rounded to odd (Boldo and Melquiond, 2008), keeps enough
    // to round to float as if it were exact.
    const v16d product = __builtin_convertvector(a, v16d) * __builtin_convertvector(b, v16d);
    const v16d addend = __builtin_convertvector(c, v16d);
    const v16d sum = product + addend;
    const v16d part = sum - product;
    const v16d error = (product - (sum - part)) + (addend - part);
    const v16l bits = (v16l)sum;
    const v16l inexact = (v16l)((error > 0.0) | (error < 0.0));
    const v16l outward = (v16l)((error > 0.0) == (sum > 0.0));
    const v16l even = (bits & 1) - 1;
    const v16l odd_bits = bits + (inexact & even & ((outward & 2) - 1));
    return __builtin_convertvector((v16d)odd_bits, v16);
#else
    return __builtin_elementwise_fma(a, b, c);
#endif
}

TELOS_OVERLOAD v16 vabs(v16 x) { return (v16)((v16u)x & 0x7FFFFFFFu); }
TELOS_OVERLOAD v16 vcopysign(v16 magnitude, v16 sign) { return (v16)((v16u)magnitude | ((v16u)sign & 0x80000000u)); }
TELOS_OVERLOAD v16 vfloor(v16 x) {
#if TELOS_FORM_SCALAR
    // Without an instruction for it the compiler would call the system's library.
    const v16i small = vabs(x) < 0x1p23f;
    v16 whole = __builtin_convertvector(__builtin_convertvector(small ? x : vsplat(0.0f), v16i), v16);
    whole = whole > x ? whole - 1.0f : whole;
    return small ? vcopysign(whole, x) : x;
#else
    return __builtin_elementwise_floor(x);
#endif
}
/// 2^k for k in -126 ... 127.
TELOS_OVERLOAD v16 vpower_of_two(v16i k) { return (v16)((v16u)(k + 127) << 23); }
TELOS_OVERLOAD int vany(v16i mask) { return __builtin_reduce_or(mask) != 0; }

TELOS_OVERLOAD vwide vfma(vwide a, vwide b, vwide c) {
#if TELOS_FORM_SCALAR
    vwide r;
    r.lo = vfma(a.lo, b.lo, c.lo);
    r.hi = vfma(a.hi, b.hi, c.hi);
    return r;
#else
    return __builtin_elementwise_fma(a, b, c);
#endif
}
TELOS_OVERLOAD vwide vabs(vwide x) { return (vwide)((vwideu)x & 0x7FFFFFFFu); }
TELOS_OVERLOAD vwide vcopysign(vwide magnitude, vwide sign) {
    return (vwide)((vwideu)magnitude | ((vwideu)sign & 0x80000000u));
}
TELOS_OVERLOAD vwide vpower_of_two(vwidei k) { return (vwide)((vwideu)(k + 127) << 23); }
TELOS_OVERLOAD int vany(vwidei mask) { return __builtin_reduce_or(mask) != 0; }

/// Lane i joins lane i + 8, then 4, 2, 1.
TELOS_INLINE float vsum(v16 v) {
    typedef float v8 __attribute__((ext_vector_type(8)));
    typedef float v4 __attribute__((ext_vector_type(4)));
    const v8 a = v.lo + v.hi;
    const v4 b = a.lo + a.hi;
    return (b.x + b.z) + (b.y + b.w);
}

/// The larger; NaN where either is.
TELOS_INLINE v16 vmaximum(v16 a, v16 b) { return ((b > a) | (b != b)) ? b : a; }
TELOS_INLINE float vmaximum_lanes(v16 v) {
    v = vmaximum(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    v = vmaximum(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
    v = vmaximum(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
    v = vmaximum(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
    return v.s0;
}

#define TELOS_SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)

/// Transposes a 16 x 16 block held in rows: 4 x 4 blocks within 128-bit lanes, then the lanes.
TELOS_INLINE void vtranspose(v16 r[16]) {
    v16 t[16];
    TELOS_UNROLL for (int i = 0; i < 16; i += 4) {
        const v16 a = TELOS_SHUFFLE(r[i], r[i + 1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        const v16 b = TELOS_SHUFFLE(r[i], r[i + 1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
        const v16 c = TELOS_SHUFFLE(r[i + 2], r[i + 3], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
        const v16 d = TELOS_SHUFFLE(r[i + 2], r[i + 3], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
        t[i] = TELOS_SHUFFLE(a, c, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        t[i + 1] = TELOS_SHUFFLE(a, c, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
        t[i + 2] = TELOS_SHUFFLE(b, d, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29);
        t[i + 3] = TELOS_SHUFFLE(b, d, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31);
    }
    TELOS_UNROLL for (int i = 0; i < 4; ++i) {
        const v16 a = TELOS_SHUFFLE(t[i], t[i + 4], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
        const v16 b = TELOS_SHUFFLE(t[i], t[i + 4], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
        const v16 c = TELOS_SHUFFLE(t[i + 8], t[i + 12], 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27);
        const v16 d = TELOS_SHUFFLE(t[i + 8], t[i + 12], 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31);
        r[i] = TELOS_SHUFFLE(a, c, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        r[i + 4] = TELOS_SHUFFLE(b, d, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23);
        r[i + 8] = TELOS_SHUFFLE(a, c, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
        r[i + 12] = TELOS_SHUFFLE(b, d, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31);
    }
}

#endif
