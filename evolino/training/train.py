"""`evolino.train`, `run` and `resume`: a result from a task, an experiment or a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from evolino.gradient.bptt import BPTT
from evolino.gradient.descent import Descent
from evolino.gradient.kalman import Kalman
from evolino.gradient.reinforce import Reinforce
from evolino.network.base import Architecture
from evolino.network.initialisers.base import Initialiser
from evolino.readout.base import Readout
from evolino.registry import find
from evolino.search.base import SearchSettings
from evolino.task.protocol import Task
from evolino.training import resume_run, run_experiment
from evolino.training.callbacks import Callback, check_callbacks
from evolino.training.experiment import (
    WITHOUT_SEARCH,
    Budget,
    Curriculum,
    Experiment,
    Islands,
    check_pictures,
)
from evolino.training.presets import experiment_for
from evolino.training.result import Result
from evolino.training.run_folder import RunFolder
from evolino.training.workers.base import Backend, WorkerSettings
from evolino.user_files import refuse_while_importing

OnInterrupt = Literal["raise", "return"]


def train(
    task: str | Task,
    *,
    preset: str | None = None,
    network: Architecture | None = None,
    initialiser: str | Initialiser[Any] | None = None,
    search: str | SearchSettings | None = None,
    readout: str | Readout | None = None,
    budget: Budget | None = None,
    curriculum: Curriculum | None = None,
    tolerance: float | None = None,
    robust: float | None = None,
    fit_weight: float | None = None,
    confirm_at: float | None = None,
    ensemble: int | None = None,
    refine: Descent | None = None,
    bptt: BPTT | None = None,
    kalman: Kalman | None = None,
    reinforce: Reinforce | None = None,
    islands: int | None = None,
    migrate_every: int | None = None,
    seed: int = 0,
    workers: int = 1,
    backend: Backend = "threads",
    scheduler: str | None = None,
    timeout: float | None = None,
    out: str | Path | None = None,
    force: bool = False,
    baselines: bool = False,
    callbacks: Sequence[Callback] = (),
    on_interrupt: OnInterrupt = "raise",
) -> Result:
    """Evolve a network for a task and solve its readout.

    task: a name such as "mso", or a task such as `SeriesTask(...)`. preset: "best" unless
    given. network, initialiser, search, readout, budget, curriculum: in place of the
    preset's. tolerance, robust, fit_weight, confirm_at, ensemble: as of `Experiment`.
    refine: `LBFGS` or `Adam`, a descent of the best networks after the search. bptt:
    `BPTT`, training by back-propagation through time in place of search and readout.
    kalman: `Kalman`, by the decoupled extended Kalman filter. reinforce: `Reinforce`, by
    recurrent policy gradients, for tasks of control. islands: how many searches evolve
    apart and exchange their best networks in a ring. migrate_every: generations between
    exchanges. seed: of all randomness. workers: how many. backend: "threads", or processes
    by "loky", "dask" or "ray". scheduler: address of a running Dask or Ray cluster to join.
    The result depends on none of these three. timeout: seconds that evaluating a generation
    may take. out: the run's folder; none leaves no files. force: overwrite an earlier run
    there. baselines: measure the unevolved network and random search as well. on_interrupt:
    what Ctrl-C, SIGTERM and SIGHUP do once the run is saved: "raise" KeyboardInterrupt, so
    that a loop of runs ends, or "return" the result so far, whose `interrupted` is then
    true. callbacks: each a `Callback`. Returns the result: .model, .history, .metrics,
    .stopped. Raises ValueError or TypeError, naming the argument, for whatever cannot work,
    and EvaluationError if the task raises, takes too long, or its workers are lost for
    good.

    >>> import evolino
    >>> result = evolino.train("mso", seed=1, budget=evolino.Budget(evaluations=20))
    >>> result.evaluations
    20
    """
    refuse_while_importing()
    pool = WorkerSettings(workers, backend, scheduler, timeout)
    methods = {"initialiser": initialiser, "search": search, "readout": readout}
    fields = {
        "network": network,
        "curriculum": curriculum,
        "tolerance": tolerance,
        "robust": robust,
        "fit_weight": fit_weight,
        "confirm_at": confirm_at,
        "ensemble": ensemble,
        "refine": refine,
        "bptt": bptt,
        "kalman": kalman,
        "reinforce": reinforce,
        "islands": _islands(islands, migrate_every),
    }
    return run(
        _experiment_of(task, preset, methods, fields, budget, seed),
        workers=pool,
        out=out,
        force=force,
        baselines=baselines,
        callbacks=callbacks,
        on_interrupt=on_interrupt,
    )


def _experiment_of(
    task: str | Task,
    preset: str | None,
    methods: Mapping[str, Any],
    fields: Mapping[str, Any],
    budget: Budget | None,
    seed: int,
) -> Experiment:
    """Return a preset's experiment with what was given in the place of its own.

    methods: names or records of initialiser, search and readout; fields: others of the
    experiment; None keeps the preset's.
    """
    _check_kinds({"budget": budget})
    _check_kinds({name: fields[name] for name in ("curriculum", "refine", *WITHOUT_SEARCH)})
    network = fields["network"]
    if network is not None and not hasattr(network, "driver"):
        raise TypeError(
            f"network must be an architecture such as evolino.LSTM, got {network!r}"
        )
    if network is not None:
        check_pictures(find("task", task) if isinstance(task, str) else task, network)
    given = {"task": task, **methods}
    _check_methods(given)
    named: dict[str, Any] = {k: v for k, v in methods.items() if isinstance(v, str)}
    experiment = experiment_for(
        task,
        preset,
        cells=getattr(network, "cells", None),
        seed=seed,
        budget_options=None if budget is None else asdict(budget),
        train=next((name for name in WITHOUT_SEARCH if fields[name] is not None), None),
        **named,
    )
    records = {name: part for name, part in given.items() if not isinstance(part, str)}
    changes = {k: v for k, v in {**records, **fields}.items() if v is not None}
    return replace(experiment, **changes)


def run(
    experiment: Experiment,
    *,
    workers: int | WorkerSettings = 1,
    out: str | Path | None = None,
    force: bool = False,
    baselines: bool = False,
    callbacks: Sequence[Callback] = (),
    on_interrupt: OnInterrupt = "raise",
) -> Result:
    """Run an experiment, such as that of an earlier result.

    experiment: complete. workers: how many threads, or who else evaluates; the result does
    not depend on it. out, force, baselines, callbacks, on_interrupt: as of `train`.

    Returns the result. Raises TypeError for what is no `Experiment`, ValueError for a
    folder that cannot be used, and EvaluationError as `train` does.

    >>> import evolino
    >>> made = evolino.train("mso", budget=evolino.Budget(evaluations=20)).experiment
    >>> evolino.run(made).evaluations
    20
    """
    refuse_while_importing()
    _check_kinds({"experiment": experiment})
    check_callbacks(callbacks)
    _check_on_interrupt(on_interrupt)
    folder = None if out is None else RunFolder.create(out, experiment, force=force)
    result = run_experiment.run_experiment(
        experiment,
        workers=workers,
        folder=folder,
        callbacks=callbacks,
        baselines=baselines,
    )
    return _ended(result, on_interrupt, folder)


def resume(
    folder: str | Path,
    *,
    budget: Budget | None = None,
    workers: int | WorkerSettings = 1,
    baselines: bool = False,
    callbacks: Sequence[Callback] = (),
    trust: bool = False,
    on_interrupt: OnInterrupt = "raise",
) -> Result:
    """Go on with the run in a folder, to the same bits as if it had never stopped.

    folder: of the run. budget: takes the place of the run's own, as for a run that is to go
    further; None keeps it. workers, baselines, callbacks, on_interrupt: as of `run`. trust:
    let the run's config name classes in Python files, which are then run; the folder may be
    somebody else's.

    Returns the result of the whole run. Raises ValueError for a folder that is no run, is
    damaged, or names code without trust; TypeError and EvaluationError as `run` does.

    >>> import evolino
    >>> _ = evolino.train("mso", out="half", budget=evolino.Budget(generations=1))
    >>> evolino.resume("half", budget=evolino.Budget(generations=2)).generations
    2
    """
    _check_kinds({"budget": budget})
    _check_on_interrupt(on_interrupt)
    opened = RunFolder.open(folder, trust=trust)
    result = resume_run.resume(
        opened,
        workers=workers,
        callbacks=callbacks,
        budget=None if budget is None else asdict(budget),
        baselines=baselines,
    )
    return _ended(result, on_interrupt, opened)


def _ended(result: Result, on_interrupt: str, folder: RunFolder | None) -> Result:
    """Return the result of a run; raise KeyboardInterrupt if that was interrupted, so that
    a loop over runs ends too."""
    if result.interrupted and on_interrupt == "raise":
        saved = "" if folder is None else f"; go on with: {folder.resume_command}"
        raise KeyboardInterrupt(f"{'; '.join(result.stopped)}{saved}")
    return result


RECORDS: dict[str, type] = {
    "refine": Descent,
    "bptt": BPTT,
    "kalman": Kalman,
    "reinforce": Reinforce,
    "experiment": Experiment,
    "budget": Budget,
    "curriculum": Curriculum,
}
NAMES = {"refine": "evolino.LBFGS or evolino.Adam"}  # of several records
METHODS = {
    "task": "sequences",
    "initialiser": "draw",
    "search": "start",
    "readout": "solve",
}


def _check_on_interrupt(value: str) -> None:
    if value not in ("raise", "return"):
        raise ValueError(f"on_interrupt must be 'raise' or 'return', got {value!r}")


def _check_kinds(given: Mapping[str, Any]) -> None:
    """Raise TypeError, naming the argument, for one that is not its record or None."""
    for name, value in given.items():
        if value is not None and not isinstance(value, RECORDS[name]):
            record = NAMES.get(name, f"evolino.{RECORDS[name].__name__}")
            raise TypeError(f"{name} must be of {record}, got {value!r}")


def _islands(count: int | None, migrate_every: int | None) -> Islands | None:
    """Return the islands, None where there are none. Raises ValueError for exchanges
    between none."""
    if count is None:
        if migrate_every is not None:
            raise ValueError("migrate_every needs islands")
        return None
    return Islands(count) if migrate_every is None else Islands(count, migrate_every)


def _check_methods(given: Mapping[str, Any]) -> None:
    """Raise TypeError, naming the argument, for one that cannot do its part."""
    for name, part in given.items():
        named = isinstance(part, str) or (part is None and name != "task")
        if isinstance(part, type):
            raise TypeError(f"{name} must be a name or an object, got the class {part!r}")
        if not named and not hasattr(part, METHODS[name]):
            raise TypeError(
                f"{name} must be a name or have a method {METHODS[name]}, got {part!r}"
            )
