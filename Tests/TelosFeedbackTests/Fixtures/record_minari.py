"""Records two short walks with Minari itself, and beside them the numbers that reading them must give:

    pip install "minari[hdf5]==0.5.4" && python record_minari.py

Observations nest a dictionary and a tuple, choices that begin at 1, and float64; one info is text.
"""

import json
import os
import pathlib
import shutil
import warnings

warnings.simplefilter("ignore")
here = pathlib.Path(__file__).resolve().parent
os.environ["MINARI_DATASETS_PATH"] = str(here)

import minari
import numpy as np
from gymnasium import spaces
from minari.data_collector import EpisodeBuffer

NAME = "walks-v0"
observation_space = spaces.Dict(
    {
        "angle": spaces.Box(-np.inf, np.inf, (2,), np.float64),
        "cell": spaces.Discrete(4, start=1),
        "pair": spaces.Tuple((spaces.Discrete(2), spaces.Box(-1, 1, (1, 2), np.float32))),
    }
)
action_space = spaces.Box(-2, 2, (1,), np.float32)


def episode(random, steps, terminated):
    rows = steps + 1
    last = np.arange(steps) == steps - 1
    return EpisodeBuffer(
        observations={
            "angle": random.normal(size=(rows, 2)),
            "cell": random.integers(1, 5, size=rows),
            "pair": (
                random.integers(0, 2, size=rows),
                random.uniform(-1, 1, size=(rows, 1, 2)).astype(np.float32),
            ),
        },
        actions=random.uniform(-2, 2, size=(steps, 1)).astype(np.float32),
        rewards=random.normal(size=steps),
        terminations=last & terminated,
        truncations=last & (not terminated),
        infos={"height": random.normal(size=rows), "note": ["text"] * rows},
    )


shutil.rmtree(here / NAME, ignore_errors=True)
random = np.random.default_rng(0)
dataset = minari.create_dataset_from_buffers(
    NAME,
    buffer=[episode(random, 3, True), episode(random, 2, False)],
    observation_space=observation_space,
    action_space=action_space,
    description="two walks",
)
for lock in here.glob("*.lock"):
    lock.unlink()


def flat(observations, row):
    """A row as Telos flattens it: keys in ascending order, choices from 0, float32."""
    choice, box = observations["pair"]
    numbers = [*observations["angle"][row], observations["cell"][row] - 1, choice[row], *box[row].ravel()]
    return [float(np.float32(number)) for number in numbers]


rows = []
for walk in dataset.iterate_episodes():
    for step in range(len(walk)):
        rows.append(
            {
                "observation": flat(walk.observations, step),
                "action": [float(number) for number in walk.actions[step]],
                "reward": float(np.float32(walk.rewards[step])),
                "nextObservation": flat(walk.observations, step + 1),
                "end": 1 if walk.terminations[step] else 2 if walk.truncations[step] else 0,
                "signals": [float(np.float32(walk.infos["height"][step]))],
                "nextSignals": [float(np.float32(walk.infos["height"][step + 1]))],
            }
        )
(here / f"{NAME}.json").write_text(json.dumps(rows, indent=0) + "\n")
