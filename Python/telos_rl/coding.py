"""Telos's spaces as Gymnasium's, and values from and to the floats that stand for them."""

import numpy
from gymnasium import spaces


def space_of(description):
    """A space of Gymnasium for the JSON of one of Telos's. Tokens are choices from -1, which pads."""
    kind = description["kind"]
    if kind == "box":
        def bounds(name, infinite):
            values = [infinite if value is None else value for value in description[name]]
            return numpy.array(values, numpy.float32).reshape(description["shape"])

        return spaces.Box(bounds("low", -numpy.inf), bounds("high", numpy.inf), dtype=numpy.float32)
    if kind == "discrete":
        return spaces.Discrete(description["count"])
    if kind == "multi-discrete":
        return spaces.MultiDiscrete(description["counts"])
    if kind == "binary":
        return spaces.MultiBinary(description["count"])
    if kind == "tokens":
        length = description["length"]
        return spaces.MultiDiscrete([description["vocabulary"] + 1] * length, start=[-1] * length)
    if kind == "tuple":
        return spaces.Tuple([space_of(part) for part in description["spaces"]])
    if kind == "dictionary":
        return spaces.Dict({key: space_of(description["spaces"][key]) for key in sorted(description["spaces"])})
    raise ValueError(f"there is no space of the kind {kind}")


def width(space):
    """Floats that stand for a value."""
    if isinstance(space, spaces.Tuple):
        return sum(width(part) for part in space.spaces)
    if isinstance(space, spaces.Dict):
        return sum(width(part) for part in space.spaces.values())
    return 1 if isinstance(space, spaces.Discrete) else int(numpy.prod(space.shape))


def decode(space, rows):
    """The values that rows of floats stand for, batched as Gymnasium does; those of boxes are views."""
    if isinstance(space, (spaces.Tuple, spaces.Dict)):
        keyed = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
        values, start = [], 0
        for key, part in keyed:
            end = start + width(part)
            values.append((key, decode(part, rows[:, start:end])))
            start = end
        return dict(values) if isinstance(space, spaces.Dict) else tuple(value for _, value in values)
    if isinstance(space, spaces.Box):
        return rows.reshape((len(rows), *space.shape))
    if isinstance(space, spaces.Discrete):
        return rows[:, 0].astype(space.dtype)
    return rows.astype(space.dtype)


def encode(space, values, rows):
    """Writes batched values as rows of floats."""
    if isinstance(space, (spaces.Tuple, spaces.Dict)):
        keyed = space.spaces.items() if isinstance(space, spaces.Dict) else enumerate(space.spaces)
        start = 0
        for key, part in keyed:
            end = start + width(part)
            encode(part, values[key], rows[:, start:end])
            start = end
    else:
        rows[...] = numpy.asarray(values).reshape(rows.shape)


def one(value, index):
    """The value of one environment in a batched value, copied."""
    if isinstance(value, dict):
        return {key: one(part, index) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(one(part, index) for part in value)
    return value[index].copy()


def copied(value):
    """A value with memory of its own."""
    if isinstance(value, dict):
        return {key: copied(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return tuple(copied(part) for part in value)
    return value.copy()
