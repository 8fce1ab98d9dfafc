"""Names of the baselines that are trained or tuned, as tables have them."""

from __future__ import annotations

GENETIC = "genetic algorithm without a solved readout, equal evaluations"
GRADIENT = "gradient LSTM (Adam), equal CPU seconds"
RESERVOIR = "echo state network"  # then its units


def reservoir_name(units: int) -> str:
    """Return the name of a tuned reservoir of so many units."""
    return f"{RESERVOIR}, {units} units, tuned"


def is_trivial(name: str) -> bool:
    """Return whether a baseline is a trivial method of a task: nothing drawn or trained."""
    drawn = "unevolved", "random search"
    return not name.startswith((*drawn, GENETIC, GRADIENT, RESERVOIR))
