"""Where kernels read and write: addresses that count in vectors.

    vectors = memory(array)           # of a one-dimensional array of lanes
    store(vectors, 0, load(vectors, 1) * 2.0)
    rest = part(vectors, 2)           # the same from its third vector on
    layer = addresses(layer)          # a record, its arrays as addresses

Kernels go through an address because Numba counts references to an array wherever one is
handed on, also in the innermost loop, which costs more than what the loop computes. An
address keeps nothing alive: arrays are made by the caller and handed in, the workspace too.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
from numba import extending, types

from evolino.simd.vectors import BYTES, DOUBLES, FLOATS, PAIRS, as_vector, splatted
from evolino.vocabulary import Array

intrinsic: Any = extending.intrinsic
njit: Any = numba.njit

INTEGERS = types.CPointer(types.int64)
VECTORS = {kind.number: types.CPointer(kind) for kind in (DOUBLES, FLOATS)}
SHARED = {kind.number: types.CPointer(kind.number) for kind in (DOUBLES, FLOATS)}
IN_PAIRS = types.CPointer(PAIRS)
KINDS = {
    address[kind.number]: kind
    for address in (VECTORS, SHARED)
    for kind in (DOUBLES, FLOATS)
} | {IN_PAIRS: PAIRS}


class Shared(NamedTuple):
    """Numbers that are the same in every lane: a one-dimensional array of them."""

    values: Any


def shared(values: Array, dtype: Any = np.float64) -> Shared:
    """Return numbers that are the same in every lane, in the order of an array."""
    return Shared(np.ascontiguousarray(values, dtype).reshape(-1))


def width_of(dtype: Any) -> int:
    """Return the numbers in a vector: 8 of float64, 16 of float32."""
    return int(BYTES // np.dtype(dtype).itemsize)


def aligned(count: int, dtype: Any = np.float64) -> Array:
    """Return (count,) zeros whose data start at a multiple of a vector's bytes."""
    width = width_of(dtype)
    raw = np.zeros(count + width, dtype)
    offset = (-raw.ctypes.data % BYTES) // raw.itemsize
    return raw[offset : offset + count]


def aligned_copy(values: Array, dtype: Any = np.float64) -> Array:
    """Return a contiguous copy whose data start at a multiple of a vector's bytes."""
    copy = aligned(values.size, dtype).reshape(values.shape)
    copy[...] = values
    return copy


def to_lanes(values: Array, dtype: Any = np.float64) -> Array:
    """Return values (P, ...) of P networks as contiguous aligned (..., lanes).

    No copy of a view by `out_of_lanes`, whose empty lanes are as they were; else empty
    lanes repeat the last network.
    """
    width = width_of(dtype)
    if values.dtype == dtype and values.base is not None:
        whole = values if len(values) == width else _with_empty_lanes(values, width)
        lanes = _networks_last(whole)
        in_lanes = len(whole) == width and lanes.flags.c_contiguous
        if in_lanes and lanes.ctypes.data % BYTES == 0:
            return lanes
    if len(values) != width:
        values = values[np.minimum(np.arange(width), len(values) - 1)]
    return aligned_copy(_networks_last(values), dtype)


def out_of_lanes(lanes: Array, count: int) -> Array:
    """Return (count, ...), a view of the first of (..., lanes)."""
    last = lanes.ndim - 1
    return lanes.transpose(last, *range(last))[:count]


def _networks_last(values: Array) -> Array:
    return values.transpose(*range(1, values.ndim), 0)


def _with_empty_lanes(values: Array, width: int) -> Array:
    """Return (width, ...), for a view by `out_of_lanes` of fewer; others as they are."""
    apart = width * values.itemsize
    if values.strides[0] != values.itemsize or values.strides[-1] != apart:
        return values
    shape = width, *values.shape[1:]
    return np.lib.stride_tricks.as_strided(values, shape, values.strides)


def memory(values: Any) -> Any:
    """Return the address of an array of lanes (`aligned`), a `Shared`, or integers."""
    raise NotImplementedError("inside kernels only")


@extending.overload(memory, inline="always")
def _memory(values):  # type: ignore[no-untyped-def]
    if isinstance(values, types.BaseNamedTuple):
        return lambda values: _address_of_shared(values.values)
    if isinstance(values.dtype, types.Integer):
        return lambda values: _address_of_integers(values)
    return lambda values: _address_of_lanes(values)


@intrinsic
def addresses(typing: Any, record: Any) -> Any:
    """Return a record (NamedTuple) with the addresses of its arrays, and of each `Shared`,
    in their place; all else as it is."""
    fields = tuple(_addressed(each) for each in record.types)
    result = types.NamedTuple(fields, record.instance_class)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        values = [
            _as_address(context, builder, kind, field, builder.extract_value(args[0], k))
            for k, (kind, field) in enumerate(zip(record.types, fields, strict=True))
        ]
        return context.make_tuple(builder, result, values)

    return result(record), generate


def _addressed(kind: Any) -> Any:
    """Return the type of the address of an array or a `Shared`; another type as it is."""
    if isinstance(kind, types.NamedUniTuple):
        return SHARED[kind.types[0].dtype]
    if isinstance(kind, types.Array):
        return INTEGERS if isinstance(kind.dtype, types.Integer) else VECTORS[kind.dtype]
    return kind


def _as_address(context: Any, builder: Any, kind: Any, field: Any, value: Any) -> Any:
    """Return the LLVM value of a field of `addresses`."""
    if isinstance(kind, types.NamedUniTuple):
        return _as_address(
            context, builder, kind.types[0], field, builder.extract_value(value, 0)
        )
    if isinstance(kind, types.Array):
        data = context.make_array(kind)(context, builder, value).data
        return builder.bitcast(data, context.get_value_type(field))
    return value


def _address(kinds: Any) -> Any:
    """Return the intrinsic that takes an array's address. kinds: its type by dtype."""

    @intrinsic
    def address(typing: Any, array: Any) -> Any:
        kind = kinds[array.dtype]

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            data = context.make_array(signature.args[0])(context, builder, args[0]).data
            return builder.bitcast(data, context.get_value_type(kind))

        return kind(array), generate

    return address


_address_of_lanes = _address(VECTORS)
_address_of_shared = _address(SHARED)
_address_of_integers = _address({types.int64: INTEGERS})


@intrinsic
def load(typing: Any, source: Any, position: Any) -> Any:
    """Return the vector at a position; of a `Shared`, its number there in every lane; of
    integers, the integer there."""
    kind = KINDS.get(source)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value = builder.load(builder.gep(args[0], [args[1]]))
        if kind is None:
            return value
        if source == SHARED[kind.number]:
            return splatted(builder, kind, value)
        value.align = BYTES
        return value

    return (kind or types.int64)(source, types.intp), generate


@intrinsic
def store(typing: Any, target: Any, position: Any, value: Any) -> Any:
    """Write a vector, or a number into every lane, to a position; to one of `numbers` or of
    integers, one of these."""
    kind: Any = KINDS.get(target)
    single = kind is None or target == SHARED[kind.number]
    if single:
        side = types.int64 if kind is None else kind.number
    else:
        side = kind if value == kind else types.float64

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        to = builder.gep(args[0], [args[1]])
        if single:
            builder.store(args[2], to)
        else:
            builder.store(as_vector(builder, kind, side, args[2]), to).align = BYTES
        return context.get_dummy_value()

    return types.void(target, types.intp, side), generate


@intrinsic
def part(typing: Any, whole: Any, first: Any) -> Any:
    """Return the same memory from a position on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return whole(whole, types.intp), generate


@intrinsic
def numbers(typing: Any, lanes: Any) -> Any:
    """Return the same memory as a `Shared` has it: counting in numbers, not in vectors."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(SHARED[KINDS[lanes].number]))

    return SHARED[KINDS[lanes].number](lanes), generate


@intrinsic
def pairs(typing: Any, lanes: Any) -> Any:
    """Return the same memory of doubles, counting in pairs of vectors."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(IN_PAIRS))

    return IN_PAIRS(lanes), generate


@intrinsic
def singles(typing: Any, lanes: Any) -> Any:
    """Return the same memory of doubles, counting in single vectors."""
    kind = VECTORS[KINDS[lanes].number]

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(kind))

    return kind(lanes), generate


@intrinsic
def number(typing: Any, source: Any, position: Any) -> Any:
    """Return one number of `numbers`."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.load(builder.gep(args[0], [args[1]]))

    return KINDS[source].number(source, types.intp), generate


def entry(source: Any, position: Any, target: Any) -> Any:
    """Return what is at a position in the form that a target takes: a number where the
    target is of `numbers`, else a vector."""
    raise NotImplementedError("inside kernels only")


@extending.overload(entry, inline="always")
def _entry(source, position, target):  # type: ignore[no-untyped-def]
    if target in VECTORS.values() or target == IN_PAIRS:
        return lambda source, position, target: load(source, position)
    if source in VECTORS.values():
        return lambda source, position, target: number(numbers(source), position)
    return lambda source, position, target: number(source, position)


@njit(inline="always")
def copy(source: Any, target: Any, count: int) -> None:
    """Copy vectors; numbers, where the target is of `numbers`."""
    for k in range(count):
        store(target, k, entry(source, k, target))


@njit(inline="always")
def clear(target: Any, count: int) -> None:
    """Set vectors or numbers to 0."""
    for k in range(count):
        store(target, k, 0.0)
