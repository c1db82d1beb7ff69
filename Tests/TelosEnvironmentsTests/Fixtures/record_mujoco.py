"""Records mujoco.json: what Gymnasium's ten MuJoCo tasks, version 5, do.

    pip install 'gymnasium[mujoco]==1.4.0' mujoco==3.17.0
    python record_mujoco.py > mujoco.json

A trajectory begins in a state of the environment's own reset and takes 100 steps, on past the end of an episode, with
random actions each held for a while; a few leave their bounds. Every step has the positions, the velocities, the reward
terms and whether the episode ended; the observations, which are long, are recorded at every tenth.
"""

import json
import warnings

import gymnasium
import mujoco
import numpy

NAMES = [
    "InvertedPendulum", "InvertedDoublePendulum", "Reacher", "Pusher", "Swimmer", "Hopper", "Walker2d", "HalfCheetah",
    "Ant", "Humanoid",
]
TERMS = {
    "reward_forward": "forward", "reward_ctrl": "control", "reward_survive": "survive", "reward_contact": "contact",
    "reward_dist": "distance", "reward_near": "near", "distance_penalty": "distance", "velocity_penalty": "velocity",
}


def trajectory(name):
    environment = gymnasium.make(f"{name}-v5").unwrapped
    environment.reset(seed=11)
    data = environment.data
    random = numpy.random.default_rng(5)
    start = [list(data.qpos), list(data.qvel)]
    low, high = environment.action_space.low, environment.action_space.high
    steps = []
    action = None
    for step in range(100):
        if step % 3 == 0:
            scale = 1.2 if step % 15 == 0 else 0.7
            action = (scale * random.uniform(low, high)).astype(numpy.float32)
        observation, reward, terminated, _, information = environment.step(action)
        entry = {
            "action": [float(x) for x in action], "positions": list(data.qpos), "velocities": list(data.qvel),
            "reward": float(reward), "terminated": bool(terminated),
            "terms": {TERMS[key]: float(value) for key, value in information.items() if key in TERMS},
        }
        if step % 10 == 9:
            entry["observation"] = [float(x) for x in observation]
        steps.append(entry)
    return {"start": start, "steps": steps}


warnings.filterwarnings("ignore")
print(json.dumps({"mujoco": mujoco.__version__, "tasks": {name: trajectory(name) for name in NAMES}}))
