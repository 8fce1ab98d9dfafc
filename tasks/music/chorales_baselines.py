"""Baselines of the chorales: n-grams, repetition, logistic regression on last frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evolino.solvers.likelihood import Likelihood, maximise, probabilities
from evolino.task.protocol import Predictor
from evolino.task.series import Segment, Split
from evolino.tasks.music.chorales_frames import ROWS, UNITS, block
from evolino.tasks.music.music_measures import class_nats, frame_nats
from evolino.vocabulary import Array, IntArray

PENALTIES = (1e-2, 3e-3, 1e-3, 3e-4)
FEW = 0.5  # added to counts, so that nothing has chance 0

# Probabilities (stop - start, K) for a segment.
Predict = Callable[[Segment], Array]


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """A predictor that is one function."""

    predict: Predict

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the probabilities (stop - start, K) on each segment."""
        return [self.predict(segment) for segment in segments]


def baselines_of_pitches(split: Split) -> dict[str, Predictor]:
    """Return models of independent pitches, fitted on training and validation data."""
    models: dict[str, Predictor] = {
        "1-gram": Baseline(_frequencies(split)),
        "repeat the last frame, calibrated": Baseline(_repeated(split)),
    }
    for count in (1, 2, 4):
        frames = "frame" if count == 1 else f"{count} frames"
        models[f"logistic on the last {frames}"] = Baseline(_logistic(split, count))
    return models


def baselines_of_voices(split: Split) -> dict[str, Predictor]:
    """Return models of one voice after another."""
    return {
        "1-gram": Baseline(_chain(split, _nothing)),
        "each voice after its last note": Baseline(_chain(split, _own_last_note)),
        "chain of voices on the last frame": Baseline(_chain(split, _last_four_rows)),
    }


def _frequencies(split: Split) -> Predict:
    targets = _joined(split.refit)
    chances = (targets.sum(axis=0) + FEW) / (len(targets) + 2 * FEW)
    return lambda segment: np.tile(chances, (segment.stop - segment.start, 1))


def _repeated(split: Split) -> Predict:
    """Count how often a pitch comes after itself, and else."""
    targets = _joined(split.refit)
    last = np.concatenate([_last(segment, 1) for segment in split.refit]) > 0.5
    chances = []
    for before in (~last, last):
        came = (targets * before).sum(axis=0)
        chances.append((came + FEW) / (before.sum(axis=0) + 2 * FEW))
    return lambda segment: np.where(_last(segment, 1) > 0.5, chances[1], chances[0])


def _logistic(split: Split, count: int) -> Predict:
    def regressors(segment: Segment) -> Array:
        last = [_last(segment, back) for back in range(1, count + 1)]
        return np.concatenate([*last, np.ones((len(last[0]), 1))], axis=1)

    def gathered(segments: Sequence[Segment]) -> tuple[Array, Array]:
        return np.concatenate([regressors(each) for each in segments]), _joined(segments)

    likelihood = Likelihood(exclusive=False)
    solved = maximise(likelihood, *gathered(split.train), PENALTIES)
    rows, expected = gathered(split.validation)
    best = min(
        range(len(PENALTIES)),
        key=lambda k: frame_nats(probabilities(rows @ solved[k], False), expected).mean(),
    )
    (weights,) = maximise(likelihood, *gathered(split.refit), (PENALTIES[best],))
    return lambda segment: probabilities(regressors(segment) @ weights, False)


def _chain(split: Split, regressors: Callable[[Segment, int], Array]) -> Predict:
    """Return the chain of voices, each a logistic regression on its `regressors`."""
    weights = [_voice(split, row, regressors) for row in range(ROWS)]

    def predict(segment: Segment) -> Array:
        chances = np.zeros((segment.stop - segment.start, UNITS))
        for row in range(ROWS):
            sums = regressors(segment, row) @ weights[row]
            chances[_own_rows(segment, row), block(row)] = probabilities(sums, True)
        return chances

    return predict


def _voice(split: Split, row: int, regressors: Callable[[Segment, int], Array]) -> Array:
    """Return the weights of the voice of a frame's row."""

    def gathered(segments: Sequence[Segment]) -> tuple[Array, Array]:
        targets = [each.targets[_own_rows(each, row), block(row)] for each in segments]
        rows = [regressors(each, row) for each in segments]
        return np.concatenate(rows), np.concatenate(targets)

    likelihood = Likelihood(exclusive=True)
    solved = maximise(likelihood, *gathered(split.train), PENALTIES)
    rows, expected = gathered(split.validation)
    size = (expected.shape[1],)
    best = min(
        range(len(PENALTIES)),
        key=lambda k: class_nats(
            probabilities(rows @ solved[k], True), expected, size
        ).mean(),
    )
    (weights,) = maximise(likelihood, *gathered(split.refit), (PENALTIES[best],))
    return np.asarray(weights)


def _own_rows(segment: Segment, row: int) -> slice:
    """Return where in a segment the rows of a voice are."""
    return slice((row - segment.start) % ROWS, None, ROWS)


def _nothing(segment: Segment, row: int) -> Array:
    return np.ones((len(_rows_of(segment, row)), 1))


def _own_last_note(segment: Segment, row: int) -> Array:
    last = _back(segment, row, ROWS)
    return np.concatenate([last, np.ones((len(last), 1))], axis=1)


def _last_four_rows(segment: Segment, row: int) -> Array:
    """The voices before this one in its frame, the others in the frame before, and all of
    that frame."""
    last = [_back(segment, row, back) for back in range(1, ROWS + row + 1)]
    return np.concatenate([*last, np.ones((len(last[0]), 1))], axis=1)


def _back(segment: Segment, row: int, count: int) -> Array:
    """Return the targets so many rows before each row of a voice, 0 before the first: of
    the voice whose turn it was then, the others have none."""
    rows = _rows_of(segment, row) - count
    targets = segment.series.targets[np.maximum(rows, 0), block((row - count) % ROWS)]
    return np.where(rows[:, None] >= 0, targets, 0.0)


def _rows_of(segment: Segment, row: int) -> IntArray:
    rows = np.arange(segment.start, segment.stop, dtype=np.int64)
    return rows[_own_rows(segment, row)]


def _last(segment: Segment, back: int) -> Array:
    """Return the targets `back` rows before a segment's, 0 before the first."""
    rows = np.arange(segment.start, segment.stop) - back
    return np.where(rows[:, None] >= 0, segment.series.targets[np.maximum(rows, 0)], 0.0)


def _joined(segments: Sequence[Segment]) -> Array:
    return np.concatenate([segment.targets for segment in segments])
