"""What classifier and regressor share: reading X and y, fitting features, evolution."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from evolino.estimators.drawing import Distribution
from evolino.estimators.evolution_options import Evolution, check_evolution
from evolino.estimators.evolving_steps import (
    LAGS,
    StepSettings,
    choose_lags,
    evolved_steps,
    unevolved_steps,
)
from evolino.estimators.given_readout import check_readout, readout_of
from evolino.estimators.input_names import check_inputs
from evolino.estimators.lagged_inputs import lagged
from evolino.estimators.memory import bytes_of_sequences, bytes_of_steps, check_memory
from evolino.estimators.per_step import Solved, parts_of
from evolino.estimators.saving import Saving
from evolino.estimators.sequences import Sequences, SequencesLike, read_sequences
from evolino.estimators.targets import Targets, read_targets
from evolino.estimators.whole_evolution import evolved_distribution
from evolino.estimators.whole_readout import WholeReadout, solve_whole
from evolino.estimators.whole_sequences import WholeSettings, fit_features
from evolino.models.driving import one_step_ahead
from evolino.task.series import Segment, Series
from evolino.training.history import Generation
from evolino.vocabulary import Array, check_count

MOST_LAGS = max(LAGS)  # that are chosen among
STEP_CELLS, WHOLE_CELLS = 64, 16  # where cells is None
LARGEST_SEED = 2**31 - 1
# Checks of scikit-learn that these estimators do not pass, and why.
EXPECTED_FAILED_CHECKS = {
    "check_methods_sample_order_invariance": "rows are steps of time: their order counts",
    "check_methods_subset_invariance": "rows are steps of time: what came before counts",
}


class SequenceEstimator(Saving, BaseEstimator):  # type: ignore[misc]
    """What `EvolinoClassifier` and `EvolinoRegressor` have in common; their docstrings
    explain the parameters."""

    cells: int | None
    networks: int
    targets: Any
    washout: int
    lags: int | None
    evaluations: int
    seconds: float | None
    readout: Any
    search: Any
    initialiser: Any
    refine: Any
    n_jobs: int | None
    random_state: Any
    verbose: int
    warm_start: bool

    def transform(self, X: SequencesLike) -> Array | list[Array]:
        """Return features: (N, M), those of whole sequences, pooled over time; or where
        every step has a target, (T, S) for each sequence, in the form of X.

        Raises ValueError for an X that `predict` refuses.
        """
        sequences = self._read(X)
        if self.per_step_:
            return sequences.given_back(self._steps(sequences, features=True))
        return self._whole_features(sequences)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of what `transform` gives, (M,). input_features: not needed."""
        check_is_fitted(self)
        del input_features
        prefix = type(self).__name__.lower()
        names = [f"{prefix}{k}" for k in range(self._n_features_out)]
        return np.array(names, dtype=object)

    def _fit(self, X: Any, y: Any) -> Self:
        """Read X and y, and fit."""
        self._check_parameters()
        sequences = read_sequences(X)
        targets = read_targets(y, sequences, self.targets)
        aims = self._aims(targets)
        self._note_inputs(sequences)
        before = self._networks_before(sequences, targets)
        self.per_step_ = targets.per_step
        self.history_: list[Generation] = []
        self.evolved_ = False
        if targets.per_step:
            solved = self._fit_steps(sequences, aims, before)
            self._held_out = solved.outputs, solved.targets
            self._n_features_out = solved.model.architecture.readout_width
        else:
            self._fit_whole(sequences, aims[0], before)
        return self

    def _fit_steps(self, X: Sequences, aims: list[Array], before: Any) -> Solved:
        """Fit a network whose readout gives a target at every step."""
        settings = StepSettings(
            cells=self.cells or STEP_CELLS,
            washout=self.washout,
            labels=self._gives_labels,
            evolution=Evolution.of(self),
            readout=readout_of(self.readout),
        )
        seed = self._seed()
        self._check_memory_of_steps(X, aims, settings)
        if before is None:
            lags = self.lags
            self.lags_ = choose_lags(settings, X.each, aims, seed) if lags is None else lags
        inputs = lagged(X.each, self.lags_)
        solved = unevolved_steps(settings, inputs, aims, seed, before)
        if settings.evolution is not None:
            better, self.history_ = evolved_steps(
                settings, inputs, aims, seed, solved, warm=before is not None
            )
            self.evolved_ = better is not None
            solved = better or solved
        self.model_: Any = solved.model
        return solved

    def _check_memory_of_steps(
        self, X: Sequences, aims: list[Array], settings: StepSettings
    ) -> None:
        """Raise ValueError for more steps than there is memory for."""
        rows, lags = sum(X.lengths), MOST_LAGS if self.lags is None else self.lags
        held = settings.evolution is not None or settings.readout is not None
        outputs = aims[0].shape[1]
        needed = bytes_of_steps(rows, X.inputs, outputs, settings.cells, lags, held=held)
        instead = "leave evolution and readout out" if held else "take fewer steps"
        check_memory(needed, f"a fit to {rows:,} steps", instead)

    def _fit_whole(self, X: Sequences, aims: Array, before: Any) -> None:
        """Fit a readout on features of whole sequences."""
        for name in ("initialiser", "refine"):
            if getattr(self, name) is not None:
                raise ValueError(
                    f"{name} serves targets at every step; for one target a sequence the "
                    f"networks are drawn and solved as they are: leave {name} out"
                )
        for name in ("washout", "lags"):
            if getattr(self, name):
                raise ValueError(f"{name} serves targets at every step: leave it out")
        if len(X.each) < 2:
            raise ValueError(
                "one target a sequence needs at least 2 sequences, got 1 sample "
                "(n_samples = 1)"
            )
        cells = self.cells or WHOLE_CELLS
        steps, inputs = sum(X.lengths), 2 * X.inputs
        check_memory(
            bytes_of_sequences(len(X.each), steps, inputs, self.networks, cells),
            f"a fit to {len(X.each):,} sequences",
            "take fewer networks, cells or sequences",
        )
        distribution = Distribution() if before is None else before
        settings = WholeSettings(self.networks, cells, distribution=distribution)
        evolution, readout = Evolution.of(self), readout_of(self.readout)
        if evolution is not None:
            found = evolved_distribution(
                evolution, settings, X.each, aims, self._seed(), readout
            )
            settings, self.evolved_, self.history_ = found
        rng = np.random.default_rng(self._seed())
        self.distribution_ = settings.distribution
        self.features_ = fit_features(X.each, settings, rng)
        features = self.features_.transform(X.each, self.n_jobs)
        self.model_ = solve_whole(features, aims, self.features_.families(), readout)
        self._held_out = self.model_.left_out, aims
        self._n_features_out = features.shape[1]

    def _outputs(self, X: Any) -> tuple[Sequences, list[Array]]:
        """Return X as it was read, and the outputs (T_i, K) of each sequence; or (N, K) of
        all in a list."""
        sequences = self._read(X)
        if self.per_step_:
            return sequences, self._steps(sequences)
        model: WholeReadout = self.model_
        return sequences, [model.predict(self._whole_features(sequences))]

    def _given_back(
        self, sequences: Sequences, rows: list[NDArray[Any]]
    ) -> NDArray[Any] | list[NDArray[Any]]:
        """Return what there is for each step in the form of X, or for each sequence."""
        return sequences.given_back(rows) if self.per_step_ else rows[0]

    def _whole_features(self, sequences: Sequences) -> Array:
        return self.features_.transform(sequences.each, self.n_jobs)

    def _steps(self, sequences: Sequences, *, features: bool = False) -> list[Array]:
        """Return outputs (T_i, K), or features (T_i, S), of each sequence; of a long one in
        parts, as in the fit."""
        found = []
        for x in lagged(sequences.each, self.lags_):
            parts = [
                self._part(x[begin:stop], first - begin, features=features)
                for begin, first, stop in parts_of(len(x))
            ]
            found.append(parts[0] if len(parts) == 1 else np.concatenate(parts))
        return found

    def _part(self, x: Array, first: int, *, features: bool) -> Array:
        """Return outputs or features of the rows of x (T, U) from first on."""
        targets = np.zeros((len(x), self.model_.architecture.outputs))
        segment = Segment(Series(x, targets), first, len(x))
        if not features:
            outputs: Array = self.model_.respond([segment], free_running=False)[0]
            return outputs
        driver = self.model_.architecture.driver()
        packed = driver.pack(self.model_.genome[None])
        scaled = self.model_.scaling.segments([segment])
        return np.array(one_step_ahead(driver, packed, scaled).features[0])

    def _read(self, X: Any) -> Sequences:
        """Return X as it was read. Raises ValueError for other inputs than in `fit`."""
        check_is_fitted(self)
        sequences = read_sequences(X)
        known = getattr(self, "feature_names_in_", None)
        check_inputs(type(self).__name__, sequences, self.n_features_in_, known)
        return sequences

    def _note_inputs(self, sequences: Sequences) -> None:
        self.n_features_in_ = sequences.inputs
        if sequences.names is not None:
            self.feature_names_in_ = np.array(sequences.names, dtype=object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _networks_before(self, sequences: Sequences, targets: Targets) -> Any:
        """Return what the last fit found, where it is to go on from there."""
        if not self.warm_start or not hasattr(self, "model_"):
            return None
        if targets.per_step != self.per_step_:
            return None
        if not targets.per_step:
            return self.distribution_
        architecture = self.model_.architecture
        fits = architecture.inputs == sequences.inputs * (self.lags_ + 1)
        return (architecture, self.model_.genome) if fits else None

    def _check_parameters(self) -> None:
        if self.cells is not None:
            check_count("cells", self.cells)
        if self.lags is not None:
            check_count("lags", self.lags, least=0)
        check_count("networks", self.networks)
        check_count("washout", self.washout, least=0)
        check_evolution(self)
        check_readout(self.readout, labels=self._gives_labels)

    def _seed(self) -> int:
        """Return the seed that `random_state` stands for: the same in one fit."""
        from sklearn.utils import check_random_state

        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        if not hasattr(self, "_drawn_seed"):
            state = check_random_state(self.random_state)
            self._drawn_seed = int(state.randint(LARGEST_SEED))
        return self._drawn_seed

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags

    @property
    def _gives_labels(self) -> bool:
        raise NotImplementedError

    def _aims(self, targets: Targets) -> list[Array]:
        raise NotImplementedError
