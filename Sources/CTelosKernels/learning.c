// Single random blocks, advantage estimation and hashes: the same plain C for every instruction set.
#include "telos_kernels.h"

#pragma STDC FP_CONTRACT OFF

void telos_philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4]) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; ++round) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    block[0] = c0;
    block[1] = c1;
    block[2] = c2;
    block[3] = c3;
}

uint64_t telos_philox(uint64_t key, uint64_t counter) {
    const uint32_t counters[4] = {(uint32_t)counter, (uint32_t)(counter >> 32), 0, 0};
    const uint32_t keys[2] = {(uint32_t)key, (uint32_t)(key >> 32)};
    uint32_t block[4];
    telos_philox_block(counters, keys, block);
    return (uint64_t)block[1] << 32 | block[0];
}

void telos_gae(const float *rewards, const float *values, const float *next_values, const uint8_t *ends,
               float *advantages, size_t steps, size_t n, float gamma, float lambda) {
    const float decay = gamma * lambda;
    for (size_t t = steps; t-- > 0;) {
        const float *reward = rewards + t * n, *value = values + t * n, *next_value = next_values + t * n;
        const float *following = t + 1 < steps ? advantages + (t + 1) * n : NULL;
        const uint8_t *end = ends + t * n;
        float *advantage = advantages + t * n;
        for (size_t e = 0; e < n; ++e) {
            const float bootstrap = end[e] == 1 ? 0.0f : next_value[e];
            const float delta = reward[e] + gamma * bootstrap - value[e];
            const float after = following && end[e] == 0 ? following[e] : 0.0f;
            advantage[e] = delta + decay * after;
        }
    }
}

uint64_t telos_hash(const void *bytes, size_t count, uint64_t seed) {
    const uint8_t *byte = (const uint8_t *)bytes;
    uint64_t hash = seed == 0 ? 0xCBF29CE484222325ULL : seed;
    for (size_t i = 0; i < count; ++i) hash = (hash ^ byte[i]) * 0x0000000100000001B3ULL;
    return hash;
}
