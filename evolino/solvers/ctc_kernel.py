"""Forward-backward algorithm of connectionist temporal classification, compiled.

The states of a sequence with labels l(1) .. l(L) are blank, l(1), blank, .., l(L), blank. A
path begins in one of the first two, ends in one of the last two, and at each frame stays,
goes on by one, or by two where that skips a blank between different labels. All sums are
of logarithms, so that no path is lost however unlikely it is.

Source: Graves, Fernandez, Gomez & Schmidhuber 2006, ICML, section 4.1, recalled.
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from evolino.simd.compiled import compiled

njit: Any = numba.njit
NEVER = -np.inf  # the logarithm of a probability of 0


@njit
def of_both(one: float, other: float) -> Any:
    """Return log(exp(one) + exp(other))."""
    most, least = (one, other) if one > other else (other, one)
    if least == NEVER:
        return most
    return most + np.log1p(np.exp(least - most))


@njit
def label_of(state: int, labels: Any) -> int:
    """Return the label of a state; 0 is the blank."""
    return labels[state // 2] if state % 2 else 0


@njit
def skips(state: int, labels: Any) -> bool:
    """Return whether a path may come to a state from two before: past a blank between
    different labels."""
    return state % 2 == 1 and state > 1 and labels[state // 2] != labels[state // 2 - 1]


@njit
def forward(chances: Any, labels: Any, ahead: Any) -> Any:
    """Write to ahead (T, 2L + 1) the log-probability of the frames up to each one and of
    being in each state there; return that of the whole sequence."""
    states = 2 * len(labels) + 1
    for m in range(states):
        ahead[0, m] = chances[0, label_of(m, labels)] if m < 2 else NEVER
    for t in range(1, len(chances)):
        for m in range(states):
            total = ahead[t - 1, m]
            if m > 0:
                total = of_both(total, ahead[t - 1, m - 1])
            if skips(m, labels):
                total = of_both(total, ahead[t - 1, m - 2])
            ahead[t, m] = total + chances[t, label_of(m, labels)]
    last = ahead[len(chances) - 1]
    return of_both(last[states - 1], last[states - 2]) if states > 1 else last[0]


@njit
def backward(
    chances: Any, labels: Any, ahead: Any, whole: float, behind: Any, found: Any
) -> None:
    """Add to found (T, K) the posterior probability of each label at each frame.

    ahead, whole: of `forward`. behind: (2, 2L + 1), of two frames, what is yet to come.
    """
    states, frames = 2 * len(labels) + 1, len(chances)
    for t in range(frames - 1, -1, -1):
        now, after = behind[t % 2], behind[(t + 1) % 2]
        for m in range(states):
            if t == frames - 1:
                total = 0.0 if m >= states - 2 else NEVER
            else:
                total = after[m] + chances[t + 1, label_of(m, labels)]
                if m + 1 < states:
                    more = after[m + 1] + chances[t + 1, label_of(m + 1, labels)]
                    total = of_both(total, more)
                if m + 2 < states and skips(m + 2, labels):
                    more = after[m + 2] + chances[t + 1, label_of(m + 2, labels)]
                    total = of_both(total, more)
            now[m] = total
            found[t, label_of(m, labels)] += np.exp(ahead[t, m] + total - whole)


@compiled
def forward_backward(
    chances: Any,
    firsts: Any,
    labels: Any,
    label_firsts: Any,
    posteriors: Any,
    likelihoods: Any,
) -> None:
    """Write the posteriors (T, K) of all frames and log-likelihoods (N,) of sequences.

    chances: (T, K), log-probabilities of labels at all frames, the blank first. Sequence n
    is frames firsts[n] .. firsts[n + 1] - 1, and labels from label_firsts[n] on. One that
    no path gives has posteriors 0 and log-likelihood -inf.
    """
    frames = most = 0
    for n in range(len(likelihoods)):
        frames = max(frames, firsts[n + 1] - firsts[n])
        most = max(most, label_firsts[n + 1] - label_firsts[n])
    ahead, behind = np.empty((frames, 2 * most + 1)), np.empty((2, 2 * most + 1))
    posteriors[:] = 0.0
    for n in range(len(likelihoods)):
        own = chances[firsts[n] : firsts[n + 1]]
        wanted = labels[label_firsts[n] : label_firsts[n + 1]]
        whole = forward(own, wanted, ahead)
        likelihoods[n] = whole
        if whole > NEVER:
            found = posteriors[firsts[n] : firsts[n + 1]]
            backward(own, wanted, ahead, whole, behind, found)
