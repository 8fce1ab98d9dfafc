"""Tables of presets: published experiments and our best settings, as data.

A file tasks/<family>/presets/<task>-<preset>.toml is a table of experiments: what its rows
share in [defaults], and for each row what differs, what is published, and what we set out
to reach.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any

from evolino.network import UNNAMED
from evolino.task.protocol import Published
from evolino.training.config import experiment_from_table
from evolino.training.experiment import Experiment
from evolino.vocabulary import unknown_name


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
    figures are shown. seeds: over how many it is to be made. fast: settings of every row
    that the fast budget changes, such as a smaller set of data."""

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
    seeds: int = 20
    fast: Mapping[str, Any] = field(default_factory=dict)


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
        seeds=content.get("seeds", 20),
        fast=content.get("fast", {}),
    )


def merge(base: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return base with changes laid over it, tables merged key by key.

    A table that names another class ("name") replaces the one below it.
    """
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            # Only the table of a network may have no name.
            renamed = "name" in value and value["name"] != below.get("name", UNNAMED)
            merged[key] = dict(value) if renamed else merge(below, value)
        else:
            merged[key] = value
    return merged


def _row(task: str, shared: Mapping[str, Any], row: Mapping[str, Any]) -> Row:
    about = {"label", "target", "published"}
    changes = {key: value for key, value in row.items() if key not in about}
    settings = merge(shared, changes)
    settings["task"] = {"name": task, **settings.get("task", {})}
    published = tuple(Published(**figure) for figure in row.get("published", ()))
    return Row(row["label"], row.get("target"), published, settings)
