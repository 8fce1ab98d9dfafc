"""Twelve-bar blues task: continue the chords in free run, and improvise a melody.

Twelve bars of eight eighth notes, 12 units for the notes of the chords and 13 for the
melody, 1 while a note sounds. Experiment 1: the chords alone. Experiment 2: chords and a
melody of twelve bars, each of two variants. Outputs above 0.5 are fed back as 1, the others
as 0; the notes of the melody are drawn at random.

Source: Eck & Schmidhuber 2002, IDSIA-07-02 (recalled). They report that the form is kept,
"as long as one is willing to listen", and no figure; the music here is our own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.sound.score import Score
from evolino.task.capabilities import Improviser
from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.music.blues_material import (
    BARS,
    CHORD_NOTES,
    CHORUS,
    MELODY_NOTES,
    STEPS,
    material,
    practised,
    song,
    to_frames,
    to_score,
)
from evolino.tasks.music.blues_measures import (
    CUT,
    chord_figures,
    error_gradient,
    errors_of,
    melody_figures,
    recovery_figures,
    sampler,
)
from evolino.vocabulary import Array, IntArray, check_count, check_number

PRACTICE = 6  # choruses that fit the readout
CHECKED = 4  # choruses that select networks; they repeat by then to the last bit
SONGS_IN_A_ROW = 4
MOST_CHORUSES = 10_000  # and songs


@dataclass(frozen=True, slots=True)
class Blues:
    """Play the form after one teacher-forced bar.

    experiment: 1 is chords, 2 chords and melody. choruses: of the test. corrupted: chance
    at each training step that a wrong chord is fed back there; the targets stay right, so
    that the network learns to recover. wrong_bars: the same for wrong chords of 2 to 8
    steps. corrupted_choruses: training choruses with wrong chords. wrong_notes: chance at
    each step of experiment 2 that a wrong note of the melody is fed back, in training and
    validation. train_songs, validation_songs: of experiment 2. temperature: of the notes
    drawn, 0 takes the likeliest. Raises ValueError, naming the field, for one out of range.

    >>> import evolino
    >>> evolino.Blues(experiment=1).outputs
    12
    """

    name: ClassVar[str] = "blues"
    inputs: ClassVar[int] = 0
    generates: ClassVar[bool] = False
    past_targets_known: ClassVar[bool] = True
    beats_per_frame: ClassVar[float] = 0.5
    beats_per_bar: ClassVar[int] = 4
    tempo: ClassVar[float] = 140.0

    experiment: int = field(default=1, metadata={"help": "1: chords; 2: with melody"})
    choruses: int = field(default=1000, metadata={"help": "choruses of the test"})
    corrupted: float = field(default=0.0, metadata={"help": "chance of a wrong chord"})
    wrong_bars: float = field(default=0.0, metadata={"help": "chance of a wrong bar"})
    corrupted_choruses: int = field(
        default=32, metadata={"help": "practice choruses with wrong chords, if any"}
    )
    wrong_notes: float = field(
        default=0.0, metadata={"help": "chance of a wrong melody note at a step"}
    )
    train_songs: int = field(default=100, metadata={"help": "songs that are practised"})
    validation_songs: int = field(default=40, metadata={"help": "songs that select"})
    temperature: float = field(default=0.3, metadata={"help": "of the notes drawn"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        if self.experiment not in (1, 2):
            raise ValueError(f"experiment must be 1 or 2, got {self.experiment}")
        for name in ("choruses", "corrupted_choruses", "train_songs", "validation_songs"):
            check_count(name, getattr(self, name), most=MOST_CHORUSES)
        for name in ("corrupted", "wrong_bars", "wrong_notes", "temperature"):
            check_number(name, getattr(self, name), least=0)
        if self.train_songs + self.validation_songs > 2**BARS - 1:
            raise ValueError(
                f"train_songs + validation_songs must leave one of {2**BARS} songs, got "
                f"{self.train_songs} + {self.validation_songs}"
            )

    @property
    def outputs(self) -> int:
        """12 chord units, and 13 melody units in experiment 2."""
        return CHORD_NOTES + (MELODY_NOTES if self.experiment == 2 else 0)

    @property
    def spoils(self) -> bool:
        """Whether wrong chords are fed back in training."""
        return self.corrupted > 0 or self.wrong_bars > 0

    def score(self, frames: Array, tempo: float) -> Score:
        """Return the music of frames (T, K), an eighth note each."""
        return to_score(frames, tempo)

    def frames_of(self, score: Score) -> Array:
        """Return a score as frames (T, K): what sounds at each eighth note.

        Raises ValueError for notes that the units do not reach.
        """
        return to_frames(score, self.outputs)

    def prime(self, split: Split, piece: int) -> Array:
        """Return (8, K): the first bar of a test song."""
        songs = [
            segment.series.targets[start : start + STEPS]
            for segment in split.test
            for start in range(0, min(segment.stop, SONGS_IN_A_ROW * CHORUS), CHORUS)
        ]
        if not 0 <= piece < len(songs):
            raise ValueError(f"piece must be 0 to {len(songs) - 1}, got {piece}")
        return songs[piece]

    def chooser(
        self, rng: Generator, temperature: float | None, prime: Array
    ) -> Callable[[Array], Array]:
        """Return `sampler`, by default at the task's temperature."""
        return sampler(rng, self.temperature if temperature is None else temperature)

    def sequences(self, rng: Generator) -> Split:
        """Return the split. In experiment 2 no song serves two parts."""
        if self.experiment == 2:
            return self._songs(rng)
        chords = material().chords
        practice = [Series(_silence(PRACTICE), np.tile(chords, (PRACTICE, 1)))]
        check = [Series(_silence(CHECKED), np.tile(chords, (CHECKED, 1)))]
        if self.spoils:
            practice += self._corrupted(rng, self.corrupted_choruses)
            check += self._corrupted(rng, self.corrupted_choruses // 4 or 1)
        played = Series(
            _silence(self.choruses + 1), np.tile(chords, (self.choruses + 1, 1))
        )
        test = Segment(played, STEPS, STEPS + self.choruses * CHORUS)
        return Split(_after_a_bar(practice), _after_a_bar(check), (test,))

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the largest error of the chords and the root mean square of all.

        Each counts once. With chords that err by less than 0.5 under teacher forcing a free
        run is right too. Where wrong chords are fed back some errors are beyond that, and
        the share of wrong steps takes their place.
        """
        scored = np.isfinite(targets).all(axis=2)
        with np.errstate(over="ignore", invalid="ignore"):
            errors = errors_of(outputs, targets)[:, scored]
            chords = errors[..., :CHORD_NOTES].max(axis=2)
            worst = (chords > CUT).mean(axis=1) if self.spoils else chords.max(axis=1)
            total = worst + np.sqrt(np.square(errors).mean(axis=(1, 2)))
        return np.where(np.isfinite(total), total, np.inf)

    @property
    def differentiable(self) -> bool:
        """Whether the loss has a gradient: the share of wrong steps has none."""
        return not self.spoils

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the loss of outputs (N, L, K), and its gradient."""
        return error_gradient(outputs, targets)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return `chord_figures`; if trained with wrong chords, those of recovery; in
        experiment 2 those of the melody."""
        if self.experiment == 1:
            figures = chord_figures(*self.chords_played(model, split))
            return figures | recovery_figures(model) if self.spoils else figures
        rng = np.random.default_rng(IMPROVISATION)
        frames, outputs = self._improvised(model, split, rng)
        form = np.tile(material().chords, (self.choruses + 1, 1))[STEPS:][: len(frames)]
        whole = frames[CHORUS - STEPS :][: (self.choruses - 1) * CHORUS]
        return chord_figures(outputs[:, :CHORD_NOTES], form) | melody_figures(
            whole, practised(split), rng
        )

    def chords_played(self, model: Predictor, split: Split) -> tuple[Array, Array]:
        """Return the chords (T, 12) of a model's free run after a bar, as its outputs
        before they are cut, and those of the form."""
        if self.experiment == 1:
            (test,) = split.test
            (outputs,) = model.respond(split.test, free_running=True)
            return outputs, test.targets
        _, outputs = self._improvised(model, split, np.random.default_rng(IMPROVISATION))
        form = np.tile(material().chords, (self.choruses + 1, 1))[STEPS:]
        return outputs[:, :CHORD_NOTES], form[: len(outputs)]

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of repeating the last chord and note."""
        return {"repeat the last step": self.measure(_Repeat(), split)}

    def published(self) -> tuple[Published, ...]:
        """Return nothing: the paper has no figure."""
        return ()

    def _improvised(
        self, model: Predictor, split: Split, rng: Generator
    ) -> tuple[Array, Array]:
        """Return what a model plays after the first bar of a test song, and its outputs."""
        if not isinstance(model, Improviser):
            raise TypeError(f"experiment 2 needs a model that improvises, got {model!r}")
        choose = sampler(rng, self.temperature)
        prime = split.test[0].series.targets[:STEPS]
        return model.improvise(self.choruses * CHORUS, prime, choose)

    def _corrupted(self, rng: Generator, choruses: int) -> list[Series]:
        """Return choruses in fours with wrong chords in the teacher signal; the targets
        stay right."""
        targets = np.tile(material().chords, (SONGS_IN_A_ROW, 1))
        return [
            Series(_silence(SONGS_IN_A_ROW), targets, self._spoilt(rng, targets))
            for _ in range(-(-choruses // SONGS_IN_A_ROW))
        ]

    def _spoilt(self, rng: Generator, chords: Array) -> Array:
        """Return (T, 12) with wrong chords."""
        spoilt, vocabulary = chords.copy(), material().vocabulary
        for t in range(len(chords)):
            if rng.random() < self.corrupted:
                spoilt[t] = vocabulary[rng.integers(len(vocabulary))]
            if rng.random() < self.wrong_bars:
                length = int(rng.integers(2, STEPS + 1))
                spoilt[t : t + length] = vocabulary[rng.integers(len(vocabulary))]
        return spoilt

    def _songs(self, rng: Generator) -> Split:
        every = np.array(list(product((0, 1), repeat=BARS)))
        drawn = every[rng.permutation(len(every))]
        first, second = self.train_songs, self.train_songs + self.validation_songs
        return Split(
            _after_a_bar(self._medleys(rng, drawn[:first])),
            _after_a_bar(self._medleys(rng, drawn[first:second])),
            _after_a_bar(self._medleys(rng, drawn[second : second + SONGS_IN_A_ROW])),
        )

    def _medleys(self, rng: Generator, choices: IntArray) -> list[Series]:
        """Return songs, a few in a row."""
        medleys = []
        for first in range(0, len(choices), SONGS_IN_A_ROW):
            few = choices[first : first + SONGS_IN_A_ROW]
            targets = np.concatenate([song(each) for each in few])
            teacher = targets.copy()
            if self.spoils:
                teacher[:, :CHORD_NOTES] = self._spoilt(rng, targets[:, :CHORD_NOTES])
            if self.wrong_notes:
                wrong = rng.random(len(teacher)) < self.wrong_notes
                notes = rng.integers(MELODY_NOTES, size=int(wrong.sum()))
                teacher[wrong, CHORD_NOTES:] = np.eye(MELODY_NOTES)[notes]
            medleys.append(Series(_silence(len(few)), targets, teacher))
        return medleys


IMPROVISATION = 2002  # the seed of the notes drawn in the test


class _Repeat:
    """A predictor that repeats the last frame that was fed back."""

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        return [
            np.tile(s.series.fed_back[s.start - 1], (s.stop - s.start, 1)) for s in segments
        ]

    def improvise(
        self, steps: int, prime: Array, choose: Callable[[Array], Array]
    ) -> tuple[Array, Array]:
        return (again := np.tile(prime[-1], (steps, 1))), again


def _silence(choruses: int) -> Array:
    return np.zeros((choruses * CHORUS, 0))


def _after_a_bar(series: list[Series]) -> tuple[Segment, ...]:
    """Return all of each series but its first bar, which is teacher-forced only."""
    return tuple(Segment(each, STEPS, each.steps) for each in series)
