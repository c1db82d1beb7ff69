// A small pool of threads for the parts of one large instruction. Parts write to different places, so it does not
// matter which thread runs which.
#include "forms.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

enum { MOST_WORKERS = 63, SPINS = 4000 };

static struct {
    pthread_mutex_t owner;          // held by the caller whose job is running
    pthread_mutex_t lock;           // guards what follows, up to next
    pthread_cond_t wake;
    int workers;                    // only the owner changes it
    int open;                       // the job still takes workers
    int joined, helpers;            // workers that took part, and how many may
    void (*body)(void *, int64_t);
    void *context;
    int64_t parts;
    _Atomic uint64_t generation;    // advances with every job; read without the lock while spinning
    _Atomic int64_t next;           // the next part that nobody has
    _Atomic int active;             // workers that still run parts
} pool = {.owner = PTHREAD_MUTEX_INITIALIZER, .lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

static void take_parts(void) {
    for (;;) {
        const int64_t part = atomic_fetch_add(&pool.next, 1);
        if (part >= pool.parts) return;
        pool.body(pool.context, part);
    }
}

static void *work(void *unused) {
    (void)unused;
    uint64_t seen = 0;
    for (;;) {
        for (int i = 0; i < SPINS && atomic_load(&pool.generation) == seen; ++i) pause_briefly();
        pthread_mutex_lock(&pool.lock);
        while (atomic_load(&pool.generation) == seen) pthread_cond_wait(&pool.wake, &pool.lock);
        seen = atomic_load(&pool.generation);
        const int joins = pool.open && pool.joined < pool.helpers;
        if (joins) {
            pool.joined += 1;
            atomic_fetch_add(&pool.active, 1);
        }
        pthread_mutex_unlock(&pool.lock);
        if (!joins) continue;
        take_parts();
        atomic_fetch_sub(&pool.active, 1);
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
        const int failed = pthread_create(&thread, &attributes, work, NULL);
        pthread_attr_destroy(&attributes);
        if (failed) return;
    }
}

void telos_parallel(int threads, int64_t parts, void (*body)(void *, int64_t), void *context) {
    // While another caller's job runs, this one does its parts itself.
    if (threads <= 1 || pthread_mutex_trylock(&pool.owner) != 0) {
        for (int64_t part = 0; part < parts; ++part) body(context, part);
        return;
    }
    start_workers(threads - 1);
    pthread_mutex_lock(&pool.lock);
    pool.body = body;
    pool.context = context;
    pool.parts = parts;
    pool.helpers = threads - 1;
    pool.joined = 0;
    pool.open = 1;
    atomic_store(&pool.next, 0);
    atomic_fetch_add(&pool.generation, 1);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.lock);
    take_parts();
    // Every part is taken; those taken by workers are finished when no worker is active.
    pthread_mutex_lock(&pool.lock);
    pool.open = 0;
    pthread_mutex_unlock(&pool.lock);
    for (int i = 0; atomic_load(&pool.active) > 0; ++i) {
        if (i < SPINS) pause_briefly();
        else sched_yield();
    }
    pthread_mutex_unlock(&pool.owner);
}
