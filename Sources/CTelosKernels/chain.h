// Element-wise chains: a tile of every register stays in the first-level cache while all operations run over it.
#ifndef TELOS_CHAIN_H
#define TELOS_CHAIN_H

#pragma STDC FP_CONTRACT OFF

enum { TELOS_SCRATCH = 16 * (512 + 16) + 64 * 16 };

#define TELOS_UNARY(OP, EXPRESSION) \
    case OP: \
        for (int64_t i = 0; i < count; i += 16) { const v16 x = vload(a + i); vstore(d + i, EXPRESSION); } \
        break;
#define TELOS_COSTLY(OP, FUNCTION) \
    case OP: { \
        int64_t i = 0; \
        for (; i + WIDE_LANES <= count; i += WIDE_LANES) { \
            *(vwide_unaligned *)(d + i) = FUNCTION(*(const vwide_unaligned *)(a + i)); \
        } \
        for (; i < count; i += 16) vstore(d + i, FUNCTION(vload(a + i))); \
        break; \
    }
#define TELOS_BINARY(OP, EXPRESSION) \
    case OP: \
        for (int64_t i = 0; i < count; i += 16) { \
            const v16 x = vload(a + i), y = vload(b + i); \
            vstore(d + i, EXPRESSION); \
        } \
        break;
#define TELOS_TERNARY(OP, EXPRESSION) \
    case OP: \
        for (int64_t i = 0; i < count; i += 16) { \
            const v16 x = vload(a + i), y = vload(b + i), z = vload(c + i); \
            vstore(d + i, EXPRESSION); \
        } \
        break;
#define TELOS_TRUTH(MASK) ((v16)((v16u)(MASK) & (v16u)vsplat(1.0f)))

/// One operation over a tile, in whole vectors of 16.
static void tile_operation(const telos_micro_op *op, float *const *registers, int64_t count) {
    const float *a = registers[op->a], *b = registers[op->b], *c = registers[op->c];
    float *d = registers[op->dst];
    switch ((telos_elementwise)op->op) {
    TELOS_UNARY(TELOS_COPY, x)
    TELOS_UNARY(TELOS_NEGATE, -x)
    TELOS_UNARY(TELOS_ABS, vabs(x))
    TELOS_UNARY(TELOS_SIGN, x > 0.0f ? vsplat(1.0f) : x < 0.0f ? vsplat(-1.0f) : x)
    TELOS_COSTLY(TELOS_EXP, vexp)
    TELOS_COSTLY(TELOS_LOG, vlog)
    TELOS_COSTLY(TELOS_TANH, vtanh)
    TELOS_COSTLY(TELOS_SIGMOID, vsigmoid)
    TELOS_COSTLY(TELOS_SOFTPLUS, vsoftplus)
    TELOS_UNARY(TELOS_SQRT, __builtin_elementwise_sqrt(x))
    TELOS_UNARY(TELOS_RECIPROCAL, 1.0f / x)
    TELOS_COSTLY(TELOS_SIN, vsin)
    TELOS_COSTLY(TELOS_COS, vcos)
    TELOS_UNARY(TELOS_FLOOR, vfloor(x))
    TELOS_COSTLY(TELOS_ERF, verf)
    TELOS_COSTLY(TELOS_EXPM1, vexpm1)
    TELOS_COSTLY(TELOS_LOG1P, vlog1p)
    TELOS_BINARY(TELOS_ADD, x + y)
    TELOS_BINARY(TELOS_SUBTRACT, x - y)
    TELOS_BINARY(TELOS_MULTIPLY, x * y)
    TELOS_BINARY(TELOS_DIVIDE, x / y)
    TELOS_BINARY(TELOS_MAX, x > y ? x : y)
    TELOS_BINARY(TELOS_MIN, x < y ? x : y)
    TELOS_BINARY(TELOS_POW, vpow(x, y))
    TELOS_BINARY(TELOS_LESS, TELOS_TRUTH(x < y))
    TELOS_BINARY(TELOS_LESS_EQUAL, TELOS_TRUTH(x <= y))
    TELOS_BINARY(TELOS_EQUAL, TELOS_TRUTH(x == y))
    TELOS_TERNARY(TELOS_SELECT, x != 0.0f ? y : z)
    TELOS_TERNARY(TELOS_FMA, vfma(x, y, z))
    TELOS_TERNARY(TELOS_MULTIPLY_ADD, x * y + z)
    TELOS_TERNARY(TELOS_MULTIPLY_SUBTRACT, x * y - z)
    TELOS_TERNARY(TELOS_SUBTRACT_PRODUCT, z - x * y)
    TELOS_TERNARY(TELOS_MULTIPLY_MULTIPLY, x * y * z)
    TELOS_TERNARY(TELOS_MULTIPLY_DIVIDE, x * y / z)
    TELOS_TERNARY(TELOS_ADD_ADD, x + y + z)
    TELOS_TERNARY(TELOS_ADD_MULTIPLY, (x + y) * z)
    TELOS_TERNARY(TELOS_SUBTRACT_MULTIPLY, (x - y) * z)
    TELOS_TERNARY(TELOS_INTERPOLATE, y + (x - y) * z)
    TELOS_TERNARY(TELOS_MULTIPLY_SQRT_ADD, __builtin_elementwise_sqrt(x * y) + z)
    case TELOS_ELEMENTWISE_COUNT: break;
    }
}

/// The six operations of an Adam step, in registers; each rounds as it does alone.
static void adam_step(const telos_micro_op *op, float *const *registers, int64_t count) {
    const float *gradient = registers[op[0].a], *mean = registers[op[0].b], *mean_rate = registers[op[0].c];
    const float *square = registers[op[1].c], *square_rate = registers[op[2].b];
    const float *correction = registers[op[3].b], *epsilon = registers[op[3].c];
    const float *rate = registers[op[4].b], *parameter = registers[op[5].a];
    float *new_mean = registers[op[0].dst], *new_square = registers[op[2].dst], *updated = registers[op[5].dst];
    for (int64_t i = 0; i < count; i += 16) {
        const v16 g = vload(gradient + i), m0 = vload(mean + i), v0 = vload(square + i);
        const v16 m = m0 + (g - m0) * vload(mean_rate + i);
        const v16 v = (g * g - v0) * vload(square_rate + i) + v0;
        const v16 s = __builtin_elementwise_sqrt(v * vload(correction + i)) + vload(epsilon + i);
        const v16 p = vload(parameter + i) - m * vload(rate + i) / s;
        vstore(new_mean + i, m);
        vstore(new_square + i, v);
        vstore(updated + i, p);
    }
}

static void tile_operations(const telos_chain *chain, float *const *registers, int64_t count) {
    for (int32_t i = 0; i < chain->op_count; ++i) {
        if (chain->ops[i].op == TELOS_ADAM_STEP) {
            adam_step(chain->ops + i, registers, count);
            i += TELOS_ADAM_OPERATIONS - 1;
        } else {
            tile_operation(&chain->ops[i], registers, count);
        }
    }
}

static int operand_count(uint8_t op) { return op >= TELOS_SELECT ? 3 : op >= TELOS_ADD ? 2 : 1; }

/// The last operation that reads a register, or -1.
static int last_read(const telos_chain *chain, int32_t reg) {
    for (int i = chain->op_count - 1; i >= 0; --i) {
        const telos_micro_op *op = &chain->ops[i];
        const int operands = operand_count(op->op);
        if (op->a == reg || (operands > 1 && op->b == reg) || (operands > 2 && op->c == reg)) return i;
    }
    return -1;
}

static int first_write(const telos_chain *chain, int32_t reg) {
    for (int i = 0; i < chain->op_count; ++i) {
        if (chain->ops[i].dst == reg) return i;
    }
    return chain->op_count;
}

typedef struct {
    float *base;
    int64_t row, column;   // strides
    int direct;            // bound to memory, not to scratch
    int fixed;             // the same in every tile
} tile_operand;

typedef struct {
    int64_t rows, columns;
    tile_operand inputs[TELOS_MAX_REGISTERS], outputs[TELOS_MAX_REGISTERS];
    int inputs_written;    // an operation writes into an input register
} tile_plan;

/// Collapses the iteration space to one row where every operand allows it.
static void plan_shape(const telos_chain *chain, tile_plan *plan) {
    int64_t rows = chain->outer, columns = chain->inner;
    const int inputs = chain->input_count, total = inputs + chain->output_count;
    int flat = 1, single = 1;
    for (int i = 0; i < total; ++i) {
        const telos_operand *o = i < inputs ? &chain->inputs[i] : &chain->outputs[i - inputs];
        if (rows == 1 || columns == 0) continue;
        const int dense = o->inner_stride == 1 && o->outer_stride == columns;
        const int scalar = o->inner_stride == 0 && o->outer_stride == 0;
        if (!dense && !scalar) flat = 0;
        if (o->outer_stride != 0 && o->outer_stride != 1) single = 0;
    }
    single = single && columns == 1;
    for (int i = 0; i < total; ++i) {
        const telos_operand *o = i < inputs ? &chain->inputs[i] : &chain->outputs[i - inputs];
        tile_operand *t = i < inputs ? &plan->inputs[i] : &plan->outputs[i - inputs];
        t->base = o->pointer;
        t->row = o->outer_stride;
        t->column = single ? (rows == 1 ? o->inner_stride : o->outer_stride) : o->inner_stride;
        t->direct = 0;
        t->fixed = 0;
    }
    if (flat || single) {
        columns *= rows;
        rows = 1;
    }
    plan->rows = rows;
    plan->columns = columns;
}

/// Whether an output may be computed straight into memory: nothing reads what it overwrites afterwards.
static int may_write_directly(const telos_chain *chain, const tile_plan *plan, int output) {
    const tile_operand *o = &plan->outputs[output];
    const int32_t reg = chain->outputs[output].reg;
    if (o->column != 1 || reg < chain->input_count) return 0;
    for (int i = 0; i < output; ++i) {
        if (chain->outputs[i].reg == reg) return 0;
    }
    const int written = first_write(chain, reg);
    const float *o_end = o->base + (plan->rows - 1) * o->row + plan->columns;
    for (int i = 0; i < chain->input_count; ++i) {
        const tile_operand *in = &plan->inputs[i];
        const float *in_end = in->base + (plan->rows - 1) * in->row + (plan->columns - 1) * in->column + 1;
        if (in->base >= o_end || o->base >= in_end) continue;
        const int same = in->base == o->base && in->row == o->row && in->column == 1;
        if (!same || last_read(chain, chain->inputs[i].reg) > written) return 0;
    }
    return 1;
}

/// Puts `rows` rows of `columns` elements of an operand into a register; may write 15 floats beyond.
static void load_tile(const tile_operand *o, int64_t row, int64_t column, int64_t rows, int64_t columns,
                      float *target) {
    const float *source = o->base + row * o->row + column * o->column;
    for (int64_t i = 0; i < rows; ++i, source += o->row, target += columns) {
        if (o->column == 0) {
            const v16 v = vsplat(*source);
            for (int64_t j = 0; j < columns; j += 16) vstore(target + j, v);
        } else {
            for (int64_t j = 0; j < columns; j += 16) vstore(target + j, vload(source + j));
        }
    }
}

static void store_tile(const tile_operand *o, int64_t row, int64_t column, int64_t rows, int64_t columns,
                       const float *source) {
    float *target = o->base + row * o->row + column * o->column;
    if (o->column == 1 && o->row == columns) {
        vcopy(target, source, rows * columns);
        return;
    }
    for (int64_t i = 0; i < rows; ++i, target += o->row, source += columns) {
        if (o->column == 1) vcopy(target, source, columns);
        else *target = source[columns - 1];
    }
}

enum { SMALL_CHAIN = 256 };

/// A chain that is one tile: no outline of the operands pays there. 0 where the chain needs one.
static int run_small_chain(const telos_chain *chain) {
    const int inputs = chain->input_count;
    const int64_t rows = chain->outer, columns = chain->inner, count = rows * columns;
    if (count > (chain->register_count <= 16 ? SMALL_CHAIN : 128)) return 0;
    for (int i = 0; i < chain->op_count; ++i) {
        if (chain->ops[i].dst < inputs) return 0;
    }
    for (int i = 0; i < chain->output_count; ++i) {
        if (chain->outputs[i].reg < inputs) return 0;
    }
    float scratch[TELOS_SCRATCH] __attribute__((aligned(64)));
    float *registers[TELOS_MAX_REGISTERS];
    const int64_t room = (count + 31) / 16 * 16;
    for (int r = 0; r < chain->register_count; ++r) registers[r] = scratch + r * room;
    for (int i = 0; i < inputs; ++i) {
        const telos_operand *o = &chain->inputs[i];
        if (o->inner_stride == 0 && (o->outer_stride == 0 || rows == 1)) {
            const v16 v = vsplat(*o->pointer);
            for (int64_t j = 0; j < count; j += 16) vstore(registers[o->reg] + j, v);
        } else if (o->inner_stride == 1 && (rows == 1 || o->outer_stride == columns)) {
            registers[o->reg] = o->pointer;
        } else {
            const tile_operand t = {.base = o->pointer, .row = o->outer_stride, .column = o->inner_stride};
            load_tile(&t, 0, 0, rows, columns, registers[o->reg]);
        }
    }
    tile_operations(chain, registers, count);
    for (int i = 0; i < chain->output_count; ++i) {
        const telos_operand *o = &chain->outputs[i];
        const tile_operand t = {.base = o->pointer, .row = o->outer_stride, .column = o->inner_stride};
        if (rows == 1 && t.column == 1) vcopy(t.base, registers[o->reg], columns);
        else store_tile(&t, 0, 0, rows, columns, registers[o->reg]);
    }
    return 1;
}

static void run_chain(const telos_chain *chain, int64_t part, int64_t parts) {
    if (chain->outer <= 0 || chain->inner <= 0) return;
    if (parts == 1 && run_small_chain(chain)) return;
    tile_plan plan;
    plan_shape(chain, &plan);
    const int inputs = chain->input_count, outputs = chain->output_count;
    const int64_t tile = chain->register_count <= 16 ? 512 : chain->register_count <= 32 ? 256 : 128;
    float scratch[TELOS_SCRATCH] __attribute__((aligned(64)));
    float *own[TELOS_MAX_REGISTERS], *registers[TELOS_MAX_REGISTERS];
    for (int r = 0; r < chain->register_count; ++r) registers[r] = own[r] = scratch + r * (tile + 16);

    for (int i = 0; i < inputs; ++i) plan.inputs[i].direct = 1;
    for (int i = 0; i < chain->op_count; ++i) {
        if (chain->ops[i].dst < inputs) plan.inputs[chain->ops[i].dst].direct = -1;
    }
    for (int i = 0; i < outputs; ++i) {
        if (chain->outputs[i].reg < inputs) plan.inputs[chain->outputs[i].reg].direct = -1;
    }
    // Rows shorter than half a tile share one; a multiple of 16 elements lets results go straight to memory.
    int64_t rows_per_tile = 1, columns_per_tile = tile;
    if (plan.rows > 1 && plan.columns * 2 <= tile) {
        rows_per_tile = tile / plan.columns;
        int64_t step = 16;
        while (step > 1 && (plan.columns * (step / 2)) % 16 == 0) step /= 2;
        if (rows_per_tile >= step) rows_per_tile -= rows_per_tile % step;
        columns_per_tile = plan.columns;
    }
    int64_t row_begin = 0, row_end = plan.rows, column_begin = 0, column_end = plan.columns;
    if (plan.rows == 1) {
        const int64_t blocks = (plan.columns + 63) / 64;
        column_begin = blocks * part / parts * 64;
        column_end = blocks * (part + 1) / parts * 64;
        if (column_end > plan.columns) column_end = plan.columns;
    } else {
        const int64_t blocks = (plan.rows + rows_per_tile - 1) / rows_per_tile;
        row_begin = blocks * part / parts * rows_per_tile;
        row_end = blocks * (part + 1) / parts * rows_per_tile;
        if (row_end > plan.rows) row_end = plan.rows;
    }
    if (row_begin >= row_end || column_begin >= column_end) return;

    const int packed = rows_per_tile > 1;
    const int64_t largest = row_end - row_begin < rows_per_tile ? row_end - row_begin : rows_per_tile;
    const int64_t width = column_end - column_begin < columns_per_tile ? column_end - column_begin : columns_per_tile;
    for (int i = 0; i < inputs; ++i) {
        tile_operand *o = &plan.inputs[i];
        const int writable = o->direct != -1;
        const int one_row = plan.rows == 1 || o->row == 0;
        o->direct = writable && o->column == 1 && (!packed || o->row == plan.columns);
        o->fixed = writable && one_row && (o->column == 0 || packed);
        if (o->fixed) {
            load_tile(o, row_begin, column_begin, largest, width, own[chain->inputs[i].reg]);
        }
    }
    for (int i = 0; i < outputs; ++i) {
        const int contiguous = !packed || plan.outputs[i].row == plan.columns;
        plan.outputs[i].direct = contiguous && may_write_directly(chain, &plan, i);
    }

    for (int64_t row = row_begin; row < row_end; row += rows_per_tile) {
        const int64_t rows = row_end - row < rows_per_tile ? row_end - row : rows_per_tile;
        for (int64_t column = column_begin; column < column_end; column += columns_per_tile) {
            const int64_t columns = column_end - column < columns_per_tile ? column_end - column : columns_per_tile;
            const int64_t count = rows * columns;
            for (int i = 0; i < inputs; ++i) {
                const tile_operand *o = &plan.inputs[i];
                const int32_t reg = chain->inputs[i].reg;
                if (o->direct) registers[reg] = o->base + row * o->row + column;
                else if (!o->fixed) load_tile(o, row, column, rows, columns, own[reg]);
            }
            const int whole = count % 16 == 0;
            for (int i = 0; i < outputs; ++i) {
                const tile_operand *o = &plan.outputs[i];
                if (!o->direct) continue;
                const int32_t reg = chain->outputs[i].reg;
                registers[reg] = whole ? o->base + row * o->row + column : own[reg];
            }
            tile_operations(chain, registers, count);
            for (int i = 0; i < outputs; ++i) {
                const tile_operand *o = &plan.outputs[i];
                if (o->direct && whole) continue;
                store_tile(o, row, column, rows, columns, registers[chain->outputs[i].reg]);
            }
        }
    }
}

#endif
