"""Maximum likelihood for outputs that are probabilities, linear in the features.

Minimised over the weights W (S, K) is, a row of rows T,

    -1/T sum_t log p(y_t | x_t W) + penalty/2 |D W|^2

with p of independent units, p_k = sigma(x w_k), or of K classes of which one comes,
p = softmax(x W). Strictly convex, so there is one minimum; Newton's method finds it,
each step by conjugate gradients (Nocedal & Wright 2006, algorithm 7.1, recalled). In the
basis of the principal components of x a diagonal comes near the Hessian: few are needed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolino.solvers.conjugate_gradients import conjugate_gradients
from evolino.solvers.likelihood_columns import constant_odds, scaled_columns
from evolino.solvers.relative_products import RelativeProducts, rounded
from evolino.solvers.relative_sums import RelativeRows, narrow, spread, widened
from evolino.vocabulary import Array, IntArray

DECREMENT = 1e-6  # squared length of a Newton step, in nats a row, that ends the search
MOST_STEPS, CONJUGATES, MOST_HALVINGS = 60, 60, 30
Some = IntArray | slice  # of the outputs
SUFFICIENT = 1e-4  # share of the promised decrease that a step must bring
# Of the Hessian's inverse: of what is left, in float32 and in the end.
ROUGH, EXACT, MOST_CORRECTIONS = 1e-3, 1e-6, 8


@dataclass(frozen=True, slots=True)
class Likelihood:
    """What is maximised. exclusive: one class of K comes, else each unit by itself.

    unnormalised: D is 1, else the standard deviations of the columns (root mean squares
    where no column is constant). steps: Newton steps at most; None goes to the optimum.
    """

    exclusive: bool
    unnormalised: bool = False
    steps: int | None = None


def maximise(
    likelihood: Likelihood,
    features: Array,
    targets: Array,
    penalties: tuple[float, ...],
    relative: RelativeRows | None = None,
) -> Array:
    """Return weights (L, S, K) for L penalties; NaN if the features are not finite.

    features: (T, S). targets: (T, K) of 0 and 1. relative: of exclusive classes that share
    weights; these are then (L, S, W).
    """
    width = targets.shape[1] if relative is None else relative.relation.width
    shape = (len(penalties), features.shape[1], width)
    if not np.isfinite(features).all():
        return np.full(shape, np.nan)
    scaled, scales = scaled_columns(features, likelihood.unnormalised)
    values, basis = np.linalg.eigh(scaled.T @ scaled / len(scaled))
    rotated = scaled @ basis
    problem = Problem(
        likelihood,
        rotated,
        rounded(rotated, relative),
        np.maximum(values, 0.0),
        np.asarray(targets, float),
        relative=relative,
    )
    found = np.zeros(shape)
    odds = constant_odds(scaled, problem.targets, likelihood.exclusive)
    weights = basis.T @ widened(relative, odds)
    # From the strongest penalty on: each solution is a good start for the next.
    for place in np.argsort(penalties)[::-1]:
        weights = problem.solve(float(penalties[place]), weights)
        found[place] = basis @ weights / scales[:, None]
    return found


def probabilities(sums: Array, exclusive: bool) -> Array:
    """Return the probabilities of sums (.., K): independent, or of exclusive classes."""
    if exclusive:
        shifted = np.exp(sums - sums.max(axis=-1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True))
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * sums)))


def bent(sums: Array, chance: Array, exclusive: bool) -> Array:
    """Return (T, K): how chances (T, K) change with their sums, as these change (T, K)."""
    if exclusive:
        return np.asarray(chance * (sums - (chance * sums).sum(axis=1, keepdims=True)))
    return np.asarray(chance * (1 - chance) * sums)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """features: (T, S). values: their mean squares in the basis of principal components.
    basis: these, (S, S); None where the features are in it.

    roughly: the features in float32, for the products of the conjugate gradients. Gradients
    are exact, so that a rough step costs at most another one, not the optimum. done: the
    squared length of a Newton step, in nats a row, that ends the search. inexact: what may
    be left of each step, where targets change after it; 0 is less and less. relative: how
    exclusive classes share weights, which then have W columns in the place of K.
    """

    likelihood: Likelihood
    features: Array
    roughly: Any
    values: Array
    targets: Array
    basis: Array | None = None
    done: float = DECREMENT
    inexact: float = 0.0
    relative: RelativeRows | None = None

    def solve(self, penalty: float, weights: Array) -> Array:
        """Return weights (S, K) from a start."""
        weights = self._centred(weights)
        sums = self.sums(weights)
        # Exclusive classes are one problem, other outputs one each.
        alone = not self.likelihood.exclusive
        active = np.ones(weights.shape[1] if alone else 1, dtype=bool)
        for _ in range(self.likelihood.steps or MOST_STEPS):
            some = np.flatnonzero(active) if alone else slice(None)
            step = self._step(penalty, weights[:, some], sums[:, some], some)
            moved = self.sums(step.direction)
            length = self._length(
                penalty, weights[:, some], sums[:, some], step, moved, some
            )
            weights[:, some] += length * step.direction
            sums[:, some] += length * moved
            active[some] = (step.decrement > self.done) & (length > 0)
            if not active.any():
                break
        return weights

    def _step(self, penalty: float, weights: Array, sums: Array, some: Some) -> _Step:
        """Return Newton's step, inexactly: conjugate gradients as long as it is far off."""
        chance = probabilities(sums, self.likelihood.exclusive)
        gradient = self._back(chance - self.targets[:, some]) + penalty * weights
        # The nearer to the minimum, the more exactly; that makes Newton's method fast.
        direction = self._uncurved(
            penalty,
            chance,
            -gradient,
            lambda begun: self._accuracy(begun) ** 2 * begun,
        )
        slope = self._total(gradient * direction)
        return _Step(direction, slope, -slope)

    def sums(self, weights: Array) -> Array:
        """Return the sums (T, K) of weights."""
        return narrow(self.relative, self.features @ weights)

    def uncurved(self, penalty: float, sums: Array, right: Array) -> Array:
        """Return the Hessian's inverse times what is right (S, K), where sums (T, K) are.

        Solved in float32 and corrected by what is left in float64, until that is EXACT of
        the beginning; at most MOST_CORRECTIONS times, so that it ends for any Hessian.
        """
        chance = probabilities(sums, self.likelihood.exclusive)
        centred = self._centred(right)
        # The Hessian does nothing but the penalty to what exclusive classes share.
        found, rest = (right - centred) / penalty, centred
        near = self._near(penalty, chance)
        begun = self._total(rest * near(rest))
        for _ in range(MOST_CORRECTIONS):
            found += self._uncurved(penalty, chance, rest, lambda size: ROUGH**2 * size)
            moved = bent(self.sums(found), chance, self.likelihood.exclusive)
            rest = centred - self._centred(self._back(moved) + penalty * found)
            if (self._total(rest * near(rest)) <= EXACT**2 * begun).all():
                break
        return found

    def _accuracy(self, begun: Array) -> Array:
        """Return how exact a step of squared lengths (K,) is to be, relative to it."""
        if self.inexact:
            return np.full_like(begun, self.inexact)
        return np.minimum(0.1, np.sqrt(begun))

    def _uncurved(
        self,
        penalty: float,
        chance: Array,
        right: Array,
        enough: Callable[[Array], Array],
    ) -> Array:
        near, rough = self._near(penalty, chance), chance.astype(np.float32)

        def image(along: Array) -> Array:
            return self._curved(rough, along) + penalty * along

        return conjugate_gradients(image, near, right, self._total, enough, CONJUGATES)

    def _near(self, penalty: float, chance: Array) -> Callable[[Array], Array]:
        """Return what multiplies by the inverse of the Hessian's diagonal in the basis."""
        variance = spread(self.relative, chance * (1.0 - chance)).mean(axis=0)
        near, basis = 1.0 / (self.values[:, None] * variance + penalty), self.basis
        if basis is None:
            return lambda rest: self._centred(near * rest)
        return lambda rest: self._centred(basis @ (near * (basis.T @ rest)))

    def _length(
        self,
        penalty: float,
        weights: Array,
        sums: Array,
        step: _Step,
        moved: Array,
        some: Some,
    ) -> Array:
        """Return how much of a step to take: half as long until it brings enough."""

        def value(length: Array) -> Array:
            rows = self._loss(sums + length * moved, some)
            pull = self._total(np.square(weights + length * step.direction))
            return np.asarray(rows + 0.5 * penalty * pull)

        length = np.ones_like(step.slope)
        before = value(np.zeros_like(length))
        for _ in range(MOST_HALVINGS):
            worse = value(length) > before + SUFFICIENT * length * step.slope + 1e-15
            if not worse.any():
                return length
            length = np.where(worse, 0.5 * length, length)
        return np.where(worse, 0.0, length)

    def _loss(self, sums: Array, some: Some) -> Array:
        """Return the mean negative log-likelihood: (K,), or that of all classes."""
        wanted = self.targets[:, some]
        if self.likelihood.exclusive:
            highest = sums.max(axis=1)
            each = highest + np.log(np.exp(sums - highest[:, None]).sum(axis=1))
            total = float((each - (wanted * sums).sum(axis=1)).mean())
            return np.array([total])
        return np.asarray((np.logaddexp(0.0, sums) - wanted * sums).mean(axis=0))

    def _back(self, errors: Array) -> Array:
        return np.asarray(
            self.features.T @ spread(self.relative, errors) / len(self.features)
        )

    def _curved(self, chance: Any, along: Array) -> Array:
        """Return the Hessian's image of a direction (S, K), without the penalty."""
        roughly, exclusive = self.roughly, self.likelihood.exclusive
        direction, rows = along.astype(np.float32), np.float32(len(self.features))
        if isinstance(roughly, RelativeProducts):
            moved = bent(roughly.sums(direction), chance, exclusive)
            image = np.asarray(roughly.back(moved) / rows, np.float64)
        else:
            moved = bent(roughly @ direction, chance, exclusive)
            image = np.asarray(roughly.T @ moved / rows, np.float64)
        return self._centred(image)

    def _centred(self, weights: Array) -> Array:
        """Return weights (S, K) without what all exclusive classes share.

        That changes no probability, and the penalty wants it to be 0; along it the Hessian
        is far from its diagonal, so conjugate gradients are kept out of it.
        """
        if not self.likelihood.exclusive:
            return weights.copy()
        if self.relative is None:
            return np.asarray(weights - weights.mean(axis=1, keepdims=True))
        found = np.empty_like(weights)
        for part in self.relative.relation.parts():
            own = weights[:, part]
            found[:, part] = own - own.mean(axis=1, keepdims=True)
        return found

    def _total(self, products: Array) -> Array:
        """Return sums over weights (S, K): (K,), each output's own, or that of all."""
        each = products.sum(axis=0)
        if self.likelihood.exclusive:
            return np.asarray(each.sum(keepdims=True))
        return np.asarray(each)


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """direction: (S, K). slope: (K,), of the loss along it. decrement: how much less a
    parabola would have, twice over."""

    direction: Array
    slope: Array
    decrement: Array
