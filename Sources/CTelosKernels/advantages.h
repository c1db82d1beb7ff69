// Generalised advantage estimation, environments in the lanes.
#ifndef TELOS_ADVANTAGES_H
#define TELOS_ADVANTAGES_H

#pragma STDC FP_CONTRACT OFF

typedef uint8_t v16b __attribute__((ext_vector_type(16)));
typedef v16b v16b_unaligned __attribute__((aligned(1)));

static void estimate_advantages(const float *rewards, const float *values, const float *next_values,
                                const uint8_t *ends, float *advantages, size_t steps, size_t n, float gamma,
                                float lambda) {
    const float decay = gamma * lambda;
    for (size_t t = steps; t-- > 0;) {
        const float *reward = rewards + t * n, *value = values + t * n, *next_value = next_values + t * n;
        const uint8_t *end = ends + t * n;
        float *advantage = advantages + t * n;
        const float *following = t + 1 < steps ? advantage + n : NULL;
        size_t e = 0;
        for (; e + 16 <= n; e += 16) {
            const v16i how = __builtin_convertvector(*(const v16b_unaligned *)(end + e), v16i);
            const v16 bootstrap = how == 1 ? vsplat(0.0f) : vload(next_value + e);
            const v16 delta = vload(reward + e) + gamma * bootstrap - vload(value + e);
            const v16 after = following ? (how == 0 ? vload(following + e) : vsplat(0.0f)) : vsplat(0.0f);
            vstore(advantage + e, delta + decay * after);
        }
        for (; e < n; ++e) {
            const float bootstrap = end[e] == 1 ? 0.0f : next_value[e];
            const float delta = reward[e] + gamma * bootstrap - value[e];
            const float after = following && end[e] == 0 ? following[e] : 0.0f;
            advantage[e] = delta + decay * after;
        }
    }
}

#endif
