"""Music task: a folder of MIDI files to learn from and to continue."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.random import Generator

from evolino.sound.score import Score
from evolino.storage.files import user_path
from evolino.storage.plain_text import say
from evolino.task.protocol import Predictor, Published
from evolino.task.series import Segment, Series, Split
from evolino.tasks.music.chorales_baselines import baselines_of_pitches
from evolino.tasks.music.chorales_choosers import pitch_chooser
from evolino.tasks.music.midi_folder import (
    LOWEST,
    PITCHES,
    Piece,
    Reading,
    frames_of_score,
    read_folder,
)
from evolino.tasks.music.music_measures import (
    frame_nats,
    frame_nats_gradient,
    mean_of_rows,
    pitch_figures,
)
from evolino.tasks.music.piano_rolls import score_of_roll
from evolino.vocabulary import Array, check_number

PIANO = 0
PRIME = 8.0  # quarter notes of teacher forcing before the free run
SHARES = (0.6, 0.8)  # ends of train and validation in a piece that is cut


class Music:
    """Music of one's own, a folder of MIDI files: predict the next frame, generate.

    midi_dir: the folder; files in folders below count too. grid: quarter notes a frame;
    notes are moved to the nearest frame. transpose: move each piece to C major or A minor,
    from the key that its notes fit best. temperature: of the notes drawn. pieces: frames by
    name instead of a folder, as `to_table` has them.

    Of five pieces, by name, three are learnt, one selects and one tests; with fewer than
    five each is cut in such parts. Raises ValueError for a folder without usable files.

    >>> import evolino
    >>> music = evolino.Music(pieces={"scale": "60*4 62*4 64*4 65*4 67*4"})
    >>> music.outputs  # keys of a piano
    88
    """

    name: ClassVar[str] = "music"
    inputs: ClassVar[int] = 0
    outputs: ClassVar[int] = PITCHES
    generates: ClassVar[bool] = False
    past_targets_known: ClassVar[bool] = True
    beats_per_bar: ClassVar[int] = 4
    tempo: ClassVar[float] = 120.0

    def __init__(
        self,
        midi_dir: Annotated[str | None, "folder of MIDI files"] = None,
        *,
        grid: Annotated[float, "quarter notes a frame"] = 0.5,
        transpose: Annotated[bool, "move to C major or A minor"] = True,
        temperature: Annotated[float, "of the notes drawn"] = 0.7,
        pieces: Mapping[str, str] | None = None,
    ) -> None:
        check_number("grid", grid, above=0)
        check_number("temperature", temperature, least=0)
        self.grid, self.transpose, self.temperature = grid, transpose, temperature
        if pieces is not None:
            found = [Piece(name, frames_of_text(text)) for name, text in pieces.items()]
            self.reading = Reading(tuple(found), (), 0)
        elif midi_dir is not None:
            self.reading = read_folder(
                user_path(midi_dir, "midi_dir"), grid, transpose=transpose
            )
            for line in self.reading.report(grid):
                say(f"evolino: {line}", sys.stderr)
        else:
            raise ValueError("music needs a folder of MIDI files: --midi-dir")

    @property
    def beats_per_frame(self) -> float:
        """Quarter notes."""
        return self.grid

    def sequences(self, rng: Generator) -> Split:
        """Return the split; nothing is drawn."""
        every = [
            Series(np.zeros((len(piece.frames), 0)), piece.frames)
            for piece in self.reading.pieces
        ]
        parts: list[list[Segment]] = [[], [], []]
        for k, series in enumerate(every):
            if len(every) >= 5:
                part = (0, 0, 0, 1, 2)[k % 5]
                parts[part].append(Segment(series, min(part, 1), series.steps))
            else:
                ends = [0, *(int(share * series.steps) for share in SHARES), series.steps]
                cut = zip(parts, ends[:-1], ends[1:], strict=True)
                for own, first, end in cut:
                    own.append(Segment(series, first, end))
        train, validation, test = map(tuple, parts)
        return Split(train, validation, test, refit=train + validation)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the negative log-likelihood in nats a frame."""
        return mean_of_rows(frame_nats(outputs, targets))

    def loss_gradient(self, outputs: Array, targets: Array) -> tuple[float, Array]:
        """Return the loss of outputs (N, L, K), and its gradient."""
        return frame_nats_gradient(outputs, targets)

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return test_nll and frame_accuracy, as the chorales have them."""
        return pitch_figures(model, split)

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of counting, repeating, and regression on last frames."""
        return {
            name: self.measure(model, split)
            for name, model in baselines_of_pitches(split).items()
        }

    def published(self) -> tuple[Published, ...]:
        """Return nothing: the music is the user's own."""
        return ()

    def prime(self, split: Split, piece: int) -> Array:
        """Return (T, 88): the beginning of a piece's test part, two bars."""
        if not 0 <= piece < len(split.test):
            raise ValueError(f"piece must be 0 to {len(split.test) - 1}, got {piece}")
        segment = split.test[piece]
        first = segment.start if segment.start > 1 else 0
        return segment.series.targets[first : first + max(1, round(PRIME / self.grid))]

    def frames_of(self, score: Score) -> Array:
        """Return a score as frames (T, 88)."""
        return frames_of_score(score, self.grid, transpose=self.transpose)[0]

    def chooser(
        self, rng: Generator, temperature: float | None, prime: Array
    ) -> Callable[[Array], Array]:
        """Return what draws a frame of chances."""
        return pitch_chooser(rng, self.temperature if temperature is None else temperature)

    def score(self, frames: Array, tempo: float) -> Score:
        """Return the music of frames (T, 88), on a piano."""
        return score_of_roll(frames, LOWEST, self.grid, tempo, "music", PIANO)

    def to_table(self) -> dict[str, Any]:
        """Return the task with all its music, enough to make it again."""
        return {
            "name": self.name,
            "grid": self.grid,
            "transpose": self.transpose,
            "temperature": self.temperature,
            "pieces": {p.name: text_of_frames(p.frames) for p in self.reading.pieces},
        }

    @classmethod
    def from_table(cls, table: dict[str, Any]) -> Music:
        """Return the task of `to_table`, or of a folder. Raises ValueError as ever."""
        from evolino.vocabulary import unknown_name

        fields = ("midi_dir", "grid", "transpose", "temperature", "pieces")
        values = {key: value for key, value in table.items() if key != "name"}
        for key in values:
            if key not in fields:
                raise unknown_name("field of music", key, fields)
        return cls(**values)


def text_of_frames(frames: Array) -> str:
    """Return frames (T, 88) as text: MIDI pitches between points, - for silence, how often
    after a *: "60.64.67*4 -*2 60"."""
    words: list[str] = []
    counts: list[int] = []
    for row in frames:
        word = ".".join(str(LOWEST + unit) for unit in np.flatnonzero(row > 0.5)) or "-"
        if words and words[-1] == word:
            counts[-1] += 1
        else:
            words.append(word)
            counts.append(1)
    pairs = zip(words, counts, strict=True)
    return " ".join(word if count == 1 else f"{word}*{count}" for word, count in pairs)


def frames_of_text(text: str) -> Array:
    """Return the frames (T, 88) of `text_of_frames`. Raises ValueError for other text."""
    rows = []
    try:
        for word in text.split():
            chord, _, count = word.partition("*")
            row = np.zeros(PITCHES)
            units = [] if chord == "-" else [int(p) - LOWEST for p in chord.split(".")]
            if any(not 0 <= unit < PITCHES for unit in units):
                raise ValueError("a pitch beyond the keys of a piano")
            row[units] = 1.0
            rows += [row] * int(count or 1)
    except ValueError as error:
        raise ValueError(f"pieces: {word!r} is no chord: {error}") from None
    if not rows:
        raise ValueError("pieces: a piece has no frames")
    return np.array(rows)
