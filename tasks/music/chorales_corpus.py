"""Bach's chorales from music21's corpus: built once, then read from the user's cache.

The corpus comes with music21 but not under an open licence, so that nothing of it is in
this package: what is needed is made from the installed one, on the user's machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from evolino.storage.archive import load_state, save_state
from evolino.storage.cache import cache_folder
from evolino.storage.plain_text import say
from evolino.tasks.progress_bar import progress
from evolino.vocabulary import IntArray

FILE, KIND = "chorales.npz", "chorales"
GRID = 2  # frames a quarter note
VOICES = 4  # soprano, alto, tenor, bass
REST = 0
INSTALL = "pip install 'evolino[music]'"


@dataclass(frozen=True, slots=True, eq=False)
class Chorale:
    """number: Riemenschneider's. notes: (T, 4), the MIDI pitch that each voice sounds at
    each eighth note, 0 for a rest. phrase: eighth notes up to the end of the first phrase,
    the first fermata of the soprano."""

    number: int
    notes: IntArray
    phrase: int


def chorales() -> tuple[Chorale, ...]:
    """Return the chorales of exactly four voices, by number.

    The first call of all builds the cache, about a minute, with a progress bar; so does one
    that finds the cache damaged. Raises ValueError where that needs music21 and there is
    none.
    """
    return _read(str(cache_folder() / FILE))


@cache
def _read(file: str) -> tuple[Chorale, ...]:
    try:
        return from_state(load_state(file, kind=KIND))
    except FileNotFoundError:
        pass
    except (ValueError, KeyError, TypeError) as error:
        say(f"evolino: {error}; building it again", sys.stderr)
    found = build()
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    save_state(file, to_state(found), kind=KIND)
    say(f"evolino: kept in {file}", sys.stderr)
    return found


def to_state(found: Sequence[Chorale]) -> dict[str, Any]:
    """Return chorales as arrays."""
    return {
        "numbers": np.array([each.number for each in found]),
        "phrases": np.array([each.phrase for each in found]),
        "lengths": np.array([len(each.notes) for each in found]),
        "notes": np.concatenate([each.notes for each in found]),
    }


def from_state(state: dict[str, Any]) -> tuple[Chorale, ...]:
    """Return the chorales of `to_state`."""
    notes = np.split(state["notes"], np.cumsum(state["lengths"])[:-1])
    heads = zip(state["numbers"].tolist(), state["phrases"].tolist(), notes, strict=True)
    return tuple(Chorale(number, own, phrase) for number, phrase, own in heads)


def build() -> tuple[Chorale, ...]:
    """Read all chorales of four voices from the installed corpus.

    Raises ValueError, in one line, without music21.
    """
    try:
        from music21 import corpus
    except ImportError:
        raise ValueError(
            "the chorales are built from music21's corpus, which is not installed: "
            f"{INSTALL}"
        ) from None
    names = list(corpus.chorales.Iterator(returnType="filename"))
    found = []
    with (
        _private_scratch(),
        progress(
            "building the chorales from music21's corpus, once", len(names)
        ) as advance,
    ):
        for number, name in enumerate(names, start=1):
            # From its source: music21 would else unpickle what lies in a folder that others
            # may write to.
            score = corpus.parse(name, forceSource=True)
            if len(score.parts) == VOICES:
                found.append(read_score(number, score))
            advance()
    return tuple(found)


@contextmanager
def _private_scratch() -> Iterator[None]:
    """Let music21 keep its temporary files where no one else may write."""
    from music21 import environment

    settings: Any = environment.Environment()  # type: ignore[no-untyped-call]
    before = settings["directoryScratch"]
    with TemporaryDirectory(prefix="evolino-") as folder:
        settings["directoryScratch"] = folder
        try:
            yield
        finally:
            settings["directoryScratch"] = before


def read_score(number: int, score: Any) -> Chorale:
    """Return the chorale of a music21 score of four parts."""
    beats = int(np.ceil(float(score.highestTime) - 1e-6))
    notes = np.zeros((GRID * beats, VOICES), dtype=np.int64)
    phrase = 0
    for voice, part in enumerate(score.parts):
        for note in part.flatten().notes:
            start = GRID * float(note.offset)
            end = start + GRID * float(note.quarterLength)
            rows = slice(int(np.ceil(start - 1e-6)), int(np.ceil(end - 1e-6)))
            notes[rows, voice] = max(pitch.midi for pitch in note.pitches)
            if voice == 0 and not phrase and _has_fermata(note):
                phrase = rows.stop
    sounding = np.flatnonzero((notes[::GRID] != REST).any(axis=1))
    first, last = GRID * int(sounding[0]), GRID * (int(sounding[-1]) + 1)
    return Chorale(number, notes[first:last], max(phrase - first, 0) or last - first)


def _has_fermata(note: Any) -> bool:
    return any("Fermata" in mark.classes for mark in note.expressions)
