"""Log-likelihoods of frames of notes, and frame accuracy.

Source: Boulanger-Lewandowski, Bengio & Vincent 2012, ICML, sections 6 and 7 (recalled).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from evolino.task.protocol import Predictor
from evolino.task.series import Segment, Split
from evolino.vocabulary import Array

TINY = 1e-12  # a chance below it counts as it: no single note costs more than 28 nats
THRESHOLDS = np.arange(0.1, 0.61, 0.01)


def frame_nats(outputs: Array, targets: Array) -> Array:
    """Return (..): the negative log-likelihood of frames, in nats, of independent pitches.

    outputs: (.., K) chances. targets: (.., K) of 0 and 1; NaN gives NaN. A chance that is
    not finite costs inf.
    """
    with np.errstate(invalid="ignore"):
        right = np.where(targets > 0.5, outputs, 1.0 - outputs)
    return np.asarray(_nats(right, targets).sum(axis=-1))


def class_nats(outputs: Array, targets: Array, sizes: Sequence[int]) -> Array:
    """Return (..): the negative log-likelihood of the class that came, in nats.

    sizes: of the blocks of K classes; the chances (.., K) of the block that a row's 1 lies
    in are taken as they are to each other.
    """
    edges = np.cumsum([0, *sizes[:-1]])
    # fmax: a chance that is not finite makes its own block's total so, nothing else.
    totals = np.add.reduceat(np.maximum(outputs, 0.0), edges, axis=-1)
    in_block = np.add.reduceat(targets, edges, axis=-1)
    with np.errstate(invalid="ignore", over="ignore", divide="ignore"):
        total = np.where(in_block > 0.5, totals, 0.0).sum(axis=-1)
        came = np.where(targets > 0.5, outputs, 0.0).sum(axis=-1)
        share = np.minimum(came / np.maximum(total, TINY), 1.0)
    return np.asarray(_nats(share[..., None], targets[..., :1]).sum(axis=-1))


def frame_nats_gradient(outputs: Array, targets: Array) -> tuple[float, Array]:
    """Return the mean of `frame_nats` over the rows that are not NaN, and its gradient.

    outputs, targets, gradient: (.., K). A chance that is cut passes nothing on.
    """
    nats, there = frame_nats(outputs, targets), ~np.isnan(targets)
    with np.errstate(invalid="ignore", divide="ignore"):
        right = np.where(targets > 0.5, outputs, 1.0 - outputs)
        slope = np.where(targets > 0.5, -1.0, 1.0) / right
    rows = ~np.isnan(nats)
    slope = np.where(there & (right >= TINY), slope, 0.0)
    return _mean(nats[rows]), slope / max(int(np.count_nonzero(rows)), 1)


def class_nats_gradient(
    outputs: Array, targets: Array, sizes: Sequence[int]
) -> tuple[float, Array]:
    """Return the mean of `class_nats` over the rows that are not NaN, and its gradient.

    outputs, targets, gradient: (.., K). A share that is cut passes nothing on.
    """
    nats = class_nats(outputs, targets, sizes)
    rows = ~np.isnan(nats)
    edges = np.cumsum([0, *sizes[:-1]])
    here = np.repeat(np.add.reduceat(targets, edges, axis=-1) > 0.5, sizes, axis=-1)
    came = targets > 0.5
    total = np.where(here, outputs, 0.0).sum(axis=-1, keepdims=True)
    chance = np.where(came, outputs, 0.0).sum(axis=-1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        slope = here / total - came / chance
        counts = (chance >= TINY * total) & (total >= TINY) & rows[..., None]
    slope = np.where(counts, slope, 0.0)
    return _mean(nats[rows]), slope / max(int(np.count_nonzero(rows)), 1)


def _mean(nats: Array) -> float:
    mean = float(nats.mean()) if len(nats) else float("inf")
    return mean if np.isfinite(mean) else float("inf")


def _nats(right: Array, targets: Array) -> Array:
    """Return -log of the chances of what came; NaN where there is no target."""
    with np.errstate(invalid="ignore"):
        nats = -np.log(np.clip(right, TINY, 1.0))
    nats = np.where(np.isfinite(right), nats, np.inf)
    return np.where(np.isnan(targets), np.nan, nats)


def mean_of_rows(nats: Array) -> Array:
    """Return (P,): the mean of (P, N, L) over the rows that are not NaN."""
    rows = nats.reshape(len(nats), -1)
    there = ~np.isnan(rows[0]) if len(rows) else np.zeros(0, dtype=bool)
    mean = np.array([row[there].mean() for row in rows])
    return np.where(np.isfinite(mean), mean, np.inf)


def accuracy(outputs: Array, targets: Array, threshold: float) -> float:
    """Return TP / (TP + FP + FN) over all frames (T, K): pitches rightly predicted, by
    those that were predicted or came."""
    predicted, came = outputs > threshold, targets > 0.5
    either = (predicted | came).sum()
    return float((predicted & came).sum() / either) if either else 1.0


def best_threshold(outputs: Array, targets: Array) -> float:
    """Return the threshold of the highest accuracy on frames (T, K)."""
    found = [accuracy(outputs, targets, each) for each in THRESHOLDS]
    return float(THRESHOLDS[int(np.argmax(found))])


def pitch_figures(
    model: Predictor, split: Split, pitches: Callable[[Array], Array] = np.asarray
) -> dict[str, float]:
    """Return test_nll, nats a frame of independent pitches, and frame_accuracy at the
    threshold that is best on validation data.

    pitches: gives chances of pitches for outputs (T, K), pitches for targets.
    """
    outputs = pitches(np.concatenate(model.respond(split.test, free_running=False)))
    known = pitches(np.concatenate(model.respond(split.validation, free_running=False)))
    targets = pitches(targets_of(split.test))
    threshold = best_threshold(known, pitches(targets_of(split.validation)))
    return {
        "test_nll": float(frame_nats(outputs, targets).mean()),
        "frame_accuracy": accuracy(outputs, targets, threshold),
    }


def targets_of(segments: Sequence[Segment]) -> Array:
    """Return the targets (T, K) of segments, one after another."""
    return np.concatenate([segment.targets for segment in segments])
