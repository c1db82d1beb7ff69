// Prints one line a case: what was computed, on which shape, and a hash of the result's bits (every NaN counts as the
// same). The lines must be the same for every form of the kernels on every machine; run.sh compares them.
//
//     forms scalar|avx2|avx512|neon
//
// Shapes and values come from a fixed integer generator. What lies beyond the end of a buffer differs from form to
// form, so that a result which depends on it shows, and no kernel may write there.
#include "support.h"

static void report(const char *what, int64_t n0, int64_t n1, int64_t n2, int64_t n3, int detail, uint64_t hash) {
    printf("%s %lld %lld %lld %lld %d %016llx\n", what, (long long)n0, (long long)n1, (long long)n2, (long long)n3,
           detail, (unsigned long long)hash);
    release(what);
}

static void run(const telos_instruction *instruction, int threads) { telos_execute(form, instruction, 1, threads); }

/// Runs an instruction that writes `count` floats at dst, and reports it.
static void run_and_report(const char *what, telos_instruction i, int64_t count) {
    run(&i, 1);
    report(what, i.n0, i.n1, i.n2, i.n3, i.flags, hash_floats(i.dst, count, 0));
}

// ---------------------------------------------------------------- element-wise chains

/// An operand over outer x inner: dense, a row, a column, one value, or rows with gaps.
static telos_operand operand(int64_t outer, int64_t inner, int32_t reg, values kind) {
    switch (below(6)) {
    case 0: return (telos_operand){filled(inner, kind), 0, 1, reg};
    case 1: return (telos_operand){filled(outer, kind), 1, 0, reg};
    case 2: return (telos_operand){filled(1, kind), 0, 0, reg};
    case 3: return (telos_operand){filled(outer * (inner + 3), kind), inner + 3, 1, reg};
    default: return (telos_operand){filled(outer * inner, kind), inner, 1, reg};
    }
}

enum { MOST_OPERATIONS = 40 };

static void random_chain(int64_t outer, int64_t inner, int threads) {
    telos_operand inputs[6], outputs[4];
    telos_micro_op ops[MOST_OPERATIONS];
    const int32_t input_count = 1 + (int32_t)below(6), output_count = 1 + (int32_t)below(4);
    const int32_t op_count = output_count + (int32_t)below(MOST_OPERATIONS - output_count);
    for (int32_t i = 0; i < input_count; ++i) inputs[i] = operand(outer, inner, i, once_in(3) ? WILD : SPRINKLED);
    for (int32_t i = 0; i < op_count; ++i) {
        // The last results are the outputs; now and then an earlier operation writes over a register.
        const int32_t fresh = input_count + i, overwrites = i > 0 && i < op_count - output_count && once_in(6);
        ops[i].op = (uint8_t)below(TELOS_ELEMENTWISE_COUNT);
        ops[i].a = (uint8_t)(once_in(2) && i > 0 ? ops[i - 1].dst : inputs[below(input_count)].reg);
        ops[i].b = (uint8_t)(i > 0 ? ops[below(i)].dst : 0);
        ops[i].c = (uint8_t)below(input_count);
        ops[i].dst = (uint8_t)(overwrites ? ops[below(i)].dst : fresh);
    }
    int64_t written = 0;
    for (int32_t i = 0; i < output_count; ++i) {
        // An output may be an input: the first one here, where it is dense.
        const int in_place = i == 0 && inputs[0].inner_stride == 1 && inputs[0].outer_stride == inner && once_in(2);
        const int32_t reg = ops[op_count - output_count + i].dst;
        outputs[i] = (telos_operand){in_place ? inputs[0].pointer : zeroed(outer * inner), inner, 1, reg};
        written += 1;
    }
    const telos_chain chain = {
        outer, inner, input_count, op_count, output_count, input_count + op_count, inputs, ops, outputs,
    };
    run(&(telos_instruction){.opcode = TELOS_I_CHAIN, .aux = &chain}, threads);
    uint64_t hash = 0;
    for (int32_t i = 0; i < output_count; ++i) hash = hash_floats(outputs[i].pointer, outer * inner, hash);
    report("chain", outer, inner, op_count, written, threads, hash);
}

static void single_operation(int op, int64_t outer, int64_t inner, float *dense) {
    telos_operand inputs[3];
    for (int32_t i = 0; i < 3; ++i) inputs[i] = operand(outer, inner, i, WILD);
    if (dense) inputs[0] = (telos_operand){dense, inner, 1, 0};
    const telos_operand output = {zeroed(outer * inner), inner, 1, 3};
    const telos_micro_op micro = {(uint8_t)op, 0, 1, 2, 3};
    const telos_chain chain = {outer, inner, 3, 1, 1, 4, inputs, &micro, &output};
    run(&(telos_instruction){.opcode = TELOS_I_CHAIN, .aux = &chain}, 1);
    report(dense ? "sweep" : "operation", outer, inner, 0, 0, op, hash_floats(output.pointer, outer * inner, 0));
}

static void chains(void) {
    for (int op = 0; op < TELOS_ELEMENTWISE_COUNT; ++op) {
        for (int i = 0; i < 6; ++i) single_operation(op, extent(), extent(), NULL);
        // Both signs, every exponent, eighteen significands.
        float *sweep = new_buffer(512 * 18);
        for (uint32_t i = 0; i < 512 * 18; ++i) {
            const uint32_t low = i % 18 == 0 ? 0 : i % 18 == 1 ? 0x7FFFFF : (uint32_t)below(1 << 23);
            sweep[i] = float_of(i / 18 << 23 | low);
        }
        single_operation(op, 512, 18, sweep);
    }
    for (int i = 0; i < 150; ++i) random_chain(extent(), extent(), 1);
    for (int i = 0; i < 6; ++i) random_chain(1 + below(400), 1 + below(100), 1 + i % 3);
}

// ---------------------------------------------------------------- products and reductions

static void product(int64_t batch, int64_t m, int64_t n, int64_t k, int flags, values kind, int threads) {
    const int shared = batch > 1 && once_in(2);
    const telos_instruction i = {
        .opcode = TELOS_I_MATMUL, .flags = flags, .n0 = batch, .n1 = m, .n2 = n, .n3 = k,
        .s0 = m * k, .s1 = shared ? 0 : k * n, .s2 = m * n, .dst = zeroed(batch * m * n),
        .a = filled(batch * m * k, kind), .b = filled((shared ? 1 : batch) * k * n, kind), .c = filled(n, kind),
    };
    run(&i, threads);
    report("matmul", batch, m, n, k, flags, hash_floats(i.dst, batch * m * n, 0));
}

static void products(void) {
    for (int flags = 0; flags < 8; ++flags) {
        for (int i = 0; i < 12; ++i) product(1 + below(3), extent(), extent(), extent(), flags, PLAIN, 1);
        for (int i = 0; i < 6; ++i) product(1, extent(), extent(), extent(), flags, SPRINKLED, 1);
        // One row, one column, both, nothing to add up.
        product(1, 1, extent(), extent(), flags, PLAIN, 1);
        product(2, extent(), 1, extent(), flags, PLAIN, 1);
        product(1, 1, 1, extent(), flags, PLAIN, 1);
        product(1, extent(), extent(), 0, flags, PLAIN, 1);
        // Beyond a block of depth, beyond the widths at which operands are copied.
        product(1, 50, 300, 20, flags, PLAIN, 1);
        product(1, 26, 130, 530, flags, PLAIN, 1);
        product(1, 1, 200, 300, flags, PLAIN, 1);
        product(1, 2, 140, 260, flags, PLAIN, 1);
        product(1, 150, 140, 120, flags, PLAIN, 3);
    }
}

static void reductions(int opcode, const char *what) {
    for (int i = 0; i < 40; ++i) {
        const int64_t n0 = extent(), n1 = i % 8 == 7 ? 300 + extent() : extent(), n2 = i % 2 ? 1 : extent();
        const values kind = i % 4 < 2 ? PLAIN : SPRINKLED;
        const telos_instruction instruction = {
            .opcode = opcode, .n0 = n0, .n1 = n1, .n2 = n2, .dst = zeroed(n0 * n2), .a = filled(n0 * n1 * n2, kind),
        };
        run(&instruction, 1 + i % 3);
        report(what, n0, n1, n2, 0, 1 + i % 3, hash_floats(instruction.dst, n0 * n2, 0));
    }
    const telos_instruction large = {
        .opcode = opcode, .n0 = 3, .n1 = 2500, .n2 = 90, .dst = zeroed(3 * 90), .a = filled(3 * 2500 * 90, PLAIN),
    };
    run(&large, 3);
    report(what, 3, 2500, 90, 0, 3, hash_floats(large.dst, 3 * 90, 0));
}

static void along_rows(int opcode, const char *what, int64_t (*written)(int64_t, int64_t)) {
    for (int i = 0; i < 40; ++i) {
        const int64_t n0 = extent(), n1 = i % 10 == 9 ? 300 + extent() : extent(), count = written(n0, n1);
        const values kind = i % 4 == 0 ? WILD : i % 4 == 1 ? SPRINKLED : PLAIN;
        run_and_report(what, (telos_instruction){.opcode = opcode, .flags = i & 1, .n0 = n0, .n1 = n1,
                                                 .dst = zeroed(count), .a = filled(n0 * n1, kind)}, count);
    }
}
static int64_t one_a_row(int64_t n0, int64_t n1) { return (void)n1, n0; }
static int64_t whole_rows(int64_t n0, int64_t n1) { return n0 * n1; }

// ---------------------------------------------------------------- movement

/// Dense strides of a shape that is up to three larger in each extent, in a random order of axes; its size.
static int64_t shuffled_strides(const int64_t n[4], int64_t strides[4]) {
    int order[4] = {0, 1, 2, 3};
    for (int i = 3; i > 0; --i) {
        const int j = (int)below(i + 1), axis = order[i];
        order[i] = order[j];
        order[j] = axis;
    }
    int64_t size = 1;
    for (int i = 0; i < 4; ++i) {
        strides[order[i]] = size;
        size *= n[order[i]] + (once_in(3) ? below(4) : 0);
    }
    return size;
}

static void strided(int opcode, const char *what) {
    for (int i = 0; i < 60; ++i) {
        int64_t n[4], s[4];
        for (int d = 0; d < 4; ++d) n[d] = once_in(3) ? 1 : 1 + below(6);
        n[below(4)] = extent();
        n[below(4)] = 1 + below(40);
        const int64_t size = shuffled_strides(n, s), count = n[0] * n[1] * n[2] * n[3];
        const int store = opcode == TELOS_I_STRIDED_STORE;
        // A copy may repeat an axis.
        if (!store && once_in(3)) s[below(4)] = 0;
        const int64_t written = store ? size : count;
        run_and_report(what, (telos_instruction){.opcode = opcode, .n0 = n[0], .n1 = n[1], .n2 = n[2], .n3 = n[3],
                                                 .s0 = s[0], .s1 = s[1], .s2 = s[2], .s3 = s[3],
                                                 .dst = zeroed(written), .a = filled(store ? count : size, WILD)},
                       written);
    }
}

static void fills(void) {
    for (int i = 0; i < 20; ++i) {
        const int64_t count = 1 + below(200);
        run_and_report("fill", (telos_instruction){.opcode = TELOS_I_FILL, .n0 = count, .dst = zeroed(count),
                                                   .immediate = value_of(WILD)}, count);
    }
}

static void indexed(int opcode, const char *what) {
    for (int i = 0; i < 40; ++i) {
        const int64_t n0 = extent(), n1 = extent(), n2 = extent();
        int64_t read = n0, written = n0, bound = n1;
        switch (opcode) {
        case TELOS_I_GATHER_LAST: read = n0 * n1; break;
        case TELOS_I_SCATTER_LAST: written = n0 * n1; break;
        case TELOS_I_GATHER_ROWS: read = n1 * n2; written = n0 * n2; break;
        default: read = n0 * n2; written = n1 * n2; break;
        }
        run_and_report(what, (telos_instruction){.opcode = opcode, .n0 = n0, .n1 = n1, .n2 = n2, .dst = zeroed(written),
                                                 .a = filled(read, i % 2 ? WILD : PLAIN), .b = indices(n0, bound)},
                       written);
    }
}

/// A window of any stride, dilation and margin, also past the end of the picture.
static telos_window window(void) {
    telos_window w = {
        .images = 1 + below(4), .height = 1 + below(20), .width = 1 + below(20), .channels = 1 + below(24),
        .window_height = 1 + below(5), .window_width = 1 + below(5), .stride_height = 1 + below(3),
        .stride_width = 1 + below(3), .dilation_height = 1 + below(2), .dilation_width = 1 + below(2),
        .top = below(4), .left = below(4),
    };
    w.rows = 1 + below(2 + w.height / w.stride_height);
    w.columns = 1 + below(2 + w.width / w.stride_width);
    return w;
}

static void windows(int opcode, const char *what) {
    for (int i = 0; i < 60; ++i) {
        const telos_window w = window();
        const int64_t pictures = w.images * w.height * w.width * w.channels;
        const int64_t patches = w.images * w.rows * w.columns, size = w.window_height * w.window_width * w.channels;
        telos_instruction instruction = {.opcode = opcode, .immediate = special(), .aux = &w};
        int64_t read = pictures, written = patches * size;
        if (opcode == TELOS_I_FOLD) {
            read = patches * size;
            written = pictures;
        } else if (opcode == TELOS_I_CONVOLUTION) {
            // Patches times b, patches times the transpose of b, or the transpose of the patches times b.
            const int flags[] = {0, TELOS_TRANSPOSE_B, TELOS_TRANSPOSE_A}, turned = i % 3 == 2;
            instruction.flags = flags[i % 3];
            instruction.n0 = 1;
            instruction.n1 = turned ? size : patches;
            instruction.n2 = extent();
            instruction.n3 = turned ? patches : size;
            instruction.b = filled(instruction.n3 * instruction.n2, PLAIN);
            instruction.immediate = 0;
            written = instruction.n1 * instruction.n2;
        }
        instruction.dst = zeroed(written);
        instruction.a = filled(read, i % 2 ? PLAIN : SPRINKLED);
        const int threads = 1 + i / 3 % 3;
        run(&instruction, threads);
        report(what, w.height, w.width, w.rows, w.columns, threads, hash_floats(instruction.dst, written, 0));
    }
}

// ---------------------------------------------------------------- order and recurrence

static void sorts(void) {
    for (int i = 0; i < 60; ++i) {
        const int64_t n0 = extent(), n1 = i % 6 == 0 ? 300 + extent() : extent();
        uint64_t *scratch = malloc((size_t)(2 * n1) * sizeof *scratch);
        float *a = filled(n0 * n1, i % 2 ? WILD : PLAIN);
        // Many equal values, of which the order is kept.
        for (int64_t k = 0; k < n0 * n1 && i % 3 == 0; ++k) a[k] = (float)below(7) - 3;
        run_and_report("argsort", (telos_instruction){.opcode = TELOS_I_ARGSORT, .flags = (int32_t)below(2), .n0 = n0,
                                                      .n1 = n1, .dst = zeroed(n0 * n1), .a = a, .aux = scratch},
                       n0 * n1);
        free(scratch);
    }
}

static void indexed_along(int opcode, const char *what) {
    for (int i = 0; i < 40; ++i) {
        const int64_t n0 = extent(), n1 = extent(), n2 = extent();
        const int gather = opcode == TELOS_I_GATHER_ALONG;
        const int64_t written = n0 * (gather ? n2 : n1);
        run_and_report(what, (telos_instruction){.opcode = opcode, .n0 = n0, .n1 = n1, .n2 = n2, .dst = zeroed(written),
                                                 .a = filled(n0 * (gather ? n1 : n2), i % 2 ? WILD : PLAIN),
                                                 .b = indices(n0 * n2, n1)}, written);
    }
}

static void recurrences(void) {
    for (int i = 0; i < 60; ++i) {
        const int64_t n0 = extent(), n1 = extent(), n2 = i % 2 ? 1 : i % 4 ? 60 + extent() : extent();
        const values kind = i % 5 == 0 ? SPRINKLED : PLAIN;
        const telos_instruction instruction = {
            .opcode = TELOS_I_RECURRENCE, .flags = (int32_t)below(2), .n0 = n0, .n1 = n1, .n2 = n2,
            .dst = zeroed(n0 * n1 * n2), .a = filled(n0 * n1 * n2, kind), .b = filled(n0 * n1 * n2, kind),
            .c = once_in(2) ? filled(n0 * n2, kind) : NULL,
        };
        run(&instruction, 1 + i % 3);
        report("recurrence", n0, n1, n2, 0, instruction.flags, hash_floats(instruction.dst, n0 * n1 * n2, 0));
    }
}

/// Every opcode has its cases here: the build refuses one that is missing.
static void cases_of(telos_opcode opcode) {
    switch (opcode) {
    case TELOS_I_CHAIN: chains(); return;
    case TELOS_I_MATMUL: products(); return;
    case TELOS_I_SUM: reductions(opcode, "sum"); return;
    case TELOS_I_MAX: reductions(opcode, "max"); return;
    case TELOS_I_ARGMAX: along_rows(opcode, "argmax", one_a_row); return;
    case TELOS_I_STRIDED_COPY: strided(opcode, "strided-copy"); return;
    case TELOS_I_STRIDED_STORE: strided(opcode, "strided-store"); return;
    case TELOS_I_FILL: fills(); return;
    case TELOS_I_GATHER_LAST: indexed(opcode, "gather-last"); return;
    case TELOS_I_SCATTER_LAST: indexed(opcode, "scatter-last"); return;
    case TELOS_I_GATHER_ROWS: indexed(opcode, "gather-rows"); return;
    case TELOS_I_SCATTER_ROWS: indexed(opcode, "scatter-rows"); return;
    case TELOS_I_CUMULATIVE_SUM: along_rows(opcode, "cumulative-sum", whole_rows); return;
    case TELOS_I_UNFOLD: windows(opcode, "unfold"); return;
    case TELOS_I_FOLD: windows(opcode, "fold"); return;
    case TELOS_I_CONVOLUTION: windows(opcode, "convolution"); return;
    case TELOS_I_ARGSORT: sorts(); return;
    case TELOS_I_GATHER_ALONG: indexed_along(opcode, "gather-along"); return;
    case TELOS_I_SCATTER_ALONG: indexed_along(opcode, "scatter-along"); return;
    case TELOS_I_CUMULATIVE_ARGMAX: along_rows(opcode, "cumulative-argmax", whole_rows); return;
    case TELOS_I_RECURRENCE: recurrences(); return;
    case TELOS_I_SOFTMAX: along_rows(opcode, "softmax", whole_rows); return;
    case TELOS_I_LOG_SUM_EXP: along_rows(opcode, "log-sum-exp", one_a_row); return;
    case TELOS_I_COUNT: return;
    }
}

// ---------------------------------------------------------------- random numbers, learning, doubles

static void random_numbers(void) {
    for (int i = 0; i < 40; ++i) {
        const uint64_t key = word(), counter = once_in(3) ? 0xFFFFFFF8 : word() >> below(60);
        const int64_t count = 1 + below(300);
        float *uniform = zeroed(count), *normal = zeroed(count);
        telos_fill_uniform(key, counter, uniform, (size_t)count);
        telos_fill_normal(key, counter, normal, (size_t)count);
        report("uniform-normal", count, 0, 0, 0, i, hash_floats(normal, count, hash_floats(uniform, count, 0)));
        const uint64_t block = telos_philox(key, counter);
        report("philox", 0, 0, 0, 0, i, telos_hash(&block, sizeof block, 0));
    }
}

static void advantages(void) {
    for (int i = 0; i < 30; ++i) {
        const int64_t steps = extent(), n = extent(), count = steps * n;
        const values kind = i % 3 == 2 ? WILD : PLAIN;
        const float *rewards = filled(count, kind), *states = filled(count, kind), *next = filled(count, kind);
        uint8_t *ends = malloc((size_t)count);
        for (int64_t k = 0; k < count; ++k) ends[k] = (uint8_t)(once_in(5) ? 1 + below(2) : 0);
        float *result = zeroed(count);
        telos_gae(rewards, states, next, ends, result, (size_t)steps, (size_t)n, 0.97f, 0.9f);
        free(ends);
        report("gae", steps, n, 0, 0, 0, hash_floats(result, count, 0));
    }
}

static double two_arguments(int which, double x, double y) {
    return which == 0 ? telos_pow64(x, y) : telos_atan2_64(x, y);
}

/// The functions of double of telos_math.h, with which environments and rewards compute.
static void doubles(void) {
    static const struct { const char *name; double (*function)(double); } functions[] = {
        {"sqrt64", telos_sqrt64}, {"floor64", telos_floor64}, {"exp64", telos_exp64}, {"log64", telos_log64},
        {"log1p64", telos_log1p64}, {"expm1_64", telos_expm1_64}, {"tanh64", telos_tanh64}, {"sin64", telos_sin64},
        {"cos64", telos_cos64}, {"tan64", telos_tan64}, {"atan64", telos_atan64}, {"erf64", telos_erf64},
        {"lgamma64", telos_lgamma64},
    };
    for (unsigned f = 0; f < sizeof functions / sizeof *functions; ++f) {
        uint64_t hash = 0;
        for (int i = 0; i < 8192; ++i) {
            const double x = i % 2 ? telos_double64(word()) : (double)(int64_t)word() * 0x1p-58;
            hash = hash_double(functions[f].function(x), hash);
        }
        report(functions[f].name, 8192, 0, 0, 0, 0, hash);
    }
    for (int f = 0; f < 2; ++f) {
        uint64_t hash = 0;
        for (int i = 0; i < 8192; ++i) {
            const double x = i % 2 ? telos_double64(word()) : (double)(int64_t)word() * 0x1p-58;
            const double y = i % 3 ? telos_double64(word()) : (double)(int64_t)word() * 0x1p-58;
            hash = hash_double(two_arguments(f, x, y), hash);
        }
        report(f ? "atan2_64" : "pow64", 8192, 0, 0, 0, 0, hash);
    }
}

int main(int argc, char **argv) {
    for (int i = 0; i < 4 && argc == 2; ++i) {
        form = (telos_isa)i;
        if (strcmp(argv[1], telos_isa_name(form)) != 0) continue;
        if (!telos_isa_available(form)) {
            fprintf(stderr, "this machine cannot run the form %s\n", argv[1]);
            return 3;
        }
        // The random fills take the default form.
        setenv("TELOS_ISA", argv[1], 1);
        for (int opcode = 0; opcode < TELOS_I_COUNT; ++opcode) {
            state = (uint64_t)opcode << 32;
            cases_of((telos_opcode)opcode);
        }
        state = UINT64_MAX;
        random_numbers();
        advantages();
        doubles();
        return 0;
    }
    fprintf(stderr, "usage: forms scalar|avx2|avx512|neon\n");
    return 2;
}
