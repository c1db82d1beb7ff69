// A small pool of threads for the parts of one large instruction. Parts write to different places, so it does not
// matter which thread runs which.
#include "forms.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MOST_WORKERS = 63, MOST_PARTS = 0xFFFF, SPINS = 10000 };

// A job is offered by one word, so that one exchange takes a part of it: the job's number above, then how many parts it
// has, then the next of them. While a part is taken and not done the job's owner waits, so that whoever took it can read
// the job.
static struct {
    pthread_mutex_t owner;          // held by the caller whose job is running
    int workers;                    // only the owner changes it
    _Atomic uint64_t offer;
    _Atomic int helpers;            // how many workers may take part: those with the lowest numbers
    _Atomic int64_t done;           // parts that workers have finished
    void (*_Atomic body)(void *, int64_t);
    void *_Atomic context;
    pthread_mutex_t lock;           // guards the sleep of workers
    pthread_cond_t wake;
    _Atomic int sleepers;
} pool = {.owner = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

/// Takes the next part of the job on offer; -1 where none is left.
static int64_t take_part(void) {
    uint64_t offer = atomic_load(&pool.offer);
    for (;;) {
        const int64_t part = offer & MOST_PARTS;
        if (part >= (int64_t)(offer >> 16 & MOST_PARTS)) return -1;
        if (atomic_compare_exchange_weak(&pool.offer, &offer, offer + 1)) return part;
    }
}

static void *work(void *number) {
    const int index = (int)(intptr_t)number;
    uint64_t seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && atomic_load(&pool.offer) >> 32 == seen; ++i) pause_briefly();
        if (atomic_load(&pool.offer) >> 32 == seen) {
            pthread_mutex_lock(&pool.lock);
            atomic_fetch_add(&pool.sleepers, 1);
            while (atomic_load(&pool.offer) >> 32 == seen) pthread_cond_wait(&pool.wake, &pool.lock);
            atomic_fetch_sub(&pool.sleepers, 1);
            pthread_mutex_unlock(&pool.lock);
        }
        seen = atomic_load(&pool.offer) >> 32;
        while (index < atomic_load(&pool.helpers)) {
            const int64_t part = take_part();
            if (part < 0) break;
            atomic_load(&pool.body)(atomic_load(&pool.context), part);
            atomic_fetch_add(&pool.done, 1);
        }
    }
    return NULL;
}

/// Starts workers until there are `wanted`, or as many as the system gives.
static void start_workers(int wanted) {
    if (wanted > MOST_WORKERS) wanted = MOST_WORKERS;
    for (; pool.workers < wanted; ++pool.workers) {
        pthread_attr_t attributes;
        pthread_t thread;
        if (pthread_attr_init(&attributes) != 0) return;
        pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
        pthread_attr_setstacksize(&attributes, 1 << 20);
        const int failed = pthread_create(&thread, &attributes, work, (void *)(intptr_t)pool.workers);
        pthread_attr_destroy(&attributes);
        if (failed) return;
    }
}

void telos_parallel(int threads, int64_t parts, void (*body)(void *, int64_t), void *context) {
    // While another caller's job runs, this one does its parts itself.
    if (threads <= 1 || parts > MOST_PARTS || pthread_mutex_trylock(&pool.owner) != 0) {
        for (int64_t part = 0; part < parts; ++part) body(context, part);
        return;
    }
    start_workers(threads - 1);
    // No part of the last job is left, so that nobody takes one while the job changes.
    atomic_store(&pool.body, body);
    atomic_store(&pool.context, context);
    atomic_store(&pool.done, 0);
    atomic_store(&pool.helpers, threads - 1);
    const uint64_t job = (atomic_load(&pool.offer) >> 32) + 1;
    atomic_store(&pool.offer, job << 32 | (uint64_t)parts << 16);
    if (atomic_load(&pool.sleepers) > 0) {
        pthread_mutex_lock(&pool.lock);
        pthread_cond_broadcast(&pool.wake);
        pthread_mutex_unlock(&pool.lock);
    }
    int64_t own = 0;
    for (int64_t part; (part = take_part()) >= 0; ++own) body(context, part);
    for (int i = 0; atomic_load(&pool.done) < parts - own; ++i) {
        if (i < SPINS) pause_briefly();
        else sched_yield();
    }
    pthread_mutex_unlock(&pool.owner);
}
