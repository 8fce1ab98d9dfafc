"""Bach's chorales task: predict the next frame of four voices, generate, harmonise.

Frames of a quarter or an eighth note, moved to C major or A minor. Three kinds of output:
*pitches*, each a unit by itself, a frame at a time; *chords*, a frame at a time, the note
of each voice one of its alternatives; *voices*, one voice at a time, soprano, bass, alto,
tenor, with the last notes of all fed back. The first frame of a chorale is not scored.

The music is built from music21's corpus (`chorales_corpus`). The *melody split* keeps
chorales that share material on one side: groups that share eight frames of all four voices
or a quarter of their soprano's eight-frame windows, recorded by number in
material/chorales_split.txt. Split by number alone a third of the test sopranos stand in the
training set too, so that this one is called leaky. Neither is that of the papers:
Boulanger-Lewandowski, Bengio & Vincent 2012, ICML (recalled).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal, get_args

import numpy as np
from numpy.random import Generator

from evolino.sound.score import Score
from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.music import chorales_chords as chords
from evolino.tasks.music.chorales_baselines import baselines_of_pitches, baselines_of_voices
from evolino.tasks.music.chorales_choosers import (
    chord_chooser,
    pitch_chooser,
    voice_chooser,
)
from evolino.tasks.music.chorales_corpus import GRID, REST, Chorale, chorales
from evolino.tasks.music.chorales_frames import (
    PITCHES,
    ROWS,
    SIZES,
    UNITS,
    notes_of,
    score_of_pitches,
    score_of_voices,
    voices_of,
)
from evolino.tasks.music.chorales_intervals import INTERVALS, intervals_of, series_of
from evolino.tasks.music.chorales_split import LEAKY, MELODY, SplitBy, parts_by_number
from evolino.tasks.music.keys import Key, key_of
from evolino.tasks.music.music_measures import (
    class_nats,
    class_nats_gradient,
    frame_nats,
    frame_nats_gradient,
    mean_of_rows,
    pitch_figures,
    targets_of,
)
from evolino.vocabulary import Array, IntArray, check_number, unknown_name

Predicts = Literal["pitches", "voices", "chords"]
FrameLength = Literal["quarter", "eighth"]
PREDICTS = get_args(Predicts)
GRIDS = {"quarter": 1.0, "eighth": 0.5}
PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class Chorales:
    """Bach's four-part chorales, from music21: predict the next frame, generate, harmonise.

    predicts: "pitches", all at once, "voices", one after another, or "chords", the notes of
    all voices at once, which are scored as pitches; only "pitches" does not know which
    voice sang what. intervals: feed pitch classes, intervals above the bass and moves of
    the last notes beside these. grid: a frame is a "quarter" or an "eighth" note.
    transpose: to C major or A minor. split: "melody", or "number (leaky)". temperature: of
    the notes drawn, 0 takes the likeliest.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> evolino.Chorales(grid="quarter").published()[0].metric
    'test_nll'
    """

    name: ClassVar[str] = "chorales"
    generates: ClassVar[bool] = False
    past_targets_known: ClassVar[bool] = True
    beats_per_bar: ClassVar[int] = 4
    tempo: ClassVar[float] = 80.0
    chosen_by: ClassVar[tuple[str, ...]] = ("intervals",)

    predicts: Predicts = field(default="pitches", metadata={"help": ", ".join(PREDICTS)})
    grid: FrameLength = field(
        default="quarter", metadata={"help": "quarter or eighth notes"}
    )
    transpose: bool = field(default=True, metadata={"help": "move to C major or A minor"})
    split: SplitBy = field(default=MELODY, metadata={"help": f"{MELODY}, or '{LEAKY}'"})
    intervals: bool = field(
        default=False, metadata={"help": "feed intervals between the last notes too"}
    )
    temperature: float = field(default=0.7, metadata={"help": "of the notes drawn"})

    def __post_init__(self) -> None:
        """Check the parameters."""
        for name, valid in (
            ("predicts", PREDICTS),
            ("grid", tuple(GRIDS)),
            ("split", (MELODY, LEAKY)),
        ):
            if getattr(self, name) not in valid:
                raise unknown_name(name, getattr(self, name), valid)
        check_number("temperature", self.temperature, least=0)
        if self.intervals and self.predicts == "pitches":
            raise ValueError("intervals are of voices: predicts must be chords or voices")

    @property
    def inputs(self) -> int:
        """Intervals between the last notes, if they are fed."""
        return INTERVALS if self.intervals else 0

    @property
    def outputs(self) -> int:
        """A unit for each pitch; or for each pitch of each voice, and its rest."""
        return PITCHES if self.predicts == "pitches" else UNITS

    @property
    def beats_per_frame(self) -> float:
        """Quarter notes a row of targets; by voices a frame is four rows."""
        return GRIDS[self.grid] / self._rows

    def sequences(self, rng: Generator) -> Split:
        """Return the split; nothing is drawn."""
        places = parts_by_number(self.split)
        parts: dict[str, list[Series]] = {part: [] for part in PARTS}
        for chorale in chorales():
            series = self._series(self._notes(chorale))
            parts[places[chorale.number]].append(series)
        train, validation, test = (parts[part] for part in PARTS)
        # The first frames fit the readout, but are not scored.
        return Split(
            _from(0, train),
            _from(self._rows, validation),
            _from(self._rows, test),
            refit=_from(0, train + validation),
        )

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the negative log-likelihood in nats a frame; of chords that of the
        pitches that sound."""
        if self.predicts == "voices":
            return ROWS * mean_of_rows(class_nats(outputs, targets, SIZES))
        if self.predicts == "chords":
            return mean_of_rows(chords.chord_nats(outputs, targets))
        return mean_of_rows(frame_nats(outputs, targets))

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the loss of outputs (N, L, K), and its gradient."""
        if self.predicts == "pitches":
            return frame_nats_gradient(outputs, targets)
        if self.predicts == "chords":
            return chords.chord_nats_gradient(outputs, targets)
        loss, gradient = class_nats_gradient(outputs, targets, SIZES)
        return ROWS * loss, ROWS * gradient

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return test_nll and frame_accuracy, TP / (TP + FP + FN) at the threshold that is
        best on validation chorales; by voices test_nll_voices, of four voices together."""
        if self.predicts == "pitches":
            return pitch_figures(model, split)
        if self.predicts == "chords":
            return pitch_figures(model, split, chords.pitch_chances)
        outputs = np.concatenate(model.respond(split.test, free_running=False))
        nats = class_nats(outputs, targets_of(split.test), SIZES)
        return {"test_nll_voices": ROWS * float(nats.mean())}

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of counting, repeating, and regression on last frames."""
        if self.predicts == "chords":  # those of pitches, whose figures are the same
            pitches = replace(self, predicts="pitches", intervals=False)
            return pitches.baselines(pitches.sequences(np.random.default_rng(0)))
        voices = self.predicts == "voices"
        models = baselines_of_voices if voices else baselines_of_pitches
        return {name: self.measure(model, split) for name, model in models(split).items()}

    def published(self) -> tuple[Published, ...]:
        """Return what is known of other splits; none of it compares strictly."""
        by_pitch = self.predicts != "voices"
        return PUBLISHED if by_pitch and self.grid == "quarter" else ()

    def prime(self, split: Split, piece: int) -> Array:
        """Return (T, K): the first phrase of a test chorale."""
        chorale = self._test_chorale(piece)
        step = round(GRID * GRIDS[self.grid])
        notes = self._notes(chorale)[: max(1, chorale.phrase // step)]
        return self._series(notes).fed_back

    def melody(self, piece: int) -> IntArray:
        """Return (T,): the soprano of a test chorale, MIDI pitches, 0 for a rest."""
        return self._notes(self._test_chorale(piece))[:, 0]

    def melody_of(self, score: Score) -> IntArray:
        """Return (T,): the highest notes of a score."""
        return voices_of(score, GRIDS[self.grid])[:, 0]

    def frames_of(self, score: Score) -> Array:
        """Return a score as frames (T, K). Raises ValueError for notes out of range."""
        return self._series(voices_of(score, GRIDS[self.grid])).fed_back

    def chooser(
        self, rng: Generator, temperature: float | None, prime: Array
    ) -> Callable[[Array], Array]:
        """Return what draws a frame, or by voices the next voice's note."""
        given = self.temperature if temperature is None else temperature
        if self.predicts == "pitches":
            return pitch_chooser(rng, given)
        if self.predicts == "chords":
            return chord_chooser(rng, given)
        return voice_chooser(rng, given, prime)

    def harmoniser(
        self, rng: Generator, temperature: float | None, melody: IntArray
    ) -> Callable[[Array], Array]:
        """Return what draws the lower voices to a soprano (T,); call it 4 T times.

        Raises ValueError for a task of pitches or chords, or a soprano out of range.
        """
        if self.predicts != "voices":
            raise ValueError("only a network that predicts voices harmonises a melody")
        given = self.temperature if temperature is None else temperature
        return voice_chooser(rng, given, soprano=melody)

    def inputs_after(self, frames: Array) -> Array:
        """Return (I,): the intervals that follow frames (T, K)."""
        if not self.intervals or not len(frames):
            return np.zeros(self.inputs)
        last = intervals_of(frames[-self._rows - 1 :], self._rows)[-1]
        return np.asarray(last)

    def steps_of(self, melody: IntArray) -> int:
        """Return the rows of a melody (T,)."""
        return self._rows * len(melody)

    def score(self, frames: Array, tempo: float) -> Score:
        """Return the music of frames (T, K)."""
        beats = GRIDS[self.grid]
        if self.predicts == "pitches":
            return score_of_pitches(frames, beats, tempo)
        if self.predicts == "chords":
            return score_of_voices(chords.notes_of_chords(frames), beats, tempo)
        whole = len(frames) // ROWS * ROWS
        return score_of_voices(notes_of(frames[:whole]), beats, tempo)

    @property
    def _rows(self) -> int:
        """Rows of targets a frame."""
        return ROWS if self.predicts == "voices" else 1

    def _series(self, notes: IntArray) -> Series:
        return series_of(notes, self.predicts, intervals=self.intervals)

    def _notes(self, chorale: Chorale) -> IntArray:
        """Return notes (T, 4) on the grid, moved if they are to be."""
        notes = chorale.notes[:: round(GRID * GRIDS[self.grid])]
        if not self.transpose:
            return notes
        return np.where(notes == REST, REST, notes + key_of_chorale(chorale).to_plain)

    def _test_chorale(self, piece: int) -> Chorale:
        places = parts_by_number(self.split)
        tests = [each for each in chorales() if places[each.number] == "test"]
        if not 0 <= piece < len(tests):
            raise ValueError(f"piece must be 0 to {len(tests) - 1}, got {piece}")
        return tests[piece]


OTHERS = "another split and key rule; Boulanger-Lewandowski et al. 2012, ICML"
PUBLISHED = (
    Published("test_nll", 8.71, "RNN, another split", OTHERS),
    Published("test_nll", 8.45, "LSTM, another split", f"{OTHERS}; Bai et al. 2018"),
    Published("test_nll", 8.10, "TCN, another split", f"{OTHERS}; Bai et al. 2018"),
)


def key_of_chorale(chorale: Chorale) -> Key:
    """Return the key that its notes fit best."""
    lengths = np.bincount(chorale.notes[chorale.notes != REST] % 12, minlength=12)
    bass = chorale.notes[:, 3]
    return key_of(lengths.astype(np.float64), int(bass[bass != REST][-1]))


def _from(first: int, every: Sequence[Series]) -> tuple[Segment, ...]:
    return tuple(Segment(each, first, each.steps) for each in every)
