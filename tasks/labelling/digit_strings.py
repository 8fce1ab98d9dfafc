"""Strings of handwritten digits, read column by column: scikit-learn's 8 x 8 images.

A string is 1 to 3 empty columns, then each digit's 8 columns and 0 to 3 empty ones, with
normal noise on every pixel. Test strings are of images that no training string has, and so
are those that select networks.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.random import Generator

from evolino.tasks.labelling.labelled_sequences import LabelledSequence, Parts
from evolino.vocabulary import Array, IntArray

SYMBOLS = tuple("0123456789")
ROWS = 8  # of an image, which are the inputs of a frame
FOR_TRAINING, IMAGES_SEED = 1200, 1  # of 1,797 images, in an order that is always the same
BEFORE, AFTER = (1, 4), (0, 4)  # empty columns: least, and most + 1
VALIDATION = 0.2  # share of training images, and of training strings


def digit_strings(
    rng: Generator, counts: tuple[int, int], lengths: tuple[int, int], noise: float
) -> Parts:
    """Return strings of digits. counts: for training (validation among them), for test.
    lengths: least and most digits of a string. noise: deviation, of pixels 0 to 1."""
    images, digits = _images()
    order = np.random.default_rng(IMAGES_SEED).permutation(len(images))
    training, tested = counts
    selecting = max(round(VALIDATION * training), 1) if training > 1 else 0
    fitted = round((1 - VALIDATION) * FOR_TRAINING)
    sources = {
        "train": (order[:fitted], training - selecting),
        "validation": (order[fitted:FOR_TRAINING], selecting),
        "test": (order[FOR_TRAINING:], tested),
    }
    drawn = {
        name: [
            _string(rng, images, digits, rng.choice(of, rng.integers(*_range(lengths))))
            for _ in range(count)
        ]
        for name, (of, count) in sources.items()
    }
    noisy = {name: [_noisy(each, noise, rng) for each in drawn[name]] for name in drawn}
    return Parts(**noisy)


def _range(lengths: tuple[int, int]) -> tuple[int, int]:
    return lengths[0], lengths[1] + 1


def _string(
    rng: Generator, images: Array, digits: IntArray, chosen: IntArray
) -> LabelledSequence:
    columns = [np.zeros((rng.integers(*BEFORE), ROWS))]
    for number in chosen:
        columns += [images[number].T, np.zeros((rng.integers(*AFTER), ROWS))]
    return LabelledSequence(np.concatenate(columns), digits[chosen] + 1)


def _noisy(sequence: LabelledSequence, noise: float, rng: Generator) -> LabelledSequence:
    frames = sequence.frames + rng.normal(0.0, noise, sequence.frames.shape)
    return LabelledSequence(frames, sequence.labels)


@cache
def _images() -> tuple[Array, IntArray]:
    """Return images (N, 8, 8) of 0 to 1 and the digit of each."""
    from sklearn.datasets import load_digits

    data = load_digits()
    return data.images / 16.0, data.target.astype(np.int64)
