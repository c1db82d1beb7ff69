"""Telos's environments as a vector environment of Gymnasium."""

import ctypes
import json
import os

import gymnasium
import numpy
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from telos_rl import coding
from telos_rl.library import Columns, TelosError, library, text

TERMINATED, TRUNCATED = 1, 2


def task_text(task, options=None, reward=None, horizon=None, auxiliary=None, combine=None):
    """The text of an experiment, and what errors call it, for a name, a file or a dictionary and changes to it."""
    changes = dict(options=options, reward=reward, horizon=horizon, auxiliary=auxiliary, combine=combine)
    if isinstance(task, (str, os.PathLike)) and os.fspath(task).endswith((".yaml", ".yml", ".json")):
        given = [name for name, value in changes.items() if value is not None]
        if given:
            raise TelosError(f"{os.fspath(task)} says what the task is; write {', '.join(given)} there, or give a name")
        try:
            with open(task, encoding="utf-8") as file:
                return file.read(), os.fspath(task)
        except OSError as error:
            raise TelosError(f"{os.fspath(task)} cannot be read: {error.strerror}") from error
    experiment = {"task": {"environment": task}} if isinstance(task, str) else json.loads(json.dumps(task))
    if not isinstance(experiment, dict):
        raise TelosError(f"a task is a name, a file or a dictionary, not {type(task).__name__}")
    inner = experiment.setdefault("task", {})
    if options:
        environment = inner.get("environment")
        named = environment if isinstance(environment, dict) else {"name": environment}
        inner["environment"] = {**named, **options}
    if reward is not None:
        inner["reward"] = reward
    if horizon is not None:
        inner["horizon"] = horizon
    if auxiliary is not None:
        experiment["auxiliary"] = auxiliary
    if combine is not None:
        experiment["combine"] = combine
    return json.dumps(experiment), "task"


class TelosVectorEnv(gymnasium.vector.VectorEnv):
    """Copies of a task's environment, stepped by Telos in one call.

    An episode that ends begins anew within the step (`AutoresetMode.SAME_STEP`): `infos["final_obs"]` and
    `infos["final_info"]` hold what it ended with, and truncation is never mistaken for termination.

    - task: an environment's name, the path of an experiment file, or a dictionary like one. Of an experiment `task`,
      `auxiliary` and `combine` are read.
    - options: of the environment, by name; `telos describe NAME` lists them.
    - reward: an expression over signals instead of the usual one. horizon: steps until truncation, or "none".
    - auxiliary, combine: rewards that help, by name, and how they join the primary one; `infos["primary"]` is it alone.
    - seed: of the first reset without a seed of its own.
    - discount: where auxiliaries are potentials.
    - copy: False for views of Telos's memory: observations are good until the next step but one, the rest until the next.
    - infos: False for none of signals and terms, which is faster.

    Raises TelosError where a task, a number or an action is wrong. Used by one thread at a time.
    """

    def __init__(
        self, task, num_envs=1, *, options=None, reward=None, horizon=None, auxiliary=None, combine=None, seed=0,
        discount=0.99, copy=True, infos=True, render_mode=None,
    ):
        if render_mode not in (None, "svg"):
            raise TelosError(f"Telos draws 'svg', not {render_mode!r}")
        self.closed = True
        self._library, self._columns, self._views = library(), Columns(), {}
        experiment, file = task_text(task, options, reward, horizon, auxiliary, combine)
        error = ctypes.c_void_p()
        self._handle = self._library.telos_vector_create(
            experiment.encode(), file.encode(), num_envs, seed, discount, ctypes.byref(error))
        if not self._handle:
            raise TelosError(text(error.value))
        self.closed = False
        self._seed = seed
        self.description = json.loads(text(self._library.telos_vector_describe(self._handle)))
        environment = self.description["environment"]
        self.signal_names = [signal["name"] for signal in environment["signals"]]
        self.term_names = self.description["terms"]
        self.horizon = self.description["horizon"]
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP, "render_modes": ["svg"]}
        self.render_mode, self.num_envs, self.copy, self.infos = render_mode, num_envs, copy, infos
        self.single_observation_space = coding.space_of(environment["observation"])
        self.single_action_space = coding.space_of(environment["action"])
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._observation_shape = (num_envs, coding.width(self.single_observation_space))
        self._actions = numpy.zeros((num_envs, coding.width(self.single_action_space)), numpy.float32)
        self._everyone = numpy.ones(num_envs, numpy.bool_)
        self._everyone.flags.writeable = False

    def reset(self, *, seed=None, options=None):
        """Begins new episodes; with a seed those of a vector made with it."""
        super().reset(seed=seed)
        if options and "reset_mask" in options:
            raise TelosError("Telos resets an environment when its episode ends, and otherwise all of them; 'reset_mask' "
                             "is for vectors that do not")
        if seed is None and self._seed is not None:
            seed = self._seed
        self._seed = None
        self._check(self._library.telos_vector_reset(self._open(), -1 if seed is None else int(seed),
                                                     ctypes.byref(self._columns)))
        return self._observations("observations"), self._infos(None)

    def step(self, actions):
        """Steps every environment with its action."""
        try:
            coding.encode(self.single_action_space, actions, self._actions)
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise TelosError(f"actions must be of {self.action_space}: {error}") from error
        self._check(self._library.telos_vector_step(
            self._open(), self._actions.ctypes.data, ctypes.byref(self._columns)))
        ends = self._view("ends", numpy.uint8, (self.num_envs,))
        terminations, truncations = ends == TERMINATED, ends == TRUNCATED
        rewards = self._view("rewards", numpy.float64, (self.num_envs,))
        return (
            self._observations("observations"), rewards.copy() if self.copy else rewards, terminations, truncations,
            self._infos(terminations | truncations))

    def render(self):
        """A picture of each environment, as an SVG document."""
        handle = self._open()
        return tuple(text(self._library.telos_vector_draw(handle, index)) for index in range(self.num_envs))

    def close_extras(self, **kwargs):
        if self._handle:
            self._library.telos_vector_destroy(self._handle)
            self._handle = None
            self._views.clear()

    def __del__(self):
        if not getattr(self, "closed", True):
            self.close()

    def _open(self):
        if not self._handle:
            raise TelosError("the environments are closed")
        return self._handle

    def _check(self, code):
        if code:
            raise TelosError(self._library.telos_vector_error(self._handle).decode())

    def _view(self, name, kind, shape):
        """An array over one of Telos's columns. Observations are in two places in turn; others stay where they are."""
        address = getattr(self._columns, name)
        key = (name, address)
        view = self._views.get(key)
        if view is None:
            if len(self._views) > 64:
                self._views.clear()
            size = int(numpy.prod(shape)) * numpy.dtype(kind).itemsize
            memory = (ctypes.c_uint8 * size).from_address(address) if size else b""
            view = self._views[key] = numpy.frombuffer(memory, kind).reshape(shape)
        return view

    def _observations(self, name):
        rows = self._view(name, numpy.float32, self._observation_shape)
        return coding.decode(self.single_observation_space, rows.copy() if self.copy else rows)

    def _named(self, column, names, present):
        block = self._view(column, numpy.float64, (len(names), self.num_envs))
        block = block.copy() if self.copy else block
        found = {}
        for name, values in zip(names, block):
            found[name], found[f"_{name}"] = values, present
        return found

    def _infos(self, done):
        """Signals and terms by name, each with the mask `_name` of those who have it; after an end what it ended with."""
        infos, everyone = {}, self._everyone
        if self.infos:
            infos.update({
                "signals": self._named("signals", self.signal_names, everyone), "_signals": everyone,
                "terms": self._named("terms", self.term_names, everyone), "_terms": everyone,
                "primary": self._view("primary", numpy.float64, (self.num_envs,)).copy(), "_primary": everyone})
        if done is not None and done.any():
            final = numpy.full(self.num_envs, None, dtype=object)
            rows = coding.decode(
                self.single_observation_space,
                self._view("next_observations", numpy.float32, self._observation_shape))
            for index in numpy.flatnonzero(done):
                final[index] = coding.one(rows, index)
            infos["final_obs"], infos["_final_obs"] = final, done
            if self.infos:
                infos["final_info"] = {
                    "signals": self._named("next_signals", self.signal_names, done), "_signals": done,
                    "terms": self._named("terms", self.term_names, done), "_terms": done,
                    "primary": infos["primary"].copy(), "_primary": done}
                infos["_final_info"] = done
        return infos
