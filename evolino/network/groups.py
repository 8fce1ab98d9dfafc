"""Structured networks: groups of cells, each connected to some of the groups.

Weights between unconnected groups are 0, in whatever genome; the search's steps there are
0. The kernels know nothing of groups.

Source: Eck & Schmidhuber 2002, IDSIA-07-02, experiment 2 (recalled): cells for chords,
which drive cells for the melody but not the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evolino.vocabulary import BoolArray, IntArray, check_count


@dataclass(frozen=True, slots=True)
class Group:
    """Some of the cells, next to each other, and the outputs that are theirs.

    cells, outputs: how many; groups share out the cells and the outputs in their order.
        The outputs of one group may be None: those of the task that no other group has.
    sees: positions of the groups, itself among them, whose cells and fed-back outputs drive
        its cells, and are features of the readout of its outputs. External inputs and the
        bias are for all.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> chords = evolino.Group(cells=4, outputs=1, sees=(0,))
    >>> melody = evolino.Group(cells=6, outputs=2, sees=(0, 1))
    >>> evolino.LSTM(cells=10, outputs=3, groups=(chords, melody)).genome_shape
    (10, 56)
    """

    cells: int
    outputs: int | None = None
    sees: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check every field."""
        check_count("groups: cells", self.cells)
        if self.outputs is not None:
            check_count("groups: outputs", self.outputs, least=0)
        for seen in self.sees:
            check_count("groups: sees", seen, least=0)
        object.__setattr__(self, "sees", tuple(sorted(set(self.sees))))


def as_groups(values: Any, cells: int) -> tuple[Group, ...]:
    """Return groups, each given as a record or a table of its fields.

    Raises ValueError or TypeError for groups that do not share out the cells, or that see
    one that there is not.
    """
    groups = tuple(each if isinstance(each, Group) else _group(each) for each in values)
    if not groups:
        return ()
    total = sum(group.cells for group in groups)
    if total != cells:
        raise ValueError(f"groups have {total} cells together, the network has {cells}")
    for number, group in enumerate(groups):
        if number not in group.sees or max(group.sees) >= len(groups):
            raise ValueError(
                f"groups: number {number} must see itself, and others from 0 to "
                f"{len(groups) - 1}, got {group.sees}"
            )
    return groups


def sharing_out(groups: tuple[Group, ...], outputs: int) -> tuple[Group, ...]:
    """Return groups with the outputs of a task, the rest of them where a group has None.

    Raises ValueError for groups that do not share them out.
    """
    named = sum(group.outputs or 0 for group in groups)
    open_ones = sum(group.outputs is None for group in groups)
    if open_ones > 1:
        raise ValueError("groups: outputs must be given for all but one")
    if groups and (named > outputs if open_ones else named != outputs):
        raise ValueError(f"groups have {named} outputs together, the task has {outputs}")
    rest = outputs - named
    return tuple(
        group if group.outputs is not None else replace(group, outputs=rest)
        for group in groups
    )


def cells_seen(groups: tuple[Group, ...], cell: int) -> IntArray:
    """Return the cells that may drive a cell."""
    of_cell, _ = owners(groups)
    return np.flatnonzero(sees(groups)[of_cell[cell], of_cell])


def owners(groups: tuple[Group, ...]) -> tuple[IntArray, IntArray]:
    """Return the group of each cell (C,) and of each output (K,)."""
    numbers = np.arange(len(groups))
    return (
        np.repeat(numbers, [group.cells for group in groups]),
        np.repeat(numbers, [group.outputs or 0 for group in groups]),
    )


def sees(groups: tuple[Group, ...]) -> BoolArray:
    """Return (groups, groups): whether the first sees the second."""
    numbers = range(len(groups))
    return np.array([[k in group.sees for k in numbers] for group in groups])


def _group(values: Any) -> Group:
    try:
        return Group(**{**values, "sees": tuple(values["sees"])})
    except (TypeError, KeyError) as error:
        raise ValueError(
            "groups: each needs cells, outputs and sees, as in {cells = 8, outputs = 12, "
            f"sees = [0]}}, got {values!r}"
        ) from error
