"""Classify with support vectors: did the sign of the input change?

The answer is the product of two signs, which no weighted sum of them gives. The networks
here only remember, in cells that hardly leave their linear range: then least squares and a
linear machine can but guess, while kernels multiply what the cells remember.
"""

import numpy as np

import evolino

rng = np.random.default_rng(7)
signal = rng.normal(size=1000)
same = np.where(signal[1:] * signal[:-1] > 0, 1.0, -1.0)
task = evolino.SeriesTask(
    np.concatenate([[1.0], same]), inputs=signal, washout=20, generates=False
)

# Of several capacities and widths the best on validation data is taken.
KERNELS = evolino.KernelSVM(capacity=(1.0, 10.0), width=(1.0, 2.0, 4.0))
READOUTS: dict[str, evolino.Readout] = {
    "least squares": evolino.Ridge(1e-6),
    "linear SVM": evolino.SVM(capacity=100.0, balanced=True),
    "Gaussian SVM": KERNELS,
    "Gaussian SVM for the best 4": evolino.BestOnly(KERNELS, evolino.SVM(), count=4),
}
fresh = rng.normal(size=1000)
truth = fresh[1:] * fresh[:-1] > 0
for name, readout in READOUTS.items():
    result = evolino.train(
        task,
        network=evolino.LSTM(cells=5, feedback=False),
        initialiser="linear-regime",
        search="random",
        readout=readout,
        budget=evolino.Budget(evaluations=96),
        seed=1,
    )
    outputs = result.model.predict(inputs=fresh)[1:, 0]
    print(f"{name:28} {np.mean((outputs > 0) != truth):.1%} wrong")
