"""Records that kernels take: NamedTuples of arrays and sizes.

`evolino.simd.memory.addresses` makes of one in a kernel the same record of addresses.
Arrays are one-dimensional, in units of vectors where each lane has its own numbers, else
`Shared`: with networks in the lanes the inputs are shared, with the runs of one network the
weights, peepholes and readout are.

A kernel writes to addresses (`store`), or to arrays that are fields of its own arguments.
Numba takes writes to the arrays of a record that a kernel makes for dead code, and leaves
them out.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Layer(NamedTuple):
    """The memory cells of networks.

    weights: over cells, sources (bias, inputs, recurrent) and the four gates. peepholes:
    over cells and three gates. sources: (C, R), the cells that feed each cell. cells: C.
    recurrent: R. width: U of an input vector. flags: the variant of the cell and the
    features, bits of `cell` and `features`.

    With its cells in the lanes a network has blocks of cells in the place of cells.
    """

    weights: Any
    peepholes: Any
    sources: Any
    cells: int
    recurrent: int
    width: int
    flags: int


class Course(NamedTuple):
    """N series to drive networks over, each from cells at rest.

    inputs: `Shared`, the input vectors of all series, one after another. width: U of a
    vector. symbols: None; or an integer for each vector, then the first `symbol_count`
    inputs are one-hot and the vectors hold those behind them. series: N. steps, firsts:
    (N,), how many vectors each series has, and the row from which on features are recorded.
    kept: M. starts: (M,), rows before which the cells are kept, counted over series of
    T + 1 rows; order: their positions in ascending order. recorded: how many rows are
    recorded in all.
    """

    inputs: Any
    width: int
    symbols: Any
    symbol_count: int
    series: int
    steps: Any
    firsts: Any
    kept: int
    starts: Any
    order: Any
    recorded: int


class Recording(NamedTuple):
    """What is recorded over a course.

    features: rows of S = `columns`. outputs, states: the cells before each start, M rows of
    C.
    """

    features: Any
    columns: int
    outputs: Any
    states: Any


class CellStates(NamedTuple):
    """Cell outputs and states (P, N, C) of P networks before N rows."""

    outputs: Any
    states: Any


class Runs(NamedTuple):
    """N free runs over L rows.

    previous: N rows of K, the output that is fed back first. inputs: N x L rows of I.
    targets: N x L rows of K, read only if the tolerance is finite. tolerance: a run further
    than this from its target is lost. noise: `noise_rows` rows of 2 C, added to the cells'
    outputs and states after a step, over and over, the same for every run. number: N.
    steps: L.
    """

    previous: Any
    inputs: Any
    targets: Any
    tolerance: float
    noise: Any
    noise_rows: int
    number: int
    steps: int


class Feedback(NamedTuple):
    """How the outputs of a network become inputs of its next step.

    external: I, the inputs that come before the fed-back outputs. present: whether there is
    feedback. scale: what fed-back outputs are multiplied with. threshold: an output above
    it is 1, others are 0; -inf leaves them as they are. feedback_threshold: the same for
    what is fed back only.
    """

    external: int
    present: bool
    scale: float
    threshold: float
    feedback_threshold: float
