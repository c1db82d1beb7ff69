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

double telos_cost(const telos_instruction *i) {
    switch (i->opcode) {
    case TELOS_I_CHAIN: {
        const telos_chain *chain = (const telos_chain *)i->aux;
        double operations = 1.0;
        for (int32_t k = 0; k < chain->op_count; ++k) {
            const uint8_t op = chain->ops[k].op;
            const int costly = (op >= TELOS_EXP && op <= TELOS_SOFTPLUS) || op == TELOS_SIN || op == TELOS_COS
                || (op >= TELOS_ERF && op <= TELOS_LOG1P) || op == TELOS_POW;
            operations += costly ? 3.0 : 1.0;
        }
        return (double)chain->outer * (double)chain->inner * operations / 7000.0;
    }
    case TELOS_I_MATMUL:
    case TELOS_I_CONVOLUTION:
        return (double)i->n0 * (double)i->n1 * (double)i->n2 * (double)i->n3 / 50000.0;
    case TELOS_I_UNFOLD:
    case TELOS_I_FOLD: {
        const telos_window *w = (const telos_window *)i->aux;
        return (double)(w->images * w->rows * w->columns) * (double)(w->window_height * w->window_width * w->channels)
            / 20000.0;
    }
    case TELOS_I_SOFTMAX:
    case TELOS_I_LOG_SUM_EXP:
        return (double)i->n0 * (double)i->n1 / 3000.0;
    case TELOS_I_SUM:
    case TELOS_I_MAX:
    case TELOS_I_RECURRENCE:
        return (double)i->n0 * (double)i->n1 * (double)i->n2 / 20000.0;
    case TELOS_I_STRIDED_COPY:
    case TELOS_I_STRIDED_STORE:
        return (double)i->n0 * (double)i->n1 * (double)i->n2 * (double)i->n3 / 3000.0;
    default:
        return 0.0;
    }
}

/// Into how many parts an instruction is worth dividing: handing one to another thread costs some microseconds.
int telos_parts(const telos_instruction *i, int threads) {
    switch (i->opcode) {
    case TELOS_I_CHAIN:
    case TELOS_I_MATMUL:
    case TELOS_I_CONVOLUTION:
    case TELOS_I_SUM:
    case TELOS_I_MAX:
    case TELOS_I_UNFOLD:
    case TELOS_I_FOLD:
    case TELOS_I_SOFTMAX:
    case TELOS_I_LOG_SUM_EXP:
    case TELOS_I_RECURRENCE: break;
    default: return 1;
    }
    const double parts = telos_cost(i) / 10.0;
    if (parts < 2.0) return 1;
    return parts < threads ? (int)parts : threads;
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
        const int parts = threads > 1 ? telos_parts(&instructions[i], threads) : 1;
        if (parts <= 1) {
            form->run(&instructions[i], 0, 1);
        } else {
            divided_instruction divided = {form, &instructions[i], parts};
            telos_parallel(threads, parts, run_part, &divided);
        }
    }
}

enum { LINE = 16 };    // words of a cache line

typedef struct {
    const telos_form *form;
    const telos_instruction *instructions;
    const telos_schedule *schedule;
    _Atomic uint32_t *next;     // the next task of each lane, a cache line apart
    _Atomic uint32_t *done;     // the last run in which each task was done
    uint32_t run;
    _Atomic int threads;        // how many are at work
} task_run;

static int is_ready(const task_run *run, const telos_task *task) {
    for (int32_t i = 0; i < task->wait_count; ++i) {
        const int32_t earlier = run->schedule->waits[task->first_wait + i];
        if (atomic_load_explicit(&run->done[earlier], memory_order_acquire) != run->run) return 0;
    }
    return 1;
}

static void run_task(const task_run *run, uint32_t index) {
    const telos_task *task = &run->schedule->tasks[index];
    for (int32_t i = 0; i < task->count; ++i) {
        run->form->run(&run->instructions[task->first + i], task->part, task->parts);
    }
    atomic_store_explicit(&run->done[index], run->run, memory_order_release);
}

/// Runs the next task of a lane if it is ready; 0 if not, or if there is none.
static int help(const task_run *run, int lane) {
    uint32_t index = atomic_load(&run->next[lane * LINE]);
    if (index >= (uint32_t)run->schedule->lanes[lane + 1]) return 0;
    if (!is_ready(run, &run->schedule->tasks[index])) return 0;
    if (!atomic_compare_exchange_strong(&run->next[lane * LINE], &index, index + 1)) return 0;
    run_task(run, index);
    return 1;
}

/// Runs the tasks of a lane in turn, alone or with other threads. A thread that has to wait long, or is the only one at
/// work, runs what other lanes have ready: the first task of all that nobody has taken always is, once those taken are
/// done.
static void run_lane(void *context, int64_t part) {
    task_run *run = (task_run *)context;
    const telos_schedule *schedule = run->schedule;
    atomic_fetch_add(&run->threads, 1);
    const int64_t lane = part % schedule->lane_count;
    for (;;) {
        const uint32_t index = atomic_fetch_add(&run->next[lane * LINE], 1);
        if (index >= (uint32_t)schedule->lanes[lane + 1]) break;
        telos_wait wait = {0};
        while (!is_ready(run, &schedule->tasks[index])) {
            int helped = 0;
            if (wait.spins > 1000 || atomic_load(&run->threads) == 1) {
                for (int other = 0; other < schedule->lane_count && !helped; ++other) helped = help(run, other);
            }
            if (!helped) telos_wait_step(&wait);
        }
        telos_wait_end(&wait);
        run_task(run, index);
    }
    atomic_fetch_sub(&run->threads, 1);
}

void telos_execute_tasks(telos_isa isa, const telos_instruction *instructions, const telos_schedule *schedule,
                         int threads) {
    _Atomic uint32_t *words = (_Atomic uint32_t *)schedule->state;
    task_run run = {form_of(isa), instructions, schedule, words + LINE, words + LINE * (schedule->lane_count + 1), 0, 0};
    run.run = atomic_fetch_add(&words[0], 1) + 1;
    for (int lane = 0; lane < schedule->lane_count; ++lane) {
        atomic_store(&run.next[lane * LINE], (uint32_t)schedule->lanes[lane]);
    }
    telos_parallel(threads, threads > schedule->lane_count ? threads : schedule->lane_count, run_lane, &run);
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
