// Counts allocations and reference counting on chosen threads, to show that a computation does neither; tries the
// kernels' pool of threads.
#ifndef TELOS_TEST_SUPPORT_H
#define TELOS_TEST_SUPPORT_H

#include <stdint.h>

/// 1 where counting allocations works on this platform and build.
int telos_counting_available(void);
/// 1 where counting retains and releases does.
int telos_reference_counting_available(void);
/// Counts on this thread, and on one worker of the kernels' pool of threads, from now on; gives how many threads that is.
int telos_count_begin(int with_worker);
/// Stops counting.
void telos_count_end(int with_worker);
/// Since the beginning: calls of malloc and its relatives, and of the Swift runtime's retain and release.
int64_t telos_allocations(void);
int64_t telos_reference_counts(void);

/// `callers` threads at once each give the pool `jobs` short jobs, for 1, 2, 3 or 8 threads, with and without pauses in
/// which workers fall asleep. Counts parts not run exactly once, wrong results, and jobs on more threads than allowed.
int64_t telos_pool_faults(int callers, int jobs);

#endif
