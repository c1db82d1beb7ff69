// A plain loop over a MuJoCo model: threads with a simulation each, random actions held for a step of several substeps,
// the task's resets and nothing else.
#include <math.h>
#include <mujoco/mujoco.h>
#include <pthread.h>
#include <stdint.h>

typedef struct {
    const mjModel *model;
    mjData *data;
    uint64_t random;
    int steps, elapsed, frame_skip, falls;
} worker;

static double uniform(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (double)(*state >> 11) * 0x1p-53 * 2 - 1;
}

static void *run(void *context) {
    worker *w = context;
    for (int step = 0; step < w->steps; step++) {
        for (int i = 0; i < w->model->nu; i++) w->data->ctrl[i] = uniform(&w->random);
        for (int i = 0; i < w->frame_skip; i++) mj_step(w->model, w->data);
        const int fallen = w->falls && (w->data->qpos[1] < 0.7 || fabs(w->data->qpos[2]) > 0.2);
        if (fallen || ++w->elapsed == 1000) {
            mj_resetData(w->model, w->data);
            for (int i = 0; i < w->model->nq; i++) w->data->qpos[i] += 0.005 * uniform(&w->random);
            for (int i = 0; i < w->model->nv; i++) w->data->qvel[i] += 0.005 * uniform(&w->random);
            w->elapsed = 0;
        }
    }
    return NULL;
}

static mjModel *model;
static worker workers[64];

/// 0 where the model could be read.
int prepare(const char *path, int frame_skip, int falls, int threads) {
    char message[500];
    model = mj_loadXML(path, NULL, message, sizeof message);
    if (model == NULL) return 1;
    for (int i = 0; i < threads; i++)
        workers[i] = (worker){model, mj_makeData(model), (uint64_t)i + 1, 0, 0, frame_skip, falls};
    return 0;
}

/// `steps` steps on each of `threads` threads.
void loop(int threads, int steps) {
    pthread_t others[64];
    for (int i = 0; i < threads; i++) {
        workers[i].steps = steps;
        if (i > 0) pthread_create(&others[i], NULL, run, &workers[i]);
    }
    run(&workers[0]);
    for (int i = 1; i < threads; i++) pthread_join(others[i], NULL);
}
