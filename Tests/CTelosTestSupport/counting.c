// Hooks around malloc and around the Swift runtime's reference counting. They count only on threads that asked for it,
// so that tests beside them do not disturb, and otherwise pass on.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "telos_test_support.h"

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TELOS_SANITIZED 1
#endif
#endif

static __thread int counting;
static _Atomic int64_t allocations, reference_counts;

static inline void count_allocation(void) {
    if (counting) atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
}

// ---------------------------------------------------------------- malloc

#if defined(__GLIBC__) && !defined(TELOS_SANITIZED)
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

void *malloc(size_t size) { count_allocation(); return __libc_malloc(size); }
void *calloc(size_t count, size_t size) { count_allocation(); return __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { count_allocation(); return __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) { count_allocation(); return __libc_memalign(alignment, size); }
void *aligned_alloc(size_t alignment, size_t size) { count_allocation(); return __libc_memalign(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) {
    count_allocation();
    void *memory = __libc_memalign(alignment, size);
    if (memory == NULL) return ENOMEM;
    *result = memory;
    return 0;
}

static int hook_malloc(void) { return 1; }
#elif defined(__APPLE__) && !defined(TELOS_SANITIZED)
typedef void (*logger)(uint32_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uint32_t);

static void log_allocation(uint32_t type, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d, uint32_t frames) {
    (void)a, (void)b, (void)c, (void)d, (void)frames;
    if (type & 2) count_allocation();
}

static int hook_malloc(void) {
    logger *hook = (logger *)dlsym(RTLD_DEFAULT, "malloc_logger");
    if (hook == NULL) return 0;
    *hook = log_allocation;
    return 1;
}
#else
static int hook_malloc(void) { return 0; }
#endif

// ---------------------------------------------------------------- retain and release

// These stand before the runtime's own for every caller outside it. Some versions of the runtime keep more registers
// than C does, so these do as well.
#if defined(__GLIBC__) && !defined(TELOS_SANITIZED) && defined(__has_attribute)
#if __has_attribute(preserve_most) && (defined(__x86_64__) || defined(__aarch64__))
#define TELOS_COUNTS_REFERENCES 1
#endif
#endif

#if defined(TELOS_COUNTS_REFERENCES)
#define KEEPS_REGISTERS __attribute__((preserve_most))

static inline void *next_function(_Atomic(void *) *known, const char *name) {
    void *function = atomic_load_explicit(known, memory_order_relaxed);
    if (function == NULL) {
        function = dlsym(RTLD_NEXT, name);
        atomic_store_explicit(known, function, memory_order_relaxed);
    }
    if (counting) atomic_fetch_add_explicit(&reference_counts, 1, memory_order_relaxed);
    return function;
}

KEEPS_REGISTERS void *swift_retain(void *object) {
    static _Atomic(void *) known;
    return ((void *(*)(void *))next_function(&known, "swift_retain"))(object);
}

KEEPS_REGISTERS void swift_release(void *object) {
    static _Atomic(void *) known;
    ((void (*)(void *))next_function(&known, "swift_release"))(object);
}

KEEPS_REGISTERS void *swift_retain_n(void *object, uint32_t n) {
    static _Atomic(void *) known;
    return ((void *(*)(void *, uint32_t))next_function(&known, "swift_retain_n"))(object, n);
}

KEEPS_REGISTERS void swift_release_n(void *object, uint32_t n) {
    static _Atomic(void *) known;
    ((void (*)(void *, uint32_t))next_function(&known, "swift_release_n"))(object, n);
}

int telos_reference_counting_available(void) { return 1; }
#else
int telos_reference_counting_available(void) { return 0; }
#endif

int telos_counting_available(void) { return hook_malloc(); }

// ---------------------------------------------------------------- threads

extern void telos_parallel(int threads, int64_t parts, void (*body)(void *, int64_t), void *context);

typedef struct {
    _Atomic int arrived;
    int value;
} meeting;

/// Each of two threads takes one part, since neither leaves before both have come.
static void meet(void *context, int64_t part) {
    (void)part;
    meeting *here = (meeting *)context;
    counting = here->value;
    atomic_fetch_add(&here->arrived, 1);
    for (int i = 0; i < 2000000 && atomic_load(&here->arrived) < 2; ++i) sched_yield();
}

static int set(int value, int with_worker) {
    counting = value;
    if (!with_worker) return 1;
    meeting here = {0, value};
    telos_parallel(2, 2, meet, &here);
    counting = value;
    return atomic_load(&here.arrived);
}

int telos_count_begin(int with_worker) {
    if (!telos_counting_available()) return 0;
    const int threads = set(1, with_worker);
    atomic_store(&allocations, 0);
    atomic_store(&reference_counts, 0);
    return threads;
}

void telos_count_end(int with_worker) { set(0, with_worker); }
int64_t telos_allocations(void) { return atomic_load(&allocations); }
int64_t telos_reference_counts(void) { return atomic_load(&reference_counts); }
