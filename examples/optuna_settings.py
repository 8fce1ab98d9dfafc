"""Settings found by Optuna: cells, readout penalty and first weights for a series.

Each trial trains a small network and is judged by its loss on the validation rows; Optuna
(pip install "evolino[optuna]") never sees the test rows.
"""

import numpy as np
import optuna

import evolino

steps = np.arange(600)
series = np.sin(0.2 * steps) + np.sin(0.311 * steps)
task = evolino.SeriesTask(series, washout=50, train=250, validation=100, test=200)


def trained(trial: optuna.trial.BaseTrial) -> evolino.Result:
    """Train with the settings of a trial."""
    return evolino.train(
        task,
        network=evolino.LSTM(
            cells=trial.suggest_int("cells", 4, 16),
            readout_states=trial.suggest_categorical("readout_states", [True, False]),
        ),
        initialiser=evolino.Gaussian(trial.suggest_float("deviation", 0.01, 1.0, log=True)),
        readout=evolino.Ridge(trial.suggest_float("penalty", 1e-10, 1e-2, log=True)),
        search="cma-es",
        budget=evolino.Budget(evaluations=60),
        seed=1,
    )


optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=1))
study.optimize(lambda trial: trained(trial).history[-1].best, n_trials=20)
print("settings", study.best_params)
result = trained(optuna.trial.FixedTrial(study.best_params))
print(f"loss on validation {study.best_value:.3g}, NRMSE on test "
      f"{result.metrics['test_nrmse']:.3g}")  # fmt: skip
