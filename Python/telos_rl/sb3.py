"""Telos's environments for Stable-Baselines3."""

import time

import numpy
from stable_baselines3.common.vec_env import VecEnv

from telos_rl.vector import TelosVectorEnv


class TelosVecEnv(VecEnv):
    """A vector of Telos as Stable-Baselines3 wants it. It takes the arguments of TelosVectorEnv.

    Returns and lengths of episodes are told as by `VecMonitor`: there is no need to wrap it.
    """

    def __init__(self, task, num_envs=1, **arguments):
        self.vector = TelosVectorEnv(task, num_envs, infos=False, **arguments)
        self._actions, self._seed, self._begin = None, None, time.time()
        self._returns, self._lengths = numpy.zeros(num_envs), numpy.zeros(num_envs, numpy.int64)
        super().__init__(num_envs, self.vector.single_observation_space, self.vector.single_action_space)

    def reset(self):
        seed = next((seed for seed in self._seeds if seed is not None), None)
        self._reset_seeds()
        self._reset_options()
        self._returns[:], self._lengths[:] = 0, 0
        return self.vector.reset(seed=seed)[0]

    def step_async(self, actions):
        self._actions = actions

    def step_wait(self):
        observations, rewards, terminations, truncations, found = self.vector.step(self._actions)
        dones = terminations | truncations
        self._returns += rewards
        self._lengths += 1
        infos = [{} for _ in range(self.num_envs)]
        if dones.any():
            for index in numpy.flatnonzero(dones):
                infos[index] = {
                    "terminal_observation": found["final_obs"][index], "TimeLimit.truncated": bool(truncations[index]),
                    "episode": {
                        "r": round(float(self._returns[index]), 6), "l": int(self._lengths[index]),
                        "t": round(time.time() - self._begin, 6)}}
            self._returns[dones], self._lengths[dones] = 0, 0
        return observations, rewards.astype(numpy.float32), dones, infos

    def close(self):
        self.vector.close()

    def get_images(self):
        return [None] * self.num_envs

    def get_attr(self, attr_name, indices=None):
        return [getattr(self.vector, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name, value, indices=None):
        setattr(self.vector, attr_name, value)

    def env_method(self, method_name, *method_args, indices=None, **method_kwargs):
        result = getattr(self.vector, method_name)(*method_args, **method_kwargs)
        return [result] * len(list(self._get_indices(indices)))

    def env_is_wrapped(self, wrapper_class, indices=None):
        return [False] * len(list(self._get_indices(indices)))
