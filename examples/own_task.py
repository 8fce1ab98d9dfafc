"""A task of one's own: one class with data, a loss and a measure.

It runs as it stands; `own_sequences.py` has sequences of unequal lengths.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import evolino
from evolino import Segment, Series, Split


@dataclass(frozen=True, slots=True)
class Sawtooth:
    """Continue a sawtooth of a given period, in free run."""

    inputs: ClassVar[int] = 0
    outputs: ClassVar[int] = 1
    generates: ClassVar[bool] = True

    period: int = 12

    def sequences(self, rng):
        """Fit on 100..299, select on 300..399, test on 400..499."""
        wave = (np.arange(500) % self.period) / self.period
        series = Series(np.zeros((500, 0)), wave[:, None])
        return Split(
            train=(Segment(series, 100, 300),),
            validation=(Segment(series, 300, 400),),
            test=(Segment(series, 400, 500),),
        )

    def loss(self, outputs, targets):
        """Root mean squared error; a network that explodes has inf."""
        return evolino.rmse(outputs, targets)

    def measure(self, model, split):
        """Root mean squared error of the test's free run."""
        (outputs,) = model.respond(split.test, free_running=True)
        return {
            "test_rmse": float(np.sqrt(np.square(outputs - split.test[0].targets).mean()))
        }

    def baselines(self, split):
        """What always saying the mean would give."""
        return {"mean": {"test_rmse": float(split.test[0].targets.std())}}

    def published(self):
        """Nothing is published on this."""
        return ()


if __name__ == "__main__":
    result = evolino.train(Sawtooth(), network=evolino.LSTM(cells=16), seed=1)
    print(result.metrics)
