"""Frames task: continue a film, every frame after the given ones a free run.

Bouncing digits, or a user's own frames. A row is a pixel, line by line, frame after frame
(`evolino.network.convolutional`).
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.error_measures import rmse
from evolino.tasks.pictures.bouncing import SIDE, digits, scale_on, sequence
from evolino.tasks.pictures.simple_forecasts import copied, linear_forecasts
from evolino.tasks.pictures.stacks import read_stacks
from evolino.tasks.unused_fields import Replaced, refuse_unused
from evolino.vocabulary import Array, check_count

SMALLEST = 1e-3  # a probability is kept so far from 0 and 1
WARMING = 2  # frames at the beginning of a sequence that fit no readout
LAST = 3  # frames that the linear readout has


@dataclass(frozen=True, slots=True)
class Frames:
    """Ten frames of moving digits are given, the next ten are predicted, fed back.

    size: height and width of the pictures. digits: how many move. given, ahead: frames.
    train, validation, test: sequences, of digits that are not in the others. file: a user's
    own frames in the place of digits, .npy or .gif (`evolino.tasks.pictures.stacks`): its
    sequences, or pieces of given + ahead frames of one, the last ones for test, those
    before for validation.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> import numpy as np
    >>> task = evolino.Frames(size=8, digits=1, train=2, validation=1, test=1)
    >>> split = task.sequences(np.random.default_rng(0))
    >>> len(split.train), split.train[0].targets.shape
    (2, (1152, 1))
    """

    name: ClassVar[str] = "frames"
    inputs: ClassVar[int] = 0
    outputs: ClassVar[int] = 1
    generates: ClassVar[bool] = True
    belongs_to: ClassVar[tuple[str, ...]] = ("file",)
    replaced: ClassVar[Replaced] = {
        "file": ("size", "digits", "train", "validation", "test")
    }

    size: int = field(default=16, metadata={"help": "height and width, in pixels"})
    digits: int = field(default=1, metadata={"help": "digits that move"})
    given: int = field(default=10, metadata={"help": "frames that are given"})
    ahead: int = field(default=10, metadata={"help": "frames that are predicted"})
    train: int = field(default=60, metadata={"help": "sequences that fit readouts"})
    validation: int = field(default=20, metadata={"help": "sequences that select"})
    test: int = field(default=100, metadata={"help": "sequences that are reported"})
    file: str | None = field(
        default=None, metadata={"help": "frames of one's own, .npy or .gif"}
    )

    def __post_init__(self) -> None:
        """Check the parameters."""
        check_count("size", self.size, most=1024)
        check_count("digits", self.digits, most=100)
        check_count("given", self.given, least=LAST)
        for name in ("ahead", "train", "validation", "test"):
            check_count(name, getattr(self, name), most=100_000)
        if self.file is not None:
            refuse_unused(self, "file")
        elif self.size < SIDE * scale_on(self.size):
            raise ValueError(f"size must be at least {SIDE} for a digit, got {self.size}")

    @property
    def picture_size(self) -> tuple[int, int]:
        """Height and width of the pictures, those of the file if there is one."""
        if self.file is None:
            return self.size, self.size
        height, width = read_stacks(self.file)[0].shape[1:]
        return int(height), int(width)

    def sequences(self, rng: Generator) -> Split:
        """Return the split; the same rng gives the same bits."""
        counts = self.train, self.validation, self.test
        parts = self._drawn(rng, counts) if self.file is None else self._read()
        pixels = int(np.prod(self.picture_size))
        train, validation, test = ([_series(each) for each in part] for part in parts)
        return Split(
            train=tuple(Segment(s, WARMING * pixels, s.steps) for s in train),
            validation=self._ahead(validation, pixels),
            test=self._ahead(test, pixels),
        )

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): root mean squared error of the pixels, outputs cut to 0 .. 1."""
        return rmse(np.clip(outputs, 0.0, 1.0), targets)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return squared error and nats a pixel of the free frames, and of the first."""
        outputs = model.respond(split.test, free_running=True)
        return self._figures(np.stack(outputs), split)

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of copying the last given frame, and of a linear readout of
        all pixels of the last three frames."""
        pixels = split.test[0].start // self.given
        tested = [_film(segment, pixels) for segment in split.test]
        given = np.stack([film[: self.given] for film in tested])
        chosen = [_film(segment, pixels) for segment in split.validation]
        trained = [_film(segment, pixels) for segment in split.train]
        linear = linear_forecasts(trained, np.stack(chosen), given, LAST, self.ahead)
        return {
            "copy the last frame": self._figures(copied(given, self.ahead), split),
            "linear, last 3 frames": self._figures(linear, split),
        }

    def published(self) -> tuple[Published, ...]:
        """Return none: the set is our own."""
        return ()

    def _figures(self, outputs: Array, split: Split) -> dict[str, float]:
        """Return the figures of outputs (N, ..) of the test segments."""
        targets = np.stack([segment.targets for segment in split.test])
        pixels = split.test[0].start // self.given
        finite = np.nan_to_num(outputs.reshape(targets.shape), posinf=1.0, neginf=0.0)
        seen = np.clip(finite, 0.0, 1.0)
        p = np.clip(seen, SMALLEST, 1.0 - SMALLEST)
        nats = -(targets * np.log(p) + (1.0 - targets) * np.log(1.0 - p))
        squared = np.square(seen - targets)
        return {
            "mse": float(squared.mean()),
            "nats": float(nats.mean()),
            "mse_first": float(squared[:, :pixels].mean()),
            "mse_last": float(squared[:, -pixels:].mean()),
        }

    def _drawn(self, rng: Generator, counts: tuple[int, ...]) -> list[list[Array]]:
        glyphs = digits()
        thirds = np.array_split(rng.permutation(len(glyphs)), 3)
        frames = self.given + self.ahead
        return [
            [
                sequence(rng, glyphs[own], self.size, frames, self.digits)
                for _ in range(count)
            ]
            for own, count in zip(thirds, counts, strict=True)
        ]

    def _read(self) -> list[list[Array]]:
        """Return the sequences of the file for train, validation and test; warn of frames
        at the end of a sequence that make no whole one."""
        stacks, frames = read_stacks(str(self.file)), self.given + self.ahead
        pieces = [
            stack[first : first + frames]
            for stack in stacks
            for first in range(0, len(stack) - frames + 1, frames)
        ]
        if len(pieces) < 3:
            raise ValueError(
                f"file must hold at least 3 pieces of given + ahead = {frames} frames, for "
                f"train, validation and test, got {len(pieces)}"
            )
        left_over = sum(map(len, stacks)) - len(pieces) * frames
        if left_over:
            warnings.warn(
                f"file: {left_over} frames after the last whole {frames} of a sequence are "
                "left out",
                UserWarning,
                stacklevel=2,
            )
        held = max(1, len(pieces) // 5)
        return [pieces[: -2 * held], pieces[-2 * held : -held], pieces[-held:]]

    def _ahead(self, series: list[Series], pixels: int) -> tuple[Segment, ...]:
        return tuple(Segment(each, self.given * pixels, each.steps) for each in series)


def _series(frames: Array) -> Series:
    targets = np.ascontiguousarray(frames.reshape(-1, 1))
    return Series(np.zeros((len(targets), 0)), targets)


def _film(segment: Any, pixels: int) -> Array:
    """Return (T, H W): the whole sequence of a segment."""
    return np.asarray(segment.series.targets.reshape(-1, pixels))
