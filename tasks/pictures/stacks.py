"""Read a user's own frames: NumPy files and animated GIFs, as intensities 0 .. 1."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from evolino.storage.files import user_path
from evolino.vocabulary import Array


def read_stacks(path: str | Path) -> list[Array]:
    """Return sequences (T, H, W) of a file: .npy of (T, H, W) or (N, T, H, W), or a GIF.

    Whole numbers of eight bits are divided by 255. Raises ValueError, naming the file, for
    another kind or shape, and for intensities that are not within 0 .. 1; OSError for a
    file that cannot be read.
    """
    file = user_path(path, "file")
    return list(_stacks_of(file, file.stat().st_mtime_ns))


@lru_cache(maxsize=2)
def _stacks_of(file: Path, version: int) -> tuple[Array, ...]:
    """Return `read_stacks`, once for each version of a file."""
    suffix = file.suffix.lower()
    if suffix == ".gif":
        return (_gif(file),)
    if suffix != ".npy":
        raise ValueError(f"file must be .npy or .gif, got {file.name}")
    try:
        frames = np.load(file, allow_pickle=False)
    except ValueError as error:
        raise ValueError(f"{file.name} is no array of numbers: {error}") from None
    if not isinstance(frames, np.ndarray) or frames.ndim not in (3, 4):
        shape = getattr(frames, "shape", "no array")
        raise ValueError(
            f"{file.name} must hold frames (T, H, W) or sequences (N, T, H, W), got {shape}"
        )
    if frames.dtype.kind not in "buif":
        raise ValueError(f"{file.name} must hold numbers, got {frames.dtype}")
    scaled = frames / 255.0 if frames.dtype == np.uint8 else frames.astype(np.float64)
    if not frames.size or not np.isfinite(scaled).all():
        raise ValueError(f"{file.name} must hold finite intensities, and at least one")
    if scaled.min() < 0 or scaled.max() > 1:
        raise ValueError(
            f"{file.name} must hold intensities within 0 .. 1, or whole numbers of 8 bits, "
            f"got {scaled.min():g} .. {scaled.max():g}"
        )
    return tuple(scaled) if frames.ndim == 4 else (scaled,)


def _gif(file: Path) -> Array:
    from PIL import Image, ImageSequence, UnidentifiedImageError

    try:
        with Image.open(file) as image:
            each = [
                np.asarray(frame.convert("L"), dtype=np.float64) / 255.0
                for frame in ImageSequence.Iterator(image)
            ]
    except UnidentifiedImageError:
        raise ValueError(f"{file.name} is no picture that can be read") from None
    sizes = {frame.shape for frame in each}
    if len(sizes) > 1:
        raise ValueError(f"{file.name} has frames of different sizes: {sorted(sizes)}")
    return np.stack(each)
