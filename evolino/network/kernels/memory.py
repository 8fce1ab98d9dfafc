"""Where kernels read and write: addresses that count in vectors.

    numbers = memory(array)           # of a one-dimensional array of lanes
    store(numbers, 0, load(numbers, 1) * 2.0)
    rest = part(numbers, 2)           # the same from its third vector on

Kernels go through an address because Numba counts references to an array wherever one is
handed on, also in the innermost loop, which costs more than what the loop computes. An
address keeps nothing alive: arrays are made by the caller and handed in, also mere room.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import extending, types

from evolino.network.kernels.lanes import LANES, WIDTH, splatted
from evolino.vocabulary import Array

intrinsic: Any = extending.intrinsic

ALIGNMENT = 64  # bytes

OF_LANES = types.CPointer(LANES)
OF_NUMBERS = types.CPointer(types.float64)
OF_INTEGERS = types.CPointer(types.int64)


class Shared(NamedTuple):
    """Numbers that are the same in every lane: a one-dimensional array of them."""

    values: Any


def aligned(count: int) -> Array:
    """Return (count,) zeros whose data start at a multiple of 64 bytes."""
    raw = np.zeros(count + WIDTH)
    offset = (-raw.ctypes.data % ALIGNMENT) // raw.itemsize
    return raw[offset : offset + count]


def aligned_copy(values: Array) -> Array:
    """Return a contiguous copy whose data start at a multiple of 64 bytes."""
    copy = aligned(values.size).reshape(values.shape)
    copy[...] = values
    return copy


def memory(values: Any) -> Any:
    """Return the address of an array of lanes (`aligned`), a `Shared`, or integers."""
    raise NotImplementedError("inside kernels only")


@extending.overload(memory, inline="always")
def _memory(values):  # type: ignore[no-untyped-def]
    if isinstance(values, types.BaseNamedTuple):
        return lambda values: _address_of_numbers(values.values)
    if isinstance(values.dtype, types.Integer):
        return lambda values: _address_of_integers(values)
    return lambda values: _address_of_lanes(values)


def _address(kind: Any) -> Any:
    @intrinsic
    def address(typing: Any, array: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, args[0]).data
            return builder.bitcast(data, context.get_value_type(kind))

        return kind(array), generate

    return address


_address_of_lanes = _address(OF_LANES)
_address_of_numbers = _address(OF_NUMBERS)
_address_of_integers = _address(OF_INTEGERS)


@intrinsic
def load(typing: Any, source: Any, position: Any) -> Any:
    """Return the vector at a position; of a `Shared`, its number there in every lane; of
    integers, the integer there."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.load(builder.gep(args[0], [args[1]]))
        if source == OF_LANES:
            value.align = ALIGNMENT
        return splatted(builder, value) if source == OF_NUMBERS else value

    found = types.int64 if source == OF_INTEGERS else LANES
    return found(source, types.intp), generate


@intrinsic
def store(typing: Any, target: Any, position: Any, value: Any) -> Any:
    """Write a vector to a position."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        builder.store(args[2], builder.gep(args[0], [args[1]])).align = ALIGNMENT
        return context.get_dummy_value()

    return types.void(OF_LANES, types.intp, LANES), generate


@intrinsic
def part(typing: Any, whole: Any, first: Any) -> Any:
    """Return the same memory from a position on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return whole(whole, types.intp), generate
