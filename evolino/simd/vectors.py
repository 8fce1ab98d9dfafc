"""Vectors for Numba, of eight doubles or sixteen floats: kernels read like their equations.

    x = load(numbers, 0)          # a vector from `memory`
    y = fma(x, 2.0, 1.0) / x      # arithmetic with vectors and numbers mixed
    store(numbers, 1, sqrt(y))

A kernel is written once; the array that it is given decides whether it is of doubles or of
floats. LLVM emits AVX-512, or two AVX2 or four Neon operations. Nothing is rearranged and
nothing is fused but by `fma`: a lane's bits depend neither on the other lanes nor on the
code around it, so kernels with other layouts agree to the bit. Every intrinsic stands at
module level, or Numba's cache on disk would never hit.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import extending, types
from numba.core import cgutils

# Numba makes of a function something that type checkers cannot know.
intrinsic: Any = extending.intrinsic

BYTES = 64  # of a vector
WIDTH = BYTES // 8  # doubles in a vector
TINY = 1e-300


class Lanes(types.Type):
    """The Numba type of a vector, or of several vectors that are treated as one.

    number: of what. width: of how many. bits: of one. vector, integers: LLVM's types.
    """

    def __init__(self, number: Any, vectors: int = 1) -> None:
        super().__init__(name=f"Lanes({number}, {vectors})")
        self.number, self.bits = number, number.bitwidth
        self.width = vectors * 8 * BYTES // self.bits
        element = ir.DoubleType() if number == types.float64 else ir.FloatType()
        self.vector = ir.VectorType(element, self.width)
        self.integers = ir.VectorType(ir.IntType(self.bits), self.width)

    def constant(self, value: float) -> Any:
        """Return the LLVM value of a vector with a number in every lane."""
        return ir.Constant(self.vector, [value] * self.width)


DOUBLES, FLOATS = Lanes(types.float64), Lanes(types.float32)
PAIRS = Lanes(types.float64, vectors=2)  # of doubles: two operations at once, for each


@extending.register_model(Lanes)
class _LanesModel(extending.models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Any) -> None:
        super().__init__(manager, lanes, lanes.vector)


def splatted(builder: Any, kind: Lanes, scalar: Any) -> Any:
    """Return the LLVM value of a vector with a scalar of its own type in every lane."""
    index = ir.IntType(32)
    undefined = ir.Constant(kind.vector, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(index, 0))
    mask = ir.Constant(ir.VectorType(index, kind.width), [0] * kind.width)
    return builder.shuffle_vector(first, undefined, mask)


def as_vector(builder: Any, kind: Lanes, side: Any, value: Any) -> Any:
    """Return the LLVM value of an argument: a vector as it is, a number in every lane."""
    if isinstance(side, Lanes):
        return value
    if kind.number == types.float32:
        value = builder.fptrunc(value, ir.FloatType())
    return splatted(builder, kind, value)


def _kind(sides: Any) -> Any:
    """Return the type of the vectors among arguments."""
    return next(side for side in sides if isinstance(side, Lanes))


def _has_lanes(*sides: Any) -> bool:
    return any(isinstance(side, Lanes) for side in sides)


def lane_by_lane(
    generate: Callable[..., Any], sides: Any, *, returns: Any = None
) -> tuple[Any, Callable[..., Any]]:
    """Return what an intrinsic returns: its signature, and what writes its code.

    generate: gets the builder, the type of the vectors and the arguments as vectors.
    """
    kind = _kind(sides)
    taken = [side if isinstance(side, Lanes) else types.float64 for side in sides]

    def write(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        vectors = [
            as_vector(builder, kind, side, value)
            for side, value in zip(signature.args, args, strict=True)
        ]
        return generate(builder, kind, *vectors)

    return (returns or kind)(*taken), write


def _call(builder: Any, kind: Lanes, name: str, *args: Any, returns: Any = None) -> Any:
    """Return the LLVM value of one of LLVM's own functions of vectors."""
    function = ir.FunctionType(returns or kind.vector, [kind.vector] * len(args))
    full_name = f"llvm.{name}.v{kind.width}f{kind.bits}"
    return builder.call(
        cgutils.get_or_insert_function(builder.module, function, full_name), args
    )


def _arithmetic(instruction: str) -> Any:
    """Return the intrinsic of a two-sided operation."""

    @intrinsic
    def operation(typing: Any, x: Any, y: Any) -> Any:
        return lane_by_lane(
            lambda builder, kind, a, b: getattr(builder, instruction)(a, b), (x, y)
        )

    return operation


_plus, _minus = _arithmetic("fadd"), _arithmetic("fsub")
_times, _over = _arithmetic("fmul"), _arithmetic("fdiv")


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
    return lane_by_lane(
        lambda builder, kind, *args: _call(builder, kind, "fma", *args), (x, y, z)
    )


@intrinsic
def like(typing: Any, x: Any, number: Any) -> Any:
    """Return a vector of the type of x with a number in every lane."""
    return lane_by_lane(lambda builder, kind, x, value: value, (x, number))


@intrinsic
def lower(typing: Any, x: Any, y: Any) -> Any:
    """Return the smaller of two; NaN if x is NaN, x if y is."""
    return lane_by_lane(
        lambda builder, kind, a, b: builder.select(builder.fcmp_ordered("<", b, a), b, a),
        (x, y),
    )


@intrinsic
def higher(typing: Any, x: Any, y: Any) -> Any:
    """Return the larger of two; NaN if x is NaN, x if y is."""
    return lane_by_lane(
        lambda builder, kind, a, b: builder.select(builder.fcmp_ordered(">", b, a), b, a),
        (x, y),
    )


@intrinsic
def within(typing: Any, x: Any, bound: Any, value: Any, otherwise: Any) -> Any:
    """Return value in lanes where |x| <= bound, otherwise elsewhere, also for NaN."""

    def generate(builder: Any, kind: Any, x: Any, bound: Any, a: Any, b: Any) -> Any:
        below = builder.fcmp_ordered("<=", x, bound)
        above = builder.fcmp_ordered(">=", x, builder.fneg(bound))
        return builder.select(builder.and_(below, above), a, b)

    return lane_by_lane(generate, (x, bound, value, otherwise))


@intrinsic
def beyond(typing: Any, x: Any, bound: Any, value: Any, otherwise: Any) -> Any:
    """Return value in lanes where x > bound, otherwise elsewhere, also for NaN."""

    def generate(builder: Any, kind: Any, x: Any, bound: Any, a: Any, b: Any) -> Any:
        return builder.select(builder.fcmp_ordered(">", x, bound), a, b)

    return lane_by_lane(generate, (x, bound, value, otherwise))


@intrinsic
def largest_lane(typing: Any, x: Any) -> Any:
    """Return the largest of the numbers in a vector without NaN."""

    def generate(builder: Any, kind: Any, x: Any) -> Any:
        element = kind.vector.element
        return _call(builder, kind, "vector.reduce.fmax", x, returns=element)

    return lane_by_lane(generate, (x,), returns=x.number)


@intrinsic
def sqrt(typing: Any, x: Any) -> Any:
    """Return the square roots."""
    return lane_by_lane(lambda builder, kind, x: _call(builder, kind, "sqrt", x), (x,))


@intrinsic
def sign(typing: Any, x: Any) -> Any:
    """Return -1 in lanes below 0, 1 elsewhere."""

    def generate(builder: Any, kind: Any, x: Any) -> Any:
        negative = builder.fcmp_ordered("<", x, kind.constant(0.0))
        return builder.select(negative, kind.constant(-1.0), kind.constant(1.0))

    return lane_by_lane(generate, (x,))


@intrinsic
def inverse_or_zero(typing: Any, x: Any) -> Any:
    """Return 1 / x, but 0 where |x| < TINY, so that no lane overflows."""

    def generate(builder: Any, kind: Any, x: Any) -> Any:
        below = builder.fcmp_ordered("<", x, kind.constant(TINY))
        above = builder.fcmp_ordered(">", x, kind.constant(-TINY))
        inverse = builder.fdiv(kind.constant(1.0), x)
        tiny = builder.and_(below, above)
        return builder.select(tiny, kind.constant(0.0), inverse)

    return lane_by_lane(generate, (x,))


@intrinsic
def power_of_two(typing: Any, shifted: Any) -> Any:
    """Return 2**k of k + 1.5 * 2**52 (of floats: 2**23), whose low bits hold k."""

    def generate(builder: Any, kind: Any, shifted: Any) -> Any:
        def each(value: int) -> Any:
            return ir.Constant(kind.integers, [value] * kind.width)

        fraction, bias = (52, 1023) if kind.bits == 64 else (23, 127)
        bits = builder.shl(builder.bitcast(shifted, kind.integers), each(fraction))
        return builder.bitcast(builder.add(bits, each(bias << fraction)), kind.vector)

    return lane_by_lane(generate, (shifted,))
