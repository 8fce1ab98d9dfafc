"""Prefetch: what is at an address brought near the processor before it is loaded; stores
past the caches, of what is not needed soon."""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

from evolino.simd.memory import IN_PAIRS, KINDS
from evolino.simd.vectors import BYTES

intrinsic: Any = extending.intrinsic
njit: Any = numba.njit


@intrinsic
def fetch(typing: Any, source: Any, position: Any) -> Any:
    """Have what is at a position brought near the processor, to be loaded soon. Nothing
    depends on it: a position may also lie outside of the memory."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        called = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        at = builder.bitcast(builder.gep(args[0], [args[1]]), byte)
        reading, nearest, data = (ir.Constant(number, each) for each in (0, 3, 1))
        for first in range(0, 2 * BYTES if source == IN_PAIRS else BYTES, BYTES):
            line = builder.gep(at, [ir.Constant(number, first)])
            builder.call(called, [line, reading, nearest, data])
        return context.get_dummy_value()

    return types.void(source, types.intp), generate


@njit(inline="always")
def fetch_all(source: Any, count: int) -> None:
    """`fetch` of so many vectors or pairs, one after another."""
    for k in range(count):
        fetch(source, k)


@intrinsic
def store_past(typing: Any, target: Any, position: Any, value: Any) -> Any:
    """Write a vector, or a pair, past the caches: its old contents are not read from memory
    first, and what is near the processor stays there."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        written = builder.store(args[2], builder.gep(args[0], [args[1]]))
        written.align = BYTES
        past = builder.module.add_metadata([ir.Constant(ir.IntType(32), 1)])
        written.set_metadata("nontemporal", past)
        return context.get_dummy_value()

    return types.void(target, types.intp, KINDS[target]), generate
