"""Numbers for sequences, or for their steps: `EvolinoRegressor`, of scikit-learn."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import RegressorMixin, TransformerMixin

from evolino.estimators.base import SequenceEstimator
from evolino.estimators.sequences import SequencesLike
from evolino.estimators.targets import Per, Targets, TargetsLike, as_targets, read_targets
from evolino.gradient.descent import Descent
from evolino.network.initialisers.base import Initialiser
from evolino.readout.base import Readout
from evolino.search.base import SearchSettings
from evolino.task.scaling import mean_and_scale
from evolino.vocabulary import Array


class EvolinoRegressor(RegressorMixin, TransformerMixin, SequenceEstimator):  # type: ignore[misc]
    """Numbers for whole sequences, or for every step of sequences.

    X and all parameters are those of `EvolinoClassifier`. y has one number or K numbers
    for each sequence, (N,) or (N, K); or for each step: (T,) or (T, K), (N, T) or
    (N, T, K), a list of (T_i,) or (T_i, K). A y of shape (N, T), T the steps of X, is
    read as one number a step; targets="sequence" reads it as T numbers a sequence.

    Predictions are never further outside the range of the training targets than that
    range. After `fit`: n_features_in_, feature_names_in_ (where X has names), model_,
    history_, evolved_, per_step_, as of `EvolinoClassifier`.

    >>> import evolino
    >>> import numpy as np
    >>> X = [np.sin(f * np.arange(20))[:, None] for f in (0.3, 0.5, 0.7, 0.9) * 4]
    >>> y = [0.3, 0.5, 0.7, 0.9] * 4
    >>> evolino.EvolinoRegressor(networks=2).fit(X, y).predict(X[:2]).round(1)
    array([0.3, 0.5])
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
        """Fit to sequences X and targets y. Raises TypeError or ValueError, naming
        sequence, row and column, for what cannot be read."""
        self._fit(X, y)
        del self._held_out
        return self

    def predict(self, X: SequencesLike) -> Array | list[Array]:
        """Return the numbers: (N,) or (N, K), or for each sequence (T,) or (T, K) in the
        form of X. Raises ValueError for an X with other inputs than in `fit`."""
        sequences, outputs = self._outputs(X)
        if not self.per_step_:
            outputs = [each * self._scale + self._mean for each in outputs]
        outputs = [np.clip(each, *self._range) for each in outputs]
        if self._flat:
            outputs = [each[:, 0] for each in outputs]
        return self._given_back(sequences, outputs)

    def score(
        self, X: SequencesLike, y: TargetsLike, sample_weight: ArrayLike | None = None
    ) -> float:
        """Return R^2, 1 for perfect predictions, over all sequences or steps."""
        from sklearn.metrics import r2_score

        sequences = self._read(X)
        predicted = self.predict(X)
        if not self.per_step_:
            return float(r2_score(y, predicted, sample_weight=sample_weight))
        expected = read_targets(y, sequences, "step").all
        rows = [predicted] if sequences.single else list(predicted)
        found = np.concatenate(rows)
        return float(r2_score(expected, found, sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    @property
    def _gives_labels(self) -> bool:
        return False

    def _aims(self, targets: Targets) -> list[Array]:
        """Return the targets (n, K); those of whole sequences standardised."""
        aims = as_targets(targets.each)
        self._flat = np.ndim(targets.each[0]) == 1
        every = np.concatenate(aims)
        self._mean, self._scale = mean_and_scale(every)
        lowest, highest = every.min(axis=0), every.max(axis=0)
        self._range = 2 * lowest - highest, 2 * highest - lowest
        if targets.per_step:
            return aims
        return [(each - self._mean) / self._scale for each in aims]
