"""Patches around the pixels of pictures, and the way back: what convolutions are made of.

A convolution is a matrix product of filters and patches. Pictures of C channels and N films
lie as (C, M): the pixels of film after film, line by line, then what fills up the last
vector.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba

from evolino.simd.compiled import compiled

njit: Any = numba.njit


class Sizes(NamedTuple):
    """number: of films beside each other. height, width: of their pictures. kernel: the
    width of a patch, which is odd."""

    number: int
    height: int
    width: int
    kernel: int


@njit(inline="always")
def _clear_beyond(line: Any, sizes: Sizes, down: int, right: int) -> None:
    """Set to 0 the pixels (M,) whose neighbour, so far down and right, is no pixel."""
    number, height, width, _ = sizes
    left, end = min(width, -right), max(0, width - right)
    for film in range(number):
        first = film * height * width
        for y in range(height):
            at = first + y * width
            if y + down < 0 or y + down >= height:
                for x in range(at, at + width):
                    line[x] = 0.0
            for x in range(at, at + left):
                line[x] = 0.0
            for x in range(at + end, at + width):
                line[x] = 0.0


@njit(inline="always")
def _copy(source: Any, target: Any) -> None:
    for x in range(len(source)):
        target[x] = source[x]


@njit(inline="always")
def _add(source: Any, target: Any) -> None:
    for x in range(len(source)):
        target[x] += source[x]


@compiled
def cut_patches(pictures: Any, sizes: Sizes, patches: Any) -> None:
    """Write what surrounds every pixel of pictures (C, M), 0 beyond the border.

    patches: (C kernel^2, M), rows over channels, then lines and columns of a patch.
    """
    number, height, width, kernel = sizes
    pixels, edge, area = number * height * width, kernel // 2, kernel * kernel
    for row in range(patches.shape[0]):
        down, right = row % area // kernel - edge, row % kernel - edge
        apart = down * width + right
        source, line = pictures[row // area], patches[row]
        first, end = max(0, -apart), pixels - max(0, apart)
        if first < end:
            _copy(source[first + apart : end + apart], line[first:end])
        _clear_beyond(line, sizes, down, right)


@compiled
def add_patches(patches: Any, sizes: Sizes, pictures: Any) -> None:
    """Add patches to the pixels that they were cut from: the way back of `cut_patches`.

    Patches beyond the border become 0.
    """
    number, height, width, kernel = sizes
    pixels, edge, area = number * height * width, kernel // 2, kernel * kernel
    for row in range(patches.shape[0]):
        down, right = row % area // kernel - edge, row % kernel - edge
        apart = down * width + right
        target, line = pictures[row // area], patches[row]
        _clear_beyond(line, sizes, down, right)
        first, end = max(0, -apart), pixels - max(0, apart)
        if first < end:
            _add(line[first:end], target[first + apart : end + apart])
