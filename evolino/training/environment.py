"""What a run ran on: versions, machine, commit."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# Packages that decide bits.
DECIDING = ("evolino", "numpy", "scipy", "numba", "scikit-learn")
PACKAGES = (
    "evolino", "numpy", "scipy", "numba", "llvmlite", "scikit-learn", "deap", "cma",
    "joblib",
)  # fmt: skip


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


def other_versions(before: Mapping[str, Any]) -> str:
    """Return what deciding versions an environment.json has that are not those of now, in
    words: "numpy 1.26.0 (now 2.1.0)"; empty if there is none."""
    packages = before.get("packages")
    known = packages if isinstance(packages, dict) else {}
    pairs = [(name, known.get(name), _version(name)) for name in DECIDING]
    pairs.append(("Python", before.get("python"), platform.python_version()))
    return ", ".join(
        f"{name} {old} (now {new})" for name, old, new in pairs if old and old != new
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
