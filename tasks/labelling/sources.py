"""Where strings of labels come from, if they are not a user's own: the table of sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from numpy.random import Generator

from evolino.tasks.labelling import digit_strings, pen_traces, spoken_digits
from evolino.tasks.labelling.labelled_sequences import Parts

SourceName = Literal["digits", "pen", "speech"]
Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Source:
    """symbols: what labels 1 .. K - 1 stand for. width: I, numbers in a frame. parts: from
    a generator, how many strings (for training, for test), how long they are (least, most
    labels) and the deviation of the noise."""

    symbols: tuple[str, ...]
    width: int
    parts: Callable[[Generator, Pair, Pair, float], Parts]


SOURCES: dict[SourceName, Source] = {
    "digits": Source(
        digit_strings.SYMBOLS, digit_strings.ROWS, digit_strings.digit_strings
    ),
    "pen": Source(pen_traces.SYMBOLS, pen_traces.FEATURES, pen_traces.pen_traces),
    "speech": Source(
        spoken_digits.SYMBOLS, spoken_digits.COEFFICIENTS, spoken_digits.spoken_digits
    ),
}
