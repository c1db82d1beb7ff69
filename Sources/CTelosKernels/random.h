// Philox 4x32-10 (Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, 2011), sixteen blocks at
// a time.
#ifndef TELOS_RANDOM_H
#define TELOS_RANDOM_H

#pragma STDC FP_CONTRACT OFF

/// words[w] lane l is word w of block counter + l.
TELOS_INLINE void philox_blocks(uint64_t key, uint64_t counter, v16u words[4]) {
    const v16ul counters = __builtin_convertvector(vlanes(), v16ul) + counter;
    v16u c0 = __builtin_convertvector(counters & 0xFFFFFFFFULL, v16u);
    v16u c1 = __builtin_convertvector(counters >> 32, v16u);
    v16u c2 = (v16u)0u, c3 = (v16u)0u;
    uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
    for (int round = 0; round < 10; ++round) {
        const v16ul p0 = __builtin_convertvector(c0, v16ul) * 0xD2511F53ULL;
        const v16ul p1 = __builtin_convertvector(c2, v16ul) * 0xCD9E8D57ULL;
        const v16u high0 = __builtin_convertvector(p0 >> 32, v16u), high1 = __builtin_convertvector(p1 >> 32, v16u);
        c0 = high1 ^ c1 ^ k0;
        c2 = high0 ^ c3 ^ k1;
        c1 = __builtin_convertvector(p1 & 0xFFFFFFFFULL, v16u);
        c3 = __builtin_convertvector(p0 & 0xFFFFFFFFULL, v16u);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

TELOS_INLINE v16 open_unit(v16u word) {
    return (__builtin_convertvector((v16i)(word >> 9), v16) + 0.5f) * 0x1p-23f;
}

/// Writes lane l of values[w] to target[4 l + w], count floats at most.
TELOS_INLINE void store_blocks(float *target, const v16 values[4], size_t count) {
    const v16 a = TELOS_SHUFFLE(values[0], values[1], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    const v16 b = TELOS_SHUFFLE(values[0], values[1], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    const v16 c = TELOS_SHUFFLE(values[2], values[3], 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29);
    const v16 d = TELOS_SHUFFLE(values[2], values[3], 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31);
    // Each of these holds lanes i, i + 4, i + 8, i + 12 of the blocks.
    v16 r[4] = {
        TELOS_SHUFFLE(a, c, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
        TELOS_SHUFFLE(a, c, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31),
        TELOS_SHUFFLE(b, d, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
        TELOS_SHUFFLE(b, d, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31),
    };
    float block[64];
    TELOS_UNROLL for (int i = 0; i < 4; ++i) {
        typedef float v4 __attribute__((ext_vector_type(4)));
        typedef v4 v4_unaligned __attribute__((aligned(4)));
        *(v4_unaligned *)(block + 4 * i) = r[i].lo.lo;
        *(v4_unaligned *)(block + 4 * i + 16) = r[i].lo.hi;
        *(v4_unaligned *)(block + 4 * i + 32) = r[i].hi.lo;
        *(v4_unaligned *)(block + 4 * i + 48) = r[i].hi.hi;
    }
    if (count >= 64) memcpy(target, block, sizeof block);
    else memcpy(target, block, count * sizeof(float));
}

static void fill_uniform(uint64_t key, uint64_t counter, float *values, size_t count) {
    for (size_t i = 0; i < count; i += 64, counter += 16) {
        v16u words[4];
        philox_blocks(key, counter, words);
        v16 units[4];
        TELOS_UNROLL for (int w = 0; w < 4; ++w) units[w] = open_unit(words[w]);
        store_blocks(values + i, units, count - i);
    }
}

static void fill_normal(uint64_t key, uint64_t counter, float *values, size_t count) {
    for (size_t i = 0; i < count; i += 64, counter += 16) {
        v16u words[4];
        philox_blocks(key, counter, words);
        v16 normals[4];
        for (int w = 0; w < 4; w += 2) {
            const v16 radius = __builtin_elementwise_sqrt(-2.0f * vlog(open_unit(words[w])));
            const v16 angle = 0x1.921fb6p+2f * open_unit(words[w + 1]);
            normals[w] = radius * vcos(angle);
            normals[w + 1] = radius * vsin(angle);
        }
        store_blocks(values + i, normals, count - i);
    }
}

#endif
