// Repeatable numeric kernels. A result depends on the operands alone: not on the instruction set, the operating
// system, or the number of threads.
//
//  * Matrix product: every output element accumulates over k in order, by fused multiply-add, from zero.
//  * Reductions along the last axis use 16 fixed lanes and a fixed tree; along any other axis they run in order.
//  * Transcendental functions are polynomials with every fused multiply-add written out.
//  * Threads split outputs, never a sum.
//
// Every float buffer handed to a kernel is readable for 64 bytes past its last element.
#ifndef TELOS_KERNELS_H
#define TELOS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "telos_math.h"

#ifdef __cplusplus
extern "C" {
#endif

// ---------------------------------------------------------------- instruction sets

typedef enum { TELOS_ISA_SCALAR = 0, TELOS_ISA_AVX2 = 1, TELOS_ISA_AVX512 = 2, TELOS_ISA_NEON = 3 } telos_isa;

/// 1 where this machine can run the form.
int telos_isa_available(telos_isa isa);
/// The widest available form, or the one that the environment variable TELOS_ISA names (scalar, avx2, avx512, neon).
telos_isa telos_isa_default(void);
const char *telos_isa_name(telos_isa isa);

// ---------------------------------------------------------------- element-wise chains

/// Operations of a fused chain. Operands are registers; comparisons give 1 or 0.
/// MAX and MIN return the second operand when they compare unordered or equal (x86 semantics: a > b ? a : b).
typedef enum {
    TELOS_COPY = 0, TELOS_NEGATE, TELOS_ABS, TELOS_SIGN, TELOS_EXP, TELOS_LOG, TELOS_TANH, TELOS_SIGMOID,
    TELOS_SOFTPLUS, TELOS_SQRT, TELOS_RECIPROCAL, TELOS_SIN, TELOS_COS, TELOS_FLOOR, TELOS_ERF, TELOS_EXPM1,
    TELOS_LOG1P,
    TELOS_ADD, TELOS_SUBTRACT, TELOS_MULTIPLY, TELOS_DIVIDE, TELOS_MAX, TELOS_MIN, TELOS_POW, TELOS_LESS,
    TELOS_LESS_EQUAL, TELOS_EQUAL,
    TELOS_SELECT,        // a != 0 ? b : c
    TELOS_FMA,           // a * b + c, one rounding
    TELOS_ELEMENTWISE_COUNT
} telos_elementwise;

/// How a chain reads or writes memory: element (i, j) of the outer x inner iteration space is
/// pointer[i * outer_stride + j * inner_stride], inner_stride 0 or 1.
typedef struct {
    float *pointer;
    int64_t outer_stride;
    int32_t inner_stride;
    int32_t reg;         // the register it loads into or stores from
} telos_operand;

typedef struct {
    uint8_t op;
    uint8_t a, b, c;     // source registers
    uint8_t dst;         // destination register
} telos_micro_op;

/// Registers 0 ..< inputs hold the operands that are read; at most TELOS_MAX_REGISTERS in all.
enum { TELOS_MAX_REGISTERS = 64 };

typedef struct {
    int64_t outer, inner;
    int32_t input_count, op_count, output_count, register_count;
    const telos_operand *inputs;
    const telos_micro_op *ops;
    const telos_operand *outputs;   // written with stride (outer_stride, inner_stride); an output may be an input
} telos_chain;

// ---------------------------------------------------------------- programs

typedef enum {
    TELOS_I_CHAIN = 0,      // aux: telos_chain
    TELOS_I_MATMUL,         // dst[M,N] = op(a) op(b) (+ c[N]); n0 batch, n1 M, n2 N, n3 K; flags; strides between batches s0 (a), s1 (b), s2 (dst)
    TELOS_I_SUM,            // dst[n0,n2] = sum over n1 of a[n0,n1,n2]
    TELOS_I_MAX,            // likewise, maximum
    TELOS_I_ARGMAX,         // dst[n0] = index of the first maximum of a[n0,n1], as a float
    TELOS_I_STRIDED_COPY,   // dst[i,j,k,l] = a[...], four extents n0..n3, source strides s0..s3 (0 broadcasts), dst contiguous
    TELOS_I_STRIDED_STORE,  // as above, but a is contiguous and the strides are the destination's
    TELOS_I_FILL,           // dst[0 ..< n0] = immediate
    TELOS_I_GATHER_LAST,    // dst[n0] = a[n0, b[n0]], rows of n1; an index outside gives 0
    TELOS_I_SCATTER_LAST,   // dst[n0,n1] = 0 except dst[i, b[i]] = a[i]
    TELOS_I_GATHER_ROWS,    // dst[n0,n2] = a[b[n0], :], a has n1 rows; an index outside gives 0
    TELOS_I_SCATTER_ROWS,   // dst[n1,n2] = 0, then dst[b[i], :] += a[i, :] for i in order
    TELOS_I_CUMULATIVE_SUM, // dst[n0,n1] = running sums of a[n0,n1] along n1, in order; flags bit 0: from the end
    TELOS_I_COUNT
} telos_opcode;

enum { TELOS_TRANSPOSE_A = 1, TELOS_TRANSPOSE_B = 2, TELOS_BIAS = 4 };

typedef struct {
    int32_t opcode;
    int32_t flags;
    int64_t n0, n1, n2, n3;
    int64_t s0, s1, s2, s3;
    float *dst;
    const float *a, *b, *c;
    float immediate;
    const void *aux;
} telos_instruction;

/// Runs the instructions in order. `threads` >= 1 bounds how many cores one large instruction may use; the result is
/// the same for any number.
void telos_execute(telos_isa isa, const telos_instruction *instructions, size_t count, int threads);

// ---------------------------------------------------------------- random numbers

/// Philox 4x32-10 at (key, counter): words 0 and 1 of the block as one 64-bit number.
uint64_t telos_philox(uint64_t key, uint64_t counter);
/// One block of Philox 4x32-10 in full: four words of counter, two of key.
void telos_philox_block(const uint32_t counter[4], const uint32_t key[2], uint32_t block[4]);
/// count floats, four a block from `counter` on: uniform in (0, 1), as (w >> 9 | 1 half step) * 2^-23.
void telos_fill_uniform(uint64_t key, uint64_t counter, float *values, size_t count);
/// Standard normals by Box and Muller on pairs of those words, with the float32 kernels' log, sin and cos.
void telos_fill_normal(uint64_t key, uint64_t counter, float *values, size_t count);

// ---------------------------------------------------------------- reinforcement learning

/// Generalised advantage estimation over a time-major block: step t of environment e is element t * n + e.
/// delta = reward + gamma * next_value * (end != 1) - value; advantage = delta + gamma * lambda * (end == 0) * following.
/// end: 0 ongoing, 1 terminated, 2 truncated. next_values hold the value of the state the step led to, before a reset.
void telos_gae(const float *rewards, const float *values, const float *next_values, const uint8_t *ends,
               float *advantages, size_t steps, size_t n, float gamma, float lambda);

/// 64-bit FNV-1a over bytes, for weight hashes. A seed of 0 begins; an earlier result as seed continues.
uint64_t telos_hash(const void *bytes, size_t count, uint64_t seed);

#ifdef __cplusplus
}
#endif
#endif
