"""Eight vectors of eight doubles transposed: what lay in their lanes becomes vectors."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import extending, types

from evolino.simd.vectors import BYTES, DOUBLES, WIDTH

intrinsic: Any = extending.intrinsic


@intrinsic
def transpose(typing: Any, source: Any, apart: Any, target: Any, to_apart: Any) -> Any:
    """Read eight vectors, each `apart` vectors after the one before, and write those of
    their first lanes, their second lanes and so on, `to_apart` vectors from each other."""

    def mask(lanes: list[int]) -> Any:
        return ir.Constant(ir.VectorType(ir.IntType(32), WIDTH), lanes)

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def place(address: Any, step: Any, k: int) -> Any:
            return builder.gep(address, [builder.mul(step, ir.Constant(step.type, k))])

        rows = [builder.load(place(args[0], args[1], k)) for k in range(WIDTH)]
        for row in rows:
            row.align = BYTES
        width = 1
        while width < WIDTH:  # squares of that width change places across the diagonal
            upper = [k if not k & width else WIDTH + k - width for k in range(WIDTH)]
            lower = [k + width if not k & width else WIDTH + k for k in range(WIDTH)]
            for k in range(WIDTH):
                if not k & width:
                    a, b = rows[k], rows[k + width]
                    rows[k] = builder.shuffle_vector(a, b, mask(upper))
                    rows[k + width] = builder.shuffle_vector(a, b, mask(lower))
            width *= 2
        for k, row in enumerate(rows):
            builder.store(row, place(args[2], args[3], k)).align = BYTES
        return context.get_dummy_value()

    address = types.CPointer(DOUBLES)
    return types.void(address, types.intp, address, types.intp), generate
