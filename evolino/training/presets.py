"""Presets: published experiments and our best settings, as data.

A file tasks/<family>/presets/<task>-<preset>.toml is a table of experiments: what its rows
share in [defaults], and for each row what differs, what is published, and what we set out
to reach.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np

from evolino.network.stacked import stack_table
from evolino.registry import find, from_table, names, to_table
from evolino.task.capabilities import feeds_back
from evolino.task.protocol import Published, Task, name_of
from evolino.training.config import experiment_from_table
from evolino.training.experiment import Experiment
from evolino.training.preset_settings import merge, rename, trained_by, without_foreign
from evolino.vocabulary import unknown_name

DEFAULT_PRESET = "best"
FALLBACK_TASK = "series"


@dataclass(frozen=True, slots=True)
class Row:
    """One experiment of a table.

    label: of the row. target: the metric to reach, if one was set. published: figures of
    the literature beside the task's own. settings: the experiment without its seed.
    """

    label: str
    target: float | None
    published: tuple[Published, ...]
    settings: Mapping[str, Any]

    def experiment(self, seed: int) -> Experiment:
        """Return the experiment for a seed."""
        return experiment_from_table({**self.settings, "seed": seed})


@dataclass(frozen=True, slots=True)
class Table:
    """A table of experiments. metric: the column compared, lower is better unless
    higher_is_better. notes: what of the published setting is known and what is chosen.
    seeds_in_parallel: whether seeds run beside each other, one worker each, or one after
    another with all workers. sweep: the rows differ in their number of cells, so that the
    metric is drawn against it. also: other metrics to show, not compared. digits: to which
    figures are shown."""

    name: str
    task: str
    preset: str
    title: str
    metric: str
    source: str
    notes: str
    rows: tuple[Row, ...]
    seeds_in_parallel: bool = True
    sweep: bool = False
    higher_is_better: bool = False
    also: tuple[str, ...] = ()
    digits: int = 2


@cache
def _files() -> dict[str, Traversable]:
    """Return the file of each table, from the folders of all families of tasks."""
    families = (
        each for each in resources.files("evolino.tasks").iterdir() if each.is_dir()
    )
    folders = (family / "presets" for family in families)
    return {
        file.name.removesuffix(".toml"): file
        for folder in folders
        if folder.is_dir()
        for file in folder.iterdir()
        if file.name.endswith(".toml")
    }


def tables() -> list[str]:
    """Return the names of all tables."""
    return sorted(_files())


def presets_of(task: str) -> list[str]:
    """Return the names of a task's presets."""
    prefix = f"{task}-"
    return [name.removeprefix(prefix) for name in tables() if name.startswith(prefix)]


@cache
def load_table(name: str) -> Table:
    """Return a table by name. Raises ValueError, naming the nearest, if there is none."""
    if name not in _files():
        raise unknown_name("table", name, tables())
    content = tomllib.loads(_files()[name].read_text(encoding="utf-8"))
    shared = {**content["defaults"], "preset": content["preset"]}
    return Table(
        name=name,
        task=content["task"],
        preset=content["preset"],
        title=content["title"],
        metric=content["metric"],
        source=content["source"],
        notes=content["notes"].strip(),
        rows=tuple(_row(content["task"], shared, row) for row in content["rows"]),
        seeds_in_parallel=content.get("seeds_in_parallel", True),
        sweep=content.get("sweep", False),
        higher_is_better=content.get("higher_is_better", False),
        also=tuple(content.get("also", ())),
        digits=content.get("digits", 2),
    )


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
    search. train: "evolution", or "bptt", "kalman" or "reinforce", which train without
    a search.
    Raises ValueError, naming the nearest valid ones, for unknown names.
    """
    options = {k: v for k, v in (task_options or {}).items() if v is not None}
    changed: dict[str, Any] = {}
    if isinstance(task, str):
        find("task", task)
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
    room = cells - len(groups)
    sizes = 1 + np.diff(np.round(room * ends / ends[-1]).astype(np.int64), prepend=0)
    return [
        {**group, "cells": size} for group, size in zip(groups, sizes.tolist(), strict=True)
    ]


def _row(task: str, shared: Mapping[str, Any], row: Mapping[str, Any]) -> Row:
    about = {"label", "target", "published"}
    changes = {key: value for key, value in row.items() if key not in about}
    settings = merge(shared, changes)
    settings["task"] = {"name": task, **settings.get("task", {})}
    published = tuple(Published(**figure) for figure in row.get("published", ()))
    return Row(row["label"], row.get("target"), published, settings)


def _choose(table: Table, options: Mapping[str, Any], cells: int | None) -> Row:
    """Return the row that shares most with what is asked for.

    Of equals the one that has more of the task's own defaults, then the first.
    """
    task = find("task", table.task)
    parameters = dataclasses.fields(task) if dataclasses.is_dataclass(task) else ()
    usual = {each.name: each.default for each in parameters}

    def shared(row: Row) -> tuple[int, int, int]:
        settings = row.settings["task"]
        same = sum(settings.get(key) == value for key, value in options.items())
        as_usual = sum(settings.get(key) == value for key, value in usual.items())
        return same, int(row.settings["network"]["cells"] == cells), as_usual

    return max(table.rows, key=shared)


def describe_tasks() -> list[tuple[str, list[str]]]:
    """Return every task's name with its presets."""
    return [(name, presets_of(name)) for name in names("task")]
