// Which form runs an instruction, and in how many parts.
#include "forms.h"

#include <stdatomic.h>
#include <stdlib.h>

int telos_isa_available(telos_isa isa) {
    switch (isa) {
    case TELOS_ISA_SCALAR: return 1;
#if defined(__x86_64__)
    case TELOS_ISA_AVX2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    case TELOS_ISA_AVX512:
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
            && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#elif defined(__aarch64__)
    case TELOS_ISA_NEON: return 1;
#endif
    default: return 0;
    }
}

const char *telos_isa_name(telos_isa isa) {
    switch (isa) {
    case TELOS_ISA_SCALAR: return "scalar";
    case TELOS_ISA_AVX2: return "avx2";
    case TELOS_ISA_AVX512: return "avx512";
    case TELOS_ISA_NEON: return "neon";
    }
    return "unknown";
}

telos_isa telos_isa_default(void) {
    // One more than the choice, so that zero means not yet chosen. Racing threads choose alike.
    static _Atomic int chosen = 0;
    int choice = atomic_load_explicit(&chosen, memory_order_relaxed);
    if (choice == 0) {
        const telos_isa widest_first[] = {TELOS_ISA_AVX512, TELOS_ISA_NEON, TELOS_ISA_AVX2, TELOS_ISA_SCALAR};
        const char *wanted = getenv("TELOS_ISA");
        for (int pass = wanted ? 0 : 1; pass < 2 && choice == 0; ++pass) {
            for (int i = 0; i < 4 && choice == 0; ++i) {
                const telos_isa isa = widest_first[i];
                if (!telos_isa_available(isa)) continue;
                if (pass == 1 || strcmp(wanted, telos_isa_name(isa)) == 0) choice = (int)isa + 1;
            }
        }
        atomic_store_explicit(&chosen, choice, memory_order_relaxed);
    }
    return (telos_isa)(choice - 1);
}

static const telos_form *form_of(telos_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case TELOS_ISA_AVX2: return &telos_form_avx2;
    case TELOS_ISA_AVX512: return &telos_form_avx512;
#elif defined(__aarch64__)
    case TELOS_ISA_NEON: return &telos_form_neon;
#endif
    default: return &telos_form_scalar;
    }
}

/// Into how many parts an instruction is worth dividing: handing one to another thread costs some microseconds.
static int64_t parts_of(const telos_instruction *i, int threads) {
    double cost;
    switch (i->opcode) {
    case TELOS_I_CHAIN: {
        const telos_chain *chain = (const telos_chain *)i->aux;
        double operations = 1.0;
        for (int32_t k = 0; k < chain->op_count; ++k) {
            const uint8_t op = chain->ops[k].op;
            const int costly = (op >= TELOS_EXP && op <= TELOS_SOFTPLUS) || op == TELOS_SIN || op == TELOS_COS
                || (op >= TELOS_ERF && op <= TELOS_LOG1P) || op == TELOS_POW;
            operations += costly ? 10.0 : 1.0;
        }
        cost = (double)chain->outer * (double)chain->inner * operations / 60000.0;
        break;
    }
    case TELOS_I_MATMUL:
    case TELOS_I_CONVOLUTION:
        cost = (double)i->n0 * (double)i->n1 * (double)i->n2 * (double)i->n3 / 500000.0;
        break;
    case TELOS_I_SUM:
    case TELOS_I_MAX:
        cost = (double)i->n0 * (double)i->n1 * (double)i->n2 / 200000.0;
        break;
    case TELOS_I_UNFOLD:
    case TELOS_I_FOLD: {
        const telos_window *w = (const telos_window *)i->aux;
        cost = (double)(w->images * w->rows * w->columns) * (double)(w->window_height * w->window_width * w->channels)
            / 200000.0;
        break;
    }
    case TELOS_I_SOFTMAX:
    case TELOS_I_LOG_SUM_EXP:
        cost = (double)i->n0 * (double)i->n1 / 30000.0;
        break;
    case TELOS_I_RECURRENCE:
        cost = (double)i->n0 * (double)i->n1 * (double)i->n2 / 200000.0;
        break;
    default:
        return 1;
    }
    if (cost < 2.0) return 1;
    return cost < threads ? (int64_t)cost : threads;
}

typedef struct {
    const telos_form *form;
    const telos_instruction *instruction;
    int64_t parts;
} divided_instruction;

static void run_part(void *context, int64_t part) {
    const divided_instruction *divided = (const divided_instruction *)context;
    divided->form->run(divided->instruction, part, divided->parts);
}

void telos_execute(telos_isa isa, const telos_instruction *instructions, size_t count, int threads) {
    const telos_form *form = form_of(isa);
    for (size_t i = 0; i < count; ++i) {
        const int64_t parts = threads > 1 ? parts_of(&instructions[i], threads) : 1;
        if (parts <= 1) {
            form->run(&instructions[i], 0, 1);
        } else {
            divided_instruction divided = {form, &instructions[i], parts};
            telos_parallel((int)parts, parts, run_part, &divided);
        }
    }
}

void telos_fill_uniform(uint64_t key, uint64_t counter, float *values, size_t count) {
    form_of(telos_isa_default())->fill_uniform(key, counter, values, count);
}

void telos_fill_normal(uint64_t key, uint64_t counter, float *values, size_t count) {
    form_of(telos_isa_default())->fill_normal(key, counter, values, count);
}

void telos_gae(const float *rewards, const float *values, const float *next_values, const uint8_t *ends,
               float *advantages, size_t steps, size_t n, float gamma, float lambda) {
    form_of(telos_isa_default())
        ->estimate_advantages(rewards, values, next_values, ends, advantages, steps, n, gamma, lambda);
}
