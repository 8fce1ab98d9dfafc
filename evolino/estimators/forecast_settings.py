"""Settings of a forecaster's fit, as all of its parts take them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from evolino.estimators.evolution_options import Evolution
from evolino.estimators.forecast_networks import WindowNetworks

Given = TypeVar("Given")
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class ForecastSettings:
    """Fields as of `EvolinoForecaster`; season known.

    evolution: None for none. before: evolved networks of the last fit, None without.
    jobs: threads. began: `time.monotonic` when the fit began. seconds: from there; None is
    no limit. report: is given each line of progress.
    """

    horizon: int
    season: int
    networks: int
    cells: int
    seed: int
    evolution: Evolution | None = None
    before: WindowNetworks | None = None
    jobs: int = 1
    began: float = 0.0
    seconds: float | None = None
    report: Callable[[str], None] = print

    @property
    def over(self) -> bool:
        """Whether the seconds are over."""
        return self.seconds is not None and time.monotonic() - self.began >= self.seconds

    def each(
        self,
        do: Callable[[Given], list[Made]],
        given: list[Given],
        *,
        always: bool = False,
    ) -> list[Made]:
        """Return what each of several gives, in their order whatever the threads; those
        that the seconds do not reach give nothing, but the first. always: all give it."""
        from joblib import Parallel, delayed

        def unless_over(number: int, one: Given) -> list[Made]:
            return [] if number and self.over and not always else do(one)

        found = Parallel(n_jobs=self.jobs, prefer="threads")(
            delayed(unless_over)(*pair) for pair in enumerate(given)
        )
        return [made for several in found for made in several]
