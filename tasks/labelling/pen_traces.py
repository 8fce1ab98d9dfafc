"""Pen traces of words: the strokes of Hershey's fonts, written by writers who differ.

A frame is a step of the pen: how far it went to the right and up, and whether it was off
the paper. Each string is a word by a writer of its own: slant, tilt, width and height of
the letters, speed, unsteadiness. No word of the test is in a training string, nor is one of
those that select networks. The words are lower-case English (`material/words.txt`).

Needs the package Hershey-Fonts, whose fonts are those of A. V. Hershey (1967).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from evolino.tasks.labelling.labelled_sequences import LabelledSequence, Parts
from evolino.vocabulary import Array, IntArray

SYMBOLS = tuple("abcdefghijklmnopqrstuvwxyz")
FEATURES = 3  # of a frame: to the right, up, off the paper
FONTS = ("rowmans", "rowmand", "scripts", "timesr", "timesi")  # of train to test
UNSEEN_FONTS = ("scriptc", "timesib")  # of the second test alone
STEP = 5.0  # of the pen, in units of a font whose small letters are 14 high
JOINED = 1.0  # strokes so near each other are written as one
VALIDATION = 0.2  # share of training strings, and of the words that are theirs
TESTED_WORDS, WORDS_SEED = 0.25, 1  # share of all words; their order is always the same
INSTALL = "pip install 'evolino[pen]'"


@dataclass(frozen=True, slots=True)
class Writer:
    """How someone writes.

    slant: to the right, of a unit of height. tilt: of the line, radians. width, height: of
    letters, 1 as the font has them. speed: units of a font in a frame, over STEP.
    unsteady: deviation of every frame's step, over STEP.
    """

    slant: float = 0.0
    tilt: float = 0.0
    width: float = 1.0
    height: float = 1.0
    speed: float = 1.0
    unsteady: float = 0.0

    @classmethod
    def drawn(cls, rng: Generator, noise: float) -> Writer:
        """Return a writer; noise: the mean of `unsteady`."""
        return cls(
            slant=rng.normal(0.0, 0.15),
            tilt=rng.normal(0.0, 0.04),
            width=np.exp(rng.normal(0.0, 0.1)),
            height=np.exp(rng.normal(0.0, 0.1)),
            speed=np.exp(rng.normal(0.0, 0.1)),
            unsteady=noise * rng.uniform(0.5, 1.5),
        )


def pen_traces(
    rng: Generator, counts: tuple[int, int], lengths: tuple[int, int], noise: float
) -> Parts:
    """Return strings of pen traces, one word each.

    counts: for training (validation among them), for test, and as many again in fonts that
    no training string has (`Parts.unseen`). lengths: least and most letters of a word.
    noise: mean deviation of a step, steps being about 1.

    Raises ValueError without Hershey-Fonts, or if no word is so long.
    """
    training, tested = counts
    selecting = max(round(VALIDATION * training), 1) if training > 1 else 0
    fitted, selected, others = _divided(lengths)
    return Parts(
        train=_written(rng, fitted, training - selecting, FONTS, noise),
        validation=_written(rng, selected, selecting, FONTS, noise),
        test=_written(rng, others, tested, FONTS, noise),
        unseen=_written(rng, others, tested, UNSEEN_FONTS, noise),
    )


@cache
def words() -> tuple[str, ...]:
    """Return all words that are written, in alphabetical order."""
    text = (Path(__file__).parent / "material" / "words.txt").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return tuple(word for line in lines for word in line.split())


def trace(word: str, font: str, writer: Writer, rng: Generator) -> Array:
    """Return (T, 3), the steps of a pen that writes a word; rng draws its unsteadiness."""
    sheared = np.array([[writer.width, writer.slant], [0.0, writer.height]])
    turn = np.array(
        [
            [np.cos(writer.tilt), -np.sin(writer.tilt)],
            [np.sin(writer.tilt), np.cos(writer.tilt)],
        ]
    )
    shape = turn @ sheared
    places, lifted = [], []
    for stroke in _strokes(word, font):
        steps = _evenly(stroke @ shape.T, STEP * writer.speed)
        places.append(steps)
        lifted += [1.0] + [0.0] * (len(steps) - 1)
    way = np.diff(np.concatenate(places), axis=0) / STEP
    way += rng.normal(0.0, writer.unsteady, way.shape)
    return np.column_stack([way, lifted[1:]])


def _divided(lengths: tuple[int, int]) -> tuple[list[str], list[str], list[str]]:
    """Return the words that fit readouts, select networks and are tested."""
    order = np.random.default_rng(WORDS_SEED).permutation(len(words()))
    shuffled = [words()[k] for k in order if lengths[0] <= len(words()[k]) <= lengths[1]]
    tested = round(TESTED_WORDS * len(shuffled))
    selected = round(VALIDATION * (len(shuffled) - tested))
    if not tested or not selected:
        raise ValueError(
            f"pen traces are of words of 3 to 8 letters, got shortest={lengths[0]} and "
            f"longest={lengths[1]}"
        )
    return (
        shuffled[tested + selected :],
        shuffled[tested : tested + selected],
        shuffled[:tested],
    )


def _written(
    rng: Generator, of: list[str], count: int, fonts: tuple[str, ...], noise: float
) -> list[LabelledSequence]:
    written = []
    for _ in range(count):
        word, font = of[rng.integers(len(of))], fonts[rng.integers(len(fonts))]
        frames = trace(word, font, Writer.drawn(rng, noise), rng)
        written.append(LabelledSequence(frames, _labels(word), word))
    return written


def _labels(word: str) -> IntArray:
    return np.array([SYMBOLS.index(letter) + 1 for letter in word], dtype=np.int64)


def _strokes(word: str, font: str) -> list[Array]:
    """Return the strokes (n, 2) of a word, to the right and up, joined where they meet."""
    strokes: list[Array] = []
    for stroke in _lettered(word, font):
        if strokes and np.abs(strokes[-1][-1] - stroke[0]).max() <= JOINED:
            strokes[-1] = np.concatenate([strokes[-1], stroke[1:]])
        else:
            strokes.append(stroke)
    return strokes


def _lettered(word: str, font: str) -> Iterator[Array]:
    """Yield the strokes of a word, letter by letter."""
    begin, glyphs = 0.0, _glyphs(font)
    for letter in word:
        strokes, width = glyphs[letter]
        for stroke in strokes:
            yield stroke + np.array([begin, 0.0])
        begin += width


def _evenly(stroke: Array, step: float) -> Array:
    """Return places (n, 2) on a stroke, about a step apart, its ends among them."""
    lengths = np.hypot(*np.diff(stroke, axis=0).T)
    along = np.concatenate([[0.0], np.cumsum(lengths)])
    places = np.linspace(0.0, along[-1], max(round(along[-1] / step), 1) + 1)
    return np.column_stack([np.interp(places, along, stroke[:, k]) for k in range(2)])


@cache
def _glyphs(font: str) -> dict[str, tuple[list[Array], float]]:
    """Return strokes (n, 2) and width of each letter of a font."""
    fonts = _hershey()
    fonts.load_default_font(font)
    glyphs = {}
    for letter in SYMBOLS:
        glyph = fonts.all_glyphs[letter]
        strokes = [
            np.array([(x - glyph.left_offset, -y) for x, y in stroke], dtype=np.float64)
            for stroke in glyph.strokes
            if len(stroke) > 1
        ]
        glyphs[letter] = (strokes, float(glyph.char_width))
    return glyphs


def _hershey() -> Any:
    try:
        from HersheyFonts import HersheyFonts
    except ImportError:
        raise ValueError(
            "pen traces are of the fonts of Hershey-Fonts, which is not installed: "
            + INSTALL
        ) from None
    return HersheyFonts()
