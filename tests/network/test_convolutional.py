"""Convolutional networks against their equations, pixel by pixel, and on their laws."""

import numpy as np
import pytest

from evolino.models.driving import drive, free_running
from evolino.models.lockstep import Lockstep, free_run
from evolino.network.base import ForcedRuns
from evolino.network.convolutional import ConvLSTM
from evolino.network.convolutional_stepper import run
from evolino.task.series import Segment, Series


def films(rng, count, frames, pixels):
    """Series of pictures, a row for every pixel."""
    rows = [rng.random((frames * pixels, 1)) for _ in range(count)]
    return [Series(np.zeros((len(each), 0)), each) for each in rows]


@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize(
    ("layers", "peepholes", "readout"),
    [(1, "channel", 1), (2, "pixel", 3), (3, "none", 1)],
)
def test_features_are_those_of_the_equations(kernel, layers, peepholes, readout, rng):
    network = ConvLSTM(
        2, layers, kernel, peepholes, height=4, width=5, readout_kernel=readout
    )
    genome = rng.normal(0, 0.4, network.genome_shape)
    driver, pixels = network.driver(), 20
    segments = [Segment(each, 20, 80) for each in films(rng, 2, 4, pixels)]
    seen, targets, _ = drive(driver, driver.pack(genome[None]), segments)
    assert targets.shape == (120, 1)
    wanted = []
    for segment in segments:
        film = segment.series.targets.reshape(4, 1, 4, 5)
        frames = np.concatenate([np.zeros((1, 1, 4, 5)), film[:-1]])
        outputs, _ = run(network, genome, frames)
        top = outputs[:, network.rows(layers - 1)]
        edge = readout // 2
        every = np.concatenate([top, frames], axis=1)
        padded = np.pad(every, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
        for t in range(1, 4):
            for y in range(4):
                for x in range(5):
                    patch = padded[t, :, y : y + readout, x : x + readout]
                    wanted.append([*patch.reshape(-1), 1.0])
    np.testing.assert_allclose(seen[0], wanted, rtol=1e-12, atol=1e-12)


def test_a_free_run_is_fed_its_own_frames(rng):
    network = ConvLSTM(2, 2, height=3, width=4)
    genome = rng.normal(0, 0.4, network.genome_shape)
    weights = rng.normal(0, 0.1, (network.readout_width, 1))
    driver = network.driver()
    segments = [Segment(each, 24, 60) for each in films(rng, 3, 5, 12)]
    networks = driver.pack(genome[None])
    _, _, states = drive(driver, networks, (), segments)
    outputs = free_running(driver, segments)(networks, weights[None], states, None)
    for n, segment in enumerate(segments):
        alone = free_run(Lockstep(network, [(genome, weights)]), segment)
        np.testing.assert_allclose(outputs[0, n], alone, rtol=1e-11, atol=1e-12)


def test_what_moves_with_a_picture_moves_in_all_channels(rng):
    network = ConvLSTM(3, 2, height=9, width=9, inputs=1, feedback=False)
    genome = rng.normal(0, 0.4, network.genome_shape)
    driver, glyph = network.driver(), rng.random((2, 3, 3))
    seen = []
    for first in (1, 2):
        film = np.zeros((2, 9, 9))
        film[:, first : first + 3, 2:5] = glyph
        runs = ForcedRuns((film.reshape(-1, 1),), (0,))
        rows, _ = driver.teacher_forcing(runs)(driver.pack(genome[None]), None)
        seen.append(rows.reshape(2, 9, 9, -1)[0])  # borders are not reached in a frame
    np.testing.assert_allclose(seen[0][2:6, 3:6], seen[1][3:7, 3:6], rtol=1e-12)


def test_genes_that_a_layer_lacks_have_no_effect(rng):
    network = ConvLSTM(2, 2, height=3, width=3)
    driver = network.driver()
    genome = rng.normal(0, 0.4, (1, *network.genome_shape))
    runs = driver.teacher_forcing(ForcedRuns((rng.random((18, 1)),), (0,)))
    seen = [runs(driver.pack(each), None)[0] for each in (genome, driver.masked(genome))]
    np.testing.assert_array_equal(*seen)
    assert not network.free_genes()[:2, network.genes_of("below")].any()
    assert not network.free_genes()[2:, network.genes_of("feedback")].any()


def test_rows_that_are_no_whole_frames_are_refused(rng):
    driver = ConvLSTM(2, height=2, width=2).driver()
    with pytest.raises(ValueError, match="a sequence must be whole frames of 4 rows"):
        driver.teacher_forcing(ForcedRuns((np.zeros((7, 1)),), (0,)))
    with pytest.raises(ValueError, match="before a free run must be whole frames"):
        driver.teacher_forcing(ForcedRuns((np.zeros((8, 1)),), (0,), ((0, 3),)))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"channels": 0}, "channels must be"),
        ({"kernel": 2}, "kernel must be 1 or 3 or 5, got 2"),
        ({"readout_kernel": 5}, "readout_kernel must be 1 or 3, got 5"),
        ({"peepholes": "cell"}, "peepholes must be one of none, channel, pixel"),
        ({"output": "softmax"}, "output must be 'identity' or 'logistic'"),
        ({"feedback": False}, "needs inputs or feedback"),
    ],
)
def test_a_field_out_of_its_range_is_refused_by_name(fields, message):
    with pytest.raises(ValueError, match=message):
        ConvLSTM(**{"channels": 2, **fields})
