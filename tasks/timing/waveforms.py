"""Waveforms of the timing task: periodic functions with values from 0 to 1.

Source: Gers, Schraudolph & Schmidhuber 2002, JMLR 3, section 4.3, recalled.
"""

from __future__ import annotations

import numpy as np

from evolino.storage.files import user_path
from evolino.vocabulary import Array, unknown_name

WAVEFORMS = ("cos", "tri", "rect")


def waveform(name: str, period: int) -> Array:
    """Return (period,): one period of cos, tri or rect.

    cos: (1 - cos(2 pi t / F)) / 2. tri: falls from 1 to 0 and rises again. rect: 0 in the
    first half of the period, 1 in the second.
    """
    t = np.arange(period)
    late = t > period / 2
    if name == "cos":
        return np.asarray(0.5 * (1.0 - np.cos(2.0 * np.pi * t / period)))
    if name == "tri":
        return np.where(late, 2.0 * t / period - 1.0, 1.0 - 2.0 * t / period)
    if name == "rect":
        return np.where(late, 1.0, 0.0)
    raise unknown_name("waveform", name, WAVEFORMS)


def spikes(period: int) -> Array:
    """Return (period,): 1 at its last step, 0 elsewhere."""
    shape = np.zeros(period)
    shape[-1] = 1.0
    return shape


def read_waveform(name: str) -> tuple[float, ...]:
    """Return the numbers of a text file, one period of a user's own function.

    Raises ValueError if there is no such file, or it is empty, or holds anything but
    finite numbers between white space or commas.
    """
    path = user_path(name, "waveform")
    if not path.is_file():
        raise ValueError(
            f"waveform must be one of {', '.join(WAVEFORMS)} or a file of numbers, "
            f"got {name!r}"
        )
    try:
        words = path.read_text(encoding="utf-8").replace(",", " ").split()
    except UnicodeDecodeError:
        raise ValueError(f"waveform: {path} is not a file of numbers") from None
    if not words:
        raise ValueError(f"waveform: {path} is empty")
    values = []
    for word in words:
        try:
            values.append(float(word))
        except ValueError:
            raise ValueError(f"waveform: {path} holds {word!r}, not a number") from None
    if not np.isfinite(values).all():
        raise ValueError(f"waveform: {path} holds a number that is not finite")
    return tuple(values)
