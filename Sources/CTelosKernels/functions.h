// Transcendental functions of float, at most 2 units in the last place from the true value (telos_math.h has those of
// double). Polynomials fitted for the smallest largest error on their interval; special values follow C99.
#ifndef TELOS_FUNCTIONS_H
#define TELOS_FUNCTIONS_H

#pragma STDC FP_CONTRACT OFF

/// Adding and taking away 1.5 * 2^23 rounds to an integer, whose bits are then the low bits of the sum.
#define TELOS_ROUNDER 0x1.8p23f

/// The rest r of x = k ln 2 + r, with (exp(r) - 1 - r) / r^2. |r| <= ln 2 / 2, give or take `lean`.
TELOS_INLINE v16 vexp_rest(v16 x, float lean, v16i *k, v16 *tail) {
    const v16 shifted = vfma(x - lean, vsplat(0x1.715476p+0f), vsplat(TELOS_ROUNDER));
    const v16 n = shifted - TELOS_ROUNDER;
    *k = (v16i)((v16u)shifted - (v16u)vsplat(TELOS_ROUNDER));
    v16 r = vfma(n, vsplat(-0x1.62e430p-1f), x);
    r = vfma(n, vsplat(0x1.05c610p-29f), r);
    v16 p = vsplat(0x1.a0332cp-13f);
    p = vfma(p, r, vsplat(0x1.6d78dap-10f));
    p = vfma(p, r, vsplat(0x1.11118ep-7f));
    p = vfma(p, r, vsplat(0x1.5554aap-5f));
    p = vfma(p, r, vsplat(0x1.555554p-3f));
    *tail = vfma(p, r, vsplat(0.5f));
    return r;
}

TELOS_INLINE v16 vexp(v16 x) {
    x = -104.0f > x ? vsplat(-104.0f) : x;
    x = 89.0f < x ? vsplat(89.0f) : x;
    v16i k;
    v16 tail;
    const v16 r = vexp_rest(x, 0.0f, &k, &tail);
    // 1 + r and what its rounding lost.
    const v16 sum = r + 1.0f;
    const v16 y = sum + vfma(r * r, tail, r - (sum - 1.0f));
    // Two steps, so that only the second rounds where the result is subnormal or overflows.
    const v16i half = k >> 1;
    return y * vpower_of_two(half) * vpower_of_two((v16i)((v16u)k - (v16u)half));
}

TELOS_INLINE v16 vexpm1(v16 x) {
    v16 t = -30.0f > x ? vsplat(-30.0f) : x;
    t = 89.0f < t ? vsplat(89.0f) : t;
    v16i k;
    v16 tail;
    const v16 r = vexp_rest(t, 0.0f, &k, &tail);
    const v16 q = vfma(r * r, tail, r);
    const v16 half_power = vpower_of_two((v16i)((v16u)k - 1));
    const v16 y = vfma(half_power, q, half_power - 0.5f) * 2.0f;
    return vabs(x) < 0x1p-25f ? x : y;
}

TELOS_INLINE v16 vtanh(v16 x) {
    v16 a = vabs(x);
    a = 10.0f < a ? vsplat(10.0f) : a;
    v16i k;
    v16 tail;
    // Leaning to the smaller k keeps k = 1 away from where 2 q + 1 would cancel.
    const v16 r = vexp_rest(a + a, 0.07f, &k, &tail);
    const v16 q = vfma(r * r, tail, r);
    const v16 power = vpower_of_two(k);
    const v16 e = vfma(power, q, power - 1.0f);
    const v16 below = e + 2.0f;
    const v16 lost = a < 1.0f ? e - (below - 2.0f) : vsplat(0.0f);
    const v16 y = e / below;
    // The first-order effect of what the sum lost, which counts for small x; (1 - y) / 2 is 1 / below.
    return vcopysign(vfma(y * lost, vfma(y, vsplat(0.5f), vsplat(-0.5f)), y), x);
}

TELOS_INLINE v16 vsigmoid(v16 x) {
    const v16 e = vexp((v16)((v16u)x | 0x80000000u));
    const v16 below = e + 1.0f;
    const v16 lost = e - (below - 1.0f);
    const v16 y = (x < 0.0f ? e : vsplat(1.0f)) / below;
    // The first-order effect of what the sum lost; 1 / below is 1 - y or y.
    return vfma(y * lost, x < 0.0f ? y - 1.0f : -y, y);
}

/// n ln 2 + log(1 + f).
TELOS_INLINE v16 vlog_parts(v16 f, v16 n) {
    const v16 square = f * f;
    v16 p = vsplat(0x1.1441bcp-4f);
    p = vfma(p, f, vsplat(-0x1.de333ep-4f));
    p = vfma(p, f, vsplat(0x1.e6f504p-4f));
    p = vfma(p, f, vsplat(-0x1.fc23c6p-4f));
    p = vfma(p, f, vsplat(0x1.23373cp-3f));
    p = vfma(p, f, vsplat(-0x1.555c40p-3f));
    p = vfma(p, f, vsplat(0x1.99a4b6p-3f));
    p = vfma(p, f, vsplat(-0x1.000006p-2f));
    p = vfma(p, f, vsplat(0x1.555548p-2f));
    v16 y = (f * square) * p;
    y = vfma(n, vsplat(-0x1.05c610p-29f), y);
    y = vfma(square, vsplat(-0.5f), y);
    y = f + y;
    return vfma(n, vsplat(0x1.62e430p-1f), y);
}

/// The exponent that leaves a significand in [sqrt(1/2), sqrt(2)).
TELOS_INLINE v16i vlog_exponent(v16 x) { return (v16i)((v16u)x - 0x3F3504F3u) >> 23; }
TELOS_INLINE v16 vscale_down(v16 x, v16i exponent) { return (v16)((v16u)x - ((v16u)exponent << 23)); }

TELOS_INLINE v16 vlog(v16 x) {
    const v16i tiny = x < 0x1p-126f;
    const v16 t = tiny ? x * 0x1p23f : x;
    const v16i e = vlog_exponent(t);
    const v16 n = __builtin_convertvector(e - (tiny & 23), v16);
    v16 y = vlog_parts(vscale_down(t, e) - 1.0f, n);
    y = x < INFINITY ? y : x;
    y = x == 0.0f ? vsplat(-INFINITY) : y;
    return x < 0.0f ? vsplat(NAN) : y;
}

TELOS_INLINE v16 vlog1p(v16 x) {
    const v16 u = x + 1.0f;
    const v16 part = u - 1.0f;
    const v16 lost = (1.0f - (u - part)) + (x - part);
    const v16i e = vlog_exponent(u);
    const v16i bounded = e > 64 ? (v16i)64 : e;
    const v16 f = vfma(lost, vpower_of_two(-bounded), vscale_down(u, e) - 1.0f);
    v16 y = vlog_parts(f, __builtin_convertvector(e, v16));
    y = vabs(x) < 0x1p-25f ? x : y;
    y = x < INFINITY ? y : x;
    y = x == -1.0f ? vsplat(-INFINITY) : y;
    return x < -1.0f ? vsplat(NAN) : y;
}

TELOS_INLINE v16 vsoftplus(v16 x) {
    return (x > 0.0f ? x : vsplat(0.0f)) + vlog1p(vexp((v16)((v16u)x | 0x80000000u)));
}

/// Lanes of y whose argument is too large for the three-part reduction, by the function of double.
static __attribute__((noinline, unused)) void vtrigonometry_large(const v16 *x, v16 *y, int cosine) {
    float in[16], out[16];
    vstore(in, *x);
    vstore(out, *y);
    for (int i = 0; i < 16; ++i) {
        if (__builtin_fabsf(in[i]) <= 65536.0f) continue;
        out[i] = (float)(cosine ? telos_cos64(in[i]) : telos_sin64(in[i]));
    }
    *y = vload(out);
}

/// Sine (quarter 0) or cosine (quarter 1).
TELOS_INLINE v16 vtrigonometry(v16 x, uint32_t quarter) {
    const v16 shifted = vfma(x, vsplat(0x1.45f306p-1f), vsplat(TELOS_ROUNDER));
    const v16 n = shifted - TELOS_ROUNDER;
    const v16u k = (v16u)shifted + quarter;
    v16 r = vfma(n, vsplat(-0x1.921fb6p+0f), x);
    r = vfma(n, vsplat(0x1.777a5cp-25f), r);
    r = vfma(n, vsplat(0x1.ee59dap-50f), r);
    const v16 square = r * r;
    v16 s = vfma(vsplat(-0x1.9947cap-13f), square, vsplat(0x1.11074cp-7f));
    s = vfma(s, square, vsplat(-0x1.555546p-3f));
    s = vfma(s, square * r, r);
    v16 c = vfma(vsplat(0x1.99fc24p-16f), square, vsplat(-0x1.6c0c76p-10f));
    c = vfma(c, square, vsplat(0x1.55554ap-5f));
    c = vfma(c, square * square, vfma(square, vsplat(-0.5f), vsplat(1.0f)));
    v16 y = (v16i)(k & 1) != 0 ? c : s;
    y = (v16)((v16u)y ^ ((k & 2) << 30));
    if (vany(~(vabs(x) <= 65536.0f))) vtrigonometry_large(&x, &y, (int)quarter);
    return y;
}

TELOS_INLINE v16 vsin(v16 x) {
    const v16 y = vtrigonometry(x, 0);
    return x == 0.0f ? x : y;
}
TELOS_INLINE v16 vcos(v16 x) { return vtrigonometry(x, 1); }

TELOS_INLINE v16 verf(v16 x) {
    const v16 a = vabs(x);
    const v16 square = x * x;
    v16 p = vsplat(0x1.5e062cp-14f);
    p = vfma(p, square, vsplat(-0x1.aaa2d6p-11f));
    p = vfma(p, square, vsplat(0x1.54d42ap-8f));
    p = vfma(p, square, vsplat(-0x1.b80ff2p-6f));
    p = vfma(p, square, vsplat(0x1.ce2e1cp-4f));
    p = vfma(p, square, vsplat(-0x1.812744p-2f));
    p = vfma(p, square, vsplat(0x1.06eba8p-3f));
    const v16 inner = vfma(p, x, x);
    // 1 - exp(-(t + t q(t))).
    const v16 t = 4.0f < a ? vsplat(4.0f) : a;
    v16 q = vsplat(0x1.6bad3cp-17f);
    q = vfma(q, t, vsplat(-0x1.4e5faap-12f));
    q = vfma(q, t, vsplat(0x1.db579cp-9f));
    q = vfma(q, t, vsplat(-0x1.84c4e8p-6f));
    q = vfma(q, t, vsplat(0x1.b2fcdap-4f));
    q = vfma(q, t, vsplat(0x1.45359cp-1f));
    q = vfma(q, t, vsplat(0x1.0775dep-3f));
    const v16 outer = vcopysign(1.0f - vexp(-vfma(q, t, t)), x);
    return a < 0.92f ? inner : outer;
}

/// x^y = 2^(y log2 |x|) in double, rounded once at the end.
TELOS_INLINE v16 vpow(v16 x, v16 y) {
    const v16d magnitude = __builtin_convertvector(vabs(x), v16d);
    const v16d exponent = __builtin_convertvector(y, v16d);
    const v16ul bits = (v16ul)magnitude;
    // sqrt(1/2) splits the significands, as in vlog.
    const v16l e = (v16l)(bits - 0x3FE6A09E667F3BCDULL) >> 52;
    const v16d m = (v16d)(bits - ((v16ul)e << 52));
    const v16d s = (m - 1.0) / (m + 1.0);
    const v16d z = s * s;
    // 2 / ln 2 * atanh(s).
    v16d p = z * (2.8853900817779268 / 19) + 2.8853900817779268 / 17;
    p = p * z + 2.8853900817779268 / 15;
    p = p * z + 2.8853900817779268 / 13;
    p = p * z + 2.8853900817779268 / 11;
    p = p * z + 2.8853900817779268 / 9;
    p = p * z + 2.8853900817779268 / 7;
    p = p * z + 2.8853900817779268 / 5;
    p = p * z + 2.8853900817779268 / 3;
    p = p * z + 2.8853900817779268;
    v16d log2 = __builtin_convertvector(__builtin_convertvector(e, v16i), v16d) + s * p;
    log2 = magnitude == 0.0 ? (v16d)-INFINITY : log2;
    log2 = magnitude < INFINITY ? log2 : magnitude;
    v16d t = exponent * log2;
    t = t > 200.0 ? (v16d)200.0 : t;
    t = t < -200.0 ? (v16d)-200.0 : t;
    const v16d shifted = t + 0x1.8p52;
    const v16d f = (t - (shifted - 0x1.8p52)) * 0.6931471805599453;
    v16d q = f * (1.0 / 39916800) + 1.0 / 3628800;
    q = q * f + 1.0 / 362880;
    q = q * f + 1.0 / 40320;
    q = q * f + 1.0 / 5040;
    q = q * f + 1.0 / 720;
    q = q * f + 1.0 / 120;
    q = q * f + 1.0 / 24;
    q = q * f + 1.0 / 6;
    q = q * f + 0.5;
    q = q * f + 1.0;
    q = q * f + 1.0;
    const v16ul power = ((v16ul)shifted - (v16ul)(v16d)0x1.8p52 + 1023) << 52;
    v16 r = __builtin_convertvector(q * (v16d)power, v16);
    // Sign and the cases without a limit.
    const v16 ay = vabs(y);
    const v16i integral = (vfloor(ay) == ay);
    const v16 half = ay * 0.5f;
    const v16i odd = integral & (vfloor(half) != half) & (ay < 0x1p24f);
    const v16i negative = (v16i)x < 0;
    r = (v16)((v16u)r ^ ((v16u)(negative & odd) & 0x80000000u));
    r = ((x < 0.0f) & (x > -INFINITY) & ~integral) ? vsplat(NAN) : r;
    r = ((x == -1.0f) & (ay == INFINITY)) ? vsplat(1.0f) : r;
    return ((y == 0.0f) | (x == 1.0f)) ? vsplat(1.0f) : r;
}

#endif
