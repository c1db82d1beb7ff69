"""One of Telos's environments, for Gymnasium."""

import gymnasium

from telos_rl import coding
from telos_rl.vector import TelosVectorEnv


class TelosEnv(gymnasium.Env):
    """A task's environment by itself. It takes the arguments of TelosVectorEnv but for the number of environments."""

    metadata = {"render_modes": ["svg"]}

    def __init__(self, task, *, render_mode=None, **arguments):
        self._vector = TelosVectorEnv(task, 1, render_mode=render_mode, **arguments)
        self.observation_space = self._vector.single_observation_space
        self.action_space = self._vector.single_action_space
        self.render_mode = render_mode
        self._next = None

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        if seed is None and self._next is not None:
            # The vector began this episode when the last one ended.
            (observation, info), self._next = self._next, None
            return observation, info
        self._next = None
        observations, infos = self._vector.reset(seed=seed)
        return self._one(observations), self._info(infos)

    def step(self, action):
        observations, rewards, terminations, truncations, infos = self._vector.step(self._batch(action))
        observation, info = self._one(observations), self._info(infos)
        if terminations[0] or truncations[0]:
            self._next = (observation, {**info, "terms": {name: 0.0 for name in info.get("terms", {})}})
            observation, info = infos["final_obs"][0], self._info(infos.get("final_info", {}))
        return observation, float(rewards[0]), bool(terminations[0]), bool(truncations[0]), info

    def render(self):
        return self._vector.render()[0] if self.render_mode else None

    def close(self):
        self._vector.close()

    def _batch(self, action):
        if isinstance(action, dict):
            return {key: [part] if not isinstance(part, (dict, tuple)) else self._batch(part)
                    for key, part in action.items()}
        if isinstance(action, tuple):
            return tuple([part] if not isinstance(part, (dict, tuple)) else self._batch(part) for part in action)
        return [action]

    def _one(self, observations):
        return coding.one(observations, 0)

    @staticmethod
    def _info(infos):
        return {kind: {name: float(values[0]) for name, values in infos[kind].items() if not name.startswith("_")}
                for kind in ("signals", "terms") if kind in infos}
