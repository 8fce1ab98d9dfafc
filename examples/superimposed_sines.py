"""The papers' superimposed oscillators, with files, a checkpoint and a picture on disk."""

from pathlib import Path

import evolino

out = Path("results/runs/example")
result = evolino.train(
    evolino.Oscillators(sines=3), preset="paper", seed=1, workers=2, out=out, force=True
)
print("test NRMSE", result.metrics["test_nrmse"], "- published 8.04e-3")
print("picture", evolino.plots.fitness([out], out / "fitness.png"))
