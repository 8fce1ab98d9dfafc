"""Vectors of eight doubles for Numba: a kernel written with them reads like its equations.

    x = load(numbers, 0)          # a vector from `memory`
    y = fma(x, 2.0, 1.0) / x      # arithmetic with vectors and numbers mixed
    store(numbers, 1, sqrt(y))

LLVM emits AVX-512, or two AVX2 or four Neon operations. Nothing is rearranged and nothing
is fused but by `fma`: a lane's bits depend neither on the other lanes nor on the code
around it, so kernels with other layouts agree to the bit. Every intrinsic stands at module
level, or Numba's cache on disk would never hit.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

# Numba makes of a function something that type checkers cannot know.
intrinsic: Any = extending.intrinsic

WIDTH = 8
TINY = 1e-300
VECTOR = ir.VectorType(ir.DoubleType(), WIDTH)
_INTEGERS = ir.VectorType(ir.IntType(64), WIDTH)


class Lanes(types.Type):
    """The Numba type of a vector of WIDTH doubles."""

    def __init__(self) -> None:
        super().__init__(name=f"Lanes{WIDTH}")


LANES = Lanes()


@extending.register_model(Lanes)
class _LanesModel(extending.models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Any) -> None:
        super().__init__(manager, lanes, VECTOR)


def _constant(value: float) -> Any:
    return ir.Constant(VECTOR, [value] * WIDTH)


def splatted(builder: Any, scalar: Any) -> Any:
    """Return the LLVM value of a vector with the scalar in every lane."""
    index = ir.IntType(32)
    undefined = ir.Constant(VECTOR, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(index, 0))
    mask = ir.Constant(ir.VectorType(index, WIDTH), [0] * WIDTH)
    return builder.shuffle_vector(first, undefined, mask)


def _allsplatted(builder: Any, signature: Any, args: Any) -> list[Any]:
    return [
        value if isinstance(kind, Lanes) else splatted(builder, value)
        for kind, value in zip(signature.args, args, strict=True)
    ]


@intrinsic
def splat(typing: Any, scalar: Any) -> Any:
    """Return a vector with a number in every lane."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return splatted(builder, args[0])

    return LANES(types.float64), generate


def _arithmetic(instruction: str) -> Any:
    """Return the intrinsic of a two-sided operation; numbers are splatted."""

    @intrinsic
    def operation(typing: Any, x: Any, y: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            a, b = _allsplatted(builder, signature, args)
            return getattr(builder, instruction)(a, b)

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
def fma(typing: Any, x: Any, y: Any, z: Any) -> Any:
    """Return x y + z, rounded once; each may be a vector or a number."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(VECTOR, [VECTOR] * 3)
        function = cgutils.get_or_insert_function(
            builder.module, kind, f"llvm.fma.v{WIDTH}f64"
        )
        return builder.call(function, _allsplatted(builder, signature, args))

    sides = (side if isinstance(side, Lanes) else types.float64 for side in (x, y, z))
    return LANES(*sides), generate


@intrinsic
def clamp(typing: Any, x: Any, bound: Any) -> Any:
    """Return x cut off at -bound and bound; NaN stays NaN."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        upper, lower = (
            splatted(builder, args[1]),
            splatted(builder, builder.fneg(args[1])),
        )
        cut = builder.select(builder.fcmp_ordered("<", upper, args[0]), upper, args[0])
        return builder.select(builder.fcmp_ordered(">", lower, cut), lower, cut)

    return LANES(LANES, types.float64), generate


@intrinsic
def lower(typing: Any, x: Any, y: Any) -> Any:
    """Return the smaller of two numbers in each lane; NaN if x is NaN."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.select(builder.fcmp_ordered("<", args[1], args[0]), args[1], args[0])

    return LANES(LANES, LANES), generate


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
        kind = ir.FunctionType(ir.DoubleType(), [VECTOR])
        name = f"llvm.vector.reduce.fmax.v{WIDTH}f64"
        return builder.call(
            cgutils.get_or_insert_function(builder.module, kind, name), args
        )

    return types.float64(LANES), generate


@intrinsic
def sqrt(typing: Any, x: Any) -> Any:
    """Return the square roots."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(VECTOR, [VECTOR])
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
        return builder.bitcast(builder.add(exponent, each(0x3FF0000000000000)), VECTOR)

    return LANES(LANES), generate
