"""The loss of free frames after solving, and its gradient with respect to the filters.

A convolutional network is driven over films, its readout is solved by ridge regression on
the frames that fit it, by sums over pixels and frames; then it runs freely from the given
frames on, fed its own. The way back goes through all of it, also through the readout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.gradient.descent import Descent
from evolino.gradient.genes import check_genes_of
from evolino.network.backward.pictures import FilmsPass, FilterGradient, gathered
from evolino.network.convolutional import ConvLSTM
from evolino.network.convolutional_step import Filters, filters_of, patches
from evolino.readout.linear import Ridge
from evolino.task.series import Segment, Split
from evolino.vocabulary import Array

TINY = 1e-12  # of the largest sum of squares, on the diagonal


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """N films beside each other. frames: (T, K, N, H W). fitted: the first frame that fits
    the readout. given: how many are given; the others are free."""

    frames: Array
    fitted: int
    given: int

    def before(self, t: int) -> Array:
        """Return (K, N, H W): the true frame that is fed back at frame t."""
        return self.frames[t - 1] if t else np.zeros_like(self.frames[0])


@dataclass(frozen=True, slots=True, eq=False)
class PicturesObjective:
    """The logarithm of the root mean squared error of free frames, with its gradient.

    fitted: films that the readout is solved on. scored: those whose free frames count; the
    same record for both is driven once. penalty: as of `Ridge`.
    """

    architecture: ConvLSTM
    fitted: Films
    scored: Films
    penalty: float

    def value(self, genome: Array) -> float:
        """Return the loss of a genome (C, G); inf where it is not finite."""
        filters = filters_of(self.architecture, genome)
        driven = self._driven(filters, self.fitted)
        weights = self._solved(driven).weights
        if self.scored is not self.fitted:
            driven = self._driven(filters, self.scored)
        errors, _ = self._run(self._begun(filters, driven), weights)
        return _loss(errors)

    def value_and_gradient(self, genome: Array) -> tuple[float, Array]:
        """Return the loss of a genome (C, G), and its gradient (C, G).

        Where one of them is not finite the loss is inf and the gradient 0. Raises
        ValueError where other films are scored than fit the readout.
        """
        if self.scored is not self.fitted:
            raise ValueError("the gradient is of films that fit the readout and are scored")
        filters = filters_of(self.architecture, genome)
        gradient = FilterGradient(self.architecture, filters)
        driven = self._driven(filters, self.fitted)
        solved = self._solved(driven)
        runs = self._begun(filters, driven)
        errors, inside = self._run(runs, solved.weights)
        loss = _loss(errors)
        if not np.isfinite(loss):
            return float("inf"), np.zeros_like(genome)
        to_sums = np.where(inside, errors, 0.0) / np.square(errors).sum()
        to_readout = self._run_back(runs, to_sums, inside, solved.weights, gradient)
        adjoint = np.asarray(np.linalg.solve(solved.gram, to_readout))
        self._fit_back(driven, solved, adjoint, runs, gradient)
        found = gradient.genome()
        if not np.isfinite(found).all():
            return float("inf"), np.zeros_like(found)
        return loss, found

    def _driven(self, filters: Filters, films: Films) -> FilmsPass:
        """Return a teacher-forced pass."""
        passed = FilmsPass(self.architecture, filters, films.frames.shape[2])
        for t in range(len(films.frames)):
            passed.step(films.before(t))
        return passed

    def _begun(self, filters: Filters, driven: FilmsPass) -> FilmsPass:
        """Return the pass of the free runs, before their first frame."""
        given, number = self.scored.given, self.scored.frames.shape[2]
        begin = driven.outputs[given], driven.states[given]
        return FilmsPass(self.architecture, filters, number, begin)

    def _features(self, passed: FilmsPass, t: int) -> Array:
        """Return (S, N H W), after frame t."""
        own = self.architecture
        seen = [passed.outputs[t + 1][-1]]
        if own.readout_inputs:
            seen.append(passed.frames[t])
        parts = [patches(x, own.height, own.width, own.readout_kernel) for x in seen]
        return np.concatenate([*parts, np.ones((1, parts[0].shape[1]))])

    def _solved(self, driven: FilmsPass) -> Solved:
        """Return the readout, by sums over pixels and frames."""
        frames = self.fitted.frames
        gram = np.zeros((self.architecture.readout_width,) * 2)
        right = np.zeros((len(gram), self.architecture.outputs))
        for t in range(self.fitted.fitted, len(frames)):
            rows = self._features(driven, t)
            gram += rows @ rows.T
            right += rows @ frames[t].reshape(len(frames[t]), -1).T
        squares = np.diag(gram)
        full = gram + np.diag(self.penalty * squares + TINY * squares.max())
        return Solved(full, np.asarray(np.linalg.solve(full, right)))

    def _run(self, runs: FilmsPass, weights: Array) -> tuple[Array, Array]:
        """Run freely; return the errors of all frames, outputs cut to 0 .. 1, and where
        they were not cut: (L, K, N, H W) each."""
        given, frames = self.scored.given, self.scored.frames
        u, errors, inside = self.scored.before(given), [], []
        for t in range(given, len(frames)):
            runs.step(u)
            sums = (weights.T @ self._features(runs, t - given)).reshape(frames[t].shape)
            u = np.clip(sums, 0.0, 1.0)
            errors.append(u - frames[t])
            inside.append((sums >= 0.0) & (sums <= 1.0))
        return np.array(errors), np.array(inside)

    def _run_back(
        self, runs: FilmsPass, to_sums: Array, inside: Array, weights: Array,
        gradient: FilterGradient,
    ) -> Array:  # fmt: skip
        """Go back over the free runs; return what is passed on to the readout (S, K)."""
        own, to_readout = self.architecture, np.zeros_like(weights)
        to_u: Array | float = 0.0
        for t in reversed(range(len(to_sums))):
            back = to_sums[t] + np.where(inside[t], to_u, 0.0)
            rows = back.reshape(len(back), -1)
            to_readout += self._features(runs, t) @ rows.T
            to_top, to_inputs = self._to_pictures(weights @ rows)
            to_u = runs.back(to_top, gradient)
            if own.readout_inputs:
                to_u = to_u + to_inputs
        return to_readout

    def _fit_back(
        self, driven: FilmsPass, solved: Solved, adjoint: Array, runs: FilmsPass,
        gradient: FilterGradient,
    ) -> None:  # fmt: skip
        """Go back over the teacher-forced pass. adjoint: (S, K), what the readout got,
        through its solution; runs: gone back to their beginning."""
        frames, weights = self.fitted.frames, solved.weights
        own = self.penalty * (adjoint * weights).sum(axis=1, keepdims=True)
        for t in reversed(range(len(frames))):
            if t + 1 == self.fitted.given:
                for layer in range(self.architecture.layers):
                    driven.to_outputs[layer] += runs.to_outputs[layer]
                    driven.to_states[layer] += runs.to_states[layer]
            to_top = np.zeros_like(driven.outputs[t + 1][-1])
            if t >= self.fitted.fitted:
                rows = self._features(driven, t)
                left = frames[t].reshape(len(frames[t]), -1) - weights.T @ rows
                to_rows = adjoint @ left - weights @ (adjoint.T @ rows) - 2.0 * own * rows
                to_top, _ = self._to_pictures(to_rows)
            driven.back(to_top, gradient)

    def _to_pictures(self, to_rows: Array) -> tuple[Array, Array | float]:
        """Return what features (S, N H W) pass on to outputs and to what enters."""
        own = self.architecture
        area = own.readout_kernel**2
        split = own.channels * area
        to_top = gathered(own, to_rows[:split], own.readout_kernel)
        if not own.readout_inputs:
            return to_top, 0.0
        return to_top, gathered(own, to_rows[split:-1], own.readout_kernel)


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """A readout, weights (S, K), and the sums of products of its features (S, S), with the
    penalty."""

    gram: Array
    weights: Array


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
    changed = (settings.batch_size(), settings.folds, settings.starts, settings.horizons)
    if any(changed) or settings.scales != "none":
        raise ValueError(
            "refinement of frames is on the free frames of all films: batch, folds, "
            "starts, horizons and scales must be left as they are"
        )


def films_of(segments: Sequence[Segment], architecture: ConvLSTM, given: int) -> Films:
    """Return the whole films of segments whose rows fit the readout.

    given: frames that are given. Raises ValueError for films of several lengths.
    """
    pixels = architecture.pixels
    lengths = {segment.series.steps for segment in segments}
    if len(lengths) > 1:
        raise ValueError(f"films must be of one length, got {sorted(lengths)} rows")
    each = [s.series.targets.reshape(-1, pixels, architecture.outputs) for s in segments]
    frames = np.ascontiguousarray(np.stack(each, axis=1).transpose(0, 3, 1, 2))
    return Films(frames, segments[0].start // pixels, given)


def _loss(errors: Array) -> float:
    mean = float(np.square(errors).mean())
    return 0.5 * float(np.log(mean)) if np.isfinite(mean) and mean > 0 else float("inf")
