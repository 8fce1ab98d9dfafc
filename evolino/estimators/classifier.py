"""Classify sequences, or their steps: `EvolinoClassifier`, an estimator of scikit-learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import ClassifierMixin, TransformerMixin

from evolino.estimators.base import SequenceEstimator
from evolino.estimators.probabilities import calibrate, probabilities
from evolino.estimators.sequences import SequencesLike
from evolino.estimators.targets import Labels, Per, Targets, TargetsLike, as_classes
from evolino.gradient.descent import Descent
from evolino.network.initialisers.base import Initialiser
from evolino.readout.base import Readout
from evolino.search.base import SearchSettings
from evolino.vocabulary import Array


class EvolinoClassifier(ClassifierMixin, TransformerMixin, SequenceEstimator):  # type: ignore[misc]
    """Classes of whole sequences, or of every step of sequences.

    X is one sequence (T, I), several (N, T, I), or a list of (T_i, I); pandas tables too,
    one with an index of two levels (sequence, time) for several. y has a label of any type
    for each sequence (N,), or for each step: (T,), (N, T), or a list of (T_i,).

    One label a sequence: unevolved networks, many and small, are driven over the
    sequences in both directions, what their cells do is pooled over time, and ridge
    regression with a penalty by leave-one-out picks from these features. A label a step:
    one network's cells and inputs at that step, ridge regression with a penalty by held-out
    stretches. Probabilities are fitted to outputs on what was held out.

    cells: memory cells of each network; None is 16 for whole sequences, 64 for steps.
    networks: in each direction, for whole sequences. targets: "step" or "sequence", what a
    label belongs to; "auto" goes by the shapes. washout: first steps of each sequence that
    only drive the network (labels a step). lags: a network for labels a step sees the
    inputs and those of so many steps before; None chooses 0, 4 or 16 by held-out data.
    readout: None is ridge regression, its penalty found; else a name or settings: ridge,
    pseudo-inverse, svm, svr, and for labels a step kernel-svm, kernel-svr.
    evaluations, seconds: budget of evolution; with neither there is none. What evolves is
    the network, or for whole sequences the distribution that networks are drawn from; it is
    taken only where it is better on held-out data, by more than a standard error. search:
    name or settings, as of `train`; initialiser, refine: the same, for labels a step.
    n_jobs: threads; results do not depend on it. random_state: of all randomness. verbose:
    1 shows the evolution's progress. warm_start: the next fit begins from the networks of
    the last.

    After `fit`: classes_, n_features_in_, feature_names_in_ (where X has names), per_step_,
    model_ (for labels a step an `evolino.Model`, whose inputs are those of X and their
    lags), lags_, history_ (of the evolution), evolved_ (whether its result was taken).

    >>> import evolino
    >>> import numpy as np
    >>> X = [np.sin(f * np.arange(20))[:, None] for f in (0.3, 0.9) * 8]
    >>> y = ["slow", "fast"] * 8
    >>> evolino.EvolinoClassifier(networks=2).fit(X, y).predict(X[:2])
    array(['slow', 'fast'], dtype='<U4')
    """

    def __init__(
        self,
        *,
        cells: int | None = None,
        networks: int = 32,
        targets: Per = "auto",
        washout: int = 0,
        lags: int | None = None,
        readout: str | Readout | None = None,
        evaluations: int = 0,
        seconds: float | None = None,
        search: str | SearchSettings | None = None,
        initialiser: str | Initialiser[Any] | None = None,
        refine: Descent | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = 0,
        verbose: int = 0,
        warm_start: bool = False,
    ) -> None:
        self.cells = cells
        self.networks = networks
        self.targets = targets
        self.washout = washout
        self.lags = lags
        self.readout = readout
        self.evaluations = evaluations
        self.seconds = seconds
        self.search = search
        self.initialiser = initialiser
        self.refine = refine
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.warm_start = warm_start

    def fit(self, X: SequencesLike, y: TargetsLike) -> Self:
        """Fit to sequences X and labels y. Raises TypeError or ValueError, naming sequence,
        row and column, for what cannot be read, and for labels of one class."""
        self._fit(X, y)
        outputs, aims = self._held_out
        del self._held_out
        self.probability_scale_ = calibrate(outputs, aims.argmax(axis=1))
        return self

    def decision_function(self, X: SequencesLike) -> Array | list[Array]:
        """Return the readout's outputs, one for each class: (N, K), or (T, K) for each
        sequence in the form of X; with two classes (N,) or (T,), above 0 for the second.

        Raises ValueError for an X with other inputs than in `fit`.
        """
        sequences, outputs = self._outputs(X)
        if len(self.classes_) == 2:
            outputs = [(each[:, 1] - each[:, 0]) / 2 for each in outputs]
        return self._given_back(sequences, outputs)

    def predict_proba(self, X: SequencesLike) -> Array | list[Array]:
        """Return the probability of each class: (N, K), or (T, K) for each sequence."""
        sequences, outputs = self._outputs(X)
        found = [probabilities(each, self.probability_scale_) for each in outputs]
        return self._given_back(sequences, found)

    def predict(self, X: SequencesLike) -> Labels | list[Labels]:
        """Return the labels: (N,), or (T,) for each sequence in the form of X."""
        sequences, outputs = self._outputs(X)
        found = [self.classes_[each.argmax(axis=1)] for each in outputs]
        return self._given_back(sequences, found)

    def score(
        self, X: SequencesLike, y: TargetsLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return the share of labels that are right.

        sample_weight: of sequences or steps.
        """
        sequences = self._read(X)
        per: Per = "step" if self.per_step_ else "sequence"
        predicted = self.predict(X)
        rows = predicted if self.per_step_ and not sequences.single else [predicted]
        if sequences.single and not self.per_step_:
            right = np.asarray(predicted) == np.asarray(y)
        else:
            expected = read_labels(y, sequences, per)
            right = np.concatenate(list(rows)) == expected
        weights = None if sample_weight is None else np.asarray(sample_weight, float)
        return float(np.average(right, weights=weights))

    @property
    def _gives_labels(self) -> bool:
        return True

    def _aims(self, targets: Targets) -> list[Array]:
        """Return 1 for the class of each row and -1 for the others, (n, K)."""
        self.classes_, positions = as_classes(targets.all)
        rows = np.where(positions[:, None] == np.arange(len(self.classes_)), 1.0, -1.0)
        ends = np.cumsum([len(each) for each in targets.each])[:-1]
        return np.split(rows, ends)


def read_labels(y: Any, sequences: Any, per: Per) -> Any:
    """Return the labels of sequences in one array (n,)."""
    from evolino.estimators.targets import read_targets

    return read_targets(y, sequences, per).all
