"""Stacked and bidirectional networks against their plain twin and against one layer."""

import numpy as np
import pytest

from evolino.network.base import ForcedRuns, FreeRuns
from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.lstm import LSTM
from evolino.network.stacked import StackedLSTM
from evolino.network.stacked_stepper import trace

LENGTHS, FIRSTS = (9, 4, 7, 6, 5), (3, 0, 2, 0, 4)


def twin_features(network, genome, vectors, first):
    done, width = trace(network, genome, vectors), network.below_width
    read = np.concatenate(
        [np.arange(k * width, k * width + width) for k in network.read_layers]
    )
    parts = [done.outputs[:, read]]
    if network.readout_states:
        parts.append(done.states[:, read])
    parts.append(vectors)
    if network.readout_squares:
        parts += [np.square(done.outputs[:, read]), np.square(vectors)]
    return np.concatenate([*parts, np.ones((len(vectors), 1))], axis=1)[first:]


@pytest.mark.parametrize(
    ("cells", "bidirectional", "read", "states", "precision"),
    [
        (3, False, "top", False, "float64"),
        (3, True, "all", True, "float64"),
        (2, True, "top", False, "float32"),
        (65, True, "all", True, "float64"),
        (65, False, "top", True, "float64"),
    ],
)
def test_a_stack_equals_its_twin(cells, bidirectional, read, states, precision, rng):
    network = StackedLSTM(
        cells, 3, bidirectional, read, feedback=not bidirectional, readout_states=states,
        readout_squares=states, peepholes=True, precision=precision,
    ).for_task(2, 2)  # fmt: skip
    driver = network.driver()
    genomes = rng.normal(0, 0.3, (2, *network.genome_shape))
    vectors = tuple(rng.normal(size=(n, network.input_width)) for n in LENGTHS)
    drive = driver.teacher_forcing(ForcedRuns(vectors, FIRSTS))
    features, _ = drive(driver.pack(genomes), None)
    off = 1e-5 if precision == "float32" else 1e-11
    for p, genome in enumerate(genomes):
        each = zip(vectors, FIRSTS, strict=True)
        wanted = [twin_features(network, genome, v, first) for v, first in each]
        np.testing.assert_allclose(features[p], np.concatenate(wanted), rtol=off, atol=off)


def test_one_layer_is_the_network_without_layers_to_the_bit(rng):
    fields = {
        "cells": 5,
        "peepholes": True,
        "readout_states": True,
        "readout_squares": True,
    }
    one = StackedLSTM(layers=1, **fields).for_task(1, 2)
    plain = LSTM(**fields).for_task(1, 2)
    assert one.gene_groups() == plain.gene_groups()
    genomes = rng.normal(0, 0.3, (3, *plain.genome_shape))
    runs = ForcedRuns((rng.normal(size=(12, 3)),), (2,), ((0, 5), (0, 7)))
    ahead = FreeRuns(rng.normal(size=(2, 2)), rng.normal(size=(2, 4, 1)))
    readout = rng.normal(0, 0.1, (3, plain.readout_width, 2))
    found = []
    for network in (one, plain):
        driver = network.driver()
        networks = driver.pack(genomes)
        features, states = driver.teacher_forcing(runs)(networks, None)
        ran = driver.free_running(ahead)(networks, readout, states, None)
        found.append((features, *states, ran))
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_backward_cells_read_the_sequence_from_its_end(rng):
    network = StackedLSTM(3, 1, True, feedback=False).for_task(2, 1)
    genome = rng.normal(0, 0.3, (1, *network.genome_shape))
    vectors = rng.normal(size=(8, 2))
    changed = vectors.copy()
    changed[-1] += 1.0
    driver = network.driver()
    seen, other = (
        driver.teacher_forcing(ForcedRuns((each,), (0,)))(driver.pack(genome), None)[0][0]
        for each in (vectors, changed)
    )
    np.testing.assert_array_equal(seen[:-1, :3], other[:-1, :3])
    assert (seen[:, 3:6] != other[:, 3:6]).all()


def test_genes_that_a_layer_lacks_have_no_effect(rng):
    network = StackedLSTM(3, 2).for_task(1, 1)
    driver = network.driver()
    genomes = rng.normal(size=(2, *network.genome_shape))
    runs = driver.teacher_forcing(ForcedRuns((rng.normal(size=(6, 2)),), (0,)))
    all_genes, _ = runs(driver.pack(genomes), None)
    masked, _ = runs(driver.pack(driver.masked(genomes)), None)
    np.testing.assert_array_equal(all_genes, masked)
    free = network.free_genes()
    assert free[:3, network.genes_of("input")].all()
    assert not free[3:, network.genes_of("feedback")].any()
    assert free[3:, network.genes_of("below")].all()
    assert not free[:3, network.genes_of("below")].any()


def test_a_stack_with_a_kernel_expansion_runs_freely_as_its_stepper_does(rng):
    network = StackedLSTM(2, 2).for_task(0, 1)
    driver = network.driver()
    genome = rng.normal(0, 0.5, network.genome_shape)
    width = network.readout_width
    expansion = KernelExpansion(
        "gaussian", 2.0, rng.normal(size=(3, width)), rng.normal(size=(3, 1)),
        rng.normal(size=1), np.ones(width),
    )  # fmt: skip
    states = tuple(np.zeros((1, 1, 4)) for _ in range(2))
    runs = driver.free_running(FreeRuns(np.full((1, 1), 0.3), np.zeros((1, 5, 0))))
    ran = runs(driver.pack(genome[None]), [expansion], states, None)[0, 0]
    stepper, y, wanted = driver.stepper(genome), np.full(1, 0.3), []
    for _ in range(5):
        stepper.step(y)
        y = expansion.outputs(stepper.features()[None])[0]
        wanted.append(y)
    np.testing.assert_allclose(ran, wanted, rtol=1e-12)


def test_what_a_bidirectional_network_cannot_do_is_refused():
    with pytest.raises(ValueError, match="needs feedback=False"):
        StackedLSTM(3, bidirectional=True)
    network = StackedLSTM(3, bidirectional=True, feedback=False).for_task(1, 1)
    with pytest.raises(ValueError, match="cannot run freely: its backward cells"):
        network.check_free_run()
    with pytest.raises(ValueError, match="cannot run freely"):
        network.driver().stepper(np.zeros(network.genome_shape))
    with pytest.raises(ValueError, match="cannot run freely"):
        runs = ForcedRuns((np.zeros((4, 1)),), (0,), ((0, 2),))
        network.driver().teacher_forcing(runs)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"layers": 0}, "layers must be"),
        ({"cells": 0}, "cells must be"),
        ({"readout_layers": "last"}, "'top' or 'all'"),
        ({"cell_output": "s"}, "cell_output must be"),
        ({"output": "tanh"}, "output must be"),
    ],
)
def test_a_field_out_of_its_range_is_refused_by_name(fields, message):
    with pytest.raises(ValueError, match=message):
        StackedLSTM(**{"cells": 3, **fields})
