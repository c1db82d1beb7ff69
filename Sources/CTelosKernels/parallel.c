// A small pool of threads for the parts of one large instruction. Parts write to different places, so it does not
// matter which thread runs which.
#include "forms.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

enum { MOST_WORKERS = 63, MOST_PARTS = 0xFFFF, SPINS = 10000, MOST_ALONE = 4096 };

// A job is offered by one word, so that one exchange takes a part of it, and only a part of a job that wants the taker:
// the job's number (it comes round: a worker that takes a job for one it has seen just does not help), how many workers
// may take part (those with the lowest numbers), how many parts there are, the next of them. While a part is taken and
// not done the job's owner waits, so that whoever took it can read the job.
enum { JOB_SHIFT = 38, HELPERS_SHIFT = 32, PARTS_SHIFT = 16, OWNER = -1 };

static struct {
    pthread_mutex_t owner;          // held by the caller whose job is running
    int workers;                    // only the owner changes it
    _Atomic uint64_t offer;
    _Atomic int64_t done;           // parts that workers have finished
    void (*_Atomic body)(void *, int64_t);
    void *_Atomic context;
    pthread_mutex_t lock;           // guards the sleep of workers
    pthread_cond_t wake[MOST_WORKERS];
    _Atomic uint64_t asleep;        // a bit for each worker
    // On a machine that is busy with other programs a worker may hold a part while it is not scheduled; a job of
    // microseconds then takes milliseconds. After such a job the owner does the next ones alone, more of them each time.
    _Atomic int held_up;            // whether that was seen in the present job
    int alone;                      // jobs that the owner still does alone; only the owner changes these
    int penalty;                    // how many it will be the next time
} pool = {.owner = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

static double seconds(clockid_t clock) {
    struct timespec time;
    return clock_gettime(clock, &time) == 0 ? (double)time.tv_sec + 1e-9 * (double)time.tv_nsec : 0;
}

void telos_wait_step(telos_wait *wait) {
    if (wait->spins++ < SPINS) {
        pause_briefly();
        return;
    }
    if (wait->spins == SPINS + 1) {
        wait->began = seconds(CLOCK_MONOTONIC);
        wait->used = seconds(CLOCK_PROCESS_CPUTIME_ID);
    }
    sched_yield();
}

void telos_wait_end(const telos_wait *wait) {
    if (wait->spins <= SPINS) return;
    const double waited = seconds(CLOCK_MONOTONIC) - wait->began;
    // Had the other thread been running, the program would have used the time of both.
    const double used = seconds(CLOCK_PROCESS_CPUTIME_ID) - wait->used;
    if (waited > 0.0005 && used < 1.5 * waited) atomic_store(&pool.held_up, 1);
}

static inline int wants(uint64_t offer, int taker) { return taker < (int)(offer >> HELPERS_SHIFT & MOST_WORKERS); }

/// Takes the next part of the job on offer; -1 where none is left, or none for this taker.
static int64_t take_part(int taker) {
    uint64_t offer = atomic_load(&pool.offer);
    for (;;) {
        const int64_t part = offer & MOST_PARTS;
        if (part >= (int64_t)(offer >> PARTS_SHIFT & MOST_PARTS) || !wants(offer, taker)) return -1;
        if (atomic_compare_exchange_weak(&pool.offer, &offer, offer + 1)) return part;
    }
}

/// Whether there is a job after the one numbered `seen` that wants the worker.
static inline int is_wanted(int worker, uint64_t seen) {
    const uint64_t offer = atomic_load(&pool.offer);
    return offer >> JOB_SHIFT != seen && wants(offer, worker);
}

static void *work(void *number) {
    const int worker = (int)(intptr_t)number;
    uint64_t seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && !is_wanted(worker, seen); ++i) pause_briefly();
        if (!is_wanted(worker, seen)) {
            pthread_mutex_lock(&pool.lock);
            atomic_fetch_or(&pool.asleep, (uint64_t)1 << worker);
            while (!is_wanted(worker, seen)) pthread_cond_wait(&pool.wake[worker], &pool.lock);
            atomic_fetch_and(&pool.asleep, ~((uint64_t)1 << worker));
            pthread_mutex_unlock(&pool.lock);
        }
        seen = atomic_load(&pool.offer) >> JOB_SHIFT;
        for (int64_t part; (part = take_part(worker)) >= 0;) {
            atomic_load(&pool.body)(atomic_load(&pool.context), part);
            atomic_fetch_add(&pool.done, 1);
        }
    }
    return NULL;
}

/// Starts workers until there are `wanted`, or as many as the system gives.
static void start_workers(int wanted) {
    for (; pool.workers < wanted; ++pool.workers) {
        pthread_attr_t attributes;
        pthread_t thread;
        if (pthread_cond_init(&pool.wake[pool.workers], NULL) != 0 || pthread_attr_init(&attributes) != 0) return;
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        pthread_attr_setstacksize(&attributes, 1 << 20);
        const int failed = pthread_create(&thread, &attributes, work, (void *)(intptr_t)pool.workers);
        pthread_attr_destroy(&attributes);
        if (failed) return;
    }
}

/// Wakes those of the first `count` workers that sleep. One that says so only after this has looked sees the job itself,
/// since it looks for one after saying so.
static void wake_workers(int count) {
    const uint64_t wanted = ((uint64_t)1 << count) - 1;
    if ((atomic_load(&pool.asleep) & wanted) == 0) return;
    pthread_mutex_lock(&pool.lock);
    for (uint64_t left = atomic_load(&pool.asleep) & wanted; left != 0; left &= left - 1) {
        pthread_cond_signal(&pool.wake[__builtin_ctzll(left)]);
    }
    pthread_mutex_unlock(&pool.lock);
}

void telos_parallel(int threads, int64_t parts, void (*body)(void *, int64_t), void *context) {
    // While another caller's job runs, this one does its parts itself.
    const int owns = threads > 1 && parts <= MOST_PARTS && pthread_mutex_trylock(&pool.owner) == 0;
    if (!owns || pool.alone > 0) {
        if (owns) {
            pool.alone -= 1;
            pthread_mutex_unlock(&pool.owner);
        }
        for (int64_t part = 0; part < parts; ++part) body(context, part);
        return;
    }
    const int helpers = threads - 1 < MOST_WORKERS ? threads - 1 : MOST_WORKERS;
    start_workers(helpers);
    // No part of the last job is left, so that nobody takes one while the job changes.
    atomic_store(&pool.body, body);
    atomic_store(&pool.context, context);
    atomic_store(&pool.done, 0);
    const uint64_t job = (atomic_load(&pool.offer) >> JOB_SHIFT) + 1;
    atomic_store(&pool.offer, job << JOB_SHIFT | (uint64_t)helpers << HELPERS_SHIFT | (uint64_t)parts << PARTS_SHIFT);
    wake_workers(helpers);
    int64_t own = 0;
    for (int64_t part; (part = take_part(OWNER)) >= 0; ++own) body(context, part);
    telos_wait wait = {0};
    while (atomic_load(&pool.done) < parts - own) telos_wait_step(&wait);
    telos_wait_end(&wait);
    if (atomic_exchange(&pool.held_up, 0)) {
        pool.penalty = pool.penalty == 0 ? 8 : pool.penalty < MOST_ALONE ? 2 * pool.penalty : MOST_ALONE;
        pool.alone = pool.penalty;
    } else if (pool.penalty > 0) {
        pool.penalty -= (pool.penalty + 7) / 8;
    }
    pthread_mutex_unlock(&pool.owner);
}
