// What error messages are made from.
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE
#endif
#include "telos_diagnostics.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// The bounds of this thread's stack: a frame pointer outside them is not one. `stack_high` is 0 before the first use.
static __thread uintptr_t stack_low, stack_high;

__attribute__((noinline)) static void find_stack(void) {
    stack_high = 1;
#if defined(__APPLE__)
    stack_high = (uintptr_t)pthread_get_stackaddr_np(pthread_self());
    stack_low = stack_high - pthread_get_stacksize_np(pthread_self());
#elif defined(__linux__)
    pthread_attr_t attributes;
    void *base;
    size_t size;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0) return;
    if (pthread_attr_getstack(&attributes, &base, &size) == 0) {
        stack_low = (uintptr_t)base;
        stack_high = stack_low + size;
    }
    pthread_attr_destroy(&attributes);
#endif
}

__attribute__((noinline)) int telos_call_stack(uintptr_t *addresses, int limit) {
    if (stack_high == 0) find_stack();
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    int count = 0;
    // A frame begins with the caller's frame pointer and the return address; callers lie higher.
    while (count < limit && frame >= stack_low && frame + 2 * sizeof(uintptr_t) <= stack_high
           && frame % sizeof(uintptr_t) == 0) {
        const uintptr_t *record = (const uintptr_t *)frame;
        if (record[1] == 0) break;
        addresses[count++] = record[1];
        if (record[0] <= frame) break;
        frame = record[0];
    }
    return count;
}

const char *telos_function_at(uintptr_t address) {
    Dl_info info;
    return dladdr((const void *)(address - 1), &info) != 0 ? info.dli_sname : NULL;
}

size_t telos_first_nonfinite(const float *values, size_t count) {
    enum { BLOCK = 256 };
    const uint32_t exponent = 0x7F800000u;
    for (size_t start = 0; start < count; start += BLOCK) {
        const size_t end = count - start < BLOCK ? count : start + BLOCK;
        uint32_t found = 0;
        for (size_t i = start; i < end; ++i) {
            uint32_t bits;
            memcpy(&bits, &values[i], sizeof bits);
            found |= (bits & exponent) == exponent;
        }
        if (!found) continue;
        for (size_t i = start; i < end; ++i) {
            uint32_t bits;
            memcpy(&bits, &values[i], sizeof bits);
            if ((bits & exponent) == exponent) return i;
        }
    }
    return count;
}

int telos_checks_requested(void) {
    const char *value = getenv("TELOS_CHECK");
    return value != NULL && value[0] != '\0' && strcmp(value, "0") != 0;
}

void telos_report(const char *text) { fprintf(stderr, "%s\n", text); }
