"""Pictures of runs on counted languages: counters, margins and acceptance over n."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evolino.plots.canvas import check_picture, save
from evolino.plots.counting import (
    Strings,
    acceptance_figure,
    counters_figure,
    learned_counters_figure,
    margins_figure,
)
from evolino.plots.run_names import flatten, name_differences
from evolino.plots.run_pictures import read_curve
from evolino.task.protocol import name_of
from evolino.vocabulary import IntArray, check_count

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evolino.task.counted import Phase
    from evolino.training.experiment import Experiment

EVERY, LONGEST, POINTS = 200, 100_000, 150  # every n to 200, then 150 of them to 100,000
SHOWN = 12  # n of the string on which counters are shown


def counters(
    run: Path, out: Path, *, n: int = SHOWN, fitness: bool = False, trust: bool = False
) -> Path:
    """Draw the states and outputs of a run's network over the string of n.

    Returns the picture's path. fitness: with the run's fitness above them. trust: of
    `RunFolder.open`. Raises ValueError for a task whose strings are not counted.
    """
    from evolino.models.loading import load_network

    check_picture(out)
    check_count("n", n)
    experiment, phases = _language(run, trust)
    rows = [phase.rows([n] * len(phases[0].factors)) for phase in phases]
    inputs = np.repeat([phase.inputs for phase in phases], rows, axis=0)
    names = _names(experiment, phases)
    symbols = [("S", *names)[int(row.argmax())] for row in inputs]
    model = load_network(run)
    drawn = symbols, model.states(inputs).states, model.predict(inputs), names
    if not fitness:
        return save(counters_figure(*drawn), out)
    return save(learned_counters_figure(read_curve(run, "evaluations"), *drawn), out)


def margins(runs: Sequence[Path], out: Path, *, trust: bool = False) -> Path:
    """Draw the decision margins of runs against n and return the picture's path."""
    return _drawn(margins_figure, runs, out, trust)


def acceptance(runs: Sequence[Path], out: Path, *, trust: bool = False) -> Path:
    """Draw which n the networks of runs accept and return the picture's path.

    Runs that differ in nothing but their seed stand together.
    """
    return _drawn(acceptance_figure, runs, out, trust)


def lengths() -> IntArray:
    """Return the n that are tried: all to EVERY, from there to LONGEST evenly on a log
    axis."""
    beyond = np.geomspace(EVERY, LONGEST, POINTS)
    return np.unique(np.concatenate([np.arange(1, EVERY + 1), np.rint(beyond)]).astype(int))


def _drawn(
    draw: Callable[[Mapping[str, Sequence[Strings]]], Figure],
    runs: Sequence[Path],
    out: Path,
    trust: bool,
) -> Path:
    from evolino.models.loading import load_network
    from evolino.training.config import experiment_to_table

    check_picture(out)
    settings: list[dict[str, Any]] = []
    found: list[list[Strings]] = []
    for run in runs:
        experiment, phases = _language(run, trust)
        table = flatten(experiment_to_table(experiment))
        flat = {key: value for key, value in table.items() if key != "seed"}
        if flat not in settings:
            settings.append(flat)
            found.append([])
        n = lengths()
        strings = np.tile(n[:, None], (1, len(phases[0].factors)))
        found[settings.index(flat)].append(
            Strings(n, load_network(run).check(phases, strings).margins)
        )
    if not settings:
        raise ValueError("there is no run to draw")
    return save(draw(dict(zip(name_differences(settings), found, strict=True))), out)


def _language(run: Path, trust: bool) -> tuple[Experiment, tuple[Phase, ...]]:
    """Return the experiment of a run, and the phases of its strings."""
    from evolino.task.counted import Counted
    from evolino.training.run_folder import RunFolder

    experiment = RunFolder.open(run, trust=trust).experiment()
    if not isinstance(experiment.task, Counted):
        raise ValueError(f"{run}: {name_of(experiment.task)} has no counted strings")
    return experiment, experiment.task.phases()


def _names(experiment: Experiment, phases: Sequence[Phase]) -> tuple[str, ...]:
    """Return the names of the outputs."""
    count = phases[0].cycle.shape[1]
    names = tuple(getattr(experiment.task, "symbols", ()))
    return names if len(names) == count else tuple(str(k + 1) for k in range(count))
