"""CTC decoding: from probabilities at each frame to a string, best path or prefix search.

The best path takes the most probable label at every frame; repetitions and then blanks
drop out. The prefix search adds up all paths of a string: it goes frame by frame and keeps
the most probable prefixes, each with its probability of ending in a blank and not. With a
language model each prefix also has that of its labels.

Source: Graves, Fernandez, Gomez & Schmidhuber 2006, ICML, section 3.2; Hannun, Maas,
Jurafsky & Ng 2014, arXiv:1408.2873, algorithm 1 (the form by frames); both recalled.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from evolino.solvers.ctc import BLANK
from evolino.solvers.ctc_kernel import NEVER
from evolino.vocabulary import Array, IntArray, check_count

WIDTH_OF_SEARCH = 25
Prefix = tuple[int, ...]


class LanguageModel(Protocol):
    """What says how probable strings are before anything was read."""

    def extension(self, prefix: Prefix, label: int) -> float:
        """Return the log-probability of a label after a prefix, -inf for one that cannot
        come."""
        ...

    def ending(self, prefix: Prefix) -> float:
        """Return the log-probability of the end after a prefix."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class LabelBigram:
    """Each label given the one before.

    table: (K, K) of log-probabilities: row a, column b is label b after label a; row 0 is
    the beginning, column 0 the end.

    >>> import evolino
    >>> import numpy as np
    >>> table = np.log(np.full((3, 3), 1 / 3))
    >>> chances = np.log([[0.2, 0.5, 0.3], [0.2, 0.2, 0.6]])
    >>> evolino.prefix_search(chances, model=evolino.LabelBigram(table))
    array([2])
    """

    table: Array

    def extension(self, prefix: Prefix, label: int) -> float:
        """Return the log-probability of a label after the last one."""
        return float(self.table[prefix[-1] if prefix else BLANK, label])

    def ending(self, prefix: Prefix) -> float:
        """Return the log-probability of the end after the last label."""
        return float(self.table[prefix[-1] if prefix else BLANK, BLANK])


@dataclass(frozen=True, eq=False)
class WordList:
    """Strings that are words of a list, one or several.

    words: of labels, none empty. separator: the label between two words; None is one word
    a string. bigram: (W + 1, W) log-probabilities of words after words, the last row at the
    beginning; None has all words alike.

    Raises ValueError for an empty word or list, a word with the separator in it, or a
    bigram of another shape.

    >>> import evolino
    >>> import numpy as np
    >>> chances = np.log([[0.6, 0.4], [0.6, 0.4]])
    >>> evolino.prefix_search(chances, model=evolino.WordList(words=((1, 1), (1,))))
    array([1])
    """

    words: tuple[Prefix, ...]
    separator: int | None = None
    bigram: Array | None = None
    _begun: frozenset[Prefix] = field(init=False)
    _number: dict[Prefix, int] = field(init=False)

    def __post_init__(self) -> None:
        """Check the words; find their beginnings."""
        if not self.words or not all(self.words):
            raise ValueError("a word list needs words of one label and more each")
        if any(self.separator in word for word in self.words):
            raise ValueError(f"words must be without the separator, {self.separator}")
        shape = (len(self.words) + 1, len(self.words))
        if self.bigram is not None and self.bigram.shape != shape:
            raise ValueError(f"bigram must have shape {shape}, got {self.bigram.shape}")
        begun = {word[:n] for word in self.words for n in range(len(word) + 1)}
        object.__setattr__(self, "_begun", frozenset(begun))
        number = {word: k for k, word in enumerate(self.words)}
        object.__setattr__(self, "_number", number)

    def extension(self, prefix: Prefix, label: int) -> float:
        """Return 0 for a label that goes on with a word, the log-probability of a word for
        the separator after it, else -inf."""
        if label == self.separator:
            return self.ending(prefix)
        *_, last = self._split(prefix)
        return 0.0 if (*last, label) in self._begun else NEVER

    def ending(self, prefix: Prefix) -> float:
        """Return the log-probability of the last word; -inf for one that is not whole."""
        *before, last = self._split(prefix)
        if last not in self._number:
            return NEVER
        if self.bigram is None:
            return 0.0
        row = self._number[before[-1]] if before else len(self.words)
        return float(self.bigram[row, self._number[last]])

    def _split(self, prefix: Prefix) -> list[Prefix]:
        """Return the words of a prefix, the last one perhaps not whole."""
        if self.separator is None:
            return [prefix]
        words: list[Prefix] = [()]
        for label in prefix:
            if label == self.separator:
                words.append(())
            else:
                words[-1] += (label,)
        return words


def collapsed(path: IntArray) -> IntArray:
    """Return the labels of a path (T,): without repetitions, then without blanks."""
    path = np.asarray(path, np.int64)
    first = np.ones(len(path), dtype=bool)
    first[1:] = path[1:] != path[:-1]
    return np.asarray(path[first & (path != BLANK)])


def best_path(chances: Array) -> IntArray:
    """Return the labels of the most probable label at each frame.

    chances: (T, K), of any increasing function of probabilities, the blank first.

    >>> import evolino
    >>> import numpy as np
    >>> evolino.best_path(np.array([[0.2, 0.8], [0.9, 0.1], [0.3, 0.7]]))
    array([1, 1])
    """
    return collapsed(chances.argmax(axis=1))


def prefix_search(
    log_chances: Array,
    width: int = WIDTH_OF_SEARCH,
    model: LanguageModel | None = None,
) -> IntArray:
    """Return the labels of the most probable string, of all its paths together.

    log_chances: (T, K), log-probabilities at each frame, the blank first. width: prefixes
    that are kept at each frame; where none is given up the result is exact. model: of the
    language; a string that it has not is never returned, and without any the best path is.

    >>> import evolino
    >>> import numpy as np
    >>> evolino.prefix_search(np.log([[0.6, 0.4], [0.6, 0.4]]))
    array([1])
    """
    check_count("width", width)
    beam: dict[Prefix, tuple[float, float]] = {(): (0.0, NEVER)}
    prior: dict[Prefix, float] = {(): 0.0}
    for frame in log_chances:
        beam = _advanced(beam, prior, frame, model)
        if len(beam) > width:
            ranked = sorted(beam, key=lambda p: (-_score(beam[p]) - prior[p], p))
            beam = {prefix: beam[prefix] for prefix in ranked[:width]}
    ends = {p: 0.0 if model is None else model.ending(p) for p in beam}
    scores = {p: _score(beam[p]) + prior[p] + ends[p] for p in beam}
    best = min(beam, key=lambda p: (-scores[p], p))
    if scores[best] == NEVER:
        return best_path(log_chances)
    return np.array(best, dtype=np.int64)


def _score(ends: tuple[float, float]) -> float:
    return float(np.logaddexp(*ends))


def _advanced(
    beam: dict[Prefix, tuple[float, float]],
    prior: dict[Prefix, float],
    frame: Array,
    model: LanguageModel | None,
) -> dict[Prefix, tuple[float, float]]:
    """Return prefixes after a frame (K,), each with its log-probabilities of ending in a
    blank and in its last label; add what the model says of new ones to `prior`."""
    blank: defaultdict[Prefix, float] = defaultdict(lambda: NEVER)
    label: defaultdict[Prefix, float] = defaultdict(lambda: NEVER)
    for prefix, (in_blank, in_label) in beam.items():
        either = np.logaddexp(in_blank, in_label)
        blank[prefix] = np.logaddexp(blank[prefix], either + frame[BLANK])
        if prefix:
            again = in_label + frame[prefix[-1]]
            label[prefix] = np.logaddexp(label[prefix], again)
        for k in range(1, len(frame)):
            if frame[k] == NEVER:
                continue
            longer = (*prefix, k)
            if longer not in prior:
                more = 0.0 if model is None else model.extension(prefix, k)
                prior[longer] = prior[prefix] + more
            if prior[longer] == NEVER:
                continue
            # A label that comes again is another one only after a blank.
            before = in_blank if prefix and prefix[-1] == k else either
            label[longer] = np.logaddexp(label[longer], before + frame[k])
    return {prefix: (blank[prefix], label[prefix]) for prefix in {*blank, *label}}


def decoded(
    chances: Sequence[Array], width: int = 0, model: LanguageModel | None = None
) -> list[IntArray]:
    """Return the labels of each of N sequences of probabilities (T_n, K).

    width: of a prefix search; 0 takes the best path, which knows no model.
    """
    if not width and model is None:
        return [best_path(each) for each in chances]
    with np.errstate(divide="ignore"):
        logs = [np.log(each) for each in chances]
    return [prefix_search(each, width or WIDTH_OF_SEARCH, model) for each in logs]
