// Transcendental functions of float, at most 2 units in the last place from the true value (telos_math.h has those of
// double). Polynomials fitted for the smallest largest error on their interval; special values follow C99.
//
// Included once for each number of lanes, with vf, vi and vu naming the vectors of floats, integers and bits.
#pragma STDC FP_CONTRACT OFF

/// Adding and taking away 1.5 * 2^23 rounds to an integer, whose bits are then the low bits of the sum.
#define TELOS_ROUNDER 0x1.8p23f

/// The rest r of x = k ln 2 + r, with (exp(r) - 1 - r) / r^2. |r| <= ln 2 / 2, give or take `lean`.
TELOS_OVERLOAD vf vexp_rest(vf x, float lean, vi *k, vf *tail) {
    const vf shifted = vfma(x - lean, (vf)(0x1.715476p+0f), (vf)(TELOS_ROUNDER));
    const vf n = shifted - TELOS_ROUNDER;
    *k = (vi)((vu)shifted - (vu)(vf)(TELOS_ROUNDER));
    vf r = vfma(n, (vf)(-0x1.62e430p-1f), x);
    r = vfma(n, (vf)(0x1.05c610p-29f), r);
    vf p = (vf)(0x1.a0332cp-13f);
    p = vfma(p, r, (vf)(0x1.6d78dap-10f));
    p = vfma(p, r, (vf)(0x1.11118ep-7f));
    p = vfma(p, r, (vf)(0x1.5554aap-5f));
    p = vfma(p, r, (vf)(0x1.555554p-3f));
    *tail = vfma(p, r, (vf)(0.5f));
    return r;
}

TELOS_OVERLOAD vf vexp(vf x) {
    // Where every result is a normal number there is nothing to bound and one scaling does.
    const int ordinary = !vany(~(vabs(x) < 87.0f));
    if (!ordinary) {
        x = -104.0f > x ? (vf)(-104.0f) : x;
        x = 89.0f < x ? (vf)(89.0f) : x;
    }
    vi k;
    vf tail;
    const vf r = vexp_rest(x, 0.0f, &k, &tail);
    // 1 + r and what its rounding lost.
    const vf sum = r + 1.0f;
    const vf y = sum + vfma(r * r, tail, r - (sum - 1.0f));
    if (ordinary) return y * vpower_of_two(k);
    // Two steps, so that only the second rounds where the result is subnormal or overflows.
    const vi half = k >> 1;
    return y * vpower_of_two(half) * vpower_of_two((vi)((vu)k - (vu)half));
}

TELOS_OVERLOAD vf vexpm1(vf x) {
    vf t = -30.0f > x ? (vf)(-30.0f) : x;
    t = 89.0f < t ? (vf)(89.0f) : t;
    vi k;
    vf tail;
    const vf r = vexp_rest(t, 0.0f, &k, &tail);
    const vf q = vfma(r * r, tail, r);
    const vf half_power = vpower_of_two((vi)((vu)k - 1));
    const vf y = vfma(half_power, q, half_power - 0.5f) * 2.0f;
    return vabs(x) < 0x1p-25f ? x : y;
}

TELOS_OVERLOAD vf vtanh(vf x) {
    vf a = vabs(x);
    a = 10.0f < a ? (vf)(10.0f) : a;
    vi k;
    vf tail;
    // Leaning to the smaller k keeps k = 1 away from where 2 q + 1 would cancel.
    const vf r = vexp_rest(a + a, 0.07f, &k, &tail);
    const vf q = vfma(r * r, tail, r);
    const vf power = vpower_of_two(k);
    const vf e = vfma(power, q, power - 1.0f);
    const vf below = e + 2.0f;
    const vf lost = a < 1.0f ? e - (below - 2.0f) : (vf)(0.0f);
    const vf y = e / below;
    // The first-order effect of what the sum lost, which counts for small x; (1 - y) / 2 is 1 / below.
    return vcopysign(vfma(y * lost, vfma(y, (vf)(0.5f), (vf)(-0.5f)), y), x);
}

TELOS_OVERLOAD vf vsigmoid(vf x) {
    const vf e = vexp((vf)((vu)x | 0x80000000u));
    const vf below = e + 1.0f;
    const vf lost = e - (below - 1.0f);
    const vf y = (x < 0.0f ? e : (vf)(1.0f)) / below;
    // The first-order effect of what the sum lost; 1 / below is 1 - y or y.
    return vfma(y * lost, x < 0.0f ? y - 1.0f : -y, y);
}

/// n ln 2 + log(1 + f).
TELOS_OVERLOAD vf vlog_parts(vf f, vf n) {
    const vf square = f * f;
    vf p = (vf)(0x1.1441bcp-4f);
    p = vfma(p, f, (vf)(-0x1.de333ep-4f));
    p = vfma(p, f, (vf)(0x1.e6f504p-4f));
    p = vfma(p, f, (vf)(-0x1.fc23c6p-4f));
    p = vfma(p, f, (vf)(0x1.23373cp-3f));
    p = vfma(p, f, (vf)(-0x1.555c40p-3f));
    p = vfma(p, f, (vf)(0x1.99a4b6p-3f));
    p = vfma(p, f, (vf)(-0x1.000006p-2f));
    p = vfma(p, f, (vf)(0x1.555548p-2f));
    vf y = (f * square) * p;
    y = vfma(n, (vf)(-0x1.05c610p-29f), y);
    y = vfma(square, (vf)(-0.5f), y);
    y = f + y;
    return vfma(n, (vf)(0x1.62e430p-1f), y);
}

/// The exponent that leaves a significand in [sqrt(1/2), sqrt(2)).
TELOS_OVERLOAD vi vlog_exponent(vf x) { return (vi)((vu)x - 0x3F3504F3u) >> 23; }
TELOS_OVERLOAD vf vscale_down(vf x, vi exponent) { return (vf)((vu)x - ((vu)exponent << 23)); }

TELOS_OVERLOAD vf vlog(vf x) {
    // All of them positive, normal and finite: nothing to put right.
    if (!vany((vu)x - 0x00800000u >= 0x7F000000u)) {
        const vi e = vlog_exponent(x);
        return vlog_parts(vscale_down(x, e) - 1.0f, __builtin_convertvector(e, vf));
    }
    const vi tiny = x < 0x1p-126f;
    const vf t = tiny ? x * 0x1p23f : x;
    const vi e = vlog_exponent(t);
    const vf n = __builtin_convertvector(e - (tiny & 23), vf);
    vf y = vlog_parts(vscale_down(t, e) - 1.0f, n);
    y = x < INFINITY ? y : x;
    y = x == 0.0f ? (vf)(-INFINITY) : y;
    return x < 0.0f ? (vf)(NAN) : y;
}

TELOS_OVERLOAD vf vlog1p(vf x) {
    const vf u = x + 1.0f;
    const vf part = u - 1.0f;
    const vf lost = (1.0f - (u - part)) + (x - part);
    const vi e = vlog_exponent(u);
    const vi bounded = e > 64 ? (vi)64 : e;
    const vf f = vfma(lost, vpower_of_two(-bounded), vscale_down(u, e) - 1.0f);
    vf y = vlog_parts(f, __builtin_convertvector(e, vf));
    y = vabs(x) < 0x1p-25f ? x : y;
    y = x < INFINITY ? y : x;
    y = x == -1.0f ? (vf)(-INFINITY) : y;
    return x < -1.0f ? (vf)(NAN) : y;
}

TELOS_OVERLOAD vf vsoftplus(vf x) {
    return (x > 0.0f ? x : (vf)(0.0f)) + vlog1p(vexp((vf)((vu)x | 0x80000000u)));
}

/// Lanes of y whose argument is too large for the three-part reduction, by the function of double.
static __attribute__((noinline, unused, overloadable)) void vtrigonometry_large(const vf *x, vf *y, int cosine) {
    enum { LANES = sizeof(vf) / sizeof(float) };
    float in[LANES], out[LANES];
    memcpy(in, x, sizeof in);
    memcpy(out, y, sizeof out);
    for (int i = 0; i < LANES; ++i) {
        if (__builtin_fabsf(in[i]) <= 65536.0f) continue;
        out[i] = (float)(cosine ? telos_cos64(in[i]) : telos_sin64(in[i]));
    }
    memcpy(y, out, sizeof out);
}

/// Sine (quarter 0) or cosine (quarter 1).
TELOS_OVERLOAD vf vtrigonometry(vf x, uint32_t quarter) {
    const vf shifted = vfma(x, (vf)(0x1.45f306p-1f), (vf)(TELOS_ROUNDER));
    const vf n = shifted - TELOS_ROUNDER;
    const vu k = (vu)shifted + quarter;
    vf r = vfma(n, (vf)(-0x1.921fb6p+0f), x);
    r = vfma(n, (vf)(0x1.777a5cp-25f), r);
    r = vfma(n, (vf)(0x1.ee59dap-50f), r);
    const vf square = r * r;
    vf s = vfma((vf)(-0x1.9947cap-13f), square, (vf)(0x1.11074cp-7f));
    s = vfma(s, square, (vf)(-0x1.555546p-3f));
    s = vfma(s, square * r, r);
    vf c = vfma((vf)(0x1.99fc24p-16f), square, (vf)(-0x1.6c0c76p-10f));
    c = vfma(c, square, (vf)(0x1.55554ap-5f));
    c = vfma(c, square * square, vfma(square, (vf)(-0.5f), (vf)(1.0f)));
    vf y = (vi)(k & 1) != 0 ? c : s;
    y = (vf)((vu)y ^ ((k & 2) << 30));
    if (vany(~(vabs(x) <= 65536.0f))) vtrigonometry_large(&x, &y, (int)quarter);
    return y;
}

TELOS_OVERLOAD vf vsin(vf x) {
    const vf y = vtrigonometry(x, 0);
    return x == 0.0f ? x : y;
}
TELOS_OVERLOAD vf vcos(vf x) { return vtrigonometry(x, 1); }

TELOS_OVERLOAD vf verf(vf x) {
    const vf a = vabs(x);
    const vf square = x * x;
    vf p = (vf)(0x1.5e062cp-14f);
    p = vfma(p, square, (vf)(-0x1.aaa2d6p-11f));
    p = vfma(p, square, (vf)(0x1.54d42ap-8f));
    p = vfma(p, square, (vf)(-0x1.b80ff2p-6f));
    p = vfma(p, square, (vf)(0x1.ce2e1cp-4f));
    p = vfma(p, square, (vf)(-0x1.812744p-2f));
    p = vfma(p, square, (vf)(0x1.06eba8p-3f));
    const vf inner = vfma(p, x, x);
    // 1 - exp(-(t + t q(t))).
    const vf t = 4.0f < a ? (vf)(4.0f) : a;
    vf q = (vf)(0x1.6bad3cp-17f);
    q = vfma(q, t, (vf)(-0x1.4e5faap-12f));
    q = vfma(q, t, (vf)(0x1.db579cp-9f));
    q = vfma(q, t, (vf)(-0x1.84c4e8p-6f));
    q = vfma(q, t, (vf)(0x1.b2fcdap-4f));
    q = vfma(q, t, (vf)(0x1.45359cp-1f));
    q = vfma(q, t, (vf)(0x1.0775dep-3f));
    const vf outer = vcopysign(1.0f - vexp(-vfma(q, t, t)), x);
    return a < 0.92f ? inner : outer;
}
