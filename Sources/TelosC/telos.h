/* Environments of Telos for other languages.
 *
 * A vector is several copies of a task's environment, stepped together. An episode that ends begins anew within the same
 * step: `observations` is then the first of the new episode, `next_observations` what the finished one led to.
 *
 * Functions that return an int return 0, or 1 where telos_vector_error tells what is wrong; nothing is changed then.
 * A vector is used by one thread at a time. */

#ifndef TELOS_H
#define TELOS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct telos_vector telos_vector;

/* Where the numbers of a vector are; valid until the next call with it. Those of `observations` are in two places in
 * turn, and are left alone until the next call but one. */
typedef struct {
    const float *observations;      /* [count, observation width]: what is acted on next */
    const float *next_observations; /* [count, observation width]: what the step led to, before any reset */
    const double *rewards;          /* [count]: what is learned from: primary reward and auxiliaries, combined */
    const double *primary;          /* [count]: the primary reward alone */
    const double *terms;            /* [terms, count]: every named term of the rewards */
    const double *signals;          /* [signals, count]: as what is acted on next */
    const double *next_signals;     /* [signals, count]: as what the step led to */
    const uint8_t *ends;            /* [count]: 0 goes on, 1 terminated, 2 truncated */
} telos_columns;

/* The version of this interface. */
int32_t telos_interface(void);

/* The names of the environments, as a JSON array. Freed with telos_free. */
char *telos_environments(void);

/* Makes `count` environments of a task: the text of an experiment file (YAML or JSON), of which `task`, `auxiliary` and
 * `combine` are read. `file` is what errors call it; `discount` is that of shaping by potentials. NULL where that fails;
 * `error`, unless NULL, is then a message to be freed with telos_free. */
telos_vector *telos_vector_create(
    const char *experiment, const char *file, int64_t count, int64_t seed, double discount, char **error);

/* The environment, the names of the reward's terms and the horizon, as a JSON object. Freed with telos_free. */
char *telos_vector_describe(telos_vector *vector);

/* Begins new episodes; with a seed of 0 or more those that a vector created with it would begin with. */
int32_t telos_vector_reset(telos_vector *vector, int64_t seed, telos_columns *columns);

/* Steps every environment with its row of `actions`, [count, action width]. A choice is its number. */
int32_t telos_vector_step(telos_vector *vector, const float *actions, telos_columns *columns);

/* A picture of environment `index`, as an SVG document. Freed with telos_free; NULL where there is no such environment. */
char *telos_vector_draw(telos_vector *vector, int64_t index);

/* What was wrong with the last call; empty where nothing was. Valid until the next call. */
const char *telos_vector_error(telos_vector *vector);

void telos_vector_destroy(telos_vector *vector);

void telos_free(char *text);

#ifdef __cplusplus
}
#endif

#endif
