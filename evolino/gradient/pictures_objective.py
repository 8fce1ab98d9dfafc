"""The loss of free frames after solving, and its gradient with respect to the filters.

A convolutional network is driven over films, its readout is solved by ridge regression on
the frames that fit it, by sums over pixels and frames; then it runs freely from the given
frames on, fed its own. The way back goes through all of it, also through the readout.

A minibatch is some of the films. Their readout is solved on their given frames alone, so
that each frame is computed once. The errors of those count beside the errors of the free
frames: so it learns faster. A minibatch is computed in float32, which is twice as fast;
the loss that chooses the network is not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evolino.gradient.descent import Descent, Loss
from evolino.gradient.films import Films, films_of
from evolino.gradient.genes import check_genes_of
from evolino.gradient.minibatches import minibatch
from evolino.network.backward.pictures import FilmFeatures, FilmsPass, FilterGradient
from evolino.network.convolutional import ConvLSTM
from evolino.network.convolutional_step import Filters, filters_of
from evolino.readout.linear import Ridge
from evolino.task.series import Split
from evolino.vocabulary import Array, BoolArray

TINY = 1e-12  # of the largest sum of squares, on the diagonal


@dataclass(frozen=True, slots=True, eq=False)
class PicturesObjective:
    """The logarithm of the root mean squared error of free frames, with its gradient.

    fitted: films that the readout is solved on. scored: those whose free frames count; the
    same record for both is driven once. penalty: as of `Ridge`. residual: whether the
    errors of the frames that fit the readout count too. dtype: of the passes, float64 or
    float32; the readout is solved in float64.
    """

    architecture: ConvLSTM
    fitted: Films
    scored: Films
    penalty: float
    residual: bool = False
    dtype: Any = np.float64

    def loss_of(self, number: int, size: int, seed: int, *, flips: bool = False) -> Loss:
        """Return the loss that a gradient is of, by its number: of all films, or of those
        of a minibatch, flipped at random or not."""
        if not 0 < size < self.fitted.number:
            return self.value_and_gradient
        films = self.fitted.some(minibatch(self.fitted.number, size, number, seed))
        if flips:
            sides = self.architecture.height, self.architecture.width
            films = films.flipped(np.random.default_rng((seed, number)), *sides)
        own = replace(self, fitted=films, scored=films, residual=True, dtype=np.float32)
        return own.value_and_gradient

    def cut(self, ahead: int) -> PicturesObjective:
        """Return the loss of at most so many free frames."""
        fitted = self.fitted.cut(ahead)
        same = self.scored is self.fitted
        scored = fitted if same else self.scored.cut(ahead)
        return replace(self, fitted=fitted, scored=scored)

    def value(self, genome: Array) -> float:
        """Return the loss of a genome (C, G); inf where it is not finite."""
        filters = filters_of(self.architecture, genome)
        with np.errstate(over="ignore", invalid="ignore"):
            driven = self._driven(filters, self.fitted)
            solved = self._solved(driven)
            if self.scored is not self.fitted:
                driven = self._driven(filters, self.scored)
            return self._run(self._begun(filters, driven), solved).loss

    def value_and_gradient(self, genome: Array) -> tuple[float, Array]:
        """Return the loss of a genome (C, G), and its gradient (C, G).

        Where one of them is not finite the loss is inf and the gradient 0. Raises
        ValueError where other films are scored than fit the readout.
        """
        if self.scored is not self.fitted:
            raise ValueError("the gradient is of films that fit the readout and are scored")
        filters = filters_of(self.architecture, genome)
        gradient = FilterGradient(self.architecture, filters)
        with np.errstate(over="ignore", invalid="ignore"):
            driven = self._driven(filters, self.fitted)
            solved = self._solved(driven)
            runs = self._begun(filters, driven)
            free = self._run(runs, solved)
            if not np.isfinite(free.loss):
                return float("inf"), np.zeros_like(genome)
            to_readout = self._run_back(runs, free, solved, gradient)
            driven.passed.continued_by(runs.passed, self.fitted.given)
            self._fit_back(driven, free, solved, to_readout, gradient)
            found = gradient.genome()
        if not np.isfinite(found).all():
            return float("inf"), np.zeros_like(found)
        return free.loss, found

    def _driven(self, filters: Filters, films: Films) -> Run:
        """Return a teacher-forced pass."""
        driven = Run(self, filters, films)
        for t in range(films.last):
            driven.step(t, None)
        return driven

    def _begun(self, filters: Filters, driven: Run) -> Run:
        """Return the pass of the free runs, before their first frame."""
        given, passed = self.scored.given, driven.passed
        return Run(
            self, filters, self.scored, (passed.outputs[given], passed.states[given])
        )

    def _solved(self, driven: Run) -> Solved:
        """Return the readout, by sums over pixels and frames."""
        own, films = self.architecture, self.fitted
        products = np.zeros((own.readout_width,) * 2)
        right, squares = np.zeros((len(products), own.outputs)), 0.0
        for t in range(films.fitted, films.last):
            rows, frame = driven.features.after(t), driven.frames[t]
            products += rows @ rows.T
            right += rows @ frame.T
            squares += float(np.square(frame).sum(dtype=np.float64))
        diagonal = np.diag(products)
        gram = products + np.diag(self.penalty * diagonal + TINY * diagonal.max())
        weights = np.asarray(np.linalg.solve(gram, right))
        left = squares + float((weights * (products @ weights - 2.0 * right)).sum())
        count = (films.last - films.fitted) * films.frames[0].size
        return Solved(gram, weights, products @ weights - right, left, count)

    def _run(self, runs: Run, solved: Solved) -> Free:
        """Run freely; outputs are cut to 0 .. 1."""
        given, weights = self.scored.given, solved.weights.astype(self.dtype)
        u, errors, inside = None, [], []
        for t in range(given, len(runs.frames)):
            runs.step(t, u)
            sums = weights.T @ runs.features.after(t - given)
            u = np.clip(sums, 0.0, 1.0)
            errors.append(u - runs.frames[t])
            inside.append((sums >= 0.0) & (sums <= 1.0))
        squares = sum(float(np.square(each).sum(dtype=np.float64)) for each in errors)
        count = len(errors) * self.scored.frames[0].size
        if self.residual:
            squares, count = squares + solved.left, count + solved.count
        return Free(errors, inside, squares, count)

    def _run_back(
        self, runs: Run, free: Free, solved: Solved, gradient: FilterGradient
    ) -> Array:
        """Go back over the free runs; return what is passed on to the readout (S, K)."""
        weights = solved.weights.astype(self.dtype)
        to_readout = np.zeros_like(solved.weights)
        to_u: Array | float = 0.0
        scale = self.dtype(1.0 / free.squares)
        for t in reversed(range(len(free.errors))):
            back = np.where(free.inside[t], free.errors[t] * scale + to_u, 0.0)
            to_readout += runs.features.after(t) @ back.T
            to_top, to_inputs = runs.features.back(weights @ back)
            to_u = runs.passed.back(to_top, gradient) + to_inputs
        if self.residual:
            to_readout += solved.slope / free.squares
        return to_readout

    def _fit_back(
        self, driven: Run, free: Free, solved: Solved, to_readout: Array,
        gradient: FilterGradient,
    ) -> None:  # fmt: skip
        """Go back over the teacher-forced pass, through the solution of the readout.

        to_readout: (S, K), what it is passed.
        """
        films = self.fitted
        adjoint = np.asarray(np.linalg.solve(solved.gram, to_readout))
        own = 2.0 * self.penalty * (adjoint * solved.weights).sum(axis=1, keepdims=True)
        share = 1.0 / free.squares if self.residual else 0.0
        to_left = (adjoint - share * solved.weights).astype(self.dtype)
        weights, adjoint = (x.astype(self.dtype) for x in (solved.weights, adjoint))
        own = own.astype(self.dtype)
        for t in reversed(range(films.last)):
            if t < films.fitted:
                to_top = np.zeros_like(driven.passed.to_outputs[-1])
            else:
                rows = driven.features.after(t)
                left = driven.frames[t] - weights.T @ rows
                to_rows = to_left @ left - weights @ (adjoint.T @ rows) - own * rows
                to_top, _ = driven.features.back(to_rows)
            driven.passed.back(to_top, gradient)


class Run:
    """A pass over films, its features, and the true frames as the pass has them.

    begin: as of `FilmsPass`; it is then a free run from the last given frame on.
    """

    def __init__(
        self,
        objective: PicturesObjective,
        filters: Filters,
        films: Films,
        begin: tuple[list[Array], list[Array]] | None = None,
    ) -> None:
        own = objective.architecture
        self.passed = FilmsPass(own, filters, films.number, begin, objective.dtype)
        self.features = FilmFeatures(own, self.passed)
        self.frames = self.passed.laid_out(films.frames)

    def step(self, t: int, u: Array | None) -> None:
        """Take frame t; it is fed u (K, M), the true frame before if that is None."""
        before = self.frames[t - 1] if t else np.zeros_like(self.frames[0])
        self.passed.step(before if u is None else u)


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A readout, weights (S, K), and the sums of products of its features (S, S), with the
    penalty.

    slope: (S, K), of half the sum of squares that is left. left: that sum. count: of the
    squares.
    """

    gram: Array
    weights: Array
    slope: Array
    left: float
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Free:
    """Errors (K, M) of free frames, and where outputs were not cut. squares: their sum, of
    all that counts. count: of these."""

    errors: list[Array]
    inside: list[BoolArray]
    squares: float
    count: int

    @property
    def loss(self) -> float:
        """The logarithm of the root mean square; inf where it is not finite."""
        mean = self.squares / self.count
        return 0.5 * float(np.log(mean)) if np.isfinite(mean) and mean > 0 else float("inf")


def pictures_objectives(
    architecture: ConvLSTM, readout: object, split: Split
) -> list[tuple[PicturesObjective, PicturesObjective]]:
    """Return for each penalty of a ridge readout the loss of the free frames of train, and
    that of those of validation, which is held out."""
    assert isinstance(readout, Ridge)
    given = split.validation[0].start // architecture.pixels
    train = films_of(split.train, architecture, given)
    chosen = films_of(split.validation, architecture, given)
    return [
        (
            PicturesObjective(architecture, train, train, penalty),
            PicturesObjective(architecture, train, chosen, penalty),
        )
        for penalty in readout.penalties
    ]


def best_objectives(
    architecture: ConvLSTM, readout: object, split: Split, genome: Array
) -> tuple[PicturesObjective, PicturesObjective]:
    """Return those of `pictures_objectives` that are best for a genome (C, G)."""
    both = pictures_objectives(architecture, readout, split)
    return both[0] if len(both) == 1 else min(both, key=lambda x: x[1].value(genome))


def check_pictures_objective(
    settings: Descent, architecture: ConvLSTM, readout: object
) -> None:
    """Raise ValueError for settings or a readout that free frames have no gradient with."""
    check_genes_of(architecture, settings.genes)
    if not isinstance(readout, Ridge) or readout.unnormalised:
        raise ValueError("refinement of frames needs readout ridge, not unnormalised")
    if architecture.output != "identity":
        raise ValueError(
            f"refinement of frames needs output 'identity', got {architecture.output!r}"
        )
    if settings.folds or settings.starts or settings.scales != "none":
        raise ValueError(
            "refinement of frames is on the free frames of films: folds, starts and scales "
            "must be left as they are"
        )
    for name in ("noise", "keep_readout"):
        if getattr(settings, name, False):
            raise ValueError(f"{name} needs a ctc readout, got ridge")
