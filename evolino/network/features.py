"""The features that a readout sees at each step: which columns there are, in which order.

This is the one place where they are laid out; `evolino.network.kernels.features` is its
compiled twin, and a test ties the two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeVar

import numpy as np

from evolino.vocabulary import Array

T = TypeVar("T")


class SeenByReadout(Protocol):
    """What decides on the features of a network: `LSTM` has it."""

    @property
    def cells(self) -> int:
        """C: memory cells."""
        ...

    @property
    def input_width(self) -> int:
        """U: external inputs and fed-back outputs."""
        ...

    @property
    def readout_states(self) -> bool:
        """Whether there are cell states."""
        ...

    @property
    def readout_inputs(self) -> bool:
        """Whether there is the input vector."""
        ...

    @property
    def readout_squares(self) -> bool:
        """Whether there are squares of cell outputs and input vector."""
        ...

    @property
    def readout_constant(self) -> bool:
        """Whether there is a constant 1."""
        ...


class FeedsBackToReadout(SeenByReadout, Protocol):
    """`SeenByReadout` of a network whose outputs may be fed back: `LSTM` has it."""

    @property
    def inputs(self) -> int:
        """I: external inputs."""
        ...

    @property
    def feedback(self) -> bool:
        """Whether the outputs of the last step are inputs of this one."""
        ...


class Columns(NamedTuple):
    """Columns next to each other: of "outputs" or "states" of the cells, of the "inputs"
    u(t), or the "constant"; or the squares of these."""

    source: str
    squared: bool = False


def layout(network: SeenByReadout) -> tuple[Columns, ...]:
    """Return the columns that there are, first to last."""
    columns = [Columns("outputs")]
    if network.readout_states:
        columns.append(Columns("states"))
    if network.readout_inputs:
        columns.append(Columns("inputs"))
    if network.readout_squares:
        columns += [Columns("outputs", True), Columns("inputs", True)]
    if network.readout_constant:
        columns.append(Columns("constant"))
    return tuple(columns)


def laid_out(
    network: SeenByReadout, sources: Mapping[str, T], square: Callable[[T], T]
) -> list[T]:
    """Return what belongs to the columns, first to last.

    sources: what belongs to outputs, states, inputs and constant. square: takes it to what
    belongs to their squares.
    """
    return [
        square(sources[each.source]) if each.squared else sources[each.source]
        for each in layout(network)
    ]


def width(network: SeenByReadout) -> int:
    """Return S, how many features there are."""
    sizes = _sizes(network)
    return sum(sizes[each.source] for each in layout(network))


def columns_of(network: SeenByReadout, source: str, *, squared: bool = False) -> slice:
    """Return where columns of a source, or its squares, are; an empty slice for none."""
    first, sizes = 0, _sizes(network)
    for each in layout(network):
        if each == Columns(source, squared):
            return slice(first, first + sizes[source])
        first += sizes[each.source]
    return slice(first, first)


def fed_back_columns(network: FeedsBackToReadout) -> slice | None:
    """Return where the outputs of the last step are; None where the readout does not see
    them."""
    own = columns_of(network, "inputs")
    if not network.feedback or own.start == own.stop:
        return None
    return slice(own.start + network.inputs, own.stop)


def _sizes(network: SeenByReadout) -> dict[str, int]:
    cells = network.cells
    return {"outputs": cells, "states": cells, "inputs": network.input_width, "constant": 1}


def features_of(network: SeenByReadout, outputs: Array, states: Array, u: Array) -> Array:
    """Return features (T, S) of cell outputs and states (T, C) and input vectors (T, U)."""
    ones = np.ones((len(outputs), 1))
    sources = {"outputs": outputs, "states": states, "inputs": u, "constant": ones}
    return np.concatenate(laid_out(network, sources, np.square), axis=1)
