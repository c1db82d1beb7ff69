// One form of every kernel: included by a file per instruction set, which names TELOS_FORM.
#include "vector.h"
#define vf v16
#define vi v16i
#define vu v16u
#include "functions.h"
#undef vf
#undef vi
#undef vu
#define vf vwide
#define vi vwidei
#define vu vwideu
#include "functions.h"
#undef vf
#undef vi
#undef vu
#include "power.h"
#include "chain.h"
#include "product.h"
#include "reduce.h"
#include "move.h"
#include "random.h"
#include "window.h"
#include "convolution.h"
#include "order.h"
#include "recurrence.h"
#include "softmax.h"
#include "advantages.h"

static void run_instruction(const telos_instruction *i, int64_t part, int64_t parts) {
    switch ((telos_opcode)i->opcode) {
    case TELOS_I_CHAIN: run_chain((const telos_chain *)i->aux, part, parts); break;
    case TELOS_I_MATMUL: run_product(i, part, parts); break;
    case TELOS_I_SUM: run_sum(i, part, parts); break;
    case TELOS_I_MAX: run_maximum(i, part, parts); break;
    case TELOS_I_ARGMAX: run_argmax(i); break;
    case TELOS_I_STRIDED_COPY: run_strided_copy(i); break;
    case TELOS_I_STRIDED_STORE: run_strided_store(i); break;
    case TELOS_I_FILL: vfill(i->dst, i->immediate, i->n0); break;
    case TELOS_I_GATHER_LAST: run_gather_last(i); break;
    case TELOS_I_SCATTER_LAST: run_scatter_last(i); break;
    case TELOS_I_GATHER_ROWS: run_gather_rows(i); break;
    case TELOS_I_SCATTER_ROWS: run_scatter_rows(i); break;
    case TELOS_I_CUMULATIVE_SUM: run_cumulative_sum(i); break;
    case TELOS_I_UNFOLD: run_unfold(i, part, parts); break;
    case TELOS_I_CONVOLUTION: run_convolution(i, part, parts); break;
    case TELOS_I_FOLD: run_fold(i, part, parts); break;
    case TELOS_I_ARGSORT: run_argsort(i); break;
    case TELOS_I_GATHER_ALONG: run_gather_along(i); break;
    case TELOS_I_SCATTER_ALONG: run_scatter_along(i); break;
    case TELOS_I_CUMULATIVE_ARGMAX: run_cumulative_argmax(i); break;
    case TELOS_I_RECURRENCE: run_recurrence(i, part, parts); break;
    case TELOS_I_SOFTMAX: run_softmax(i, part, parts); break;
    case TELOS_I_LOG_SUM_EXP: run_log_sum_exp(i, part, parts); break;
    case TELOS_I_COUNT: break;
    }
}

const telos_form TELOS_FORM = {run_instruction, fill_uniform, fill_normal, estimate_advantages};
