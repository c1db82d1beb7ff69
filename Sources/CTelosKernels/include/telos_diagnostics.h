// What error messages are made from: where a call came from, and which number is not one.
#ifndef TELOS_DIAGNOSTICS_H
#define TELOS_DIAGNOSTICS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Writes the return addresses of the open calls, innermost first, by following frame pointers; gives how many it
/// found. Takes some ten nanoseconds, allocates nothing, and stops early where a caller keeps no frame pointer.
int telos_call_stack(uintptr_t *addresses, int limit);

/// The symbol of the function that contains `address`, or NULL.
const char *telos_function_at(uintptr_t address);

/// The index of the first element that is infinite or not a number; `count` where there is none.
size_t telos_first_nonfinite(const float *values, size_t count);

/// 1 where the environment variable TELOS_CHECK is set to something other than 0.
int telos_checks_requested(void);

/// Writes a line on standard error.
void telos_report(const char *text);

#ifdef __cplusplus
}
#endif
#endif
