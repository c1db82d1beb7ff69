// What the driver measures without a library: the machine's own limits, and a loop around another library's matrix
// product, so that a call from Python costs nothing.
#include <stddef.h>

typedef void (*sgemm)(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha, const float *a,
                      int lda, const float *b, int ldb, float beta, float *c, int ldc);

/// `rounds` products c = a b, row-major, by a function with CBLAS's signature.
void products(void *function, int m, int k, int n, const float *a, const float *b, float *c, int rounds) {
    for (int round = 0; round < rounds; round++)
        ((sgemm)function)(101, 111, 111, m, n, k, 1.0f, a, k, b, n, 0.0f, c, n);
}

// Twelve independent accumulators keep two multiply-add units of latency four busy and fit sixteen registers.
#define PEAK(name, target, width)                                                              \
    typedef float name##_vector __attribute__((vector_size(width)));                           \
    target static float name(int rounds) {                                                     \
        name##_vector sum[12], x = {0}, y = {0};                                               \
        x += 0.999f;                                                                           \
        y += 1e-3f;                                                                            \
        for (int i = 0; i < 12; i++) sum[i] = x * (float)i;                                    \
        for (int round = 0; round < rounds; round++) {                                         \
            _Pragma("clang loop unroll(full)") for (int i = 0; i < 12; i++) sum[i] = sum[i] * x + y; \
        }                                                                                      \
        for (int i = 1; i < 12; i++) sum[0] += sum[i];                                         \
        return sum[0][0];                                                                      \
    }

#if defined(__x86_64__)
PEAK(peak512, __attribute__((target("avx512f"))), 64)
PEAK(peak256, __attribute__((target("avx2,fma"))), 32)
#endif
PEAK(peak128, , 16)

/// 24 floating-point operations a lane and round, as multiply-adds in registers of `bits`; -1 where the machine has no
/// such registers.
float peak(int bits, int rounds) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (bits == 512) return __builtin_cpu_supports("avx512f") ? peak512(rounds) : -1;
    if (bits == 256) return __builtin_cpu_supports("fma") ? peak256(rounds) : -1;
#endif
    return bits == 128 ? peak128(rounds) : -1;
}

/// Reads one array of `count` floats and writes another, `rounds` times.
void stream(const float *from, float *to, size_t count, int rounds) {
    for (int round = 0; round < rounds; round++) {
        for (size_t i = 0; i < count; i++) to[i] = from[i] + 1.0f;
        __asm__ __volatile__("" ::: "memory");
    }
}
