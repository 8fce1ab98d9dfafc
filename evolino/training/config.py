"""An experiment as the tables of config.toml, and back.

Tables: task, network, initialiser, search, readout, budget, curriculum, islands, refine,
bptt, kalman, reinforce; beside them seed, preset, tolerance, confirm_at, robust, fit_weight
and ensemble. Left out are what is None, an infinite tolerance, a confirm_at, robust or
fit_weight of 0, an ensemble of 1, and the name of the network, where it is an LSTM.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import tomli_w

from evolino.gradient.bptt import BPTT
from evolino.gradient.kalman import Kalman
from evolino.gradient.reinforce import Reinforce
from evolino.network import UNNAMED
from evolino.network.base import Architecture
from evolino.registry import (
    fields_to_table,
    find,
    from_table,
    make,
    to_table,
    unknown_field,
)
from evolino.task.protocol import Task
from evolino.training.experiment import Budget, Curriculum, Experiment, Islands

NAMED = ("task", "initialiser", "search", "readout")
OPTIONAL = ("budget", "curriculum", "islands", "refine", "bptt", "kalman", "reinforce")
TABLES = (*NAMED, "network", *OPTIONAL)
NUMBERS = ("confirm_at", "robust", "fit_weight")
KEYS = ("preset", "seed", "tolerance", *NUMBERS, "ensemble")


def experiment_to_table(experiment: Experiment) -> dict[str, Any]:
    """Return the complete content of config.toml, defaults included."""
    table: dict[str, Any] = {"seed": int(experiment.seed)}
    if experiment.preset is not None:
        table["preset"] = experiment.preset
    if math.isfinite(experiment.tolerance):
        table["tolerance"] = float(experiment.tolerance)
    for name in NUMBERS:
        if getattr(experiment, name):
            table[name] = float(getattr(experiment, name))
    if experiment.ensemble != 1:
        table["ensemble"] = int(experiment.ensemble)
    if experiment.islands is not None:
        table["islands"] = fields_to_table(experiment.islands)
    if experiment.refine is not None:
        table["refine"] = to_table(experiment.refine)
    if experiment.bptt is not None:
        table["bptt"] = fields_to_table(experiment.bptt)
    if experiment.kalman is not None:
        table["kalman"] = fields_to_table(experiment.kalman)
    if experiment.reinforce is not None:
        table["reinforce"] = fields_to_table(experiment.reinforce)
    curriculum = experiment.curriculum
    return {
        **table,
        "task": to_table(experiment.task),
        "network": network_to_table(experiment.network),
        "initialiser": to_table(experiment.initialiser),
        "search": to_table(experiment.search),
        "readout": to_table(experiment.readout),
        "budget": fields_to_table(experiment.budget),
        "curriculum": {
            "variants": [to_table(variant) for variant in curriculum.variants],
            "advance_at": float(curriculum.advance_at),
            "patience": int(curriculum.patience),
            **_restarts(curriculum),
        },
    }


def _restarts(curriculum: Curriculum) -> dict[str, Any]:
    """Return the restarts of a curriculum, nothing for none: TOML has no null."""
    after = curriculum.restart_after
    return {} if after is None else {"restart_after": int(after)}


def experiment_from_table(
    table: Mapping[str, Any], *, task: Task | None = None
) -> Experiment:
    """Return the experiment of `experiment_to_table`; defaults fill what is not there.

    task: is taken in place of the table's.

    Raises ValueError for unknown or missing tables, names and fields, and whatever the
    records themselves raise for their values.
    """
    for key in table:
        if key not in TABLES + KEYS:
            raise unknown_field("an experiment", key, TABLES + KEYS)
    for key in TABLES:
        if not isinstance(table.get(key, {}), Mapping):
            raise ValueError(f"{key} must be a table, got {table[key]!r}")
    for key in (*NAMED, "network"):
        if key not in table:
            raise ValueError(f"an experiment needs a table {key!r}")
    curriculum = dict(table.get("curriculum", {}))
    variants = tuple(from_table("task", each) for each in curriculum.pop("variants", ()))
    curriculum["variants"] = variants
    islands = make("islands", Islands, table["islands"]) if "islands" in table else None
    refine = from_table("refinement", table["refine"]) if "refine" in table else None
    bptt = make("bptt", BPTT, table["bptt"]) if "bptt" in table else None
    kalman = make("kalman", Kalman, table["kalman"]) if "kalman" in table else None
    reinforce = (
        make("reinforce", Reinforce, table["reinforce"]) if "reinforce" in table else None
    )
    named = NAMED if task is None else NAMED[1:]
    parts = {kind: from_table(kind, table[kind]) for kind in named}
    if task is not None:
        parts["task"] = task
    return Experiment(
        **parts,
        network=network_from_table(table["network"]),
        budget=make("budget", Budget, table.get("budget", {})),
        curriculum=make("curriculum", Curriculum, curriculum),
        seed=table.get("seed", 0),
        tolerance=table.get("tolerance", math.inf),
        preset=table.get("preset"),
        **{name: table[name] for name in (*NUMBERS, "ensemble") if name in table},
        islands=islands,
        refine=refine,
        bptt=bptt,
        kalman=kalman,
        reinforce=reinforce,
    )


def network_to_table(network: Architecture) -> dict[str, Any]:
    """Return the table of an architecture; that of an LSTM has no name."""
    unnamed = type(network) is find("network", UNNAMED)
    return fields_to_table(network) if unnamed else to_table(network)


def network_from_table(table: Mapping[str, Any]) -> Architecture:
    """Return the architecture of a table; without a name it is an LSTM."""
    network: Architecture
    if "name" in table:
        network = from_table("network", table)
    else:
        network = make("network", find("network", UNNAMED), table)
    return network


def experiment_to_toml(experiment: Experiment) -> bytes:
    """Return the text of config.toml."""
    return tomli_w.dumps(experiment_to_table(experiment)).encode()
