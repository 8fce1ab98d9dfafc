"""The gradient of a convolutional network is that of finite differences."""

import numpy as np
import pytest

from evolino.network.backward.pictures import FilmsPass, FilterGradient
from evolino.network.convolutional import ConvLSTM
from evolino.network.convolutional_step import filters_of


def driven(network, genome, frames):
    passed = FilmsPass(network, filters_of(network, genome), frames.shape[2])
    for u in passed.laid_out(frames):
        passed.step(u)
    return passed


@pytest.mark.parametrize(
    ("layers", "kernel", "peepholes"), [(1, 3, "pixel"), (2, 3, "channel"), (3, 1, "none")]
)
def test_the_gradient_is_that_of_finite_differences(layers, kernel, peepholes, rng):
    network = ConvLSTM(2, layers, kernel, peepholes, height=3, width=4)
    genome = rng.normal(0, 0.4, network.genome_shape)
    frames = rng.random((4, 1, 3, 12))
    factors = rng.normal(size=(4, 2, 3, 12))

    def value(genes, films):
        passed = driven(network, genes, films)
        each = zip(passed.laid_out(factors), passed.outputs[1:], strict=True)
        return sum((factor * h[-1]).sum() for factor, h in each)

    passed = driven(network, genome, frames)
    gradient = FilterGradient(network, filters_of(network, genome))
    each = passed.laid_out(factors)[::-1]
    to_frames = [passed.back(factor, gradient)[:, :36] for factor in each][::-1]
    found = gradient.genome()
    assert not found[~network.free_genes()].any()
    for _ in range(4):
        along = 1e-6 * rng.normal(size=genome.shape)
        other = 1e-6 * rng.normal(size=frames.shape)
        apart = value(genome + along, frames + other) - value(
            genome - along, frames - other
        )
        expected = 2 * (
            (found * along).sum() + (np.reshape(to_frames, other.shape) * other).sum()
        )
        assert expected == pytest.approx(apart, rel=1e-6, abs=1e-12)
