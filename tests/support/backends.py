"""Many settings by every backend, and many trainings in one process.

    python -m tests.support.backends --settings 24 --trainings 300

Each setting is trained by 1, 2 and 3 threads, loky, and what is installed of Dask and Ray:
history, model and result must have the same bits.
"""

import argparse
import gc
import importlib.util
import json
import random
import resource
import sys
import tempfile
import threading
from pathlib import Path

import evolino
from evolino.training.run_folder import RunFolder
from evolino.training.workers.base import WorkerSettings

SEARCHES = ("esp", "genetic", "cma-es", "diagonal-cma-es", "random")
READOUTS = ("pseudo-inverse", "ridge")
INITIALISERS = ("gaussian", "uniform", "linear-regime", "spread")
NOT_BITS = ("seconds", "workers")  # of result.json: how long it took, and who did it


def backends():
    """The settings of workers that are compared, by name."""
    found = {f"{k} threads": WorkerSettings(k) for k in (1, 2, 3)}
    found["loky"] = WorkerSettings(2, "loky")
    for name, module in (("dask", "distributed"), ("ray", "ray")):
        if importlib.util.find_spec(module):
            found[name] = WorkerSettings(2, name)
    return found


def random_options(rng):
    """Options of `evolino.train`, drawn at random, that train in about a second."""
    return {
        "task": evolino.Oscillators(sines=rng.randint(1, 3)),
        "network": evolino.LSTM(
            cells=rng.randint(3, 20), peepholes=rng.random() < 0.5, bias=rng.random() < 0.7
        ),
        "search": rng.choice(SEARCHES),
        "readout": rng.choice(READOUTS),
        "initialiser": rng.choice(INITIALISERS),
        "budget": evolino.Budget(generations=rng.randint(2, 5)),
        "ensemble": rng.choice((None, None, 2, 3)),
        "islands": rng.choice((None, None, 2)),
        "migrate_every": 2,
        "seed": rng.randrange(1000),
    }


def bits(options, workers, place):
    """The bytes that a training leaves, without how long it took."""
    evolino.train(
        **options,
        workers=workers.count,
        backend=workers.backend,
        out=place,
        force=True,
    )
    result = RunFolder.open(place).result()
    kept = {name: value for name, value in result.items() if name not in NOT_BITS}
    files = [(place / name).read_bytes() for name in ("history.jsonl", "model.npz")]
    return [*files, json.dumps(kept)]


def compare(count, place):
    """Print each setting whose bits depend on the backend; return how many."""
    rng, faults = random.Random(7), 0
    for number in range(count):
        options = random_options(rng)
        found = {}
        for name, workers in backends().items():
            try:
                found[name] = bits(options, workers, place)
            except ValueError as error:  # what no backend can do
                found[name] = [str(error)]
        wanted = found["1 threads"]
        other = [name for name, each in found.items() if each != wanted]
        faults += bool(other)
        print(number, f"differ: {other} {options}" if other else "same", flush=True)
    return faults


def grow(count):
    """Train so often; return the threads, and MiB at the end above those after a third."""
    sizes = []
    for seed in range(count):
        evolino.train(
            evolino.Oscillators(sines=2),
            network=evolino.LSTM(cells=6),
            search="random",
            budget=evolino.Budget(generations=2),
            seed=seed,
            workers=1 + seed % 3,
        )
        gc.collect()
        sizes.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return threading.active_count(), sizes[-1] - sizes[count // 3]


def main(arguments=None):
    """Print what was found; return 1 if bits differ or memory grew."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=int, default=24)
    parser.add_argument("--trainings", type=int, default=300)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        faults = compare(options.settings, Path(folder) / "run")
    print(f"{options.settings} settings by {', '.join(backends())}: {faults} differ")
    threads, growth = grow(options.trainings)
    print(f"{options.trainings} trainings: {threads} threads left, {growth:.1f} MiB more")
    return int(bool(faults) or growth > 20)


if __name__ == "__main__":
    sys.exit(main())
