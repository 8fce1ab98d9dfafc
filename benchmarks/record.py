"""The record of a run of the benchmarks: results/benchmarks.json."""

from __future__ import annotations

import os
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from evolino.storage.files import replace_file
from evolino.storage.json_text import read_json, write_json
from evolino.training.environment import environment

PEER_PACKAGES = ("jax", "jaxlib", "torch")
QUIET = 0.5  # load average above which other work disturbs the timings


def begin(*, quick: bool) -> dict[str, Any]:
    """Return a record without parts: versions, machine, date, and its load before."""
    found = environment()
    packages = found["packages"] | {name: _version(name) for name in PEER_PACKAGES}
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return {
        "date": time.strftime("%Y-%m-%d"),
        "commit": found["commit"],
        "cpu": found["cpu"],
        "cpus": found["cpus"],
        "platform": found["platform"],
        "python": found["python"],
        "packages": packages,
        "load": load,
        "quick": quick,
        "parts": {},
    }


def read(path: Path) -> dict[str, Any]:
    """Return a record. Raises ValueError if the file holds none."""
    record = read_json(path.read_bytes())
    if not isinstance(record, dict) or "parts" not in record:
        raise ValueError(f"{path} is not a record of the benchmarks")
    return record


def write(path: Path, record: dict[str, Any]) -> None:
    """Write a record, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, write_json(record, indent=1))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
