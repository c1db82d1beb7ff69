"""Measures Telos and its peers doing the same work, in turn, in one run, and writes Benchmarks/RESULTS.md.

Each figure runs in a process of its own. After all of a row's processes have prepared and warmed up, rounds follow:
Telos, each peer, Telos, each peer, ... A round's value is the median of three timings of at least 50 ms; a figure is
the median of its rounds, with the least and the most. A process is held on as many cores as its row has threads, which
also keeps libraries from starting more.
"""

import argparse
import ctypes
import datetime
import importlib.metadata
import json
import os
import pathlib
import platform
import select
import statistics
import subprocess
import sys
import tempfile
import time

import report
from rows import ROWS

FOLDER = pathlib.Path(__file__).resolve().parent
ROOT = FOLDER.parent.parent
DATA = ROOT / "Benchmarks" / "results.json"
NATIVE = pathlib.Path(sys.prefix) / "native.so"
PATIENCE = 240


def log(text):
    print(text, file=sys.stderr, flush=True)


def surroundings(threads, instruction_set=None):
    """The environment of a process that computes, and what holds it to `threads` cores."""
    variables = dict(os.environ, TELOS_PEERS_NATIVE=str(NATIVE), PYTHONWARNINGS="ignore", JAX_PLATFORMS="cpu",
                     TELOS_PYTHON=sys.executable)
    for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]:
        variables[name] = str(threads)
    if instruction_set:
        variables["TELOS_ISA"] = instruction_set
    if not hasattr(os, "sched_setaffinity"):
        return dict(env=variables)
    cores = sorted(os.sched_getaffinity(0))[-threads:]
    return dict(env=variables, preexec_fn=lambda: os.sched_setaffinity(0, cores))


class Worker:
    """A peer's figure in its process."""

    def __init__(self, figure, arguments, threads):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-u", str(FOLDER / "worker.py"), figure, "--arguments", json.dumps(arguments),
             "--threads", str(threads)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, cwd=FOLDER, **surroundings(threads))
        self.left = b""
        self.line()

    def line(self):
        """The next line of the process; an error with the last words of its log where there is none."""
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self.left:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 1 << 16) if ready else b""
            if not more:
                self.errors.seek(0)
                words = [line for line in self.errors.read().splitlines() if line.strip()]
                raise RuntimeError(words[-1] if ready and words else f"no answer within {PATIENCE} s")
            self.left += more
        answer, self.left = self.left.split(b"\n", 1)
        return answer.decode()

    def measure(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()
        return float(self.line())

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        self.errors.close()


def telos(command, row):
    """One round of Telos's figure."""
    result = subprocess.run(
        [command, "bench", "--filter", row.telos, "--repeats", "3", "--threads", str(row.threads), "--json"],
        capture_output=True, text=True, timeout=PATIENCE, **surroundings(row.threads, row.instruction_set))
    if result.returncode != 0:
        raise RuntimeError((result.stderr.strip().splitlines() or ["telos bench failed"])[-1])
    for figure in json.loads(result.stdout):
        if figure["name"] == row.telos:
            return figure["value"]
    raise RuntimeError(f"telos bench has no figure '{row.telos}'")


def measure(command, row, rounds):
    """A row's figures: rates of each round, or the reason why there are none."""
    begin = time.monotonic()
    figures = {"telos": {"rates": []}}
    workers = {}
    for peer in row.peers:
        figures[peer.label] = {"rates": []}
        try:
            workers[peer.label] = Worker(peer.figure, peer.arguments, row.threads)
        except (OSError, RuntimeError) as error:
            figures[peer.label]["error"] = str(error)
    try:
        for _ in range(rounds):
            for label in ["telos", *workers]:
                if "error" in figures[label]:
                    continue
                try:
                    rate = telos(command, row) if label == "telos" else workers[label].measure()
                    figures[label]["rates"].append(rate)
                except (OSError, RuntimeError, subprocess.TimeoutExpired) as error:
                    figures[label] = {"rates": [], "error": str(error)}
    finally:
        for worker in workers.values():
            worker.stop()
    log(f"  {time.monotonic() - begin:.0f} s: " + ", ".join(
        f"{label} " + (f"{statistics.median(figure['rates']):.4g}/s" if figure["rates"] else figure["error"])
        for label, figure in figures.items()))
    return figures


def limits():
    """This machine's own: multiply-adds of one core by register width, and copying."""
    found = {}
    for name, figure, arguments in [
        ("512", "native.peak", [512]), ("256", "native.peak", [256]), ("128", "native.peak", [128]),
        ("bytes", "native.bandwidth", []),
    ]:
        try:
            worker = Worker(figure, arguments, 1)
        except RuntimeError:
            continue
        found[name] = max(worker.measure() for _ in range(3))
        worker.stop()
    return found


def build_native():
    source = FOLDER / "native.c"
    if not NATIVE.exists() or NATIVE.stat().st_mtime < source.stat().st_mtime:
        subprocess.run(
            ["clang", "-O3", "-ffp-contract=fast", "-shared", "-fPIC", str(source), "-o", str(NATIVE)], check=True)


def output_of(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()
    except OSError:
        return ""


def machine():
    """The processor by name and number (virtual machines often hide the name), its cores, the compiler."""
    facts = {}
    if os.path.exists("/proc/cpuinfo"):
        for line in open("/proc/cpuinfo"):
            key, _, value = line.partition(":")
            facts.setdefault(key.strip(), value.strip())
    numbers = [f"{key} {facts[key]}" for key in ["cpu family", "model"] if key in facts]
    flags = facts.get("flags", "").split()
    return {
        "processor": ", ".join([facts.get("model name") or platform.processor() or platform.machine(), *numbers]),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "instructionSets": [name for name in ["fma", "avx2", "avx512f"] if name in flags] or [platform.machine()],
        "system": platform.platform(),
        "swift": (output_of("swift", "--version").splitlines() or [""])[0],
    }


def versions():
    names = ["torch", "jax", "jaxlib", "rejax", "gymnax", "stable-baselines3", "sbx-rl", "gymnasium", "numpy"]
    found = {"Python": platform.python_version()}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    try:
        sys.path.insert(0, str(FOLDER))
        from figures.native import openblas_version

        found["OpenBLAS"] = openblas_version()
    except (ImportError, OSError, RuntimeError):
        found["OpenBLAS"] = "missing"
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--telos", default=str(ROOT / ".build" / "release" / "telos"), help="the executable")
    parser.add_argument("--only", nargs="+", metavar="ROW", help="only rows whose name contains one of these")
    parser.add_argument("--missing", action="store_true", help="only rows that have no result yet")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--list", action="store_true", help="print the rows' names and stop")
    parser.add_argument("--render", action="store_true", help="write RESULTS.md from the stored results and stop")
    options = parser.parse_args()
    data = json.loads(DATA.read_text()) if DATA.exists() else {"rows": {}}
    chosen = [
        row for row in ROWS
        if (not options.only or any(part in row.name for part in options.only))
        and not (options.missing and row.name in data["rows"])
    ]
    if options.list:
        print("\n".join(row.name for row in chosen))
        return 0
    if not chosen:
        log(f"no row is called like {' or '.join(options.only or [])}; there are {', '.join(row.name for row in ROWS)}")
        return 2
    if not options.render:
        begin = time.monotonic()
        here, before = machine(), data.get("machine", {}).get("processor")
        if len(chosen) < len(ROWS) and data["rows"] and here["processor"] != before:
            log(f"the results are of '{before}', this is '{here['processor']}': measure every row, or none, here")
            return 2
        build_native()
        data["machine"], data["versions"] = here, versions()
        data["limits"] = limits()
        data["telos"] = output_of("git", "rev-parse", "--short", "HEAD")
        for index, row in enumerate(chosen):
            log(f"[{index + 1}/{len(chosen)}] {row.name}")
            if row.threads > data["machine"]["cores"]:
                log(f"  needs {row.threads} cores")
                continue
            data["rows"][row.name] = {
                "when": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M"),
                "load": round(os.getloadavg()[0], 2), "rounds": options.rounds,
                "figures": measure(options.telos, row, options.rounds),
            }
            DATA.write_text(json.dumps(data, indent=1) + "\n")
        log(f"done in {time.monotonic() - begin:.0f} s")
    (ROOT / "Benchmarks" / "RESULTS.md").write_text(report.text(data, ROWS))
    log("written to Benchmarks/RESULTS.md")
    return 0


if __name__ == "__main__":
    sys.exit(main())
