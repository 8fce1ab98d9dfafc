"""Learn to continue a series of one's own."""

import numpy as np

import evolino

steps = np.arange(1000)
series = np.sin(0.2 * steps) + 0.5 * np.sin(0.311 * steps) ** 3

task = evolino.SeriesTask(series, washout=100, train=300, validation=100, test=300)
result = evolino.train(task, seed=1, workers=2)

print("stopped by", *result.stopped)
print("error of the free run", result.metrics["test_nrmse"])
future = result.model.generate(50, prime=series)
print("the next five values", future[:5, 0])
