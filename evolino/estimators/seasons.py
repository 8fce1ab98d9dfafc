"""The season of a series: steps after which it comes again, by its dates or its values."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from evolino.vocabulary import Array

BY_SPACING = {"M": 12, "Q": 4, "h": 24, "D": 7, "B": 5, "W": 52, "min": 60, "s": 60}
CLEAR = 0.3  # autocorrelation that a season has at least
LONGEST = 400  # steps of a season that is looked for


def spacing_of(index: Any) -> Any:
    """Return the frequency of an index of dates as pandas has it, None if there is none."""
    known = getattr(index, "freq", None)
    if known is not None or len(index) < 3 or index.dtype.kind != "M":
        return known
    import pandas as pd

    with warnings.catch_warnings():
        # pandas 3 says that it will give offsets in place of text; both serve here.
        warnings.simplefilter("ignore", FutureWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return pd.infer_freq(index)


def season_of_dates(index: Any) -> int | None:
    """Return the season of an index of dates, None for others."""
    spacing = spacing_of(index)
    if spacing is None:
        return None
    letters = str(getattr(spacing, "freqstr", spacing)).split("-")[0]
    for known, season in BY_SPACING.items():
        if letters in (known, f"{known}S", f"{known}E"):
            return season
    return None


def season_of_values(series: Array) -> int:
    """Return the lag of the first clear peak of the autocorrelation of a series (T, K), the
    mean of its columns'; 1 where there is none."""
    steps = len(series)
    most = min(LONGEST, steps // 3)
    if most < 3:
        return 1
    known = np.where(np.isnan(series), np.nanmean(series, axis=0), series)
    time = np.linspace(-1.0, 1.0, steps)
    lines = np.stack([np.ones(steps), time], axis=1)
    z = known - lines @ np.linalg.lstsq(lines, known, rcond=None)[0]
    power = np.square(np.abs(np.fft.rfft(z, 2 * steps, axis=0)))
    correlation = np.fft.irfft(power, axis=0)[: most + 1]
    first = correlation[0]
    if not (first > 0).any():
        return 1
    mean = (correlation[:, first > 0] / first[first > 0]).mean(axis=1)
    inside = mean[1:-1]
    peaks = (inside > mean[:-2]) & (inside >= mean[2:]) & (inside > CLEAR)
    # What comes before the first fall below 0 belongs to the peak at lag 0.
    below = np.flatnonzero(mean < 0)
    if not len(below):
        return 1
    found = [k + 1 for k in np.flatnonzero(peaks) if k + 1 > below[0]]
    return int(max(found, key=lambda lag: mean[lag])) if found else 1
