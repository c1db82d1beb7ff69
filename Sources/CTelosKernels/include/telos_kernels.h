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
    // Operations in one step, each rounded as if alone.
    TELOS_MULTIPLY_ADD,          // a * b + c
    TELOS_MULTIPLY_SUBTRACT,     // a * b - c
    TELOS_SUBTRACT_PRODUCT,      // c - a * b
    TELOS_MULTIPLY_MULTIPLY,     // a * b * c
    TELOS_MULTIPLY_DIVIDE,       // a * b / c
    TELOS_ADD_ADD,               // a + b + c
    TELOS_ADD_MULTIPLY,          // (a + b) * c
    TELOS_SUBTRACT_MULTIPLY,     // (a - b) * c
    TELOS_INTERPOLATE,           // b + (a - b) * c
    TELOS_MULTIPLY_SQRT_ADD,     // sqrt(a * b) + c
    TELOS_ELEMENTWISE_COUNT
} telos_elementwise;

/// An INTERPOLATE with which the six operations of an Adam step begin. Run as one they need no memory between them:
///
///   m = INTERPOLATE(g, m0, .)   d = MULTIPLY_SUBTRACT(g, g, v0)   v = MULTIPLY_ADD(d, ., v0)
///   s = MULTIPLY_SQRT_ADD(v, ., .)   q = MULTIPLY_DIVIDE(m, ., s)   p = SUBTRACT(p0, q)
///
/// Nothing else may read d, s or q.
enum { TELOS_ADAM_STEP = 64, TELOS_ADAM_OPERATIONS = 6 };

// The functions are within 2 units in the last place (ULP) of the true value on the whole range of float, subnormal
// arguments and results included; sqrt, reciprocal, division and the arithmetic are correctly rounded. Nothing is
// flushed to zero. Special values, x finite unless said otherwise:
//
//   function      -infinity   -0          +0          +infinity   elsewhere
//   exp           +0          1           1           +infinity   +0 below -103.98, +infinity above 88.73
//   expm1         -1          -0          +0          +infinity   -1 below -17.33, +infinity above 88.73
//   log           NaN         -infinity   -infinity   +infinity   NaN below 0
//   log1p         NaN         -0          +0          +infinity   -infinity at -1, NaN below
//   tanh, erf     -1          -0          +0          1           -1 and 1 from 9.02 and 3.92 on
//   sigmoid       +0          1/2         1/2         1           +0 below -103.98
//   softplus      +0          log 2       log 2       +infinity   +0 below -103.98
//   sin           NaN         -0          +0          NaN         reduced by all of x: 2 ULP for every float
//   cos           NaN         1           1           NaN         likewise
//   sqrt          NaN         -0          +0          +infinity   NaN below 0
//   reciprocal    -0          -infinity   +infinity   +0
//   floor         -infinity   -0          +0          +infinity
//
// Each of them gives NaN for NaN. pow follows C99: 1 where y is 0 or x is 1, whatever the other; x^NaN and NaN^y are
// otherwise NaN; a negative x needs a whole y, odd ones keep the sign; (-1)^(+-infinity) is 1. Which NaN a result is
// (its sign and payload) is not defined.

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
    TELOS_I_SUM,            // dst[n0,n2] = sum over n1 of a[n0,n1,n2]; flags TELOS_SQUARES: of its squares
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
    TELOS_I_UNFOLD,         // dst[image, row, column, y, x, channel] = a through a window; aux: telos_window; outside, immediate
    TELOS_I_FOLD,           // its adjoint: patches added to where they were read, in the order of the patches
    TELOS_I_CONVOLUTION,    // dst[n1,n2] = patches b, or patches^T b, where the n1 (n3) patches of n3 (n1 <= 2048) are what unfolding a gives; flags and aux as there
    TELOS_I_ARGSORT,        // dst[n0,n1] = indices that sort each row of a, stably, NaN last; flags bit 0: descending; aux: 2 n1 uint64_t to work in
    TELOS_I_GATHER_ALONG,   // dst[n0,n2] = a[n0, b[n0,n2]], rows of n1; an index outside gives 0
    TELOS_I_SCATTER_ALONG,  // dst[n0,n1] = 0, then dst[i, b[i,k]] += a[i,k] for k in order, rows of a and b of n2
    TELOS_I_CUMULATIVE_ARGMAX, // dst[n0,n1] = index of the first maximum of a[n0, 0 ... n1]
    TELOS_I_RECURRENCE,     // dst[n0,n1,n2]: h[t] = a[t] h[t-1] + b[t] along n1, before it c[n0,n2], or without c h[0] = b[0]; flags bit 0: from the end
    TELOS_I_SOFTMAX,        // dst[n0,n1] = exp(a - log sum exp a) of each row, by one exponential and a division
    TELOS_I_LOG_SUM_EXP,    // dst[n0] = log sum exp of each row of a[n0,n1], summed as TELOS_I_SUM does
    TELOS_I_COUNT
} telos_opcode;

/// A window over pictures [images, height, width, channels] at rows x columns positions.
typedef struct {
    int64_t images, height, width, channels;
    int64_t rows, columns;
    int64_t window_height, window_width;
    int64_t stride_height, stride_width;
    int64_t dilation_height, dilation_width;
    int64_t top, left;      // how far before the picture the first window begins
} telos_window;

enum { TELOS_TRANSPOSE_A = 1, TELOS_TRANSPOSE_B = 2, TELOS_BIAS = 4, TELOS_SQUARES = 1 };

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

/// About how many microseconds an instruction takes on one core; 0 for the cheapest.
double telos_cost(const telos_instruction *instruction);
/// Into how many parts an instruction is worth dividing among `threads`.
int telos_parts(const telos_instruction *instruction, int threads);

/// Part `part` of `parts` of one instruction, or several whole instructions one after another.
typedef struct {
    int32_t first, count;               // instructions
    int32_t part, parts;
    int32_t first_wait, wait_count;     // what must be done before
} telos_task;

/// Tasks for several threads: a lane for each, or one that all take from. There is an order of all tasks in which each comes after those it waits
/// for, and in which those of a lane stand as they do in the lane.
typedef struct {
    const telos_task *tasks;    // lane after lane
    const int32_t *lanes;       // where each begins, and where the last ends
    const int32_t *waits;       // tasks that tasks wait for
    int32_t lane_count;
    uint32_t *state;            // 16 (lane_count + 1) words and one for each task, zero at first and then left alone
} telos_schedule;

/// Runs a schedule's tasks side by side. Only one run at a time may use a schedule.
void telos_execute_tasks(telos_isa isa, const telos_instruction *instructions, const telos_schedule *schedule,
                         int threads);

/// Calls body(context, part) for every part, on the calling thread and on up to threads - 1 others.
void telos_parallel(int threads, int64_t parts, void (*body)(void *context, int64_t part), void *context);

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
