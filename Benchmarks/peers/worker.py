"""Hosts one peer's figure in a process of its own.

Prepares the work, runs it once to warm up, prints "ready", and then answers each line on standard input with one
measured rate: the median of three timings of at least 50 ms, as `telos bench --repeats 3` takes them.
"""

import argparse
import importlib
import json
import os
import statistics
import sys
import time
import warnings


def timing(work, rounds):
    start = time.perf_counter()
    units = sum(work() for _ in range(rounds))
    return units, time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("figure", help="module.function, for example pytorch.ppo_update")
    parser.add_argument("--arguments", default="[]", help="the function's arguments, as a JSON array")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()

    # Standard output carries the protocol alone, whatever a library prints.
    protocol = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.filterwarnings("ignore")
    module, name = options.figure.split(".")
    imported = importlib.import_module(f"figures.{module}")
    if "torch" in sys.modules or module in ("pytorch", "libraries"):
        import torch

        torch.set_num_threads(options.threads)
    work = getattr(imported, name)(*json.loads(options.arguments))

    work()
    rounds, seconds = 1, timing(work, 1)[1]
    while seconds < 0.05:
        rounds *= 2
        seconds = timing(work, rounds)[1]
    # Work that takes a second needs no median within a round.
    timings = 3 if seconds < 1 else 1

    def rate():
        taken = [timing(work, rounds) for _ in range(timings)]
        return statistics.median(units / seconds for units, seconds in taken)

    print("ready", file=protocol, flush=True)
    for _ in sys.stdin:
        print(json.dumps(rate()), file=protocol, flush=True)


main()
