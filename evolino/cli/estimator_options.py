"""Options of `evolino run csv` that are parameters of its estimators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import typer

Networks = Annotated[
    int | None,
    typer.Option(
        help="Networks: with --target beside the lags, 0 for none; with --label in each "
        "direction.",
        show_default="64; 32",
    ),
]
Cells = Annotated[
    int | None, typer.Option(help="Memory cells of each network.", show_default="25; 16")
]
ReadoutName = Annotated[
    str | None,
    typer.Option(help="With --label: ridge, pseudo-inverse, svm or svr.",
                 show_default="ridge, its penalty found"),
]  # fmt: skip
Evaluations = Annotated[
    int | None,
    typer.Option(help="Let networks evolve so long; used only where they are better."),
]
Seconds = Annotated[
    float | None,
    typer.Option(help="End each fit after so long by the wall clock, evolution before it."),
]
Search = Annotated[
    str | None, typer.Option(help="Of the evolution: esp, genetic, cma-es, random, ..")
]
InitialiserName = Annotated[
    str | None, typer.Option(help="With --target: how the first evolved weights are drawn.")
]
Refine = Annotated[
    str | None,
    typer.Option(help="With --target: descent of the evolved networks: lbfgs, adam."),
]
RefineSteps = Annotated[
    int | None, typer.Option(help="Gradients of it.", show_default="1000")
]


@dataclass(frozen=True, slots=True)
class EstimatorOptions:
    """Parameters that were given; None leaves the estimator's own."""

    networks: int | None = None
    cells: int | None = None
    readout: str | None = None
    evaluations: int | None = None
    seconds: float | None = None
    search: str | None = None
    initialiser: str | None = None
    refine: str | None = None
    refine_steps: int | None = None
    workers: int | None = None

    def parameters(self) -> dict[str, Any]:
        """Return them as the estimators take them. Raises ValueError for steps of no
        descent, and for names that are none."""
        from evolino.cli.worker_options import worker_count
        from evolino.registry import from_table

        if self.refine is None and self.refine_steps is not None:
            raise ValueError("--refine-steps is of a descent: give --refine too")
        given: dict[str, Any] = {
            "networks": self.networks,
            "cells": self.cells,
            "readout": self.readout,
            "evaluations": self.evaluations,
            "seconds": self.seconds,
            "search": self.search,
            "initialiser": self.initialiser,
            "n_jobs": worker_count(self.workers),
        }
        if self.refine is not None:
            steps = {} if self.refine_steps is None else {"steps": self.refine_steps}
            given["refine"] = from_table("refinement", {"name": self.refine, **steps})
        return {name: value for name, value in given.items() if value is not None}
