"""Generated music: a trained network continues a prime."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evolino.models.ensemble import Trained
from evolino.sound.score import Score, swung, transposed
from evolino.task.musical import Conducted, DerivesInputs, Harmonising, Musical
from evolino.task.protocol import name_of
from evolino.task.series import Segment, Split
from evolino.vocabulary import Array, IntArray, check_count, check_number

if TYPE_CHECKING:
    from evolino.task.protocol import Task

KEYS = {
    **{"C": 0, "C#": 1, "Db": 1, "D": 2, "D#": 3, "Eb": 3, "E": 4, "F": 5, "F#": 6},
    **{"Gb": 6, "G": 7, "G#": -4, "Ab": -4, "A": -3, "A#": -2, "Bb": -2, "B": -1},
}
MOST_STEPS = 100_000
THRESHOLD = 0.5  # an output above it is a note that sounds


@dataclass(frozen=True, slots=True)
class Performance:
    """How music is played. tempo: beats a minute, None is the task's own. key: the tonic
    that C is moved to. swing: share of a beat that its first half takes, 0.5 is even.

    Raises ValueError, naming the field, for one that cannot be.
    """

    tempo: float | None = None
    key: str = "C"
    swing: float = 0.5

    def __post_init__(self) -> None:
        """Check every field."""
        if self.tempo is not None:
            check_number("tempo", self.tempo, above=0)
        if self.key not in KEYS:
            raise ValueError(f"key must be one of {', '.join(KEYS)}, got {self.key!r}")
        if not 0 < self.swing < 1:
            raise ValueError(f"swing must lie between 0 and 1, got {self.swing:g}")

    def of(self, task: Musical, frames: Array) -> Score:
        """Return the music of a task's frames (T, K)."""
        score = task.score(frames, self.tempo or task.tempo)
        return swung(transposed(score, KEYS[self.key]), self.swing)


def go_on(
    model: Trained,
    task: Musical,
    prime: Array,
    steps: int,
    *,
    seed: int = 0,
    temperature: float | None = None,
) -> Array:
    """Return (T + steps, K): the prime (T, K) and what the network makes of it.

    seed: of what is drawn. temperature: None is the task's own. Raises ValueError for no
    steps or more than 100,000.
    """
    check_count("steps", steps)
    check_count("seed", seed, least=0, most=None)
    if steps > MOST_STEPS:
        raise ValueError(f"steps must be <= {MOST_STEPS:,}, got {steps:,}")
    if temperature is not None:
        check_number("temperature", temperature, least=0)
    choose = task.chooser(np.random.default_rng(seed), temperature, prime)
    chosen, _ = model.improvise(steps, prime, choose, inputs=_inputs(task))
    return np.concatenate([prime, chosen])


def harmonise(
    model: Trained,
    task: Harmonising,
    melody: IntArray,
    *,
    seed: int = 0,
    temperature: float | None = None,
) -> Array:
    """Return (T, K): a melody with the voices that the network gives it.

    melody: MIDI pitches, 0 for a rest. seed, temperature: as of `go_on`. Raises ValueError
    for a melody out of range, or too long.
    """
    check_count("seed", seed, least=0, most=None)
    steps = task.steps_of(melody)
    if steps > MOST_STEPS:
        raise ValueError(f"the melody takes {steps:,} steps, more than {MOST_STEPS:,}")
    choose = task.harmoniser(np.random.default_rng(seed), temperature, melody)
    nothing = np.zeros((0, model.architecture.outputs))
    return model.improvise(steps, nothing, choose, inputs=_inputs(task))[0]


def harmonising(task: Task) -> Harmonising:
    """Return the task. Raises ValueError for one that gives melodies no voices."""
    if not isinstance(task, Harmonising):
        raise ValueError(f"{name_of(task)} does not harmonise")
    return task


def follow(
    model: Trained, task: Conducted, bars: int, tempi: Sequence[tuple[int, float]]
) -> tuple[Segment, Array]:
    """Return the correct music, and what the network plays, (L, K) of 0 and 1.

    bars, tempi: as of `Conducted.conducted`. Raises ValueError for more than 100,000 steps.
    """
    segment = task.conducted(bars, tempi)
    if segment.stop > MOST_STEPS:
        raise ValueError(f"the music has {segment.stop:,} steps, more than {MOST_STEPS:,}")
    (played,) = model.respond([segment], free_running=True)
    return segment, (played > THRESHOLD).astype(np.float64)


def musical(task: Task) -> Musical:
    """Return the task. Raises ValueError for one whose outputs are no music."""
    if not isinstance(task, Musical):
        raise ValueError(f"{name_of(task)} makes no music")
    return task


def _inputs(task: Musical) -> Callable[[Array], Array] | None:
    return task.inputs_after if isinstance(task, DerivesInputs) else None


def practised(task: Musical, split: Split, steps: int) -> Array:
    """Return (steps, K) or less: the beginning of the training data, to show beside."""
    return split.train[0].series.fed_back[:steps]
