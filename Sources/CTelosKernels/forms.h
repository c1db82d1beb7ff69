// What a form of the kernels offers, and the forms there are.
#ifndef TELOS_FORMS_H
#define TELOS_FORMS_H

#include "telos_kernels.h"

typedef struct {
    /// Runs part `part` of `parts` of one instruction; only the opcodes that telos_parts divides may have several.
    void (*run)(const telos_instruction *instruction, int64_t part, int64_t parts);
    void (*fill_uniform)(uint64_t key, uint64_t counter, float *values, size_t count);
    void (*fill_normal)(uint64_t key, uint64_t counter, float *values, size_t count);
    void (*estimate_advantages)(const float *rewards, const float *values, const float *next_values,
                                const uint8_t *ends, float *advantages, size_t steps, size_t n, float gamma,
                                float lambda);
} telos_form;

extern const telos_form telos_form_scalar;
#if defined(__x86_64__)
extern const telos_form telos_form_avx2, telos_form_avx512;
#elif defined(__aarch64__)
extern const telos_form telos_form_neon;
#endif

/// A wait for another thread; begins as zeros.
typedef struct {
    int spins;
    double began, used;     // wall and processor seconds when it had become a long one
} telos_wait;

/// What a thread does in turn with looking whether it need wait any longer.
void telos_wait_step(telos_wait *wait);

/// Ends a wait, and notes where it was long because the other thread was not scheduled.
void telos_wait_end(const telos_wait *wait);

#endif
