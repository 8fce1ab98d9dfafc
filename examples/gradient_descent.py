"""A series of one's own by evolution, by descent through the readout, by a gradient LSTM.

Each trains 12 cells to continue the series; beside its error stand the CPU seconds.
"""

import numpy as np

import evolino

steps = np.arange(900)
series = np.sin(0.2 * steps) + 0.5 * np.sin(0.311 * steps) ** 3

task = evolino.SeriesTask(series, washout=100, train=400, validation=100, test=200)
network = evolino.LSTM(cells=12, readout_states=True)
budget = evolino.Budget(evaluations=200)


def refined(refine: evolino.LBFGS | evolino.Adam | None) -> evolino.Result:
    """Evolve, then descend from the best network."""
    return evolino.train(task, network=network, budget=budget, refine=refine, seed=1)


def gradient_lstm() -> evolino.Result:
    """Train all weights by back-propagation through time: 1,000 gradients."""
    return evolino.train(
        task,
        network=evolino.LSTM(cells=12),
        initialiser=evolino.Uniform(0.3, forget_bias=1.0),
        budget=evolino.Budget(evaluations=1000),
        bptt=evolino.BPTT(),
        seed=1,
    )


# Gradients are of 20 free runs, spread over validation and train.
by_lbfgs = evolino.LBFGS(steps=100, starts=20, hold_out=0.0)
by_adam = evolino.Adam(steps=100, starts=20, hold_out=0.0, rate=0.01)
results = {
    "evolution alone": refined(None),
    "then L-BFGS": refined(by_lbfgs),
    "then Adam": refined(by_adam),
    "gradient LSTM": gradient_lstm(),
}
for name, result in results.items():
    error = result.metrics["test_nrmse"]
    print(f"{name:16} NRMSE {error:<8.2g} {result.cpu_seconds:5.1f} CPU s")
