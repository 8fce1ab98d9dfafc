"""Validation of readouts' settings, states and targets."""

from __future__ import annotations

from evolino.vocabulary import Array, check_number


def several(values: float | tuple[float, ...]) -> tuple[float, ...]:
    """Return one value, or several to choose from, as a tuple."""
    return values if isinstance(values, tuple) else (values,)


def check_several(name: str, values: float | tuple[float, ...]) -> None:
    """Raise ValueError unless there is a value and each is > 0."""
    if not several(values):
        raise ValueError(f"{name} must be a number or several, got none")
    for value in several(values):
        check_number(name, value, above=0)


def check_rows(states: Array, targets: Array) -> None:
    """Raise ValueError unless states (P, T, S) and targets (T, K) agree in T."""
    if states.ndim != 3 or targets.ndim != 2 or states.shape[1] != targets.shape[0]:
        raise ValueError(
            f"states (P, T, S) and targets (T, K) must have as many rows, "
            f"got {states.shape} and {targets.shape}"
        )
