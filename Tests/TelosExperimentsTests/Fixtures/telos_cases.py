"""Environments that show what the bridge to Gymnasium does."""

import os
import signal
import time

import gymnasium
import numpy
from gymnasium import spaces


class Nested(gymnasium.Env):
    """Observes what it was told: every kind of space, an action mask, numbers in `info`, an end of its own."""

    observation_space = spaces.Dict({
        "position": spaces.Box(-1.0, 9.0, (2,), numpy.float64), "mode": spaces.Discrete(3, start=5),
        "pair": spaces.Tuple([spaces.MultiBinary(2), spaces.MultiDiscrete([3, 4])]),
        "word": spaces.Text(3, charset="ab")})
    action_space = spaces.Tuple([
        spaces.Discrete(2, start=-1), spaces.Box(-2, 2, (2,), numpy.float32), spaces.Box(0, 7, (1,), numpy.uint8)])

    def observation(self):
        return {
            "position": numpy.array([self.steps, self.last[1][0]]), "mode": 5 + self.steps % 3,
            "pair": (numpy.array([1, 0], numpy.int8), numpy.array([2, 3])), "word": "ba"}

    def info(self):
        return {
            "steps": self.steps, "direction": int(self.last[0]), "level": self.last[2],
            "parts": {"half": numpy.float32(0.5)}, "text": "x", "list": [1, 2]}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps, self.last = 0, (0, numpy.zeros(2, numpy.float32), numpy.zeros(1, numpy.uint8))
        return self.observation(), {"steps": 0}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.steps, self.last = self.steps + 1, action
        return self.observation(), 0.25 * self.steps, self.steps >= 5, self.steps == 4 and action[0] == 0, self.info()


class Masked(gymnasium.Env):
    """Forbids the choice that is the number of steps, modulo three."""

    observation_space, action_space = spaces.Discrete(10), spaces.Discrete(3)

    def info(self):
        return {"action_mask": numpy.array([choice != self.steps % 3 for choice in range(3)], numpy.int8)}

    def reset(self, *, seed=None, options=None):
        self.steps = 0
        return 0, self.info()

    def step(self, action):
        self.steps += 1
        return self.steps % 10, float(action), False, False, self.info()


class Fragile(gymnasium.Env):
    """Counts steps, and fails in one of several ways at one of them; only where `marker` can be removed, if given."""

    observation_space, action_space = spaces.Box(0, 1e6, (1,), numpy.float32), spaces.Discrete(2)

    def __init__(self, way="none", at=15, marker=None, start=0):
        self.way, self.at, self.marker, self.start = way, at, marker, start

    def reset(self, *, seed=None, options=None):
        self.steps = self.start
        return numpy.array([self.steps], numpy.float32), {}

    def step(self, action):
        self.steps += 1
        if self.steps == self.at and action == 1 and self.due():
            if self.way == "raise":
                raise ValueError("the spring broke")
            if self.way == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.way == "hang":
                time.sleep(1000)
        return numpy.array([self.steps], numpy.float32), 1.0, False, False, {}

    def due(self):
        if self.marker is None:
            return True
        try:
            os.remove(self.marker)
            return True
        except FileNotFoundError:
            return False


class Sequences(Masked):
    observation_space = spaces.Sequence(spaces.Discrete(2))


class Drifting(Fragile):
    """Does not repeat itself."""

    count = 0

    def reset(self, *, seed=None, options=None):
        Drifting.count += 1
        self.steps = 10 * Drifting.count
        return numpy.array([self.steps], numpy.float32), {}


for kind in [Nested, Masked, Fragile, Sequences, Drifting]:
    gymnasium.register(f"Cases/{kind.__name__}-v0", kind, max_episode_steps=6 if kind is Fragile else None)
