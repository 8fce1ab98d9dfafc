"""Optional protocols of tasks whose targets are music: prime, score, choose, harmonise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol, runtime_checkable

from numpy.random import Generator

from evolino.sound.score import Score
from evolino.task.series import Segment, Split
from evolino.vocabulary import Array, IntArray


@runtime_checkable
class Musical(Protocol):
    """A task whose frames, a row of targets each, are music.

    beats_per_bar: in quarter notes. tempo: the default, in beats a minute.
    """

    beats_per_bar: ClassVar[int]
    tempo: ClassVar[float]

    @property
    def beats_per_frame(self) -> float:
        """In quarter notes."""
        ...

    def prime(self, split: Split, piece: int) -> Array:
        """Return (T, K): frames of test data for teacher forcing before the free run.

        piece: which, from 0. Raises ValueError for one that there is not.
        """
        ...

    def frames_of(self, score: Score) -> Array:
        """Return a score as frames (T, K). Raises ValueError for notes out of reach."""
        ...

    def chooser(
        self, rng: Generator, temperature: float | None, prime: Array
    ) -> Callable[[Array], Array]:
        """Return a function from outputs (K,) to a frame (K,): drawn, or cut.

        prime: (T, K), the frames that were teacher-forced before. temperature: 1 draws by
        the outputs, less is surer, 0 takes the likeliest; None is the task's own.
        """
        ...

    def score(self, frames: Array, tempo: float) -> Score:
        """Return the music of frames (T, K)."""
        ...


@runtime_checkable
class DerivesInputs(Musical, Protocol):
    """A musical task whose external inputs follow from the frames that came before."""

    def inputs_after(self, frames: Array) -> Array:
        """Return (I,): the external inputs after frames (T, K)."""
        ...


@runtime_checkable
class Harmonising(Musical, Protocol):
    """A musical task that can give a melody its lower voices."""

    def melody(self, piece: int) -> IntArray:
        """Return (T,): the melody of a piece of test data, MIDI pitches, 0 for a rest."""
        ...

    def melody_of(self, score: Score) -> IntArray:
        """Return (T,): the highest notes of a score."""
        ...

    def harmoniser(
        self, rng: Generator, temperature: float | None, melody: IntArray
    ) -> Callable[[Array], Array]:
        """Return a function from outputs (K,) to a frame (K,), the melody's notes as given.

        Raises ValueError if the task's parameters do not allow it.
        """
        ...

    def steps_of(self, melody: IntArray) -> int:
        """Return how many frames (rows of targets) a melody takes."""
        ...


@runtime_checkable
class Conducted(Protocol):
    """A task of music whose external inputs give the tempo, as a conductor does.

    tempo: the default, in beats a minute.
    """

    @property
    def tempo(self) -> float:
        """Beats a minute."""
        ...

    def conducted(self, bars: int, tempi: Sequence[tuple[int, float]]) -> Segment:
        """Return the target music; the rows before its start are teacher-forced.

        bars: that are played after those rows. tempi: (bar, beats a minute) from that
        bar on, bars ascending and the first of them 1, which is the first that is played.
        Raises ValueError for tempi that cannot be.
        """
        ...

    def conducted_score(self, frames: Array, inputs: Array) -> Score:
        """Return the music of frames (T, K) at the tempi that inputs (T, I) name."""
        ...
