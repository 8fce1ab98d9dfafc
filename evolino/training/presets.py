"""Presets: the experiment that a task, a preset of it and changes make."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evolino.network.stacked import stack_table
from evolino.registry import find, from_table, names, to_table
from evolino.task.capabilities import feeds_back
from evolino.task.protocol import Task, name_of
from evolino.training.config import experiment_from_table
from evolino.training.experiment import Experiment
from evolino.training.preset_settings import (
    refuse_replaced,
    rename,
    trained_by,
    without_foreign,
)
from evolino.training.tables import Row, Table, load_table, merge, presets_of
from evolino.vocabulary import unknown_name

DEFAULT_PRESET = "best"
FALLBACK_TASK = "series"


def experiment_for(
    task: str | Task,
    preset: str | None = None,
    *,
    task_options: Mapping[str, Any] | None = None,
    cells: int | None = None,
    layers: int | None = None,
    bidirectional: bool = False,
    precision: str | None = None,
    search: str | None = None,
    readout: str | None = None,
    initialiser: str | None = None,
    fields: Mapping[str, Any] | None = None,
    seed: int = 0,
    budget_options: Mapping[str, Any] | None = None,
    refine: str | None = None,
    refine_best: int | None = None,
    train: str | None = None,
) -> Experiment:
    """Return a preset's experiment with some of it replaced.

    task: a name, or a task of one's own; one without presets gets those of "series". A
    task's `preset_for` names the preset of its fields, else it is "best". Where
    past targets are not known when the network is used, nothing is fed back.
    task_options: fields of the task; with cells they choose the row of the preset. cells:
    memory cells. layers, bidirectional: of a stack, `evolino.StackedLSTM`, in the place of
    the preset's network. precision: what they compute in. search, readout, initialiser:
    names; another one than the preset's comes with its own defaults. fields: tables of
    network, initialiser, search or readout, laid over what there is then. budget_options:
    limits; any of them replaces the preset's. refine: name of a refinement that follows the
    search. refine_best: how many networks it has, where there is a refinement. train:
    "evolution", or "bptt", "kalman" or "reinforce", which train without a search.
    Raises ValueError, naming the nearest valid ones, for unknown names.
    """
    options = {k: v for k, v in (task_options or {}).items() if v is not None}
    changed: dict[str, Any] = {}
    if isinstance(task, str):
        refuse_replaced(task, options)
        name, changed = task, {"task": {"name": task, **options}}
    else:
        options, name = _options_of(task), name_of(task)
    with_presets = name if presets_of(name) else FALLBACK_TASK
    usual = getattr(
        find("task", task) if isinstance(task, str) else task, "preset_for", None
    )
    chosen = preset or (DEFAULT_PRESET if usual is None else usual(options))
    if chosen not in presets_of(with_presets):
        raise unknown_name(f"preset of {name}", chosen, presets_of(with_presets))
    row = _choose(load_table(f"{with_presets}-{chosen}"), options, cells)
    network = {"cells": cells, "precision": precision}
    changed["network"] = {k: v for k, v in network.items() if v is not None}
    if layers is not None or bidirectional:
        whole = {**row.settings["network"], **changed["network"]}
        changed["network"] = stack_table(whole, layers, bidirectional)
    settings = merge(without_foreign(row.settings, options), changed)
    made = from_table("task", settings["task"]) if isinstance(task, str) else task
    if not feeds_back(made):
        settings["network"]["feedback"] = False
    if cells is not None and settings["network"].get("groups"):
        settings["network"]["groups"] = _share_out(settings["network"]["groups"], cells)
    rename(settings, {"search": search, "readout": readout, "initialiser": initialiser})
    settings = trained_by(settings, train, fields or {})
    if refine is not None:
        find("refinement", refine)
        settings = merge(settings, {"refine": {"name": refine}})
    settings = merge(settings, fields or {})
    if refine_best is not None and settings.get("refine"):
        # With an ensemble a refinement of fewer networks is no experiment at all.
        settings = merge(settings, {"refine": {"best": refine_best}})
    limits = {k: v for k, v in (budget_options or {}).items() if v is not None}
    if limits:
        settings["budget"] = limits
    return experiment_from_table({**settings, "seed": seed}, task=made)


def _options_of(task: Task) -> dict[str, Any]:
    """Return the fields of a task as a table has them, none where it cannot hold them."""
    try:
        return to_table(task)
    except (TypeError, ValueError):
        return {}


def _share_out(groups: Sequence[Mapping[str, Any]], cells: int) -> list[dict[str, Any]]:
    """Return groups with so many cells together, in the proportions that they have.

    Raises ValueError for fewer cells than groups.
    """
    if cells < len(groups):
        raise ValueError(f"cells must be >= {len(groups)} for as many groups, got {cells}")
    ends = np.cumsum([group["cells"] for group in groups])
    # Each group keeps at least one cell.
    others = cells - len(groups)
    sizes = 1 + np.diff(np.round(others * ends / ends[-1]).astype(np.int64), prepend=0)
    return [
        {**group, "cells": size} for group, size in zip(groups, sizes.tolist(), strict=True)
    ]


def _choose(table: Table, options: Mapping[str, Any], cells: int | None) -> Row:
    """Return the row that shares most with what is asked for.

    Of equals the one that has more of the task's own defaults, then the first. A row that
    sets one of the task's fields `chosen_by` is for those who ask for that field.
    """
    task = find("task", table.task)
    parameters = dataclasses.fields(task) if dataclasses.is_dataclass(task) else ()
    usual = {each.name: each.default for each in parameters}

    def shared(row: Row) -> tuple[int, int, int]:
        settings = row.settings["task"]
        same = sum(settings.get(key) == value for key, value in options.items())
        as_usual = sum(settings.get(key) == value for key, value in usual.items())
        return same, int(row.settings["network"].get("cells") == cells), as_usual

    rare = [name for name in getattr(task, "chosen_by", ()) if name not in options]
    rows = [row for row in table.rows if not any(n in row.settings["task"] for n in rare)]
    return max(rows or table.rows, key=shared)


def describe_tasks() -> list[tuple[str, list[str]]]:
    """Return every task's name with its presets."""
    return [(name, presets_of(name)) for name in names("task")]
