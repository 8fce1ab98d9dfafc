"""What every architecture obeys: those of the table, and one of a user's own."""

import numpy as np
import pytest

from evolino.models.driving import drive, free_running
from evolino.models.lockstep import Lockstep, free_run
from evolino.network.base import ForcedRuns
from evolino.registry import find, names
from evolino.task.series import Segment, Series
from tests.support.elman import Elman

OF_THE_TABLE = {
    "convolutional": {"channels": 3, "layers": 2, "readout_kernel": 1},
    "lstm": {"cells": 4, "peepholes": True},
    "stacked": {"cells": 3, "layers": 3, "peepholes": True, "readout_layers": "all"},
}
CASES = {name: find("network", name)(**OF_THE_TABLE[name]) for name in names("network")}
CASES["elman"] = Elman(units=4)


@pytest.fixture(params=CASES)
def architecture(request):
    return CASES[request.param].for_task(1, 2)


def test_an_architecture_takes_the_widths_of_a_task(architecture):
    assert (architecture.inputs, architecture.outputs) == (1, 2)
    assert architecture.for_task(3, 1).inputs == 3


def test_every_gene_has_a_source(architecture):
    groups = architecture.gene_groups()
    assert len(groups) == architecture.genome_shape[1]
    found = [architecture.genes_of(source, gate) for source, gate in set(groups)]
    assert sorted(np.concatenate(found)) == list(range(len(groups)))
    assert not len(architecture.genes_of("no such source"))


def test_a_genome_of_another_shape_is_refused(architecture):
    cells, genes = architecture.genome_shape
    with pytest.raises(ValueError, match="shape"):
        architecture.driver().pack(np.zeros((1, cells, genes + 1)))


def made(architecture, rng, count):
    genomes = 0.5 * rng.normal(size=(count, *architecture.genome_shape))
    weights = 0.1 * rng.normal(size=(count, architecture.readout_width, 2))
    lengths = (20, 14, 9)
    series = [Series(rng.normal(size=(n, 1)), rng.normal(size=(n, 2))) for n in lengths]
    return genomes, weights, series


def test_features_and_states_of_a_network_do_not_depend_on_those_beside_it(
    architecture, rng
):
    driver = architecture.driver()
    genomes, _, _ = made(architecture, rng, driver.block_size)
    vectors = [rng.normal(size=(n, 3)) for n in (12, 5)]
    runs = ForcedRuns(tuple(vectors), (4, 0), ((1, 5), (0, 0), (0, 7)))
    forcing = driver.teacher_forcing(runs)
    features, states = forcing(driver.pack(genomes), None)
    assert features.shape == (len(genomes), 8 + 5, architecture.readout_width)
    held = sum(each[0, 0].size for each in states)
    assert held == np.prod(architecture.state_shape)
    for p in range(len(genomes)):
        alone, own = forcing(driver.pack(genomes[[p]]), None)
        np.testing.assert_array_equal(alone[0], features[p])
        for one, every in zip(own, states, strict=True):
            np.testing.assert_array_equal(one[0], every[p])
            assert not every[p, 1].any()  # at rest


def test_the_stepper_gives_the_features_of_the_teacher_forced_pass(architecture, rng):
    driver = architecture.driver()
    genomes, _, _ = made(architecture, rng, 1)
    vectors = rng.normal(size=(9, 3))
    forcing = driver.teacher_forcing(ForcedRuns((vectors,), (0,)))
    features, _ = forcing(driver.pack(genomes), None)
    stepper = driver.stepper(genomes[0])
    for u, wanted in zip(vectors, features[0], strict=True):
        stepper.step(u)
        np.testing.assert_allclose(stepper.features(), wanted, rtol=1e-9, atol=1e-12)


def test_a_free_run_goes_on_from_the_teacher_forced_pass(architecture, rng):
    driver = architecture.driver()
    genomes, weights, series = made(architecture, rng, 3)
    segments = [Segment(each, 4, each.steps) for each in series]
    networks = driver.pack(genomes)
    _, _, states = drive(driver, networks, (), segments)
    outputs = free_running(driver, segments)(networks, weights, states, None)
    for p in range(3):
        for n, segment in enumerate(segments):
            alone = Lockstep(architecture, [(genomes[p], weights[p])])
            wanted = free_run(alone, segment)
            ours = outputs[p, n, : len(wanted)]
            np.testing.assert_allclose(ours, wanted, rtol=1e-9, atol=1e-9)


def test_a_free_run_beyond_its_tolerance_is_lost(architecture, rng):
    driver = architecture.driver()
    genomes, weights, series = made(architecture, rng, 2)
    segments = [Segment(each, 4, each.steps) for each in series]
    networks = driver.pack(genomes)
    _, _, states = drive(driver, networks, (), segments)
    run = free_running(driver, segments, tolerance=1e-9)
    assert np.isinf(run(networks, weights, states, None)[:, :, -1]).all()


def test_noise_disturbs_a_free_run_and_only_its_states(architecture, rng):
    driver = architecture.driver()
    genomes, weights, series = made(architecture, rng, 2)
    segments = [Segment(series[0], 4, 20)]
    networks = driver.pack(genomes)
    _, _, states = drive(driver, networks, (), segments)
    noise = rng.normal(size=(3, *architecture.state_shape))
    runs = [
        free_running(driver, segments, noise=each)(networks, weights, states, None)
        for each in (None, 0.0 * noise, 0.1 * noise)
    ]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any(axis=(1, 2, 3)).all()
