"""Which forecast: candidates compared over rolling origins of the training series.

The mean of the plain autoregressions that come near the best is taken: few origins do not
tell which of them is (Bates & Granger 1969, recalled). Cells of networks beside the lags
are taken only where they are clearly better (`evolino.estimators.paying`), evolved networks
only where they are clearly better than those.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from evolino.estimators.candidate_forecasts import (
    Tried,
    forms,
    together,
    tried,
)
from evolino.estimators.forecast_model import Form
from evolino.estimators.forecast_settings import ForecastSettings
from evolino.estimators.network_candidates import (
    has_many,
    near_mean,
    with_drawn,
    with_evolved,
)
from evolino.estimators.paying import STRETCHES, pays
from evolino.estimators.rolling_origins import (
    NETWORK_ORIGINS,
    ORIGINS,
    Data,
    Origins,
    errors_of,
    independent,
    rolling_origins,
    truths,
)
from evolino.estimators.transforms import transforms_for
from evolino.training.history import Generation
from evolino.vocabulary import Array

MEMBERS, NEAR = 60, 1.3  # at most so many, with at most so many times the least error
MARGIN = 2.0  # standard errors by which networks must be better
# The same, and the share of the error that they must save, where they are the best of many
# forms, which looks better than it is.
WIDE_MARGIN, WIDE_GAIN = 3.0, 0.1


@dataclass(frozen=True, slots=True, eq=False)
class Chosen:
    """What was chosen. taken: the candidate. origins: those that it was tried from. plain:
    the best without networks, from the same. evolved: whether its networks evolved.
    history: of the evolution."""

    taken: Tried
    origins: Origins
    plain: Tried
    evolved: bool = False
    history: list[Generation] = field(default_factory=list)


def choose(data: Data, settings: ForecastSettings) -> Chosen:
    """Return the candidate that is taken, and the best without networks.

    Raises ValueError for series too short to compare anything.
    """
    origins = rolling_origins(data, settings.horizon, ORIGINS)
    plain = settings.each(
        lambda pair: tried(data, origins, *pair), forms(data, settings.season)
    )
    if not plain:
        raise ValueError(
            f"series of {max(len(y) for y in data.each)} steps are too short to forecast "
            "from, or have too few steps that are not missing"
        )
    best = _mean_of(sorted(plain, key=lambda t: t.loss), truths(data, origins), data.scale)
    settings.report(f"without networks: error {best.loss:.4g} over rolling origins")
    without = Chosen(best, origins, best)
    evolves = settings.evolution is not None or settings.before is not None
    if not (settings.networks or evolves):
        return without
    fewer = rolling_origins(data, settings.horizon, NETWORK_ORIGINS)
    again = _again(data, fewer, best)
    found = Chosen(again, fewer, again)
    if settings.networks and not settings.over:
        drawn = with_drawn(data, fewer, again, settings)
        wanted = (WIDE_MARGIN, WIDE_GAIN) if has_many(fewer) else (MARGIN, 0.0)
        found = _better(found, drawn, data, settings, "cells of networks", wanted)
    if evolves:
        made, history = with_evolved(data, fewer, again, found.taken, settings)
        found = replace(found, history=history)
        found = _better(found, made, data, settings, "cells of evolved networks")
    return replace(without, history=found.history) if found.taken is again else found


def _better(
    found: Chosen,
    ranked: list[Tried],
    data: Data,
    settings: ForecastSettings,
    what: str,
    wanted: tuple[float, float] = (MARGIN, 0.0),
) -> Chosen:
    """Return what was chosen so far, or costlier candidates where they pay. wanted: by how
    many standard errors, and what share of the error they must save."""
    if not ranked:
        return found
    mean = near_mean(ranked, data, found.origins)
    both = together([mean, found.plain], truths(data, found.origins), data.scale)
    costly = min(ranked[0], mean, both, key=lambda each: each.loss)
    stretches = min(STRETCHES, independent(data, found.origins))
    margin, gain = wanted
    saves = costly.loss <= (1.0 - gain) * found.taken.loss
    is_better = saves and pays(found.taken.errors, costly.errors, margin, stretches)
    settings.report(
        f"with {what}: error {costly.loss:.4g}, against {found.taken.loss:.4g}; "
        f"{'taken' if is_better else 'not taken'}"
    )
    if not is_better:
        return found
    evolved = any(part.form.evolved for part in costly.parts)
    return replace(found, taken=costly, evolved=evolved)


def _mean_of(ranked: list[Tried], truth: Array, scale: Array) -> Tried:
    """Return the mean of the forms that come near the best; each counts once."""
    forms_seen: dict[Form, Tried] = {}
    for each in ranked:
        forms_seen.setdefault(each.parts[0].form, each)
    near = [t for t in forms_seen.values() if t.loss <= NEAR * ranked[0].loss]
    return together(near[:MEMBERS], truth, scale)


def _again(data: Data, origins: Origins, best: Tried) -> Tried:
    """Return a candidate tried over other origins."""
    by_name = {t.name: t for t in transforms_for(np.concatenate(data.each))}
    forms_of = [(part.form, by_name[part.form.transform]) for part in best.parts]
    runs = [
        tried(data, origins, *form, None, [part.penalties])
        for form, part in zip(forms_of, best.parts, strict=True)
    ]
    forecasts = np.average([run[0].forecasts for run in runs], axis=0, weights=best.weights)
    errors = errors_of(forecasts, truths(data, origins), data.scale)
    return replace(best, forecasts=forecasts, errors=errors)
