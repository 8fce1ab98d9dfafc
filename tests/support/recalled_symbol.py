"""A task with symbols as inputs: which of two symbols began the sequence?"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import evolino
from evolino import Segment, Series, Split, Symbols


@dataclass(frozen=True)
class RecalledSymbol:
    """Symbol 0 or 1, then others of 2 .. symbols - 1; the answer is at the end.

    one_hot: the inputs as an array.
    """

    generates: ClassVar[bool] = False
    outputs: ClassVar[int] = 1

    symbols: int = 5
    lag: int = 6
    one_hot: bool = False

    @property
    def inputs(self):
        return self.symbols

    def segment(self, rng):
        others = rng.integers(2, self.symbols, self.lag)
        first = rng.integers(0, 2)
        symbols = Symbols(np.array([first, *others]), self.symbols)
        targets = np.zeros((self.lag + 1, 1))
        targets[-1] = first
        inputs = np.eye(self.symbols)[symbols.indices] if self.one_hot else symbols
        return Segment(Series(inputs, targets), self.lag, self.lag + 1)

    def sequences(self, rng):
        train, validation, test = (
            tuple(self.segment(rng) for _ in range(size)) for size in (16, 8, 20)
        )
        return Split(train, validation, test)

    def loss(self, outputs, targets):
        return evolino.rmse(outputs, targets)

    def measure(self, model, split):
        outputs = np.stack(model.respond(split.test, free_running=False))
        targets = np.stack([segment.targets for segment in split.test])
        return {"test_rmse": float(evolino.rmse(outputs[None], targets)[0])}

    def baselines(self, split):
        return {}

    def published(self):
        return ()
