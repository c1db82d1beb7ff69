// Single random blocks and hashes: the same plain C for every instruction set.
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

uint64_t telos_hash(const void *bytes, size_t count, uint64_t seed) {
    const uint8_t *byte = (const uint8_t *)bytes;
    uint64_t hash = seed == 0 ? 0xCBF29CE484222325ULL : seed;
    for (size_t i = 0; i < count; ++i) hash = (hash ^ byte[i]) * 0x0000000100000001B3ULL;
    return hash;
}
