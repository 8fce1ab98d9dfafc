"""What enters a network at a step: an input vector, or a symbol that is looked up.

A kernel is compiled for the one and for the other: where a course has symbols the gates get
a column of the input weights in the place of a product with a one-hot vector, to the same
bits. All lanes have the same symbol.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
from numba import extending, types

from evolino.network.kernels.net_input import GATE_COUNT, add_column
from evolino.simd.memory import copy, entry, load, part, store

njit: Any = numba.njit


class Symbol(NamedTuple):
    """Where a kernel reads the symbol of a step, and what enters beside it.

    index: the symbols from this step on. symbol_count: how many there are to choose from.
    others: the input vector behind them, so many entries: fed-back outputs.
    """

    index: Any
    symbol_count: int
    others: Any
    width: int


@njit(inline="always")
def symbol_at(course: Any, row: int) -> Any:
    """Return the symbol at a row of a course."""
    others = part(course.inputs, row * course.width)
    return Symbol(part(course.symbols, row), course.symbol_count, others, course.width)


def inputs_at(course: Any, row: int) -> Any:
    """Return what enters at a row of a course, counted over all its series: the address of
    an input vector, or a `Symbol`."""
    raise NotImplementedError("inside kernels only")


@extending.overload(inputs_at, inline="always")
def _inputs_at(course, row):  # type: ignore[no-untyped-def]
    if isinstance(course.types[course.fields.index("symbols")], types.NoneType):
        return lambda course, row: part(course.inputs, row * course.width)
    return lambda course, row: symbol_at(course, row)


@njit(inline="always")
def next_symbol(u: Any) -> Any:
    """Return the symbol one row later."""
    return Symbol(part(u.index, 1), u.symbol_count, part(u.others, u.width), u.width)


def next_inputs(u: Any, width: int) -> Any:
    """Return what enters one row later. width: of an input vector."""
    raise NotImplementedError("inside kernels only")


@extending.overload(next_inputs, inline="always")
def _next_inputs(u, width):  # type: ignore[no-untyped-def]
    if isinstance(u, types.BaseNamedTuple):
        return lambda u, width: next_symbol(u)
    return lambda u, width: part(u, width)


def add_symbol(gates: Any, weights: Any, u: Any) -> Any:
    """Return the net inputs of a cell with those of a symbol added, if u is one.

    gates: of `load_gates`. weights: the cell's, of the inputs.
    """
    raise NotImplementedError("inside kernels only")


@extending.overload(add_symbol, inline="always")
def _add_symbol(gates, weights, u):  # type: ignore[no-untyped-def]
    if isinstance(u, types.BaseNamedTuple):
        return lambda gates, weights, u: add_column(
            gates, weights, GATE_COUNT * load(u.index, 0)
        )
    return lambda gates, weights, u: gates


def symbols_of(u: Any) -> int:
    """Return how many of the inputs are symbols: 0 for an input vector."""
    raise NotImplementedError("inside kernels only")


@extending.overload(symbols_of, inline="always")
def _symbols_of(u):  # type: ignore[no-untyped-def]
    if isinstance(u, types.BaseNamedTuple):
        return lambda u: u.symbol_count
    return lambda u: 0


def others_of(u: Any) -> Any:
    """Return the input vector, or what is behind a symbol."""
    raise NotImplementedError("inside kernels only")


@extending.overload(others_of, inline="always")
def _others_of(u):  # type: ignore[no-untyped-def]
    if isinstance(u, types.BaseNamedTuple):
        return lambda u: u.others
    return lambda u: u


@njit(inline="always")
def write_symbol(u: Any, row: Any) -> None:
    """Write a symbol as a one-hot vector, and what enters beside it."""
    for j in range(u.symbol_count):
        store(row, j, 0.0)
    store(row, load(u.index, 0), 1.0)
    copy(u.others, part(row, u.symbol_count), u.width)


def write_inputs(u: Any, row: Any, width: int) -> None:
    """Write an input vector to a row of vectors or numbers."""
    raise NotImplementedError("inside kernels only")


@extending.overload(write_inputs, inline="always")
def _write_inputs(u, row, width):  # type: ignore[no-untyped-def]
    if isinstance(u, types.BaseNamedTuple):
        return lambda u, row, width: write_symbol(u, row)
    return lambda u, row, width: copy(u, row, width)


@njit(inline="always")
def copy_squares(source: Any, target: Any, count: int) -> None:
    """Write the squares of vectors or numbers to a target, as `copy` does."""
    for k in range(count):
        x = entry(source, k, target)
        store(target, k, x * x)


@njit(inline="always")
def square_symbol(u: Any, row: Any) -> None:
    """Write the squares of a symbol's vector, of zeros and a one, and what is beside it."""
    write_symbol(u, row)
    copy_squares(u.others, part(row, u.symbol_count), u.width)


def write_squares(u: Any, row: Any, width: int) -> None:
    """Write the squares of an input vector to a row of vectors or numbers."""
    raise NotImplementedError("inside kernels only")


@extending.overload(write_squares, inline="always")
def _write_squares(u, row, width):  # type: ignore[no-untyped-def]
    if isinstance(u, types.BaseNamedTuple):
        return lambda u, row, width: square_symbol(u, row)
    return lambda u, row, width: copy_squares(u, row, width)
