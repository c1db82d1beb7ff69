// Hurries many short jobs through the kernels' pool of threads and counts what went wrong.
#include "telos_test_support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

extern void telos_parallel(int threads, int64_t parts, void (*body)(void *, int64_t), void *context);

enum { MOST_PARTS = 24, MOST_CALLERS = 16 };

typedef struct {
    int work;
    // Nobody else may touch a part's own: these are plain, so that a race shows.
    int runs[MOST_PARTS];
    uint64_t results[MOST_PARTS];
    _Atomic uint64_t threads;
} job;

/// A bit for the calling thread.
static uint64_t own_bit(void) {
    static _Atomic unsigned threads;
    static _Thread_local uint64_t bit;
    if (bit == 0) bit = (uint64_t)1 << (atomic_fetch_add(&threads, 1) & 63);
    return bit;
}

static uint64_t mix(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static uint64_t result_of(int64_t part, int work) {
    uint64_t z = (uint64_t)part + 1;
    for (int i = 0; i < work; ++i) z = mix(z);
    return z;
}

static void run_part(void *context, int64_t part) {
    job *here = (job *)context;
    here->runs[part] += 1;
    here->results[part] = result_of(part, here->work);
    atomic_fetch_or(&here->threads, own_bit());
}

typedef struct {
    pthread_t thread;
    uint64_t state;
    int jobs;
    int64_t faults;
} caller;

static void *hurry(void *context) {
    static const int bounds[] = {1, 2, 3, 8};
    caller *self = (caller *)context;
    for (int i = 0; i < self->jobs; ++i) {
        const uint64_t random = mix(self->state += 0x9E3779B97F4A7C15ULL);
        // Long enough for workers to fall asleep.
        if (random % 256 == 0) nanosleep(&(struct timespec){0, 2000000}, NULL);
        const int bound = bounds[random >> 8 & 3], parts = (int)(random >> 16) & 15;
        job next = {.work = (int)(random >> 24 & 63) << (random >> 32 & 7)};
        telos_parallel(bound, parts, run_part, &next);
        for (int64_t part = 0; part < MOST_PARTS; ++part) {
            const int is_part = part < parts;
            self->faults += next.runs[part] != is_part;
            self->faults += next.results[part] != (is_part ? result_of(part, next.work) : 0);
        }
        self->faults += __builtin_popcountll(atomic_load(&next.threads)) > bound;
    }
    return NULL;
}

int64_t telos_pool_faults(int callers, int jobs) {
    caller all[MOST_CALLERS];
    int started = 0;
    for (; started < callers && started < MOST_CALLERS; ++started) {
        all[started] = (caller){.state = (uint64_t)started << 32, .jobs = jobs};
        if (pthread_create(&all[started].thread, NULL, hurry, &all[started]) != 0) break;
    }
    int64_t faults = started != callers;
    for (int i = 0; i < started; ++i) {
        pthread_join(all[i].thread, NULL);
        faults += all[i].faults;
    }
    return faults;
}
