"""Sequences with strings of labels, in parts: what every source of labels gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.solvers.ctc_targets import label_targets
from evolino.task.series import Segment, Series, Split
from evolino.vocabulary import Array, IntArray


@dataclass(frozen=True, slots=True, eq=False)
class LabelledSequence:
    """frames: (T, I). labels: (L,), 1 .. K - 1. name: for errors, as of a file."""

    frames: Array
    labels: IntArray
    name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Sequences that fit the readout, that select networks, and that are reported.

    unseen: that are reported apart, after the others of the test.
    """

    train: Sequence[LabelledSequence]
    validation: Sequence[LabelledSequence]
    test: Sequence[LabelledSequence]
    unseen: Sequence[LabelledSequence] = ()

    def split(self, outputs: int) -> Split:
        """Return the split of a task with so many outputs; refit has train and validation.

        Raises ValueError, naming a sequence, for more labels than its frames allow.
        """
        train, validation, test = (
            tuple(_segment(each, outputs) for each in part)
            for part in (self.train, self.validation, (*self.test, *self.unseen))
        )
        return Split(train, validation, test, refit=(*train, *validation))


def _segment(sequence: LabelledSequence, outputs: int) -> Segment:
    try:
        targets = label_targets(sequence.labels, len(sequence.frames), outputs)
    except ValueError as error:
        raise ValueError(f"{sequence.name}: {error}" if sequence.name else error) from None
    series = Series(np.ascontiguousarray(sequence.frames, np.float64), targets)
    return Segment(series, 0, series.steps)
