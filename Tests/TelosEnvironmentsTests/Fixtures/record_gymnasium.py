"""Records classic_control.json: what Gymnasium 1.4.0's classic control environments do.

    pip install gymnasium==1.4.0
    python record_gymnasium.py > classic_control.json

Each trajectory is a list of segments: a start state and the steps from it until the episode terminates or the
trajectory's 240 steps are used up. Numbers are printed so that reading them back gives the same doubles. Actions of the
continuous environments leave their bounds now and then, to show where they are clipped.
"""

import json
import random
import warnings

import gymnasium
import numpy

STEPS = 240
SEEDS = (1, 2, 3, 4)
NAMES = {
    "CartPole": "CartPole-v1",
    "MountainCar": "MountainCar-v0",
    "MountainCarContinuous": "MountainCarContinuous-v0",
    "Acrobot": "Acrobot-v1",
    "Pendulum": "Pendulum-v1",
}


class Policy:
    """Random actions held for a while, so that swinging environments reach more of their states. Most of the time a
    helpful action is chosen instead (never with the first seed): CartPole's pole then stays up for long, and the others
    get to their goals."""

    def __init__(self, name, space, generator, helpfulness):
        self.name, self.space, self.generator, self.helpfulness = name, space, generator, helpfulness
        self.action, self.left = None, 0

    def __call__(self, state):
        if self.left == 0:
            self.left = 1 if self.name == "CartPole" else self.generator.choice((1, 1, 2, 5, 10))
            if isinstance(self.space, gymnasium.spaces.Discrete):
                self.action = self.generator.randrange(int(self.space.n))
            else:
                bound = float(self.space.high[0])
                self.action = float(numpy.float32(self.generator.uniform(-1.25 * bound, 1.25 * bound)))
            if self.generator.random() < self.helpfulness:
                self.help(state)
        self.left -= 1
        return self.action

    def help(self, state):
        if self.name == "CartPole":
            self.action = int(state[2] + state[3] > 0)
        elif self.name == "MountainCar":
            self.action = 2 if state[1] > 0 else 0
        elif self.name == "MountainCarContinuous":
            self.action = 1.0 if state[1] > 0 else -1.0
        elif self.name == "Acrobot":
            self.action, self.left = 2 if state[3] > 0 else 0, 1


def numbers(values):
    return [float(value) for value in values]


def record(name, seed):
    environment = gymnasium.make(NAMES[name]).unwrapped
    generator = random.Random(1000 * seed + len(name))
    policy = Policy(name, environment.action_space, generator, helpfulness=0.0 if seed == SEEDS[0] else 0.75)
    observation, _ = environment.reset(seed=seed)
    segments, steps = [], 0
    while steps < STEPS:
        segment = {
            "start": numbers(environment.state), "firstObservation": numbers(observation),
            "actions": [], "states": [], "observations": [], "rewards": [], "terminated": [],
        }
        terminated = False
        while steps < STEPS and not terminated:
            action = policy(environment.state)
            taken = action if isinstance(action, int) else numpy.array([action], dtype=numpy.float32)
            observation, reward, terminated, _, _ = environment.step(taken)
            segment["actions"].append(action)
            segment["states"].append(numbers(environment.state))
            segment["observations"].append(numbers(observation))
            segment["rewards"].append(float(reward))
            segment["terminated"].append(bool(terminated))
            steps += 1
        segments.append(segment)
        if terminated:
            observation, _ = environment.reset()
    return {"seed": seed, "segments": segments}


warnings.simplefilter("ignore")
result = {"gymnasium": gymnasium.__version__, "numpy": numpy.__version__}
result["environments"] = {name: [record(name, seed) for seed in SEEDS] for name in NAMES}
print(json.dumps(result, separators=(",", ":")))
