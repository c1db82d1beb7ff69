// The largest error of every transcendental kernel over every one of the 2^32 floats, in units in the last place (ULP)
// of the true value, against the C library's functions of double.
//
//     accuracy [--stride N] [NAME...]     N > 1 tries one block of 4096 floats in N; names default to all functions
//
// pow has two arguments: each of the 2^32 bases meets one exponent of a fixed pseudo-random choice, most of them such
// that the result is a finite number, and all special values meet one another.
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "telos_kernels.h"

enum { BLOCK = 4096 };

static double sigmoid_truth(double x) {
    const double e = exp(-fabs(x));
    return (x < 0 ? e : 1) / (1 + e);
}
static double softplus_truth(double x) { return fmax(x, 0) + log1p(exp(-fabs(x))); }
static double reciprocal_truth(double x) { return 1 / x; }

/// f(-x) is f(x), -f(x), or neither: half the work for the first two.
typedef enum { EVEN, ODD, NEITHER } symmetry;

static const struct {
    const char *name;
    telos_elementwise op;
    double (*truth)(double);
    symmetry symmetry;
    double bound;
} functions[] = {
    {"exp", TELOS_EXP, exp, NEITHER, 2}, {"log", TELOS_LOG, log, NEITHER, 2},
    {"tanh", TELOS_TANH, tanh, ODD, 2}, {"sigmoid", TELOS_SIGMOID, sigmoid_truth, NEITHER, 2},
    {"softplus", TELOS_SOFTPLUS, softplus_truth, NEITHER, 2}, {"sin", TELOS_SIN, sin, ODD, 2},
    {"cos", TELOS_COS, cos, EVEN, 2}, {"erf", TELOS_ERF, erf, ODD, 2},
    {"expm1", TELOS_EXPM1, expm1, NEITHER, 2}, {"log1p", TELOS_LOG1P, log1p, NEITHER, 2},
    {"pow", TELOS_POW, NULL, NEITHER, 2},
    // Correctly rounded; a double near the middle of two floats leaves the oracle itself in doubt by 2^-29 ULP.
    {"sqrt", TELOS_SQRT, sqrt, NEITHER, 0.5}, {"reciprocal", TELOS_RECIPROCAL, reciprocal_truth, ODD, 0.5 + 0x1p-28},
};
enum { FUNCTIONS = sizeof functions / sizeof functions[0] };

static float float_of(uint32_t bits) {
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/// The error in ULP of a float as wide as those at the true value; infinite where NaN, an infinity or the sign of a
/// zero is wrong. A value that rounds to infinity may be the largest float, and the other way round, at 1 ULP.
static double error_of(float value, double truth) {
    if (truth != truth || value != value) return truth != truth && value != value ? 0 : INFINITY;
    const float rounded = (float)truth;
    if (isinf(rounded) || isinf(value)) return rounded == value ? 0 : fabs(truth) >= 0x1.fffffdp127 ? 1 : INFINITY;
    if (value == 0 && !signbit(value) != !signbit(truth)) return INFINITY;
    uint64_t bits;
    memcpy(&bits, &truth, sizeof bits);
    int64_t exponent = (int64_t)(bits >> 52 & 0x7FF) - 1023;
    if (exponent < -126) exponent = -126;
    const uint64_t scale_bits = (uint64_t)(1023 + 23 - exponent) << 52;
    double scale;
    memcpy(&scale, &scale_bits, sizeof scale);
    return fabs((double)value - truth) * scale;
}

static void apply(telos_elementwise op, float *x, float *y, float *result, int64_t count) {
    const telos_operand in[] = {{x, 0, 1, 0}, {y, 0, 1, 1}}, out[] = {{result, 0, 1, 2}};
    const telos_micro_op micro = {(uint8_t)op, 0, 1, 1, 2};
    const telos_chain chain = {1, count, 2, 1, 1, 3, in, &micro, out};
    const telos_instruction instruction = {.opcode = TELOS_I_CHAIN, .aux = &chain};
    telos_execute(telos_isa_default(), &instruction, 1, 1);
}

typedef struct {
    double error;
    float x, y, value;
    uint64_t tried;
} worst_case;

static void judge(worst_case *worst, float x, float y, float value, double truth) {
    const double error = error_of(value, truth);
    worst->tried += 1;
    if (error > worst->error) {
        worst->error = error;
        worst->x = x;
        worst->y = y;
        worst->value = value;
    }
}

static uint64_t mixed(uint64_t z) {
    z = (z + 0x9E3779B97F4A7C15ULL) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

/// An exponent for a base: any float, a small multiple of 1/2, or one that leads to 2^t for t in -152 ... 130.
static float exponent_for(float x, uint32_t bits) {
    const uint64_t word = mixed(bits);
    const double unit = (double)(word >> 16 & 0xFFFFFFFF) * 0x1p-32;
    switch (word & 15) {
    case 0: return float_of((uint32_t)(word >> 16));
    case 1: case 2: return (float)(floor(unit * 257) - 128) * 0.5f;
    // Whole exponents, for negative bases.
    case 3: case 4: case 5: return rintf((float)((unit * 282 - 152) / log2(fabs(x))));
    default: return (float)((unit * 282 - 152) / log2(fabs(x)));
    }
}

static int chosen;                  // the function that is being tried
static uint64_t stride = 1;
static _Atomic uint64_t next_block;
static worst_case overall;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void try_block(worst_case *worst, uint32_t begin, float *x, float *y, float *value) {
    const telos_elementwise op = functions[chosen].op;
    const symmetry symmetry = functions[chosen].symmetry;
    for (uint32_t i = 0; i < BLOCK; ++i) x[i] = y[i] = float_of(begin + i);
    if (op == TELOS_POW) {
        for (uint32_t i = 0; i < BLOCK; ++i) y[i] = exponent_for(x[i], begin + i);
        apply(op, x, y, value, BLOCK);
        for (uint32_t i = 0; i < BLOCK; ++i) judge(worst, x[i], y[i], value[i], pow(x[i], y[i]));
        return;
    }
    double truth[BLOCK];
    for (uint32_t i = 0; i < BLOCK; ++i) truth[i] = functions[chosen].truth(x[i]);
    apply(op, x, x, value, BLOCK);
    for (uint32_t i = 0; i < BLOCK; ++i) judge(worst, x[i], 0, value[i], truth[i]);
    if (symmetry == NEITHER) return;
    for (uint32_t i = 0; i < BLOCK; ++i) x[i] = -x[i];
    apply(op, x, x, value, BLOCK);
    for (uint32_t i = 0; i < BLOCK; ++i) judge(worst, x[i], 0, value[i], symmetry == ODD ? -truth[i] : truth[i]);
}

static void *work(void *unused) {
    (void)unused;
    float x[BLOCK + 16], y[BLOCK + 16], value[BLOCK + 16];
    memset(x, 0, sizeof x);
    memset(y, 0, sizeof y);
    worst_case worst = {0};
    const uint64_t blocks = (functions[chosen].symmetry == NEITHER ? 1ULL << 32 : 1ULL << 31) / BLOCK;
    for (;;) {
        // Whatever the stride, the first and the last block take part, and the others shift from one to the next.
        const uint64_t turn = atomic_fetch_add(&next_block, 1), block = turn * stride;
        if (block >= blocks) break;
        const uint64_t shifted = block + mixed(turn) % stride;
        try_block(&worst, (uint32_t)((shifted < blocks ? shifted : blocks - 1) * BLOCK), x, y, value);
    }
    pthread_mutex_lock(&lock);
    const uint64_t tried = overall.tried + worst.tried;
    // Of two equal errors the one at the smaller bits, so that the report does not depend on the threads.
    uint32_t ours, theirs;
    memcpy(&ours, &worst.x, sizeof ours);
    memcpy(&theirs, &overall.x, sizeof theirs);
    if (worst.error > overall.error || (worst.error == overall.error && ours < theirs)) overall = worst;
    overall.tried = tried;
    pthread_mutex_unlock(&lock);
    return NULL;
}

/// Every special base with every special exponent.
static void try_special_powers(void) {
    const float special[] = {
        0.0f, 0x1p-149f, 0x1p-126f, 0x1p-24f, 0.5f, 0x1.fffffep-1f, 1.0f, 0x1.000002p0f, 1.5f, 2.0f, 2.5f, 3.0f, 10.0f,
        127.0f, 128.0f, 149.0f, 150.0f, 151.0f, 0x1p23f, 0x1.000002p23f, 0x1p24f, 0x1p25f, 0x1.fffffep127f, INFINITY,
        NAN,
    };
    enum { SPECIAL = sizeof special / sizeof special[0] };
    for (int i = 0; i < 2 * SPECIAL; ++i) {
        float x[2 * SPECIAL + 16] = {0}, y[2 * SPECIAL + 16] = {0}, value[2 * SPECIAL + 16];
        for (int j = 0; j < 2 * SPECIAL; ++j) {
            x[j] = i < SPECIAL ? special[i] : -special[i - SPECIAL];
            y[j] = j < SPECIAL ? special[j] : -special[j - SPECIAL];
        }
        apply(TELOS_POW, x, y, value, 2 * SPECIAL);
        for (int j = 0; j < 2 * SPECIAL; ++j) judge(&overall, x[j], y[j], value[j], pow(x[j], y[j]));
    }
}

static int try_function(long threads) {
    overall = (worst_case){0};
    atomic_store(&next_block, 0);
    if (functions[chosen].op == TELOS_POW) try_special_powers();
    pthread_t helpers[64];
    long started = 0;
    while (started < threads - 1 && pthread_create(&helpers[started], NULL, work, NULL) == 0) started += 1;
    work(NULL);
    for (long i = 0; i < started; ++i) pthread_join(helpers[i], NULL);
    const int passed = overall.error <= functions[chosen].bound;
    printf("%-11s %10.6f  at %-14a", functions[chosen].name, overall.error, overall.x);
    if (functions[chosen].op == TELOS_POW) printf(" ^ %-14a", overall.y);
    printf(" = %-15.9g gave %-15.9g  %llu floats%s\n", overall.x, overall.value, (unsigned long long)overall.tried,
           passed ? "" : "  FAILS");
    fflush(stdout);
    return passed;
}

int main(int argc, char **argv) {
    int first = 1, passed = 1, matched = 0;
    if (argc > 2 && strcmp(argv[1], "--stride") == 0) {
        stride = strtoull(argv[2], NULL, 10);
        first = 3;
    }
    long threads = sysconf(_SC_NPROCESSORS_ONLN);
    threads = threads < 1 ? 1 : threads > 64 ? 64 : threads;
    if (stride < 1) stride = 1;
    printf("%s kernels; the largest error in units in the last place\n", telos_isa_name(telos_isa_default()));
    for (chosen = 0; chosen < FUNCTIONS; ++chosen) {
        int wanted = first >= argc;
        for (int i = first; i < argc; ++i) wanted |= strcmp(argv[i], functions[chosen].name) == 0;
        if (!wanted) continue;
        matched = 1;
        passed &= try_function(threads);
    }
    if (!matched) {
        fprintf(stderr, "usage: accuracy [--stride N] [NAME...], a name being one of");
        for (int i = 0; i < FUNCTIONS; ++i) fprintf(stderr, " %s", functions[i].name);
        fprintf(stderr, "\n");
        return 2;
    }
    return passed ? 0 : 1;
}
