"""Environment of a run: versions, machine, commit."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Packages that decide bits: what computes, draws, or reads a task's data.
DECIDING = (
    "evolino", "numpy", "scipy", "numba", "llvmlite", "scikit-learn", "deap",
    "mido", "music21", "Hershey-Fonts", "espeakng-loader", "python_speech_features",
)  # fmt: skip
PACKAGES = (*DECIDING, "joblib", "dask", "ray")


def environment() -> dict[str, Any]:
    """Return the versions, the machine and the commit, as environment.json has them."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "platform": platform.platform(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "cpu": cpu_model(),
        "host": platform.node(),
        "commit": commit(),
    }


def deciding_versions() -> dict[str, str]:
    """Return the versions that decide a run's bits, of what is installed of DECIDING.

    Python's own counts too: its sum of floats, for one, is another since 3.12.
    """
    found = {name: _version(name) for name in DECIDING}
    present = {name: each for name, each in found.items() if each is not None}
    return {"python": ".".join(platform.python_version_tuple()[:2]), **present}


def other_versions(before: Mapping[str, Any]) -> str:
    """Return what deciding versions an environment.json has that are not those of now, in
    words: "numpy 1.26.0 (now 2.1.0)"; empty if there is none."""
    packages = before.get("packages")
    known = dict(packages) if isinstance(packages, dict) else {}
    known["python"] = ".".join(str(before.get("python", "")).split(".")[:2])
    return ", ".join(
        f"{name} {known[name]} (now {now})"
        for name, now in deciding_versions().items()
        if known.get(name) and known[name] != now
    )


def cpu_model() -> str:
    """Return the name of the processor, empty if the system does not tell."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except (OSError, UnicodeDecodeError):
        pass
    return platform.processor()


def commit() -> str | None:
    """Return the git commit of the checkout that evolino runs from, None outside of one."""
    checkout = Path(__file__).resolve().parents[2]
    if not (checkout / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(checkout), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            timeout=5,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
