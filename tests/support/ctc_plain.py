"""CTC in plain Python: by all paths, by all strings, and the recursion in NumPy."""

from itertools import product

import numpy as np

from evolino.solvers.ctc_decoding import collapsed


def every_path(log_chances):
    """Return each string with the log-probabilities of its paths, and the paths (n, T)."""
    frames, labels = log_chances.shape
    found = {}
    for path in product(range(labels), repeat=frames):
        string = tuple(collapsed(np.array(path)).tolist())
        log_chance = log_chances[np.arange(frames), path].sum()
        found.setdefault(string, []).append((log_chance, path))
    return found


def by_brute_force(log_chances, labels):
    """Return log-likelihood and posteriors (T, K) of a string."""
    paths = every_path(log_chances).get(tuple(labels), [])
    posteriors = np.zeros(log_chances.shape)
    if not paths:
        return -np.inf, posteriors
    whole = np.logaddexp.reduce([log_chance for log_chance, _ in paths])
    for log_chance, path in paths:
        posteriors[np.arange(len(path)), path] += np.exp(log_chance - whole)
    return whole, posteriors


def recursion(log_chances, labels):
    """Return the same by forward and backward variables, in NumPy."""
    states = np.zeros(2 * len(labels) + 1, dtype=int)
    states[1::2] = labels
    skips = np.zeros(len(states), dtype=bool)
    skips[2:] = (states[2:] != 0) & (states[2:] != states[:-2])
    own = log_chances[:, states]
    never = np.full(2, -np.inf)
    with np.errstate(invalid="ignore"):
        ahead = np.full(own.shape, -np.inf)
        ahead[0, :2] = own[0, :2]
        for t in range(1, len(own)):
            before = np.concatenate([never, ahead[t - 1]])
            skipped = np.where(skips, before[:-2], -np.inf)
            ahead[t] = np.logaddexp(np.logaddexp(before[2:], before[1:-1]), skipped)
            ahead[t] += own[t]
        behind = np.full(own.shape, -np.inf)
        behind[-1, -2:] = 0.0
        for t in reversed(range(len(own) - 1)):
            after = np.concatenate([behind[t + 1] + own[t + 1], never])
            skipped = np.where(np.append(skips, [False] * 2)[2:], after[2:], -np.inf)
            behind[t] = np.logaddexp(np.logaddexp(after[:-2], after[1:-1]), skipped)
        whole = np.logaddexp.reduce(ahead[-1, -2:])
        posteriors = np.zeros(log_chances.shape)
        if np.isfinite(whole):
            shares = np.exp(ahead + behind - whole)
            np.add.at(posteriors.T, states, shares.T)
    return whole, posteriors
