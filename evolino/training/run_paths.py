"""Paths of runs' folders: a new one under results/runs; one as a shell reads it."""

from __future__ import annotations

import shlex
import time
from pathlib import Path

from evolino.task.protocol import name_of
from evolino.training.experiment import Experiment

RUNS = Path("results") / "runs"


def free_path(experiment: Experiment) -> Path:
    """Return a path under results/runs that does not exist."""
    method = str(experiment.preset or getattr(experiment.search, "name", "search"))
    stamp = time.strftime("%Y%m%d-%H%M%S")
    name = name_of(experiment.task)
    task = Path(name.rpartition(":")[0] or name).stem
    name = f"{task}-{Path(method).stem}-{experiment.seed}-{stamp}"
    place, k = RUNS / name, 1
    while place.exists():
        k += 1
        place = RUNS / f"{name}-{k}"
    return place


def quoted(path: Path) -> str:
    """Return a path as one word for a shell, without control characters."""
    text = f"./{path}" if str(path).startswith("-") else str(path)
    if text.isprintable():
        return shlex.quote(text)
    escaped = "".join(
        each if each.isprintable() and each not in "'\\" else _escaped(each)
        for each in text
    )
    return f"$'{escaped}'"


def _escaped(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors="surrogateescape"))
