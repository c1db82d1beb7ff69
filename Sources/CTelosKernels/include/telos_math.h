// Elementary functions of doubles that give the same bits on every machine: plain multiplications and additions in a
// written order, no fused multiply-add, no call to the system's library.
//
// Error below 1 unit in the last place; below 2.1 for telos_tanh64 and telos_lgamma64, the latter apart from arguments
// close to a zero on the negative axis. Special values follow C99: NaN in gives NaN out (but pow(x, 0) = pow(1, y) = 1).
//
// The algorithms and coefficients are those of fdlibm:
//   Copyright (C) 1993, 2004 by Sun Microsystems, Inc. All rights reserved.
//   Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is
//   preserved.
#ifndef TELOS_MATH_H
#define TELOS_MATH_H

#include <stdint.h>
#include <string.h>

#pragma STDC FP_CONTRACT OFF

static inline uint64_t telos_bits64(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double telos_double64(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// The sign and the top 31 bits of the magnitude.
static inline int32_t telos_high64(double x) { return (int32_t)(telos_bits64(x) >> 32); }

/// x with the low 32 bits of its significand cleared.
static inline double telos_clear_low64(double x) { return telos_double64(telos_bits64(x) & 0xFFFFFFFF00000000ULL); }

static inline double telos_abs64(double x) { return telos_double64(telos_bits64(x) & 0x7FFFFFFFFFFFFFFFULL); }
static inline double telos_infinity64(void) { return telos_double64(0x7FF0000000000000ULL); }
static inline double telos_nan64(void) { return telos_double64(0x7FF8000000000000ULL); }

/// x * 2^n, correctly rounded where the result is subnormal.
static inline double telos_scale64(double x, int n) {
    if (n > 1023) {
        x *= 0x1p1023;
        n -= 1023;
        if (n > 1023) { x *= 0x1p1023; n -= 1023; if (n > 1023) n = 1023; }
    } else if (n < -1022) {
        // 2^-969 keeps 53 bits, so that only the last multiplication rounds.
        x *= 0x1p-969;
        n += 969;
        if (n < -1022) { x *= 0x1p-969; n += 969; if (n < -1022) n = -1022; }
    }
    return x * telos_double64((uint64_t)(n + 1023) << 52);
}

/// Square root, correctly rounded.
static inline double telos_sqrt64(double x) { return __builtin_sqrt(x); }

/// The largest integer not above x.
static inline double telos_floor64(double x) {
    if (!(telos_abs64(x) < 0x1p52)) return x;
    double truncated = (double)(int64_t)x;
    if (truncated > x) truncated -= 1.0;
    return truncated == 0.0 ? telos_double64(telos_bits64(x) & 0x8000000000000000ULL) : truncated;
}

// ---------------------------------------------------------------- exponential and logarithm

/// e^x.
static inline double telos_exp64(double x) {
    if (x != x) return x;
    if (x > 709.782712893383973096) return telos_infinity64();
    if (x < -745.13321910194110842) return 0.0;
    const double magnitude = telos_abs64(x);
    if (magnitude < 0x1p-28) return 1.0 + x;
    int k = 0;
    double high = x, low = 0.0;
    if (magnitude > 0.34657359027997264) {
        k = (int)(1.44269504088896338700e+00 * x + (x < 0 ? -0.5 : 0.5));
        high = x - k * 6.93147180369123816490e-01;
        low = k * 1.90821492927058770002e-10;
        x = high - low;
    }
    const double t = x * x;
    const double c = x - t * (1.66666666666666019037e-01 + t * (-2.77777777770155933842e-03 + t * (6.61375632143793436117e-05
        + t * (-1.65339022054652515390e-06 + t * 4.13813679705723846039e-08))));
    const double y = 1.0 + (x * c / (2.0 - c) - low + high);
    return k == 0 ? y : telos_scale64(y, k);
}

/// The part of log(1 + f) beyond f - f^2 / 2, from s = f / (2 + f) and half_square = f^2 / 2.
static inline double telos_log_tail64(double s, double half_square) {
    const double z = s * s, w = z * z;
    const double even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    const double odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01
        + w * 1.479819860511658591e-01)));
    return s * (half_square + (odd + even));
}

/// Natural logarithm.
static inline double telos_log64(double x) {
    uint64_t bits = telos_bits64(x);
    int k = 0;
    if (bits >> 63 || bits < 0x0010000000000000ULL) {
        if ((bits << 1) == 0) return -telos_infinity64();
        if (x != x) return x;
        if (bits >> 63) return telos_nan64();
        k = -54;
        bits = telos_bits64(x * 0x1p54);
    } else if (bits >= 0x7FF0000000000000ULL) {
        return x;
    } else if (bits == 0x3FF0000000000000ULL) {
        return 0.0;
    }
    uint32_t high = (uint32_t)(bits >> 32) + (0x3FF00000 - 0x3FE6A09E);
    k += (int)(high >> 20) - 0x3FF;
    high = (high & 0x000FFFFF) + 0x3FE6A09E;
    const double f = telos_double64((uint64_t)high << 32 | (bits & 0xFFFFFFFF)) - 1.0;
    const double half_square = 0.5 * f * f;
    return telos_log_tail64(f / (2.0 + f), half_square) + k * 1.90821492927058770002e-10 - half_square + f
        + k * 6.93147180369123816490e-01;
}

/// log(1 + x), accurate for small x.
static inline double telos_log1p64(double x) {
    if (x != x || x == telos_infinity64()) return x;
    if (x <= -1.0) return x == -1.0 ? -telos_infinity64() : telos_nan64();
    if (telos_abs64(x) < 0x1p-53) return x;
    int k = 0;
    double f = x, correction = 0.0;
    if (!(x > -0.29289321881345254 && x < 0.41421356237309503)) {
        const double u = 1.0 + x;
        const uint64_t bits = telos_bits64(u);
        uint32_t high = (uint32_t)(bits >> 32) + (0x3FF00000 - 0x3FE6A09E);
        k = (int)(high >> 20) - 0x3FF;
        if (k < 54) correction = (k >= 2 ? 1.0 - (u - x) : x - (u - 1.0)) / u;
        high = (high & 0x000FFFFF) + 0x3FE6A09E;
        f = telos_double64((uint64_t)high << 32 | (bits & 0xFFFFFFFF)) - 1.0;
    }
    const double half_square = 0.5 * f * f;
    return telos_log_tail64(f / (2.0 + f), half_square) + (k * 1.90821492927058770002e-10 + correction) - half_square
        + f + k * 6.93147180369123816490e-01;
}

/// e^x - 1, accurate for small x.
static inline double telos_expm1_64(double x) {
    const double magnitude = telos_abs64(x);
    if (x != x || magnitude < 0x1p-54) return x;
    if (x > 709.782712893383973096) return telos_infinity64();
    if (x < -38.816242111356935) return -1.0;
    int k = 0;
    double correction = 0.0;
    if (magnitude > 0.34657359027997264) {
        if (magnitude < 1.0397207708399179) {
            k = x < 0 ? -1 : 1;
        } else {
            k = (int)(1.44269504088896338700e+00 * x + (x < 0 ? -0.5 : 0.5));
        }
        const double high = x - k * 6.93147180369123816490e-01, low = k * 1.90821492927058770002e-10;
        x = high - low;
        correction = (high - x) - low;
    }
    const double half = 0.5 * x, square = x * half;
    const double r = 1.0 + square * (-3.33333333333331316428e-02 + square * (1.58730158725481460165e-03
        + square * (-7.93650757867487942473e-05 + square * (4.00821782732936239552e-06
        + square * -2.01099218183624371326e-07))));
    double t = 3.0 - r * half;
    double e = square * ((r - t) / (6.0 - x * t));
    if (k == 0) return x - (x * e - square);
    e = x * (e - correction) - correction;
    e -= square;
    if (k == -1) return 0.5 * (x - e) - 0.5;
    if (k == 1) return x < -0.25 ? -2.0 * (e - (x + 0.5)) : 1.0 + 2.0 * (x - e);
    if (k < 0 || k > 56) {
        const double y = x - e + 1.0;
        return (k == 1024 ? y * 2.0 * 0x1p1023 : y * telos_double64((uint64_t)(k + 1023) << 52)) - 1.0;
    }
    const double power = telos_double64((uint64_t)(k + 1023) << 52), inverse = telos_double64((uint64_t)(1023 - k) << 52);
    return k < 20 ? (x - e + (1.0 - inverse)) * power : (x - (e + inverse) + 1.0) * power;
}

/// Hyperbolic tangent.
static inline double telos_tanh64(double x) {
    const double magnitude = telos_abs64(x);
    if (x != x || magnitude < 0x1p-28) return x;
    double t;
    if (magnitude > 22.0) {
        t = 1.0;
    } else if (magnitude > 0.5493061443340549) {
        t = 1.0 - 2.0 / (telos_expm1_64(2.0 * magnitude) + 2.0);
    } else if (magnitude > 0.25541281188299536) {
        t = telos_expm1_64(2.0 * magnitude);
        t = t / (t + 2.0);
    } else {
        t = telos_expm1_64(-2.0 * magnitude);
        t = -t / (t + 2.0);
    }
    return x < 0 ? -t : t;
}

// ---------------------------------------------------------------- trigonometry

/// x = quadrant * pi / 2 + rest[0] + rest[1] for |x| too large for three-part reduction: the bits of 2 / pi that matter
/// times the significand, modulo 4, in 192-bit integers (Payne and Hanek, 1983).
static inline int telos_reduce_large64(double x, double rest[2]) {
    static const uint64_t two_over_pi[22] = {
        0,
        0xA2F9836E4E441529ULL, 0xFC2757D1F534DDC0ULL, 0xDB6295993C439041ULL, 0xFE5163ABDEBBC561ULL,
        0xB7246E3A424DD2E0ULL, 0x06492EEA09D1921CULL, 0xFE1DEB1CB129A73EULL, 0xE88235F52EBB4484ULL,
        0xE99C7026B45F7E41ULL, 0x3991D639835339F4ULL, 0x9C845F8BBDF9283BULL, 0x1FF897FFDE05980FULL,
        0xEF2F118B5A0A6D1FULL, 0x6D367ECF27CB09B7ULL, 0x4F463F669E5FEA2DULL, 0x7527BAC7EBE5F17BULL,
        0x3D0739F78A5292EAULL, 0x6BFB5FB11F8D5D08ULL, 0x56033046FC7B6BABULL, 0xF0CFBC209AF4361DULL,
        0,
    };
    const uint64_t bits = telos_bits64(x);
    const uint64_t significand = (bits & 0x000FFFFFFFFFFFFFULL) | 0x0010000000000000ULL;
    // x = significand * 2^exponent; bits of 2 / pi of weight 2^(1 - exponent) and less are the ones that matter.
    const int exponent = (int)((bits >> 52) & 0x7FF) - 1075;
    const int start = exponent - 2 + 64;
    const int word = start >> 6, shift = start & 63;
    uint64_t window[3];
    for (int i = 0; i < 3; ++i) {
        const uint64_t upper = two_over_pi[word + i], lower = two_over_pi[word + i + 1];
        window[i] = shift == 0 ? upper : upper << shift | lower >> (64 - shift);
    }
    const unsigned __int128 low = (unsigned __int128)significand * window[2];
    const unsigned __int128 middle = (unsigned __int128)significand * window[1] + (uint64_t)(low >> 64);
    uint64_t w2 = (uint64_t)low, w1 = (uint64_t)middle;
    uint64_t w0 = significand * window[0] + (uint64_t)(middle >> 64);
    int quadrant = (int)(w0 >> 62);
    w0 = w0 << 2 | w1 >> 62;
    w1 = w1 << 2 | w2 >> 62;
    w2 <<= 2;
    const int negative = (int)(w0 >> 63);
    if (negative) {
        quadrant += 1;
        w2 = ~w2 + 1;
        w1 = ~w1 + (w2 == 0);
        w0 = ~w0 + (w2 == 0 && w1 == 0);
    }
    int scale = 0;
    while (w0 == 0 && scale < 128) { w0 = w1; w1 = w2; w2 = 0; scale += 64; }
    if (w0 == 0) { rest[0] = 0.0; rest[1] = 0.0; return quadrant & 3; }
    const int zeros = __builtin_clzll(w0);
    if (zeros > 0) { w0 = w0 << zeros | w1 >> (64 - zeros); w1 = w1 << zeros | w2 >> (64 - zeros); }
    scale += zeros;
    // The fraction as a sum of two doubles, times pi / 2 as a sum of two doubles; halves of 26 bits multiply exactly.
    const double unit = telos_double64((uint64_t)(1023 - 64 - scale) << 52);
    const uint64_t top = w0 & ~0x7FFULL;
    double a = (double)top * unit;
    double b = ((double)(w0 & 0x7FF) + (double)(w1 >> 11) * 0x1p-53) * unit;
    if (negative) { a = -a; b = -b; }
    const double pio2 = 0x1.921fb54442d18p+0, pio2_low = 0x1.1a62633145c07p-54;
    const double a1 = telos_double64(telos_bits64(a) & 0xFFFFFFFFF8000000ULL), a2 = a - a1;
    const double p1 = telos_double64(telos_bits64(pio2) & 0xFFFFFFFFF8000000ULL), p2 = pio2 - p1;
    const double product = a * pio2;
    const double error = ((a1 * p1 - product) + a1 * p2 + a2 * p1) + a2 * p2;
    const double tail = error + (a * pio2_low + b * pio2);
    rest[0] = product + tail;
    rest[1] = (product - rest[0]) + tail;
    return quadrant & 3;
}

/// x = quadrant * pi / 2 + rest[0] + rest[1] with |rest| at most a little above pi / 4; the quadrant modulo 4.
static inline int telos_reduce64(double x, double rest[2]) {
    const double magnitude = telos_abs64(x);
    if (magnitude <= 0.78539816339744831) {
        rest[0] = x;
        rest[1] = 0.0;
        return 0;
    }
    if (magnitude > 1.6e6) {
        if (!(magnitude < telos_infinity64())) {
            rest[0] = telos_nan64();
            rest[1] = 0.0;
            return 0;
        }
        const int quadrant = telos_reduce_large64(magnitude, rest);
        if (x > 0) return quadrant;
        rest[0] = -rest[0];
        rest[1] = -rest[1];
        return -quadrant & 3;
    }
    // Cody and Waite: pi / 2 in parts of 33 bits, so that n times a part is exact.
    const int n = (int)(x * 6.36619772367581382433e-01 + (x < 0 ? -0.5 : 0.5));
    const double fn = n;
    double r = x - fn * 1.57079632673412561417e+00;
    double w = fn * 6.07710050650619224932e-11;
    const int exponent = (telos_high64(x) >> 20) & 0x7FF;
    rest[0] = r - w;
    if (exponent - ((telos_high64(rest[0]) >> 20) & 0x7FF) > 16) {
        double t = r;
        w = fn * 6.07710050630396597660e-11;
        r = t - w;
        w = fn * 2.02226624879595063154e-21 - ((t - r) - w);
        rest[0] = r - w;
        if (exponent - ((telos_high64(rest[0]) >> 20) & 0x7FF) > 49) {
            t = r;
            w = fn * 2.02226624871116645580e-21;
            r = t - w;
            w = fn * 8.47842766036889956997e-32 - ((t - r) - w);
            rest[0] = r - w;
        }
    }
    rest[1] = (r - rest[0]) - w;
    return n & 3;
}

static inline double telos_sin_kernel64(double x, double y) {
    const double z = x * x, w = z * z, v = z * x;
    const double r = 8.33333333332248946124e-03 + z * (-1.98412698298579493134e-04 + z * 2.75573137070700676789e-06)
        + z * w * (-2.50507602534068634195e-08 + z * 1.58969099521155010221e-10);
    return x - ((z * (0.5 * y - v * r) - y) - v * -1.66666666666666324348e-01);
}

static inline double telos_cos_kernel64(double x, double y) {
    const double z = x * x, w = z * z;
    const double r = z * (4.16666666666666019037e-02 + z * (-1.38888888888741095749e-03 + z * 2.48015872894767294178e-05))
        + w * w * (-2.75573143513906633035e-07 + z * (2.08757232129817482790e-09 + z * -1.13596475577881948265e-11));
    const double half = 0.5 * z, top = 1.0 - half;
    return top + (((1.0 - top) - half) + (z * r - x * y));
}

/// Sine, for any magnitude.
static inline double telos_sin64(double x) {
    if (telos_abs64(x) < 0x1p-26) return x;
    double rest[2];
    const int quadrant = telos_reduce64(x, rest);
    const double y = quadrant & 1 ? telos_cos_kernel64(rest[0], rest[1]) : telos_sin_kernel64(rest[0], rest[1]);
    return quadrant & 2 ? -y : y;
}

/// Cosine, for any magnitude.
static inline double telos_cos64(double x) {
    double rest[2];
    const int quadrant = telos_reduce64(x, rest);
    const double y = quadrant & 1 ? telos_sin_kernel64(rest[0], rest[1]) : telos_cos_kernel64(rest[0], rest[1]);
    return (quadrant + 1) & 2 ? -y : y;
}

/// Tangent, for any magnitude.
static inline double telos_tan64(double x) {
    if (telos_abs64(x) < 0x1p-27) return x;
    double rest[2];
    const int odd = telos_reduce64(x, rest) & 1;
    double a = rest[0], b = rest[1];
    const int negative = a < 0, big = telos_abs64(a) >= 0.67434;
    if (big) {
        if (negative) { a = -a; b = -b; }
        a = (7.85398163397448278999e-01 - a) + (3.06161699786838301793e-17 - b);
        b = 0.0;
    }
    const double z = a * a, w = z * z;
    double r = 1.33333333333201242699e-01 + w * (2.18694882948595424599e-02 + w * (3.59207910759131235356e-03
        + w * (5.88041240820264096874e-04 + w * (7.81794442939557092300e-05 + w * -1.85586374855275456654e-05))));
    double v = z * (5.39682539762260521377e-02 + w * (8.86323982359930005737e-03 + w * (1.45620945432529025516e-03
        + w * (2.46463134818469906812e-04 + w * (7.14072491382608190305e-05 + w * 2.59073051863633712884e-05)))));
    double s = z * a;
    r = b + z * (s * (r + v) + b) + s * 3.33333333333334091986e-01;
    const double sum = a + r;
    if (big) {
        s = 1.0 - 2.0 * odd;
        v = s - 2.0 * (a + (r - sum * sum / (sum + s)));
        return negative ? -v : v;
    }
    if (!odd) return sum;
    const double sum_high = telos_clear_low64(sum);
    v = r - (sum_high - a);
    const double inverse = -1.0 / sum, inverse_high = telos_clear_low64(inverse);
    return inverse_high + inverse * (1.0 + inverse_high * sum_high + inverse_high * v);
}

/// Arc tangent.
static inline double telos_atan64(double x) {
    static const double high[4] = {
        4.63647609000806093515e-01, 7.85398163397448278999e-01, 9.82793723247329054082e-01, 1.57079632679489655800e+00,
    };
    static const double low[4] = {
        2.26987774529616870924e-17, 3.06161699786838301793e-17, 1.39033110312309984516e-17, 6.12323399573676603587e-17,
    };
    const double magnitude = telos_abs64(x);
    if (x != x || magnitude < 0x1p-27) return x;
    if (magnitude >= 0x1p66) return x < 0 ? -(high[3] + low[3]) : high[3] + low[3];
    int part = -1;
    double t = magnitude;
    if (magnitude >= 2.4375) {
        part = 3;
        t = -1.0 / magnitude;
    } else if (magnitude >= 1.1875) {
        part = 2;
        t = (magnitude - 1.5) / (1.0 + 1.5 * magnitude);
    } else if (magnitude >= 0.6875) {
        part = 1;
        t = (magnitude - 1.0) / (magnitude + 1.0);
    } else if (magnitude >= 0.4375) {
        part = 0;
        t = (2.0 * magnitude - 1.0) / (2.0 + magnitude);
    }
    const double z = t * t, w = z * z;
    const double odd = z * (3.33333333333329318027e-01 + w * (1.42857142725034663711e-01 + w * (9.09088713343650656196e-02
        + w * (6.66107313738753120669e-02 + w * (4.97687799461593236017e-02 + w * 1.62858201153657823623e-02)))));
    const double even = w * (-1.99999999998764832476e-01 + w * (-1.11111104054623557880e-01
        + w * (-7.69187620504482999495e-02 + w * (-5.83357013379057348645e-02 + w * -3.65315727442169155270e-02))));
    const double y = part < 0 ? t - t * (odd + even) : high[part] - ((t * (odd + even) - low[part]) - t);
    return x < 0 ? -y : y;
}

/// The angle of the point (x, y), in [-pi, pi].
static inline double telos_atan2_64(double y, double x) {
    const double pi = 3.1415926535897931160e+00, pi_low = 1.2246467991473531772e-16;
    if (x != x || y != y) return telos_nan64();
    const int negative_y = (int)(telos_bits64(y) >> 63), negative_x = (int)(telos_bits64(x) >> 63);
    const double ay = telos_abs64(y), ax = telos_abs64(x);
    double angle;
    if (ay == 0.0) {
        angle = negative_x ? pi : 0.0;
    } else if (ax == 0.0) {
        angle = 0.5 * pi;
    } else if (ax == telos_infinity64()) {
        if (ay == telos_infinity64()) angle = negative_x ? 0.75 * pi : 0.25 * pi;
        else angle = negative_x ? pi : 0.0;
    } else if (ay == telos_infinity64() || telos_high64(ay) - telos_high64(ax) > (64 << 20)) {
        angle = 0.5 * pi;
    } else {
        const double z = negative_x && telos_high64(ay) - telos_high64(ax) < -(64 << 20) ? 0.0 : telos_atan64(ay / ax);
        angle = negative_x ? pi - (z - pi_low) : z;
    }
    return negative_y ? -angle : angle;
}

// ---------------------------------------------------------------- power

/// x^y.
static inline double telos_pow64(double x, double y) {
    if (y == 0.0 || x == 1.0) return 1.0;
    if (x != x || y != y) return telos_nan64();
    const double inf = telos_infinity64(), ax = telos_abs64(x), ay = telos_abs64(y);
    int odd = 0;
    const int whole = telos_floor64(y) == y;
    if (whole && ay < 0x1p53) odd = (int)((int64_t)ay & 1);
    const int negative = (int)(telos_bits64(x) >> 63);
    if (ay == inf) {
        if (ax == 1.0) return 1.0;
        return (ax > 1.0) == (y > 0) ? inf : 0.0;
    }
    if (ax == 0.0 || ax == inf || ax == 1.0) {
        double z = ax == 1.0 ? 1.0 : (ax == inf) == (y > 0) ? inf : 0.0;
        if (negative) {
            if (ax == 1.0 && !whole) return telos_nan64();
            if (odd) z = -z;
        }
        return z;
    }
    if (negative && !whole) return telos_nan64();
    const double sign = negative && odd ? -1.0 : 1.0;
    if (y == 1.0) return x;
    if (y == 2.0) return x * x;
    if (y == -1.0) return 1.0 / x;
    if (y == 0.5) return telos_sqrt64(x);
    double t1, t2;
    if (ay > 0x1.00000p31 && (ax < 0.9999995 || ax > 1.000001)) {
        return (ax > 1.0) == (y > 0) ? sign * inf : sign * 0.0;
    } else if (ay > 0x1p31) {
        // |1 - x| is tiny: log x by its series.
        if (ay > 0x1p64) return (ax > 1.0) == (y > 0) ? sign * inf : sign * 0.0;
        const double t = ax - 1.0;
        const double w = t * t * (0.5 - t * (0.333333333333333333333 - t * 0.25));
        const double u = 1.44269502162933349609e+00 * t;
        const double v = t * 1.92596299112661746887e-08 - w * 1.44269504088896338700e+00;
        t1 = telos_clear_low64(u + v);
        t2 = v - (t1 - u);
    } else {
        double a = ax;
        int n = 0;
        if (a < 0x1p-1022) { a *= 0x1p53; n -= 53; }
        uint64_t bits = telos_bits64(a);
        int32_t high = (int32_t)(bits >> 32);
        n += (high >> 20) - 0x3FF;
        const int32_t j = high & 0x000FFFFF;
        high = j | 0x3FF00000;
        int k;
        if (j <= 0x3988E) k = 0;
        else if (j < 0xBB67A) k = 1;
        else { k = 0; n += 1; high -= 0x00100000; }
        a = telos_double64((uint64_t)(uint32_t)high << 32 | (bits & 0xFFFFFFFF));
        const double point = k ? 1.5 : 1.0;
        const double u = a - point, v = 1.0 / (a + point), s = u * v;
        const double s_high = telos_clear_low64(s);
        double t_high = telos_double64((uint64_t)(uint32_t)(((high >> 1) | 0x20000000) + 0x00080000 + (k << 18)) << 32);
        double t_low = a - (t_high - point);
        const double s_low = v * ((u - s_high * t_high) - s_high * t_low);
        double s2 = s * s;
        double r = s2 * s2 * (5.99999999999994648725e-01 + s2 * (4.28571428578550184252e-01 + s2 * (3.33333329818377432918e-01
            + s2 * (2.72728123808534006489e-01 + s2 * (2.30660745775561754067e-01 + s2 * 2.06975017800338417784e-01)))));
        r += s_low * (s_high + s);
        s2 = s_high * s_high;
        t_high = telos_clear_low64(3.0 + s2 + r);
        t_low = r - ((t_high - 3.0) - s2);
        const double u2 = s_high * t_high, v2 = s_low * t_high + t_low * s;
        const double p_high = telos_clear_low64(u2 + v2), p_low = v2 - (p_high - u2);
        const double z_high = 9.61796700954437255859e-01 * p_high;
        const double z_low = -7.02846165095275826516e-09 * p_high + p_low * 9.61796693925975554329e-01
            + (k ? 1.35003920212974897128e-08 : 0.0);
        const double point_high = k ? 5.84962487220764160156e-01 : 0.0;
        const double t = n;
        t1 = telos_clear_low64(((z_high + z_low) + point_high) + t);
        t2 = z_low - (((t1 - t) - point_high) - z_high);
    }
    const double y1 = telos_clear_low64(y);
    double p_low = (y - y1) * t1 + y * t2, p_high = y1 * t1;
    double z = p_low + p_high;
    if (z >= 1024.0) {
        if (z > 1024.0 || p_low + 8.0085662595372944372e-17 > z - p_high) return sign * inf;
    } else if (z <= -1075.0) {
        if (z < -1075.0 || p_low <= z - p_high) return sign * 0.0;
    }
    int n = 0;
    if (telos_abs64(z) > 0.5) {
        n = (int)(z + (z < 0 ? -0.5 : 0.5));
        p_high -= (double)n;
    }
    const double t = telos_clear_low64(p_low + p_high);
    const double u = t * 6.93147182464599609375e-01;
    const double v = (p_low - (t - p_high)) * 6.93147180559945286227e-01 + t * -1.90465429995776804525e-09;
    z = u + v;
    const double w = v - (z - u);
    const double q = z * z;
    const double c = z - q * (1.66666666666666019037e-01 + q * (-2.77777777770155933842e-03 + q * (6.61375632143793436117e-05
        + q * (-1.65339022054652515390e-06 + q * 4.13813679705723846039e-08))));
    const double r = z * c / (c - 2.0) - (w + z * w);
    return sign * telos_scale64(1.0 - (r - z), n);
}

// ---------------------------------------------------------------- error function and gamma function

/// The error function, 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
static inline double telos_erf64(double x) {
    const double a = telos_abs64(x);
    if (x != x) return x;
    if (a < 0.84375) {
        if (a < 0x1p-28) return a < 0x1p-1000 ? 0.125 * (8.0 * x + 1.02703333676410069053e+00 * x)
            : x + 1.28379167095512586316e-01 * x;
        const double z = x * x;
        const double r = 1.28379167095512558561e-01 + z * (-3.25042107247001499370e-01 + z * (-2.84817495755985104766e-02
            + z * (-5.77027029648944159157e-03 + z * -2.37630166566501626084e-05)));
        const double s = 1.0 + z * (3.97917223959155352819e-01 + z * (6.50222499887672944485e-02
            + z * (5.08130628187576562776e-03 + z * (1.32494738004321644526e-04 + z * -3.96022827877536812320e-06))));
        return x + x * (r / s);
    }
    double y;
    if (a < 1.25) {
        const double s = a - 1.0;
        const double p = -2.36211856075265944077e-03 + s * (4.14856118683748331666e-01 + s * (-3.72207876035701323847e-01
            + s * (3.18346619901161753674e-01 + s * (-1.10894694282396677476e-01 + s * (3.54783043256182359371e-02
            + s * -2.16637559486879084300e-03)))));
        const double q = 1.0 + s * (1.06420880400844228286e-01 + s * (5.40397917702171048937e-01
            + s * (7.18286544141962662868e-02 + s * (1.26171219808761642112e-01 + s * (1.36370839120290507362e-02
            + s * 1.19844998467991074170e-02)))));
        y = 8.45062911510467529297e-01 + p / q;
    } else if (a >= 6.0) {
        y = 1.0;
    } else {
        const double s = 1.0 / (a * a);
        double r, q;
        if (a < 2.857142857142857) {
            r = -9.86494403484714822705e-03 + s * (-6.93858572707181764372e-01 + s * (-1.05586262253232909814e+01
                + s * (-6.23753324503260060396e+01 + s * (-1.62396669462573470355e+02 + s * (-1.84605092906711035994e+02
                + s * (-8.12874355063065934246e+01 + s * -9.81432934416914548592e+00))))));
            q = 1.0 + s * (1.96512716674392571292e+01 + s * (1.37657754143519042600e+02 + s * (4.34565877475229228821e+02
                + s * (6.45387271733267880336e+02 + s * (4.29008140027567833386e+02 + s * (1.08635005541779435134e+02
                + s * (6.57024977031928170135e+00 + s * -6.04244152148580987438e-02)))))));
        } else {
            r = -9.86494292470009928597e-03 + s * (-7.99283237680523006574e-01 + s * (-1.77579549177547519889e+01
                + s * (-1.60636384855821916062e+02 + s * (-6.37566443368389627722e+02 + s * (-1.02509513161107724954e+03
                + s * -4.83519191608651397019e+02)))));
            q = 1.0 + s * (3.03380607434824582924e+01 + s * (3.25792512996573918826e+02 + s * (1.53672958608443695994e+03
                + s * (3.19985821950859553908e+03 + s * (2.55305040643316442583e+03 + s * (4.74528541206955367215e+02
                + s * -2.24409524465858183362e+01))))));
        }
        const double z = telos_clear_low64(a);
        y = 1.0 - telos_exp64(-z * z - 0.5625) * telos_exp64((z - a) * (z + a) + r / q) / a;
    }
    return x < 0 ? -y : y;
}

/// sin(pi x) for x > 0.
static inline double telos_sin_pi64(double x) {
    x = 2.0 * (x * 0.5 - telos_floor64(x * 0.5));
    const int n = ((int)(x * 4.0) + 1) / 2;
    x = (x - n * 0.5) * 3.14159265358979311600e+00;
    switch (n) {
    case 1: return telos_cos_kernel64(x, 0.0);
    case 2: return -telos_sin_kernel64(x, 0.0);
    case 3: return -telos_cos_kernel64(x, 0.0);
    default: return telos_sin_kernel64(x, 0.0);
    }
}

/// The logarithm of the absolute value of the gamma function.
static inline double telos_lgamma64(double x) {
    if (x != x) return x;
    double a = telos_abs64(x);
    if (a == telos_infinity64() || a == 0.0) return telos_infinity64();
    if (a < 0x1p-70) return -telos_log64(a);
    double reflection = 0.0;
    if (x < 0) {
        if (a >= 0x1p52) return telos_infinity64();
        const double t = telos_abs64(telos_sin_pi64(a));
        if (t == 0.0) return telos_infinity64();
        reflection = telos_log64(3.14159265358979311600e+00 / (t * a));
    }
    double r = 0.0;
    if (a == 1.0 || a == 2.0) {
        r = 0.0;
    } else if (a < 2.0) {
        int part;
        double y;
        if (a <= 0.9) {
            r = -telos_log64(a);
            if (a >= 0.7316) { y = 1.0 - a; part = 0; }
            else if (a >= 0.23164) { y = a - (1.46163214496836224576e+00 - 1.0); part = 1; }
            else { y = a; part = 2; }
        } else {
            if (a >= 1.7316) { y = 2.0 - a; part = 0; }
            else if (a >= 1.23) { y = a - 1.46163214496836224576e+00; part = 1; }
            else { y = a - 1.0; part = 2; }
        }
        if (part == 0) {
            const double z = y * y;
            const double p = 7.72156649015328655494e-02 + z * (6.73523010531292681824e-02 + z * (7.38555086081402883957e-03
                + z * (1.19270763183362067845e-03 + z * (2.20862790713908385557e-04 + z * 2.52144565451257326939e-05))));
            const double q = z * (3.22467033424113591611e-01 + z * (2.05808084325167332806e-02 + z * (2.89051383673415629091e-03
                + z * (5.10069792153511336608e-04 + z * (1.08011567247583939954e-04 + z * 4.48640949618915160150e-05)))));
            r += (y * p + q) - 0.5 * y;
        } else if (part == 1) {
            const double z = y * y, w = z * y;
            const double p = 4.83836122723810047042e-01 + w * (-3.27885410759859649565e-02 + w * (6.10053870246291332635e-03
                + w * (-1.40346469989232843813e-03 + w * 3.15632070903625950361e-04)));
            const double q = -1.47587722994593911752e-01 + w * (1.79706750811820387126e-02 + w * (-3.68452016781138256760e-03
                + w * (8.81081882437654011382e-04 + w * -3.12754168375120860518e-04)));
            const double s = 6.46249402391333854778e-02 + w * (-1.03142241298341437450e-02 + w * (2.25964780900612472250e-03
                + w * (-5.38595305356740546715e-04 + w * 3.35529192635519073543e-04)));
            const double t = z * p - (-3.63867699703950536541e-18 - w * (q + y * s));
            r += -1.21486290535849611461e-01 + t;
        } else {
            const double p = y * (-7.72156649015328655494e-02 + y * (6.32827064025093366517e-01 + y * (1.45492250137234768737e+00
                + y * (9.77717527963372745603e-01 + y * (2.28963728064692451092e-01 + y * 1.33810918536787660377e-02)))));
            const double q = 1.0 + y * (2.45597793713041134822e+00 + y * (2.12848976379893395361e+00
                + y * (7.69285150456672783825e-01 + y * (1.04222645593369134254e-01 + y * 3.21709242282423911810e-03))));
            r += -0.5 * y + p / q;
        }
    } else if (a < 8.0) {
        const int whole = (int)a;
        const double y = a - whole;
        const double p = y * (-7.72156649015328655494e-02 + y * (2.14982415960608852501e-01 + y * (3.25778796408930981787e-01
            + y * (1.46350472652464452805e-01 + y * (2.66422703033638609560e-02 + y * (1.84028451407337715652e-03
            + y * 3.19475326584100867617e-05))))));
        const double q = 1.0 + y * (1.39200533467621045958e+00 + y * (7.21935547567138069525e-01 + y * (1.71933865632803078993e-01
            + y * (1.86459191715652901344e-02 + y * (7.77942496381893596434e-04 + y * 7.32668430744625636189e-06)))));
        r = 0.5 * y + p / q;
        double z = 1.0;
        for (int i = whole - 1; i >= 2; --i) z *= y + i;
        if (whole > 2) r += telos_log64(z);
    } else if (a < 0x1p58) {
        const double z = 1.0 / a, y = z * z;
        const double w = 4.18938533204672725052e-01 + z * (8.33333333333329678849e-02 + y * (-2.77777777728775536470e-03
            + y * (7.93650558643019558500e-04 + y * (-5.95187557450339963135e-04 + y * (8.36339918996282139126e-04
            + y * -1.63092934096575273989e-03)))));
        r = (a - 0.5) * (telos_log64(a) - 1.0) + w;
    } else {
        r = a * (telos_log64(a) - 1.0);
    }
    return x < 0 ? reflection - r : r;
}

#pragma STDC FP_CONTRACT DEFAULT
#endif
