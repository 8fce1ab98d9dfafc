"""Precise timing: measure intervals between spikes, make timed spikes, periodic functions.

One long stream each, which ends at the first error. Source: Gers, Schraudolph &
Schmidhuber 2002, JMLR 3:115-143; set-up from a detailed note on it, tables recalled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task import Predictor, Published, Segment, Series, Split
from evolino.tasks.streams import first_errors, stream_loss
from evolino.tasks.waveforms import read_waveform, spikes, waveform
from evolino.vocabulary import Array, check_count, unknown_name

KINDS = ("nmsd", "msd", "gts", "pfg")
WASHOUT, FITTED = 2, 1


@dataclass(frozen=True, slots=True)
class Timing:
    name: ClassVar[str] = "timing"
    outputs: ClassVar[int] = 1

    kind: str = "gts"
    period: int = 10
    waveform: str = "cos"
    select: tuple[int, ...] = (5, 50, 1000)
    smooth: str = "max"
    late: int = 0
    half: bool = False

    @property
    def inputs(self) -> int:
        return 0

    @property
    def generates(self) -> bool:
        return True

    @property
    def tolerance(self) -> float:
        return 0.3 if self.kind == "pfg" else 0.49

    def _shape(self):
        return (
            spikes(self.period)
            if self.kind == "gts"
            else waveform(self.waveform, self.period)
        )

    def _series(self, periods, extra=0):
        s = np.tile(self._shape(), periods + 1)[: periods * self.period + extra]
        return Series(np.zeros((len(s), 0)), s[:, None])

    def sequences(self, rng):
        f = self.period
        a = (WASHOUT + FITTED) * f
        series = [self._series(WASHOUT + FITTED + n) for n in self.select]
        test = self._series(1003 + self.late, self.half * (f // 2))
        return Split(
            train=(Segment(series[-1], WASHOUT * f, a),),
            validation=(Segment(series[-1], a, a + self.select[0] * f),),
            confirmation=tuple(
                (Segment(series[-1], a, a + n * f),) for n in self.select[1:]
            ),
            test=(Segment(test, a + self.late * f + self.half * (f // 2), test.steps),),
        )

    def loss(self, outputs, targets):
        return stream_loss(outputs, targets, self.tolerance, largest=self.kind != "pfg")

    def measure(self, model, split):
        outputs = np.stack(model.respond(split.test, free_running=True))
        targets = np.stack([s.targets for s in split.test])
        ok = int(first_errors(outputs[None], targets, self.tolerance)[0, 0])
        e = np.abs(outputs - targets)
        return {
            "solved": float(ok == targets.shape[1]),
            "successes": ok // self.period,
            "max_abs_error": float(e.max()),
            "rmse": float(np.sqrt(np.square(np.minimum(e, 1e6)).mean())),
        }

    def baselines(self, split):
        return {"zero": {}}

    def published(self):
        return ()
