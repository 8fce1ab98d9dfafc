"""Connectionist temporal classification (CTC): likelihood of labels that nobody aligned.

A network gives probabilities of K labels at each frame, label 0 the blank. A path has a
label at each frame; without repetitions and then without blanks it is a string. The
likelihood of a string is the sum of the probabilities of all its paths; the forward-
backward algorithm has it, and the posterior probability of each label at each frame, which
is minus its gradient with respect to the sums of a softmax plus the probabilities.

Source: Graves, Fernandez, Gomez & Schmidhuber 2006, ICML, section 4.1, recalled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolino.solvers import ctc_kernel
from evolino.vocabulary import Array, IntArray

BLANK = 0


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """Which frames and labels each of N sequences has; made by `labelled`.

    firsts: (N + 1,), the first frame of each in arrays of all frames, and their number.
    labels: of all sequences, 1 .. K - 1. label_firsts: (N + 1,), as firsts.
    """

    firsts: IntArray
    labels: IntArray
    label_firsts: IntArray

    def __len__(self) -> int:
        """N."""
        return len(self.firsts) - 1

    def labels_of(self, number: int) -> IntArray:
        """Return the labels (L,) of a sequence."""
        return self.labels[self.label_firsts[number] : self.label_firsts[number + 1]]

    def frames_of(self, number: int) -> slice:
        """Return the frames of a sequence."""
        return slice(int(self.firsts[number]), int(self.firsts[number + 1]))


def labelled(frames: Sequence[int], labels: Sequence[IntArray]) -> Labelled:
    """Return N sequences of so many frames, one after another, with labels (L_n,) each."""
    return Labelled(
        np.cumsum([0, *frames], dtype=np.int64),
        np.concatenate([np.zeros(0, np.int64), *labels]).astype(np.int64),
        np.cumsum([0, *map(len, labels)], dtype=np.int64),
    )


def frames_needed(labels: IntArray) -> int:
    """Return the least frames of a string (L,): one a label, and a blank between equals."""
    return len(labels) + int((labels[1:] == labels[:-1]).sum())


def log_softmax(sums: Array) -> Array:
    """Return the log-probabilities of sums (.., K)."""
    away = sums - sums.max(axis=-1, keepdims=True)
    return np.asarray(away - np.log(np.exp(away).sum(axis=-1, keepdims=True)))


def forward_backward(log_chances: Array, sequences: Labelled) -> tuple[Array, Array]:
    """Return posteriors (T, K) of labels at all frames and log-likelihoods (N,).

    log_chances: (T, K), the log-probabilities of labels, the blank first. A sequence that
    no path gives has posteriors 0 and log-likelihood -inf.
    """
    posteriors = np.empty(log_chances.shape)
    likelihoods = np.empty(len(sequences))
    ctc_kernel.forward_backward(
        np.ascontiguousarray(log_chances, np.float64),
        sequences.firsts,
        sequences.labels,
        sequences.label_firsts,
        posteriors,
        likelihoods,
    )
    return posteriors, likelihoods


def ctc_gradient(sums: Array, sequences: Labelled) -> tuple[Array, Array]:
    """Return the log-likelihoods (N,) of sums (T, K) before a softmax, and the gradient
    (T, K) of their total; 0 for sequences that no path gives."""
    chances = log_softmax(sums)
    posteriors, likelihoods = forward_backward(chances, sequences)
    there = posteriors.sum(axis=1, keepdims=True)  # 1, or 0 of what no path gives
    return likelihoods, np.asarray(posteriors - there * np.exp(chances))
