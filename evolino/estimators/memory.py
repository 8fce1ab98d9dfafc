"""Memory that a fit takes, estimated before it begins; what would not fit is refused.

The estimates are of the largest arrays that stand beside each other, in bytes, and a little
above what was measured (`python -m benchmarks.own_series large`).
"""

from __future__ import annotations

from pathlib import Path

from evolino.estimators.per_step import AT_ONCE
from evolino.network.kernels.pooling import families

NUMBER = 8  # bytes
BASE = 3e8  # of the interpreter, its packages and the compiled kernels
COPIES = 5  # of the features of whole sequences that stand beside each other
QUANTILES = 3  # thresholds of those features


def bytes_of_steps(
    rows: int, inputs: int, outputs: int, cells: int, lags: int, *, held: bool
) -> float:
    """Return what a fit of a target at every step takes, beside the user's X and y.

    held: whether the features of all rows are held, as evolution and readouts of one's own
    have it, not those of a part at a time.
    """
    width = inputs * (lags + 1)
    features = cells + width + 1
    at_once = rows if held else min(2 * AT_ONCE, rows)
    arrays = rows * (2 * inputs + 6 * outputs) + at_once * (2 * width + 2 * features)
    return BASE + NUMBER * float(arrays)


def bytes_of_sequences(
    sequences: int, steps: int, inputs: int, networks: int, cells: int
) -> float:
    """Return what a fit of a target for each whole sequence takes.

    steps: of all sequences together. networks: in each of the two directions.
    """
    kinds = len(families(QUANTILES)["all"])
    width = float(2 * networks * cells * kinds)
    small = min(width, float(sequences))
    arrays = COPIES * sequences * width + 3 * small * small + 2.0 * steps * inputs
    return BASE + NUMBER * arrays


def check_memory(needed: float, what: str, instead: str) -> None:
    """Raise ValueError where so many bytes are more than there are.

    what: is fitted. instead: what to do. Nothing is checked where the system does not tell
    how much memory is free.
    """
    free = free_memory()
    if free is not None and needed > free:
        raise ValueError(
            f"{what} needs about {needed / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are "
            f"free: {instead}"
        )


def free_memory() -> float | None:
    """Return the bytes that this process may still take, None where nothing tells."""
    found = [_available(), _of_group()]
    known = [each for each in found if each is not None]
    return min(known) if known else None


def _available() -> float | None:
    """Return what Linux says is available."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    kilobytes = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return 1024.0 * float(kilobytes[0]) if kilobytes else None


def _of_group() -> float | None:
    """Return what the limit of a container leaves, None without one."""
    folder = Path("/sys/fs/cgroup")
    try:
        most = (folder / "memory.max").read_text(encoding="ascii").strip()
        taken = (folder / "memory.current").read_text(encoding="ascii").strip()
        return None if most == "max" else float(most) - float(taken)
    except (OSError, ValueError):
        return None
