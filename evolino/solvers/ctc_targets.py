"""Strings of labels as targets at every frame: how CTC gets labels without an alignment.

Targets (T, K) of a sequence are one of its paths, as flat as there is: each row has a 1 in
the column of its label, column 0 for the blank, and the first row of a sequence has a 2
there, so that sequences can be told apart where their rows are joined. Which frames have
the labels says nothing but their order.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from evolino.solvers.ctc import BLANK, Labelled, frames_needed, labelled
from evolino.solvers.ctc_decoding import collapsed
from evolino.vocabulary import Array, IntArray

INSIDE, FIRST = 1.0, 2.0  # what marks the label of a row, and of a sequence's first row


def label_targets(labels: IntArray, frames: int, outputs: int) -> Array:
    """Return targets (T, K) of a string (L,) of labels 1 .. K - 1 over T frames.

    Raises ValueError for labels out of their range, or more of them than frames allow.
    """
    labels = np.asarray(labels, np.int64)
    if len(labels) and not (labels.min() >= 1 and labels.max() < outputs):
        wrong = labels[(labels < 1) | (labels >= outputs)][0]
        raise ValueError(f"a label must be 1 to {outputs - 1}, got {wrong}")
    needed = frames_needed(labels)
    if frames < max(needed, 1):
        raise ValueError(
            f"{len(labels)} labels need at least {max(needed, 1)} frames, got {frames}"
        )
    again = np.zeros(len(labels), np.int64)
    again[1:] = labels[1:] == labels[:-1]
    slots = np.arange(len(labels)) + np.cumsum(again)
    # Slots are a frame apart or more, so that equal labels have a blank between them.
    rows = np.floor((slots + 0.5) * frames / max(needed, 1)).astype(np.int64)
    path = np.full(frames, BLANK)
    path[rows] = labels
    targets = np.zeros((frames, outputs))
    targets[np.arange(frames), path] = INSIDE
    targets[0] *= FIRST
    return targets


def sequences_in(targets: Array) -> Labelled:
    """Return the sequences of targets (T, K), joined or of one.

    Raises ValueError for targets that are not those of `label_targets`.
    """
    targets = np.asarray(targets, dtype=np.float64)
    most = targets.max(axis=1, initial=0.0)
    whole = len(targets) and most[0] == FIRST and np.isin(most, (INSIDE, FIRST)).all()
    if not whole or (np.count_nonzero(targets, axis=1) != 1).any():
        raise ValueError(
            "a ctc readout needs targets that are strings of labels, each row of one label "
            "and each sequence from its first row on (evolino.solvers.ctc_targets)"
        )
    firsts = np.append(np.flatnonzero(most == FIRST), len(targets))
    path = targets.argmax(axis=1)
    parts = [path[a:b] for a, b in pairwise(firsts)]
    return labelled([len(part) for part in parts], [collapsed(part) for part in parts])
