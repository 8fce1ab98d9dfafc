"""Pictures of runs: PNG or SVG by the ending, the same bytes for the same data.

`fitness`, `free_run` and `cells` read the folders of runs. `fitness_figure`,
`response_figure`, `cells_figure` and `sweep_figure` draw arrays; `save` writes what they
return.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evolino.plots.canvas import check_picture, save
from evolino.plots.losses import AXES, Curve, fitness_figure
from evolino.plots.network import cells_figure, response_figure
from evolino.plots.sweep import SweepPoint, sweep_figure
from evolino.vocabulary import unknown_name

if TYPE_CHECKING:
    from evolino.models.ensemble import Trained
    from evolino.task.series import Segment
    from evolino.training.experiment import Experiment

__all__ = [
    "Curve",
    "SweepPoint",
    "cells",
    "cells_figure",
    "fitness",
    "fitness_figure",
    "free_run",
    "read_curve",
    "response_figure",
    "save",
    "sweep_figure",
]

HEARD = 60  # steps of the driven network that are shown before a free run
SHOWN = 200  # steps of the test series on which the cells are shown


def fitness(
    runs: Sequence[Path],
    out: Path,
    *,
    against: str = "generations",
    trust: bool = False,
) -> Path:
    """Draw the losses of runs and return the picture's path.

    runs: folders; runs that differ in nothing but their seed are drawn as one median with
    a band. against: "generations", "evaluations" or "seconds". trust: of
    `RunFolder.open`. Raises ValueError for
    another axis or ending, a folder that is no run, and runs without a generation.
    """
    check_picture(out)
    if against not in AXES:
        raise unknown_name("axis", against, AXES)
    return save(fitness_figure(_by_settings(runs, against, trust), against=against), out)


def free_run(run: Path, out: Path, *, trust: bool = False) -> Path:
    """Draw a run's network on its test data, with the error, and return the picture's path.

    Where the task generates it is the free run against the target, else the output.
    trust: of `RunFolder.open`.
    """
    check_picture(out)
    experiment, test = _test_of(run, trust)
    free_running = experiment.task.generates
    model = _model_of(run, experiment)
    outputs = model.respond(test, free_running=free_running)
    first = test[0]
    heard = first.series.targets[max(0, first.start - HEARD) : first.start]
    figure = response_figure(
        outputs,
        [segment.targets for segment in test],
        start=first.start,
        heard=heard if free_running else None,
        free_running=free_running,
    )
    return save(figure, out)


def cells(run: Path, out: Path, *, trust: bool = False) -> Path:
    """Draw the cells and gates of a run's network over its test series, teacher-forced.

    Returns the picture's path. trust: of `RunFolder.open`. Raises ValueError for a network
    that is no LSTM.
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


def read_curve(run: Path, against: str) -> Curve:
    """Return the losses of the run in a folder."""
    from evolino.training.run_folder import RunFolder

    folder = RunFolder.open(run)
    seconds = [record["seconds"] for record in folder.timing()]
    return Curve.of(folder.history(), against, seconds)


def _by_settings(runs: Sequence[Path], against: str, trust: bool) -> dict[str, list[Curve]]:
    """Return the curves of runs, by a name for what their settings differ in."""
    from evolino.training.config import experiment_to_table
    from evolino.training.run_folder import RunFolder

    settings: list[dict[str, Any]] = []
    curves: list[list[Curve]] = []
    for run in runs:
        table = experiment_to_table(RunFolder.open(run, trust=trust).experiment())
        flat = {key: value for key, value in flatten(table).items() if key != "seed"}
        if flat not in settings:
            settings.append(flat)
            curves.append([])
        curves[settings.index(flat)].append(read_curve(run, against))
    return dict(zip(name_differences(settings), curves, strict=True))


def flatten(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested table with keys such as "network.cells"."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def name_differences(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return a name for each of several settings: what not all of them share.

    Names are cut to what is readable, and numbered where they would then be the same.
    """
    if len(settings) == 1:
        return [" ".join(filter(None, (_task_of(settings[0]), settings[0].get("preset"))))]
    keys = sorted({key: None for each in settings for key in each}, key=_rank)
    differing = [k for k in keys if any(e.get(k) != settings[0].get(k) for e in settings)]
    names: list[str] = []
    for number, each in enumerate(settings, start=1):
        parts = [_part(key, each[key]) for key in differing if key in each]
        name = ", ".join(parts[:3])[:40] or f"settings {number}"
        names.append(f"{name} #{number}" if name in names else name)
    return names


def _rank(key: str) -> tuple[int, str]:
    """Return where a setting stands in a name: the task first, then the network."""
    order = ("task", "network", "search")
    table = key.partition(".")[0]
    return order.index(table) if table in order else len(order), key


def _task_of(settings: Mapping[str, Any]) -> str:
    return str(settings.get("task.name", "run"))


def _part(key: str, value: Any) -> str:
    last = key.rpartition(".")[2]
    if last == "name":
        return str(value)
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{last.replace('_', ' ')} {shown}"


def _test_of(run: Path, trust: bool) -> tuple[Experiment, tuple[Segment, ...]]:
    """Return the experiment of a run, and the segments it was tested on."""
    from evolino.training.problem import split_of
    from evolino.training.run_folder import RunFolder

    experiment = RunFolder.open(run, trust=trust).experiment()
    return experiment, split_of(experiment.task, experiment.seed).test


def _model_of(run: Path, experiment: Experiment) -> Trained:
    """Return a run's model. Raises ValueError for one that the run cannot have made."""
    from evolino.models.loading import load

    model = load(run)
    if model.architecture != experiment.architecture:
        raise ValueError(f"{run}: model.npz belongs to another network than config.toml")
    return model
