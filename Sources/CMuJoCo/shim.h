#include <mujoco/mujoco.h>

static void telos_mujoco_ignore(const char *message) { (void)message; }

/// Keeps warnings out of a file that MuJoCo would write into the present folder.
static inline void telos_mujoco_quiet(void) { mju_user_warning = telos_mujoco_ignore; }
