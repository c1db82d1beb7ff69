"""Steps environments of Gymnasium for Telos.

Telos starts this program with the number of a socket. A request is one line of JSON, or the byte `s`: step. An answer
is the byte `d`, done, or one line of JSON. Numbers are in a file that both have mapped; where each column lies in it
is told when environments are made. Environments are stepped and reset one by one, so that what an episode ended with
and what the next begins with are both delivered. The end of the socket is the end of the program.
"""

import faulthandler
import functools
import importlib
import json
import mmap
import os
import signal
import sys
import traceback

ONGOING, TERMINATED, TRUNCATED = 0, 1, 2
# Steps that are tried to find out what `info` holds.
TRIAL_STEPS = 12


class Refusal(Exception):
    """What makes an environment one that Telos cannot step."""


def is_number(value):
    if isinstance(value, (bool, int, float, numpy.bool_, numpy.number)):
        return not isinstance(value, numpy.complexfloating)
    return isinstance(value, numpy.ndarray) and value.size == 1 and value.dtype.kind in "biuf"


def numbers(info, path=()):
    """The paths of the numbers in `info`, those in dictionaries in it included."""
    found = []
    for key, value in info.items():
        if not isinstance(key, str):
            continue
        if isinstance(value, dict):
            found += numbers(value, path + (key,))
        elif is_number(value):
            found.append(path + (key,))
    return found


def parts(space):
    """The spaces in a tuple, or in a dictionary by ascending key, with what each is called in it."""
    if isinstance(space, spaces.Tuple):
        return list(enumerate(space.spaces))
    return sorted(space.spaces.items(), key=lambda item: str(item[0]))


def width(space):
    if isinstance(space, spaces.Box):
        return int(numpy.prod(space.shape, dtype=int))
    if isinstance(space, spaces.Discrete):
        return 1
    if isinstance(space, spaces.MultiDiscrete):
        return int(space.nvec.size)
    if isinstance(space, spaces.MultiBinary):
        return int(numpy.prod(space.shape, dtype=int))
    if isinstance(space, spaces.Text):
        return space.max_length
    return sum(width(part) for _, part in parts(space))


def described(space, where):
    """A space in the form that Telos reads; infinite bounds are null."""
    if isinstance(space, spaces.Box):
        def bounds(values):
            return [float(value) if numpy.isfinite(numpy.float32(value)) else None for value in values.reshape(-1)]

        with numpy.errstate(over="ignore"):
            return {"kind": "box", "shape": list(space.shape) or [1], "low": bounds(space.low),
                    "high": bounds(space.high)}
    if isinstance(space, spaces.Discrete):
        return {"kind": "discrete", "count": int(space.n)}
    if isinstance(space, spaces.MultiDiscrete):
        return {"kind": "multi-discrete", "counts": [int(count) for count in space.nvec.reshape(-1)]}
    if isinstance(space, spaces.MultiBinary):
        return {"kind": "binary", "count": width(space)}
    if isinstance(space, spaces.Text):
        return {"kind": "tokens", "vocabulary": len(space.character_set), "length": space.max_length}
    if isinstance(space, spaces.Tuple):
        return {"kind": "tuple", "spaces": [described(part, where) for _, part in parts(space)]}
    if isinstance(space, spaces.Dict):
        return {"kind": "dictionary", "spaces": {str(key): described(part, where) for key, part in parts(space)}}
    raise Refusal(
        f"its {where} has a space of the kind {type(space).__name__}; Telos reads Box, Discrete, MultiDiscrete, "
        "MultiBinary, Text, Tuple and Dict")


def writer(space):
    """A function that writes a value of `space` into a row of floats."""
    if isinstance(space, spaces.Box):
        if len(space.shape) == 1:
            def write(row, value):
                row[...] = value
        else:
            shape = space.shape

            def write(row, value):
                row.reshape(shape)[...] = value
    elif isinstance(space, spaces.Discrete):
        first = int(space.start)

        def write(row, value):
            row[0] = value - first
    elif isinstance(space, spaces.MultiDiscrete):
        first = space.start

        def write(row, value):
            row[...] = (numpy.asarray(value) - first).reshape(-1)
    elif isinstance(space, spaces.MultiBinary):
        def write(row, value):
            row[...] = numpy.asarray(value).reshape(-1)
    elif isinstance(space, spaces.Text):
        def write(row, value):
            row[...] = -1
            for position, character in enumerate(value):
                row[position] = space.character_index(character)
    else:
        writers, start = [], 0
        for key, part in parts(space):
            writers.append((key, start, start + width(part), writer(part)))
            start += width(part)

        def write(row, value):
            for key, start, end, inner in writers:
                inner(row[start:end], value[key])
    return write


def reader(space):
    """A function that gives the value of `space` that a row of floats stands for; a box's nearest one."""
    if isinstance(space, spaces.Box):
        dtype, shape = space.dtype, space.shape
        low, high = space.low.reshape(-1), space.high.reshape(-1)

        def read(row):
            values = numpy.rint(row) if dtype.kind in "iu" else row
            if dtype.kind in "iu":
                # Bounded before it is converted, so that nothing overflows.
                values = numpy.minimum(numpy.maximum(values.astype(numpy.float64), low), high).astype(dtype)
            else:
                values = numpy.minimum(numpy.maximum(values.astype(dtype), low), high)
            return values if len(shape) == 1 else values.reshape(shape)
    elif isinstance(space, spaces.Discrete):
        kind, first = space.dtype.type, space.start

        def read(row):
            return kind(row[0]) + first
    elif isinstance(space, spaces.MultiDiscrete):
        def read(row):
            return row.astype(space.dtype).reshape(space.nvec.shape) + space.start
    elif isinstance(space, spaces.MultiBinary):
        def read(row):
            return row.astype(space.dtype).reshape(space.shape)
    elif isinstance(space, spaces.Text):
        def read(row):
            return "".join(space.character_list[int(token)] for token in row if token >= 0)
    else:
        readers, start = [], 0
        for key, part in parts(space):
            readers.append((key, start, start + width(part), reader(part)))
            start += width(part)
        if isinstance(space, spaces.Tuple):
            def read(row):
                return tuple(inner(row[start:end]) for _, start, end, inner in readers)
        else:
            def read(row):
                return {key: inner(row[start:end]) for key, start, end, inner in readers}
    return read


def batch_reader(space):
    """A function that gives the values that several rows of floats stand for."""
    if isinstance(space, spaces.Box) and space.dtype == numpy.float32 and len(space.shape) == 1:
        low, high = space.low, space.high
        return lambda rows: numpy.minimum(numpy.maximum(rows, low), high)
    if isinstance(space, spaces.Discrete):
        kind, first = space.dtype.type, space.start
        return lambda rows: rows[:, 0].astype(kind) + first
    read = reader(space)
    return lambda rows: [read(row) for row in rows]


def make(identifier, arguments):
    """An environment without its time limit: Telos counts steps itself."""
    return gymnasium.make(identifier, max_episode_steps=-1, disable_env_checker=True, **arguments)


def describe(identifier, arguments):
    """What an environment is: spaces, time limit, and the numbers that `info` holds, by trying a few steps."""
    if "max_episode_steps" in arguments:
        raise Refusal("max_episode_steps is the task's 'horizon' in Telos; write it there")
    environment = make(identifier, arguments)
    space = environment.action_space
    answer = {
        "observation": described(environment.observation_space, "observation"), "action": described(space, "action")}
    first = environment.reset(seed=0)[1]
    space.seed(0)
    later, choices = None, space.n if isinstance(space, spaces.Discrete) else -1
    masked = isinstance(first.get("action_mask"), numpy.ndarray) and first["action_mask"].shape == (choices,)
    for _ in range(TRIAL_STEPS):
        _, reward, terminated, truncated, info = environment.step(space.sample())
        if numpy.size(reward) != 1:
            raise Refusal(f"it pays {numpy.size(reward)} rewards at once; wrap it in Gymnasium so that it pays one")
        found = numbers(info)
        later = found if later is None else [path for path in later if path in found]
        masked = masked and numpy.shape(info.get("action_mask")) == (choices,)
        if terminated or truncated:
            environment.reset()
    environment.close()
    answer.update(
        info=[list(path) for path in later], start=[list(path) for path in numbers(first)],
        masked=bool(masked))
    return answer


def find(identifier):
    """The time limit that an environment is registered with; `MODULE:ID` imports the module that registers it."""
    module, _, name = identifier.rpartition(":")
    if module:
        importlib.import_module(module)
    specification = gymnasium.spec(name)
    return {"horizon": specification.max_episode_steps, "version": gymnasium.__version__}


class Batch:
    """Environments and the columns that they are stepped through."""

    def __init__(self, order):
        self.order = order
        self.count, self.horizon = order["count"], order["horizon"] or sys.maxsize
        self.environments = [make(order["id"], order["arguments"]) for _ in range(self.count)]
        with open(order["path"], "r+b") as file:
            memory = memoryview(mmap.mmap(file.fileno(), order["bytes"]))
        count, columns = self.count, order["columns"]
        observation, action = self.environments[0].observation_space, self.environments[0].action_space

        def scalars(name, kind, size):
            return memory[columns[name]:columns[name] + count * size].cast(kind)

        def rows(name, columns_wide):
            block = numpy.frombuffer(memory, numpy.float32, count * columns_wide, columns[name])
            return block.reshape(count, columns_wide)

        self.paths = [tuple(path) for path in order["info"]]
        self.masked = order["masked"]
        signals = 1 + len(self.paths) + (int(action.n) if self.masked else 0)
        self.seeds = scalars("seeds", "q", 8)
        self.ends = scalars("ends", "B", 1)
        self.after = scalars("after", "d", 8 * signals)
        self.first = scalars("first", "d", 8 * signals)
        self.actions = rows("actions", width(action))
        following, beginning = rows("next", width(observation)), rows("start", width(observation))
        self.following = [following[index] for index in range(count)]
        self.beginning = [beginning[index] for index in range(count)]
        self.write, self.read = writer(observation), batch_reader(action)
        self.elapsed = [0] * count

    def close(self):
        for environment in self.environments:
            try:
                environment.close()
            except Exception:
                traceback.print_exc()

    def begin(self, index):
        """Starts an episode of one environment from its seed."""
        observation, info = self.environments[index].reset(seed=self.seeds[index])
        self.write(self.beginning[index], observation)
        self.first[index] = 0
        self.note(self.first, index, info)
        self.elapsed[index] = 0

    def note(self, signals, index, info):
        """Writes the numbers of `info`; 0 where one is missing."""
        position = index
        for path in self.paths:
            position += self.count
            try:
                value = info[path[0]] if len(path) == 1 else functools.reduce(dict.__getitem__, path, info)
                signals[position] = value
            except (KeyError, TypeError):
                known = len(path) == 1 and path[0] in info and is_number(info[path[0]])
                signals[position] = numpy.asarray(info[path[0]]).item() if known else 0
        if self.masked:
            for value in info.get("action_mask", ()):
                position += self.count
                signals[position] = value != 0

    def advance(self, index, action):
        """Steps one environment and writes what the step led to; gives how it ended."""
        observation, reward, terminated, truncated, info = self.environments[index].step(action)
        self.write(self.following[index], observation)
        try:
            self.after[index] = reward
        except TypeError:
            self.after[index] = numpy.asarray(reward).item()
        if self.paths or self.masked:
            self.note(self.after, index, info)
        self.elapsed[index] += 1
        if terminated:
            return TERMINATED
        return TRUNCATED if truncated or self.elapsed[index] >= self.horizon else ONGOING

    def step(self):
        """Steps every environment; what failed is told, and begins anew with another environment of its kind."""
        failures = []
        for index, action in enumerate(self.read(self.actions)):
            try:
                end = self.advance(index, action)
                self.ends[index] = end
                if end:
                    self.begin(index)
            except Exception:
                failures.append({"index": index, "traceback": traceback.format_exc(limit=-6)})
                self.environments[index] = make(self.order["id"], self.order["arguments"])
                self.begin(index)
        return {"failures": failures} if failures else None

    def reset(self):
        for index in range(self.count):
            self.begin(index)

    def replay(self, episodes):
        """Begins each environment from its seed and repeats what was done since; false for those whose episode ended."""
        self.reset()
        same = []
        for index, episode in enumerate(episodes):
            rows = numpy.array(episode, numpy.float32).reshape(-1, self.actions.shape[1])
            end = ONGOING
            for action in self.read(rows) if len(rows) else []:
                if end:
                    break
                end = self.advance(index, action)
            same.append(end == ONGOING or self.elapsed[index] >= self.horizon)
            if len(rows):
                self.beginning[index][...] = self.following[index]
                self.first[index::self.count] = self.after[index::self.count]
        return {"same": same}


def nearest(error):
    """What an error says, and the names that there are where one is not known."""
    answer = {"message": str(error).strip() or type(error).__name__, "kind": type(error).__name__}
    if isinstance(error, gymnasium.error.UnregisteredEnv):
        answer["known"] = sorted(gymnasium.registry)
    if not isinstance(error, (Refusal, gymnasium.error.Error, ModuleNotFoundError)):
        answer["traceback"] = traceback.format_exc(limit=-6)
    return answer


def serve(socket):
    batch, pending = None, b""
    while True:
        request = os.read(socket, 1)
        if not request:
            return
        answer = None
        try:
            if request == b"s":
                answer = batch.step()
            else:
                while not request.endswith(b"\n"):
                    more = os.read(socket, 1 << 16)
                    if not more:
                        return
                    request += more
                order = json.loads(request)
                kind = order["request"]
                if kind == "find":
                    answer = find(order["id"])
                elif kind == "describe":
                    answer = describe(order["id"], order["arguments"])
                elif kind == "make":
                    batch = Batch(order)
                    batch.reset()
                elif kind == "reset":
                    batch.reset()
                elif kind == "replay":
                    answer = batch.replay(order["episodes"])
                elif kind == "close":
                    if batch:
                        batch.close()
                    batch = None
        except Exception as error:
            answer = {"error": nearest(error)}
        os.write(socket, b"d" if answer is None else json.dumps(answer).encode() + b"\n")


if __name__ == "__main__":
    # An interruption is for Telos to handle: it saves, and then closes the socket.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    socket = int(sys.argv[1])
    try:
        import gymnasium
        import numpy
        from gymnasium import spaces
    except ImportError as error:
        os.write(socket, json.dumps({"missing": str(error)}).encode() + b"\n")
        sys.exit(1)
    if int(gymnasium.__version__.split(".")[0]) < 1:
        os.write(socket, json.dumps({"missing": f"Gymnasium is {gymnasium.__version__}, not 1.0 or later"}).encode() + b"\n")
        sys.exit(1)
    os.write(socket, b"d")
    serve(socket)
