// Powers of floats, through double.
#ifndef TELOS_POWER_H
#define TELOS_POWER_H

#pragma STDC FP_CONTRACT OFF

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
