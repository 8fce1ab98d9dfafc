"""Pictures of the timing task: cells around each spike, success against the interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from evolino.plots.canvas import COLOURS, GREY, check_picture, new_figure, save, style
from evolino.task.protocol import name_of
from evolino.vocabulary import Array, IntArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BEFORE, AFTER = 0.6, 0.6  # of an interval, that is shown around a spike
SPIKES = 8  # that are laid over each other
APART = ("seed", "preset", "task.period", "curriculum.variants")  # do not separate runs


def spikes(run: Path, out: Path, *, trust: bool = False) -> Path:
    """Draw cell states, gates and output of a run's network around each spike.

    Teacher-forced over the first steps of the test. Returns the picture's path.
    trust: of `RunFolder.open`. Raises ValueError for a task other than timing.
    """
    from evolino.models.loading import load_network
    from evolino.network.lstm import GATES
    from evolino.tasks.timing.timing import Timing
    from evolino.training.problem import split_of
    from evolino.training.run_folder import RunFolder

    check_picture(out)
    experiment = RunFolder.open(run, trust=trust).experiment()
    task = experiment.task
    if not isinstance(task, Timing):
        raise ValueError(
            f"--kind spikes is of the timing task, {run} learnt {name_of(task)}"
        )
    longest = task.interval + task.delay_set[-1]
    series = split_of(task, experiment.seed).test[0].series
    rows = min(series.steps, (SPIKES + 3) * longest)
    inputs, targets = series.input_rows(0, rows), series.targets[:rows]
    model = load_network(run)
    trace = model.states(inputs, targets)
    signal = inputs if task.inputs else targets
    figure = spikes_figure(
        trace.states,
        {
            ("cell input" if gate == "cell" else f"{gate} gate"): trace.gates[:, :, k]
            for k, gate in enumerate(GATES)
        },
        model.predict(inputs, targets),
        at=_events(signal[:, 0]),
        before=round(BEFORE * longest),
        after=round(AFTER * longest),
    )
    return save(figure, out)


def spikes_figure(
    states: Array,
    gates: Mapping[str, Array],
    outputs: Array,
    *,
    at: IntArray,
    before: int,
    after: int,
) -> Figure:
    """Draw windows around events over each other: states, each gate, output.

    states: (T, C). gates: (T, C) by name. outputs: (T, K). at: rows of the events. before,
    after: steps of a window. Raises ValueError if no window fits.
    """
    fitting = at[(at >= before) & (at + after < len(states))][-SPIKES:]
    if not len(fitting):
        raise ValueError("no spike has enough steps before and after it")
    panels = {"cell state": states, **gates, "output": outputs}
    steps = np.arange(-before, after + 1)
    with style():
        figure = new_figure(0.4 + 0.95 * len(panels))
        axes = figure.subplots(len(panels), 1, sharex=True)
        for each, (name, values) in zip(axes, panels.items(), strict=True):
            for row in fitting:
                for k, line in enumerate(values[row + steps].T):
                    each.plot(steps, line, color=COLOURS[k % 8], linewidth=0.8, alpha=0.6)
            each.axvline(0, color=GREY, linewidth=0.7)
            each.set_ylabel(name)
        axes[-1].set_xlabel(f"steps from the spike; {len(fitting)} spikes, a colour a cell")
    return figure


def reach(runs: Sequence[Path], out: Path, *, trust: bool = False) -> Path:
    """Draw the share of solved runs against the interval, and return the picture's path.

    Runs that differ in more than seed and interval, such as in their search or peepholes,
    are lines of their own. trust: of `RunFolder.open`. Raises ValueError for runs of other
    tasks, and for unfinished ones.
    """
    from evolino.plots.run_names import flatten, name_differences
    from evolino.tasks.timing.timing import Timing
    from evolino.training.config import experiment_to_table
    from evolino.training.run_folder import RunFolder

    check_picture(out)
    settings: list[dict[str, object]] = []
    solved: list[dict[int, list[bool]]] = []
    for run in runs:
        folder = RunFolder.open(run, trust=trust)
        experiment, result = folder.experiment(), folder.result()
        if not isinstance(experiment.task, Timing):
            raise ValueError(f"--kind reach is of the timing task, {run} is not")
        if result is None:
            raise ValueError(f"{run} is not finished")
        flat = flatten(experiment_to_table(experiment))
        flat = {key: value for key, value in flat.items() if key not in APART}
        if flat not in settings:
            settings.append(flat)
            solved.append({})
        by_period = solved[settings.index(flat)]
        success = bool(result["metrics"].get("solved"))
        by_period.setdefault(experiment.task.interval, []).append(success)
    names = name_differences(settings)
    return save(reach_figure(dict(zip(names, solved, strict=True))), out)


def reach_figure(solved: Mapping[str, Mapping[int, Sequence[bool]]]) -> Figure:
    """Draw shares of successes against F, with 95 % intervals of Wilson.

    solved: by name, then by F, which runs were successes. Raises ValueError if there is
    nothing to draw.
    """
    if not solved:
        raise ValueError("there is no run to draw")
    with style():
        figure = new_figure(3.2)
        axes: Axes = figure.subplots()
        for k, (name, by_period) in enumerate(solved.items()):
            periods = sorted(by_period)
            shares = [float(np.mean(by_period[period])) for period in periods]
            ranges = [
                wilson(sum(by_period[period]), len(by_period[period])) for period in periods
            ]
            axes.errorbar(
                periods,
                shares,
                yerr=np.abs(np.array(ranges).T - shares),
                fmt="o-",
                color=COLOURS[k % 8],
                capsize=3,
                label=name,
            )
        axes.set(xlabel="interval F", ylabel="share of runs solved", ylim=(-0.05, 1.05))
        axes.set_xscale("log")
        ticks = sorted({period for each in solved.values() for period in each})
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.minorticks_off()
        axes.legend()
    return figure


def wilson(successes: int, runs: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson 1927)."""
    z = 1.959964
    share, spread = successes / runs, z * z / runs
    middle = share + spread / 2
    half = z * np.sqrt(share * (1 - share) / runs + spread / (4 * runs))
    low, high = (middle - half) / (1 + spread), (middle + half) / (1 + spread)
    return min(share, float(low)), max(share, float(high))


def _events(signal: Array) -> IntArray:
    """Return the rows at which a signal rises above its middle."""
    above = signal > (signal.min() + signal.max()) / 2
    return np.asarray(np.flatnonzero(above[1:] & ~above[:-1]) + 1)
