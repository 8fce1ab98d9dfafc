"""A series of one's own by evolution, by descent through the readout, by a gradient LSTM.

Each trains 12 cells to continue the series; beside its error stand the CPU seconds.
"""

import numpy as np

import evolino

steps = np.arange(900)
series = np.sin(0.2 * steps) + 0.5 * np.sin(0.311 * steps) ** 3

task = evolino.SeriesTask(series, washout=100, train=400, validation=100, test=200)
evolution = {
    "network": evolino.LSTM(cells=12, readout_states=True),
    "budget": evolino.Budget(evaluations=200),
}
# Gradients are of 20 free runs, spread over validation and train.
runs = {"steps": 100, "starts": 20, "hold_out": 0.0}

ways = {
    "evolution alone": evolution,
    "then L-BFGS": {**evolution, "refine": evolino.LBFGS(**runs)},
    "then Adam": {**evolution, "refine": evolino.Adam(**runs, rate=0.01)},
    "gradient LSTM": {
        "network": evolino.LSTM(cells=12),
        "initialiser": evolino.Uniform(0.3, forget_bias=1.0),
        "budget": evolino.Budget(evaluations=1000),  # gradients
        "bptt": evolino.BPTT(),
    },
}
for name, settings in ways.items():
    result = evolino.train(task, seed=1, **settings)
    error = result.metrics["test_nrmse"]
    print(f"{name:16} NRMSE {error:<8.2g} {result.cpu_seconds:5.1f} CPU s")
