"""Films beside each other: what a convolutional network's descent is on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.random import Generator

from evolino.network.convolutional import ConvLSTM
from evolino.task.series import Segment
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class Films:
    """N films beside each other. frames: (T, K, N, H W). fitted: the first frame that fits
    the readout. given: how many are given; the others are free. until: the frame before
    which fitting ends, `given` or more; None is all frames.
    """

    frames: Array
    fitted: int
    given: int
    until: int | None = None

    @property
    def last(self) -> int:
        """The frames of the teacher-forced pass."""
        return len(self.frames) if self.until is None else self.until

    @property
    def number(self) -> int:
        """N."""
        return int(self.frames.shape[2])

    def before(self, t: int) -> Array:
        """Return (K, N, H W): the true frame that is fed back at frame t."""
        return self.frames[t - 1] if t else np.zeros_like(self.frames[0])

    def cut(self, ahead: int) -> Films:
        """Return the films with at most so many free frames."""
        return replace(self, frames=self.frames[: self.given + ahead])

    def some(self, chosen: Sequence[int]) -> Films:
        """Return some of the films, only the given frames of which fit the readout."""
        frames = np.ascontiguousarray(self.frames[:, :, chosen])
        return replace(self, frames=frames, until=self.given)

    def flipped(self, rng: Generator, height: int, width: int) -> Films:
        """Return the films, each mirrored up and down, left and right and, where it is
        square, transposed, or not: as drawn for each."""
        shape = *self.frames.shape[:3], height, width
        frames = self.frames.reshape(shape).copy()
        for n in range(self.number):
            upside, sideways, turned = rng.integers(2, size=3)
            film = frames[:, :, n]
            film = film[:, :, ::-1] if upside else film
            film = film[..., ::-1] if sideways else film
            film = film.swapaxes(2, 3) if turned and height == width else film
            frames[:, :, n] = film.copy()
        return replace(self, frames=frames.reshape(self.frames.shape))


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
