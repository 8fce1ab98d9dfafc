"""Pictures of runs from their folders: fitness curves, a free run, cells and gates.

The arrays are drawn by `fitness_curves` and `network`; here they are read, or made by the
run's network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from evolino.plots.canvas import check_picture, save
from evolino.plots.fitness_curves import AXES, Axis, Curve, fitness_figure
from evolino.plots.network import cells_figure, response_figure
from evolino.plots.run_names import flatten, name_differences
from evolino.vocabulary import unknown_name

if TYPE_CHECKING:
    from evolino.models.ensemble import Trained
    from evolino.plots.descent import Descent
    from evolino.task.series import Segment
    from evolino.training.experiment import Experiment
    from evolino.training.run_folder import RunFolder

Read = TypeVar("Read")

SECONDS = {"seconds": "seconds", "cpu-seconds": "cpu_seconds"}  # axis: field
BEFORE = 60  # teacher-forced steps that are shown before a free run
SHOWN = 200  # steps of the test series on which the cells are shown


def fitness(
    runs: Sequence[str | Path],
    out: str | Path,
    *,
    against: Axis = "generations",
    trust: bool = False,
) -> Path:
    """Draw the losses of runs and return the picture's path.

    runs: folders; runs that differ in nothing but their seed are drawn as one median with a
    band. against: "generations", "evaluations", "seconds" or "cpu-seconds"; against either
    seconds one refined run is drawn with its descent. out: .png or .svg. trust: run Python
    files that the runs' configs name. Raises ValueError for another axis or ending, a
    folder that is no run, and runs without a generation.

    >>> import evolino
    >>> _ = evolino.train("mso", out="lost", network=evolino.LSTM(cells=4), search="random",
    ...     budget=evolino.Budget(generations=2))
    >>> evolino.plots.fitness(["lost"], "fitness.png").name
    'fitness.png'
    """
    check_picture(out)
    if against not in AXES:
        raise unknown_name("axis", against, AXES)
    descent = _descent_of(runs[0], against) if len(runs) == 1 else None
    if descent is not None:
        from evolino.plots.descent import refined_figure

        curve = read_curve(runs[0], against)
        return save(refined_figure(curve, descent, against=against), out)
    return save(fitness_figure(_by_settings(runs, against, trust), against=against), out)


def free_run(run: str | Path, out: str | Path, *, trust: bool = False) -> Path:
    """Draw a run's network on its test data, with the error, and return the picture's path.

    Where the task generates it is the free run against the target, else the output. run:
    its folder. out: .png or .svg. trust: run a Python file that the run's config names.

    >>> import evolino
    >>> _ = evolino.train("mso", out="free", network=evolino.LSTM(cells=4), search="random",
    ...     budget=evolino.Budget(generations=2))
    >>> evolino.plots.free_run("free", "free-run.png").name
    'free-run.png'
    """
    check_picture(out)
    experiment, test = _test_of(run, trust)
    free_running = experiment.task.generates
    model = _model_of(run, experiment)
    outputs = model.respond(test, free_running=free_running)
    first = test[0]
    before = first.series.targets[max(0, first.start - BEFORE) : first.start]
    figure = response_figure(
        outputs,
        [segment.targets for segment in test],
        start=first.start,
        before=before if free_running else None,
        free_running=free_running,
    )
    return save(figure, out)


def cells(run: str | Path, out: str | Path, *, trust: bool = False) -> Path:
    """Draw the cells and gates of a run's network over its test series, teacher-forced.

    run: its folder. out: .png or .svg. trust: run a Python file that the run's config
    names.

    Returns the picture's path. Raises ValueError for a network
    that is no LSTM.

    >>> import evolino
    >>> _ = evolino.train("mso", out="seen", network=evolino.LSTM(cells=4), search="random",
    ...     budget=evolino.Budget(generations=2))
    >>> evolino.plots.cells("seen", "cells.png").name
    'cells.png'
    """
    from evolino.models.ensemble import best_network
    from evolino.network.lstm import GATES, LSTM

    check_picture(out)
    experiment, test = _test_of(run, trust)
    architecture = experiment.architecture
    if not isinstance(architecture, LSTM):
        raise ValueError(
            f"pictures of cells are of networks of kind {LSTM.name}, {run} has "
            f"{architecture.name}"
        )
    segment = test[0]
    first = segment.start
    stop = min(segment.stop, first + SHOWN)
    first = max(0, min(first, stop - SHOWN))
    series = segment.series
    network = best_network(_model_of(run, experiment))
    trace = network.states(series.inputs[:stop], series.targets[:stop])
    rows = slice(first, stop)
    names = {gate: f"{gate} gate" for gate in GATES} | {"cell": "cell input"}
    figure = cells_figure(
        trace.outputs[rows],
        trace.states[rows],
        {
            names[gate]: trace.gates[rows, :, GATES.index(gate)]
            for gate in architecture.gates
        },
        start=first,
        signal=series.targets[rows],
    )
    return save(figure, out)


def read_curve(run: str | Path, against: Axis) -> Curve:
    """Return the losses of a run.

    run: its folder. against: "generations", "evaluations", "seconds" or "cpu-seconds".
    Raises ValueError for another, and for a folder that is no run.

    >>> import evolino
    >>> _ = evolino.train("mso", out="read", network=evolino.LSTM(cells=4), search="random",
    ...     budget=evolino.Budget(generations=2))
    >>> evolino.plots.read_curve("read", "evaluations").x.shape
    (2,)
    """
    from evolino.training.run_folder import RunFolder

    folder = RunFolder.open(run)
    history = folder.history()
    if against not in SECONDS:
        return Curve.of(history, against)
    # A power cut can have taken a line of either file; earlier versions wrote fewer fields.
    field = SECONDS[against]
    seconds = {
        record["generation"]: record[field] for record in folder.timing() if field in record
    }
    timed = [record for record in history if record.generation in seconds]
    return Curve.of(timed, against, [seconds[record.generation] for record in timed])


def _descent_of(run: str | Path, against: Axis) -> Descent | None:
    """Return how a run descended after its search, None where it did not."""
    from evolino.plots.descent import Descent
    from evolino.training.run_folder import RunFolder

    if against not in SECONDS:
        return None
    folder = RunFolder.open(run)
    times = {each["round"]: each[SECONDS[against]] for each in folder.refinement.times()}
    rounds = [each for each in folder.refinement.rounds() if each["round"] in times]
    if not rounds:
        return None
    return Descent(
        np.array([times[each["round"]] for each in rounds]),
        np.array([min(each["losses"]) for each in rounds], dtype=np.float64),
        np.array([min(each["held_out"]) for each in rounds], dtype=np.float64),
    )


def _by_settings(
    runs: Sequence[str | Path], against: Axis, trust: bool
) -> dict[str, list[Curve]]:
    """Return the curves of runs, by a name for what their settings differ in."""
    return grouped(runs, lambda folder: read_curve(folder.path, against), trust)


def grouped(
    runs: Sequence[str | Path], read: Callable[[RunFolder], Read], trust: bool
) -> dict[str, list[Read]]:
    """Return what is read of runs, by a name for what their settings differ in."""
    from evolino.training.config import experiment_to_table
    from evolino.training.run_folder import RunFolder

    settings: list[dict[str, Any]] = []
    found: list[list[Read]] = []
    for run in runs:
        folder = RunFolder.open(run, trust=trust)
        table = experiment_to_table(folder.experiment())
        flat = {key: value for key, value in flatten(table).items() if key != "seed"}
        if flat not in settings:
            settings.append(flat)
            found.append([])
        found[settings.index(flat)].append(read(folder))
    return dict(zip(name_differences(settings), found, strict=True))


def _test_of(run: str | Path, trust: bool) -> tuple[Experiment, Sequence[Segment]]:
    """Return the experiment of a run, and the segments it was tested on."""
    from evolino.training.problem import split_of
    from evolino.training.run_folder import RunFolder

    experiment = RunFolder.open(run, trust=trust).experiment()
    return experiment, split_of(experiment.task, experiment.seed).test


def _model_of(run: str | Path, experiment: Experiment) -> Trained:
    """Return a run's model. Raises ValueError for one that the run cannot have made."""
    from evolino.models.loading import load

    model = load(run)
    if model.architecture != experiment.architecture:
        raise ValueError(f"{run}: model.npz belongs to another network than config.toml")
    return model
