"""The options of `evolino run` that every task has, and the experiment that they make."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evolino.cli.assignments import read_assignments
from evolino.cli.baseline_options import AllBaselines, Baselines
from evolino.cli.descent_options import CpuSeconds, Genes, Rate, Scales, Seconds
from evolino.cli.worker_options import Backend, Scheduler, Timeout, Workers

if TYPE_CHECKING:
    from evolino.training.experiment import Experiment, Islands

LIMITS = ("generations", "evaluations", "seconds", "cpu_seconds", "target", "stagnation")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options; a field is as its help says."""

    preset: Annotated[
        str | None, typer.Option(help="Settings to start from.", show_default="best")
    ] = None
    cells: Annotated[int | None, typer.Option(help="Memory cells.")] = None
    layers: Annotated[
        int | None,
        typer.Option(
            help="Layers of so many cells, each above the last.", show_default="1"
        ),
    ] = None
    bidirectional: Annotated[
        bool,
        typer.Option(
            "--bidirectional",
            help="Every layer has as many cells again that read the sequence from its end.",
        ),
    ] = False
    full_peepholes: Annotated[
        bool,
        typer.Option(
            "--full-peepholes",
            help="Gates driven by the states of all cells, in the place of cell outputs "
            "and other peepholes.",
        ),
    ] = False
    precision: Annotated[
        str | None,
        typer.Option(
            help="float64, or float32: twice as fast, accurate to 1e-6.",
            show_default="float64",
        ),
    ] = None
    search: Annotated[
        str | None,
        typer.Option(help="Search over weights: esp, genetic, cma-es, random, .."),
    ] = None
    readout: Annotated[
        str | None,
        typer.Option(
            help="How outputs are solved: pseudo-inverse, ridge, svm, kernel-svm, .."
        ),
    ] = None
    initialiser: Annotated[
        str | None, typer.Option(help="How the first weights are drawn.")
    ] = None
    trainer: Annotated[
        str | None,
        typer.Option(
            help="evolution; or, with no readout solved, bptt: back-propagation through "
            "time; kalman: the decoupled extended Kalman filter; or reinforce: recurrent "
            "policy gradients, for tasks of control.",
            show_default="evolution",
        ),
    ] = None
    islands: Annotated[
        int | None,
        typer.Option(help="Searches that evolve apart and exchange their best in a ring."),
    ] = None
    migrate_every: Annotated[
        int | None,
        typer.Option(help="Generations between exchanges.", show_default="10"),
    ] = None
    assignments: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any field of network, initialiser, search, readout, refine, bptt, "
            "kalman or reinforce, readout.capacity=100; or ensemble=4, fit_weight=1, "
            "tolerance=0.5 (gives up a free run so far from its target, of a series in "
            "standard deviations of each column); several times.",
        ),
    ] = None
    refine: Annotated[
        str | None,
        typer.Option(help="Descent of the best networks after the search: lbfgs, adam."),
    ] = None
    refine_steps: Annotated[
        int | None, typer.Option(help="Gradients for each of them.", show_default="1000")
    ] = None
    refine_best: Annotated[
        int | None, typer.Option(help="How many of the best descend.", show_default="1")
    ] = None
    refine_halve_after: Annotated[
        int | None,
        typer.Option(
            help="All descend so many gradients, the better half twice as many, and so on."
        ),
    ] = None
    refine_every: Annotated[
        int | None,
        typer.Option(
            help="Refine the best every so many generations too; it goes back into the "
            "search."
        ),
    ] = None
    refine_rate: Rate = None
    refine_genes: Genes = None
    refine_scales: Scales = None
    refine_seconds: Seconds = None
    refine_cpu_seconds: CpuSeconds = None
    robust: Annotated[
        float | None,
        typer.Option(help="Noise on all cells in the free runs that select, such as 1e-4."),
    ] = None
    seed: Annotated[int, typer.Option(help="Of all randomness.")] = 0
    workers: Workers = None
    backend: Backend = "threads"
    scheduler: Scheduler = None
    timeout: Timeout = None
    generations: Annotated[int | None, typer.Option(help="Stop after so many.")] = None
    evaluations: Annotated[
        int | None, typer.Option(help="Stop after so many networks.")
    ] = None
    seconds: Annotated[
        float | None, typer.Option(help="End the search after so long by the wall clock.")
    ] = None
    cpu_seconds: Annotated[
        float | None, typer.Option(help="End the search after so long on the processor.")
    ] = None
    target: Annotated[float | None, typer.Option(help="Stop at this loss.")] = None
    stagnation: Annotated[
        int | None, typer.Option(help="Stop after so many generations without progress.")
    ] = None
    out: Annotated[
        str | None, typer.Option(help="Folder of the run.", show_default="results/runs/..")
    ] = None
    force: Annotated[
        bool, typer.Option("--force", help="Use --out even if it holds an earlier run.")
    ] = False
    track: Annotated[
        str | None,
        typer.Option(help="Log to tensorboard (OUT/tensorboard) or mlflow as well."),
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing.")] = False
    baselines: Baselines = True
    all_baselines: AllBaselines = False


def experiment_of(task: str, fields: dict[str, Any], options: RunOptions) -> Experiment:
    """Return the experiment of a task. fields: of the task, those that were given."""
    from evolino.training.presets import experiment_for

    fields_set = read_assignments(options.assignments or ())
    if options.full_peepholes:
        cell = {"peepholes": False, "full_peepholes": True}
        fields_set["network"] = {**cell, **fields_set.get("network", {})}
    experiment = experiment_for(
        task,
        options.preset,
        task_options=fields,
        cells=options.cells,
        layers=options.layers,
        bidirectional=options.bidirectional,
        precision=options.precision,
        search=options.search,
        readout=options.readout,
        initialiser=options.initialiser,
        fields=fields_set,
        refine=options.refine,
        refine_best=options.refine_best,
        train=options.trainer,
        seed=options.seed,
        budget_options={name: getattr(options, name) for name in LIMITS},
    )
    if options.islands is not None or options.migrate_every is not None:
        islands = _islands(options.islands, options.migrate_every)
        experiment = replace(experiment, islands=islands)
    experiment = with_refine_options(experiment, options)
    if options.robust is not None:
        experiment = replace(experiment, robust=options.robust)
    return experiment


def with_refine_options(experiment: Experiment, options: RunOptions) -> Experiment:
    """Return an experiment whose refinement has the limits that were given.

    Raises ValueError for limits of a refinement that there is not.
    """
    given = {
        "steps": options.refine_steps,
        "best": options.refine_best,
        "halve_after": options.refine_halve_after,
        "every": options.refine_every,
        "rate": options.refine_rate,
        "genes": names_between_commas(options.refine_genes),
        "scales": options.refine_scales,
        "seconds": options.refine_seconds,
        "cpu_seconds": options.refine_cpu_seconds,
    }
    changes: dict[str, Any] = {k: v for k, v in given.items() if v is not None}
    if not changes:
        return experiment
    assigned = read_assignments(options.assignments or ()).get("refine", {})
    refuse_twice(changes, assigned, "--refine-")
    first = next(iter(changes)).replace("_", "-")
    if experiment.refine is None:
        raise ValueError(f"--refine-{first} needs --refine")
    if "rate" in changes and not hasattr(experiment.refine, "rate"):
        raise ValueError(
            f"--refine-rate is for adam, the refinement is {experiment.refine.name}"
        )
    return replace(experiment, refine=replace(experiment.refine, **changes))


def refuse_twice(options: dict[str, Any], assigned: dict[str, Any], prefix: str) -> None:
    """Raise ValueError for a field of the refinement that has an option and a --set."""
    for name in options:
        if name in assigned:
            option = prefix + name.replace("_", "-")
            raise ValueError(f"{option} and --set refine.{name} are one: give one of them")


def names_between_commas(text: str | None) -> tuple[str, ...] | None:
    """Return the names in a text such as "bias,input"; None for no text."""
    return None if text is None else tuple(name.strip() for name in text.split(","))


def _islands(count: int | None, migrate_every: int | None) -> Islands:
    from evolino.training.experiment import Islands

    if count is None:
        raise ValueError("migrate_every needs islands")
    return Islands(count) if migrate_every is None else Islands(count, migrate_every)
