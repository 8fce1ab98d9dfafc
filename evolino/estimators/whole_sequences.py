"""Features of whole sequences: many small unevolved networks, their cells pooled over time.

The inputs are standardised, their first differences appended, and copies of both from a few
steps before. Networks are driven over that and over the reversed sequences; what each cell
does is pooled (`evolino.network.kernels.pooling`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from joblib import Parallel
from joblib import delayed as later
from numpy.random import Generator

from evolino.estimators.drawing import Distribution, check_genomes
from evolino.network.base import ForcedRuns
from evolino.network.kernels.pooling import families, pooled
from evolino.network.lstm import LSTM
from evolino.simd.workspace import Workspace
from evolino.task.scaling import mean_and_scale
from evolino.vocabulary import Array, BoolArray

QUANTILES = (0.2, 0.5, 0.8)  # of what a cell does in training: its thresholds
SAMPLED = 20_000  # steps, of which the quantiles are taken
AT_ONCE = 40_000  # steps that are driven together: bounds the memory
LANES = 16  # networks in float32 that cost as much as one


@dataclass(frozen=True, slots=True)
class WholeSettings:
    """How features are made.

    networks: in each direction. cells: of each. longest_lag: steps; copies from 1, 2, 4, ..
    steps before, up to this and to a quarter of the median length. differences, reversed:
    whether there are first differences, and networks over reversed sequences.
    """

    networks: int = 32
    cells: int = 16
    longest_lag: int = 64
    differences: bool = True
    reversed: bool = True
    distribution: Distribution = field(default_factory=Distribution)


@dataclass(frozen=True, slots=True, eq=False)
class Direction:
    """Networks over sequences in one direction. genomes: blocks (P, C, G) of networks.
    thresholds: (P, Q, C) of each block."""

    backwards: bool
    genomes: tuple[Array, ...]
    thresholds: tuple[Array, ...]


@dataclass(frozen=True, slots=True, eq=False)
class WholeFeatures:
    """What makes features of sequences; `fit_features` makes it from the training ones."""

    mean: Array
    scale: Array
    lags: tuple[int, ...]
    differences: bool
    architecture: LSTM
    directions: tuple[Direction, ...]

    def __post_init__(self) -> None:
        """Check that the parts go together."""
        inputs = len(self.mean)
        width = inputs * (1 + self.differences)
        if self.mean.ndim != 1 or self.scale.shape != (width,):
            raise ValueError(f"scale must have shape {(width,)}, got {self.scale.shape}")
        if not self.lags or min(self.lags) < 0:
            raise ValueError(f"lags must be >= 0, got {self.lags}")
        if self.architecture.inputs != width * len(self.lags):
            raise ValueError(f"networks must have {width * len(self.lags)} inputs")
        for each in self.directions:
            for genomes, levels in zip(each.genomes, each.thresholds, strict=True):
                check_genomes(self.architecture, genomes)
                shape = len(genomes), len(QUANTILES), self.architecture.cells
                if levels.shape != shape:
                    raise ValueError(f"thresholds must be {shape}, got {levels.shape}")

    def transform(self, sequences: Sequence[Array], jobs: int | None = None) -> Array:
        """Return (N, M): the features of each sequence (T_i, I)."""
        parts = list(_parts([len(x) for x in sequences]))
        work = [
            (direction, block, part)
            for direction in self.directions
            for block in range(len(direction.genomes))
            for part in parts
        ]
        found = Parallel(n_jobs=jobs, prefer="threads")(
            later(self._pooled)(direction, block, sequences[part])
            for direction, block, part in work
        )
        rows = [
            np.concatenate(found[k : k + len(parts)])
            for k in range(0, len(found), len(parts))
        ]
        return np.concatenate(rows, axis=1).astype(np.float64)

    def families(self) -> dict[str, BoolArray]:
        """Return the columns (M,) of each family of features, by name."""
        kinds = families(len(QUANTILES))
        width, cells = len(kinds["all"]), self.architecture.cells
        blocks = sum(len(g) for d in self.directions for g in d.genomes)
        found = {}
        for name, kept in kinds.items():
            one = np.repeat(np.isin(np.arange(width), kept), cells)
            found[name] = np.tile(one, blocks)
        return found

    def prepared(self, sequence: Array, backwards: bool) -> Array:
        """Return the input vectors (T, U) of a sequence (T, I)."""
        width = sequence.shape[1]
        z = (sequence - self.mean) / self.scale[:width]
        if self.differences:
            # `scale` has the scales of the differences behind those of the inputs.
            steps = np.diff(sequence, axis=0, prepend=sequence[:1])
            z = np.concatenate([z, steps / self.scale[width:]], axis=1)
        if backwards:
            z = z[::-1]
        return np.concatenate([delayed(z, lag) for lag in self.lags], axis=1)

    def _pooled(
        self, direction: Direction, block: int, sequences: Sequence[Array]
    ) -> Array:
        """Return (N, P M C): the features that a block of networks has of sequences."""
        vectors = [self.prepared(x, direction.backwards) for x in sequences]
        features = _driven(self.architecture, direction.genomes[block], vectors)
        lengths = [len(x) for x in vectors]
        found = pooled(features, lengths, direction.thresholds[block])
        return np.moveaxis(found, 1, 0).reshape(len(sequences), -1)


def fit_features(
    sequences: Sequence[Array], settings: WholeSettings, rng: Generator
) -> WholeFeatures:
    """Return what makes features, fitted to training sequences (T_i, I)."""
    rows = np.concatenate(sequences)
    mean, scale = mean_and_scale(rows)
    if settings.differences:
        steps = [np.diff(x, axis=0, prepend=x[:1]) for x in sequences]
        scale = np.concatenate([scale, _root_mean_square(np.concatenate(steps))])
    median = float(np.median([len(x) for x in sequences]))
    most = min(settings.longest_lag, median / 4)
    lags = (0, *(2**k for k in range(20) if 2**k <= most))
    width = len(scale) * len(lags)
    architecture = LSTM(
        settings.cells,
        inputs=width,
        feedback=False,
        readout_inputs=False,
        readout_constant=False,
        precision="float32",
    )
    features = WholeFeatures(mean, scale, lags, settings.differences, architecture, ())
    sample = _sample(sequences)
    directions = []
    for backwards in (False, True)[: 1 + settings.reversed]:
        vectors = [features.prepared(x, backwards) for x in sample]
        genomes, thresholds = [], []
        for first in range(0, settings.networks, LANES):
            count = min(LANES, settings.networks - first)
            drawn = settings.distribution.draw(architecture, rng, count)
            seen = _driven(architecture, drawn, vectors)
            genomes.append(drawn)
            levels = np.quantile(np.ascontiguousarray(seen), QUANTILES, axis=1)
            thresholds.append(np.moveaxis(levels, 0, 1))
        directions.append(Direction(backwards, tuple(genomes), tuple(thresholds)))
    return WholeFeatures(
        mean, scale, lags, settings.differences, architecture, tuple(directions)
    )


def _driven(architecture: LSTM, genomes: Array, vectors: Sequence[Array]) -> Array:
    """Return (P, R, C): the cell outputs of networks over sequences, one after another."""
    driver = architecture.driver()
    runs = ForcedRuns(tuple(vectors), (0,) * len(vectors))
    features, _ = driver.teacher_forcing(runs)(driver.pack(genomes), Workspace())
    return features


def delayed(z: Array, lag: int) -> Array:
    """Return z (T, n) a few steps later; the first row stands for those before it."""
    if lag == 0:
        return z
    lag = min(lag, len(z))
    return np.concatenate([np.repeat(z[:1], lag, axis=0), z[: len(z) - lag]])


def _root_mean_square(steps: Array) -> Array:
    """Return (I,), nothing overflowing or underflowing on the way; 1 for zeros."""
    largest = np.abs(steps).max(axis=0)
    largest = np.where(largest > 0, largest, 1.0)
    spread = np.sqrt(np.square(steps / largest).mean(axis=0))
    return largest * np.where(spread > 0, spread, 1.0)


def _sample(sequences: Sequence[Array]) -> list[Array]:
    """Return sequences, evenly chosen, of `SAMPLED` steps together."""
    total = sum(len(x) for x in sequences)
    stride = max(1, -(-total // SAMPLED))
    return list(sequences[::stride])


def _parts(lengths: Sequence[int]) -> list[slice]:
    """Return the sequences that are driven together."""
    parts, first, steps = [], 0, 0
    for n, length in enumerate(lengths):
        if steps and steps + length > AT_ONCE:
            parts.append(slice(first, n))
            first, steps = n, 0
        steps += length
    return [*parts, slice(first, len(lengths))]
