"""Vectors of eight doubles for Numba: a kernel written with them reads like its equations.

    x = load(a, 0)                # eight numbers of a 1-d float64 array, from position 0
    y = splat(2.0) * x + 1.0      # arithmetic with vectors and numbers mixed
    store(a, 8, sqrt(y))

Positions given to `load` and `store` are multiples of WIDTH in an array whose data start at
a multiple of 64 bytes (`aligned`). LLVM emits AVX-512, or two AVX2 or four Neon operations.
Multiplications and additions may be fused, nothing else is rearranged: what a lane computes
never depends on the others. Every intrinsic stands at module level, or Numba's cache on
disk would never hit.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir
from numba import extending, njit, types
from numba.core import cgutils

from evolino.vocabulary import Array

# Numba makes of a function something that type checkers cannot know.
intrinsic: Any = extending.intrinsic

WIDTH = 8
TINY = 1e-300
_VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_INTEGERS = ir.VectorType(ir.IntType(64), WIDTH)
_FUSE = ("contract",)


class Lanes(types.Type):
    """The Numba type of a vector of WIDTH doubles."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{WIDTH}")


LANES = Lanes()


@extending.register_model(Lanes)
class _LanesModel(extending.models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Any) -> None:
        super().__init__(manager, lanes, _VECTOR)


def aligned(count: int) -> Array:
    """Return (count,) zeros whose data start at a multiple of 64 bytes."""
    raw = np.zeros(count + WIDTH)
    offset = (-raw.ctypes.data % 64) // 8
    return raw[offset : offset + count]


@njit
def scratch(count: int) -> Any:
    """`aligned`, inside a kernel."""
    raw = np.zeros(count + WIDTH)
    offset = ((64 - (raw.ctypes.data & 63)) & 63) // 8
    return raw[offset : offset + count]


def _constant(value: float) -> Any:
    return ir.Constant(_VECTOR, [value] * WIDTH)


def _splatted(builder: Any, scalar: Any) -> Any:
    index = ir.IntType(32)
    undefined = ir.Constant(_VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(index, 0))
    mask = ir.Constant(ir.VectorType(index, WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, undefined, mask)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, position: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [position]), _VECTOR.as_pointer())


@intrinsic
def load(typing: Any, array: Any, position: Any) -> Any:
    """Return the WIDTH numbers of array from position on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1])
        value = builder.load(pointer)
        value.align = 64
        return value

    return LANES(array, types.intp), generate


@intrinsic
def store(typing: Any, array: Any, position: Any, value: Any) -> Any:
    """Write value to array from position on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        pointer = _pointer(context, builder, signature.args[0], args[0], args[1])
        builder.store(args[2], pointer).align = 64
        return context.get_dummy_value()

    return types.void(array, types.intp, LANES), generate


@intrinsic
def splat(typing: Any, scalar: Any) -> Any:
    """Return a vector with a number in every lane."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _splatted(builder, args[0])

    return LANES(types.float64), generate


def _arithmetic(instruction: str) -> Any:
    """Return the intrinsic of a two-sided operation; numbers are splatted."""

    @intrinsic
    def operation(typing: Any, x: Any, y: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            a, b = (
                value if isinstance(kind, Lanes) else _splatted(builder, value)
                for kind, value in zip(signature.args, args, strict=True)
            )
            return getattr(builder, instruction)(a, b, flags=_FUSE)

        sides = (side if isinstance(side, Lanes) else types.float64 for side in (x, y))
        return LANES(*sides), generate

    return operation


_plus, _minus = _arithmetic("fadd"), _arithmetic("fsub")
_times, _over = _arithmetic("fmul"), _arithmetic("fdiv")


def _has_lanes(x: Any, y: Any) -> bool:
    return isinstance(x, Lanes) or isinstance(y, Lanes)


# Numba compares the arguments of these with those of what they return: no annotations.
@extending.overload(operator.add)
def _add(x, y):  # type: ignore[no-untyped-def]
    return (lambda x, y: _plus(x, y)) if _has_lanes(x, y) else None


@extending.overload(operator.sub)
def _subtract(x, y):  # type: ignore[no-untyped-def]
    return (lambda x, y: _minus(x, y)) if _has_lanes(x, y) else None


@extending.overload(operator.mul)
def _multiply(x, y):  # type: ignore[no-untyped-def]
    return (lambda x, y: _times(x, y)) if _has_lanes(x, y) else None


@extending.overload(operator.truediv)
def _divide(x, y):  # type: ignore[no-untyped-def]
    return (lambda x, y: _over(x, y)) if _has_lanes(x, y) else None


@intrinsic
def clamp(typing: Any, x: Any, bound: Any) -> Any:
    """Return x cut off at -bound and bound; NaN stays NaN."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        upper, lower = (
            _splatted(builder, args[1]),
            _splatted(builder, builder.fneg(args[1])),
        )
        cut = builder.select(builder.fcmp_ordered("<", upper, args[0]), upper, args[0])
        return builder.select(builder.fcmp_ordered(">", lower, cut), lower, cut)

    return LANES(LANES, types.float64), generate


@intrinsic
def within(typing: Any, x: Any, bound: Any, value: Any, otherwise: Any) -> Any:
    """Return value in lanes where |x| <= bound, otherwise elsewhere, also for NaN."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        below = builder.fcmp_ordered("<=", args[0], args[1])
        above = builder.fcmp_ordered(">=", args[0], builder.fneg(args[1]))
        return builder.select(builder.and_(below, above), args[2], args[3])

    return LANES(LANES, LANES, LANES, LANES), generate


@intrinsic
def largest_lane(typing: Any, x: Any) -> Any:
    """Return the largest of the numbers in a vector without NaN."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(ir.DoubleType(), [_VECTOR])
        name = f"llvm.vector.reduce.fmax.v{WIDTH}f64"
        return builder.call(
            cgutils.get_or_insert_function(builder.module, kind, name), args
        )

    return types.float64(LANES), generate


@intrinsic
def sqrt(typing: Any, x: Any) -> Any:
    """Return the square roots."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_VECTOR, [_VECTOR])
        name = f"llvm.sqrt.v{WIDTH}f64"
        return builder.call(
            cgutils.get_or_insert_function(builder.module, kind, name), args
        )

    return LANES(LANES), generate


@intrinsic
def sign(typing: Any, x: Any) -> Any:
    """Return -1 in lanes below 0, 1 elsewhere."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        negative = builder.fcmp_ordered("<", args[0], _constant(0.0))
        return builder.select(negative, _constant(-1.0), _constant(1.0))

    return LANES(LANES), generate


@intrinsic
def inverse_or_zero(typing: Any, x: Any) -> Any:
    """Return 1 / x, but 0 where |x| < TINY, so that no lane overflows."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        below = builder.fcmp_ordered("<", args[0], _constant(TINY))
        above = builder.fcmp_ordered(">", args[0], _constant(-TINY))
        inverse = builder.fdiv(_constant(1.0), args[0])
        return builder.select(builder.and_(below, above), _constant(0.0), inverse)

    return LANES(LANES), generate


@intrinsic
def power_of_two(typing: Any, shifted: Any) -> Any:
    """Return 2**k of k + 1.5 * 2**52, whose low bits are moved into the exponent."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        def each(value: int) -> Any:
            return ir.Constant(_INTEGERS, [value] * WIDTH)

        exponent = builder.shl(builder.bitcast(args[0], _INTEGERS), each(52))
        return builder.bitcast(builder.add(exponent, each(0x3FF0000000000000)), _VECTOR)

    return LANES(LANES), generate


_SHIFT = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer in the low bits
_LOG2_E = 1.4426950408889634074
_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


@njit(inline="always")
def exp_parts(x: Any) -> Any:
    """Return s, p with exp(x) = s + s p, s a power of two, for |x| < 700.

    p is a polynomial of degree 12 in the remainder, |r| <= ln(2) / 2; relative error of
    s + s p is 4e-16, and p keeps its relative accuracy for tiny x, where s = 1.
    """
    shifted = x * _LOG2_E + _SHIFT
    k = shifted - _SHIFT
    r = (x - k * _LN2_HIGH) - k * _LN2_LOW
    r2 = r * r
    r4 = r2 * r2
    high = (r * (1 / 5040) + 1 / 720) + r2 * (r * (1 / 362880) + 1 / 40320)
    high = high + r4 * (r2 * (1 / 479001600) + (r * (1 / 39916800) + 1 / 3628800))
    low = (r * (1 / 6) + 0.5) + r2 * (r * (1 / 120) + 1 / 24)
    return power_of_two(shifted), r + r2 * (low + r4 * high)
