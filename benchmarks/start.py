"""Start-up time: whole processes, from Enter on.

Numba compiles the kernels on the first run ever (cold) and keeps them on disk (warm). A
folder of its own holds that cache here, so that the first run is cold and the next are not.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.paired import Effort, spread

EVOLINO = (sys.executable, "-m", "evolino.cli.app")
WATCH_EVERY = 0.002  # seconds
GIVE_UP = 300.0  # seconds


def measure(effort: Effort) -> dict[str, Any]:
    """Return seconds of `evolino --help`, and until the first generation is recorded.

    Beside them what no program of this kind can go below: starting Python, and importing
    NumPy and Numba.
    """
    times = 1 if effort.quick else 9
    bare = [_whole((sys.executable, "-c", "pass")) for _ in range(times)]
    help_page = [_whole((*EVOLINO, "--help")) for _ in range(times)]
    result = {
        "python": spread(bare),
        "help": spread(help_page),
    }
    if effort.quick:
        return {**result, "imports": None, "warm": spread([_first(None)]), "cold": None}
    with tempfile.TemporaryDirectory() as cache:
        cold = [_first(cache)]
        warm = [_first(cache) for _ in range(7)]
    imports = [_whole((sys.executable, "-c", "import numpy, numba")) for _ in range(7)]
    with tempfile.TemporaryDirectory() as cache:
        cold.append(_first(cache))
    return {
        **result,
        "imports": spread(imports),
        "warm": spread(warm),
        "cold": spread(cold),
    }


def _whole(command: Sequence[str]) -> float:
    """Return the seconds of a whole process."""
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def _first(cache: str | None) -> float:
    """Return the seconds until a run has written its first line of history.

    cache: the folder of compiled kernels; None is the usual one.
    """
    environment = {**os.environ, **({} if cache is None else {"NUMBA_CACHE_DIR": cache})}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "run"
        options = ("--quiet", "--no-baselines", "--generations", "2", "--out", str(place))
        began = time.perf_counter()
        with subprocess.Popen((*EVOLINO, "run", "mso", *options), env=environment) as run:
            history = place / "history.jsonl"
            while not (history.exists() and history.stat().st_size):
                waited = time.perf_counter() - began
                if run.poll() not in (None, 0) or waited > GIVE_UP:
                    run.kill()
                    raise RuntimeError("the run has not reached its first generation")
                time.sleep(WATCH_EVERY)
            seconds = time.perf_counter() - began
            if run.wait() != 0:
                raise RuntimeError(f"the run failed with exit status {run.returncode}")
    return seconds
