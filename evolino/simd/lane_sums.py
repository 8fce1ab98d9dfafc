"""Sums over the lanes of a vector: numbers of all lanes added up, in a fixed order."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import extending
from numba.core import cgutils

from evolino.simd.vectors import WIDTH, lane_by_lane

intrinsic: Any = extending.intrinsic


@intrinsic
def lane_sum(typing: Any, x: Any) -> Any:
    """Return the sum of the numbers in a vector, a number; halves are added to halves."""

    def generate(builder: Any, kind: Any, x: Any) -> Any:
        index, undefined = ir.IntType(32), ir.Constant(kind.vector, ir.Undefined)
        width = kind.width
        while width > 1:
            width //= 2
            lanes = [min(lane + width, kind.width - 1) for lane in range(kind.width)]
            mask = ir.Constant(ir.VectorType(index, kind.width), lanes)
            x = builder.fadd(x, builder.shuffle_vector(x, undefined, mask))
        return builder.extract_element(x, ir.Constant(index, 0))

    return lane_by_lane(generate, (x,), returns=x.number)


@intrinsic
def lane_sums(typing: Any, vectors: Any) -> Any:
    """Return the sum of the lanes of each of eight vectors of doubles, a tuple of them, in
    one vector."""

    def joined(builder: Any, x: Any, y: Any, width: int) -> Any:
        """Add neighbours, `width` lanes each: those of x, then those of y."""
        sides = []
        for begin in (0, width):
            lanes = [
                vector * WIDTH + first + lane
                for first in range(begin, WIDTH, 2 * width)
                for vector in (0, 1)
                for lane in range(width)
            ]
            mask = ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), lanes)
            sides.append(builder.shuffle_vector(x, y, mask))
        return builder.fadd(*sides)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        left = cgutils.unpack_tuple(builder, args[0])
        for width in (1, 2, 4):
            both = zip(left[::2], left[1::2], strict=True)
            left = [joined(builder, x, y, width) for x, y in both]
        return left[0]

    return vectors.dtype(vectors), generate
