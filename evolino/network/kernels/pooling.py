"""Features of whole sequences: what each cell did, pooled over time.

Of each column of a teacher-forced pass: means over a few parts of the sequence, standard
deviation, largest, smallest and last value; and for each of a few thresholds, the share of
steps above it, the mean position of these steps in the sequence, and the longest stretch of
them, as a share.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from evolino.simd.compiled import compiled
from evolino.simd.memory import to_lanes
from evolino.vocabulary import Array, IntArray

PARTS = 3  # of a sequence, each with a mean of its own
BY_THRESHOLD = 3  # features for each threshold
PLAIN = PARTS + 4


class Pooling(NamedTuple):
    """What the kernel works with, beside features and results.

    bounds: (N + 1,), the first row of each sequence, and the row after the last.
    thresholds: (Q, S, lanes). sums: (2, S, lanes), counts: (2, Q, S, lanes): memory.
    """

    bounds: IntArray
    thresholds: Any
    sums: Array
    counts: IntArray


def families(thresholds: int) -> dict[str, IntArray]:
    """Return which of the pooled features belong together, by name: all of them; those of
    thresholds; the shares of steps above them; those that have none."""
    width = pooled_width(thresholds)
    return {
        "all": np.arange(width),
        "thresholds": np.arange(PLAIN, width),
        "shares": np.arange(PLAIN, width, BY_THRESHOLD),
        "plain": np.arange(PLAIN),
    }


def pooled_width(thresholds: int) -> int:
    """Return how many numbers come of each column."""
    return PLAIN + BY_THRESHOLD * thresholds


def pooled(features: Array, lengths: list[int], thresholds: Array) -> Array:
    """Return (P, N, M, S): M pooled features of each of S columns, of N sequences.

    features: (P, R, S), as a teacher-forced pass gives them, R the steps of all sequences.
    lengths: (N,), at least 1 each. thresholds: (P, Q, S).
    """
    count, dtype = len(features), features.dtype
    lanes = to_lanes(features, dtype)
    levels = to_lanes(np.ascontiguousarray(thresholds, dtype), dtype)
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    shape = lanes.shape[1:]
    made = np.zeros((len(lengths), pooled_width(len(levels)), *shape), dtype)
    memory = np.zeros((2, *shape)), np.zeros((2, len(levels), *shape), np.int64)
    pool_all(lanes, Pooling(bounds, levels, *memory), made)
    return np.ascontiguousarray(np.moveaxis(made, -1, 0)[:count])


@compiled
def pool_all(features: Any, pooling: Any, made: Any) -> None:
    """Write the pooled features (N, M, S, lanes) of features (R, S, lanes)."""
    for n in range(len(pooling.bounds) - 1):
        first, stop = pooling.bounds[n], pooling.bounds[n + 1]
        write_moments(features, first, stop, pooling, made[n])
        write_shares(features, first, stop, pooling, made[n])


@compiled
def write_moments(features: Any, first: int, stop: int, pooling: Any, row: Any) -> None:
    """Write means over parts, deviation, largest, smallest and last value of a sequence.

    row: (M, S, lanes).
    """
    steps, columns, lanes = stop - first, row.shape[1], row.shape[2]
    sums, squares = pooling.sums[0], pooling.sums[1]
    squares[...] = 0.0
    row[PARTS + 1] = features[first]
    row[PARTS + 2] = features[first]
    row[PARTS + 3] = features[stop - 1]
    for part in range(PARTS):
        begin = first + part * steps // PARTS
        end = max(first + (part + 1) * steps // PARTS, begin + 1)
        sums[...] = 0.0
        for t in range(begin, end):
            for s in range(columns):
                for lane in range(lanes):
                    x = features[t, s, lane]
                    sums[s, lane] += x
                    row[PARTS + 1, s, lane] = max(row[PARTS + 1, s, lane], x)
                    row[PARTS + 2, s, lane] = min(row[PARTS + 2, s, lane], x)
        row[part] = sums / (end - begin)
    sums[...] = 0.0
    for t in range(first, stop):
        for s in range(columns):
            for lane in range(lanes):
                sums[s, lane] += features[t, s, lane]
    for t in range(first, stop):
        for s in range(columns):
            for lane in range(lanes):
                x = features[t, s, lane] - sums[s, lane] / steps
                squares[s, lane] += x * x
    row[PARTS] = np.sqrt(squares / steps)


@compiled
def write_shares(features: Any, first: int, stop: int, pooling: Any, row: Any) -> None:
    """Write share, mean position and longest stretch of the steps above each threshold."""
    steps, columns, lanes = stop - first, row.shape[1], row.shape[2]
    for q in range(len(pooling.thresholds)):
        level = pooling.thresholds[q]
        at = PARTS + 4 + BY_THRESHOLD * q
        positions, longest = pooling.sums[0], pooling.sums[1]
        above, stretch = pooling.counts[0, q], pooling.counts[1, q]
        positions[...] = 0.0
        longest[...] = 0.0
        above[...] = 0
        stretch[...] = 0
        for t in range(first, stop):
            for s in range(columns):
                for lane in range(lanes):
                    is_above = int(features[t, s, lane] > level[s, lane])
                    above[s, lane] += is_above
                    positions[s, lane] += is_above * (t - first)
                    stretch[s, lane] = is_above * (stretch[s, lane] + 1)
                    longest[s, lane] = max(longest[s, lane], stretch[s, lane])
        row[at] = above / steps
        for s in range(columns):
            for lane in range(lanes):
                mean = positions[s, lane] / max(above[s, lane], 1)
                row[at + 1, s, lane] = mean / max(steps - 1, 1) * (above[s, lane] > 0)
                row[at + 2, s, lane] = longest[s, lane] / steps
