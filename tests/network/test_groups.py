"""Laws of structured networks: a group is blind to what it does not see."""

from dataclasses import asdict

import numpy as np
import pytest

from evolino.network import reference
from evolino.network.base import input_vectors
from evolino.network.features import features_of
from evolino.network.groups import Group
from evolino.network.initialisers.by_group import ByGroup
from evolino.network.initialisers.delay_line import DelayLine
from evolino.network.initialisers.gaussian import Gaussian
from evolino.network.initialisers.linear_regime import LinearRegime
from evolino.network.initialisers.saturated_ternary import SaturatedTernary
from evolino.network.initialisers.spread import Spread
from evolino.network.kernels.dispatch import pack, teacher_forced
from evolino.network.lstm import LSTM
from evolino.network.stepper import Stepper
from evolino.network.weights import free_genes, readout_parts
from evolino.readout.in_parts import solve_in_parts
from evolino.readout.linear import PseudoInverse, Ridge
from evolino.registry import fields_to_table, make
from evolino.search.scales import ScaleEvolution

CASCADE = (Group(2, 2, (0,)), Group(3, 1, (0, 1)))
NETWORK = LSTM(
    cells=5,
    inputs=1,
    outputs=3,
    groups=CASCADE,
    peepholes=True,
    readout_states=True,
    readout_squares=True,
)
VARIANTS = [
    NETWORK,
    LSTM(cells=5, outputs=3, groups=CASCADE, sources=2, forget_gate=False),
    LSTM(cells=5, inputs=2, outputs=3, groups=CASCADE, feedback=False, bias=False),
]


def driven(network, genome, series):
    return reference.run(network, genome, input_vectors(network, *series))


@pytest.mark.parametrize("network", VARIANTS)
def test_the_first_group_does_not_notice_the_second(network, rng):
    genome = rng.normal(size=network.genome_shape)
    inputs, targets = rng.normal(size=(20, network.inputs)), rng.normal(size=(20, 3))
    before = driven(network, genome, (inputs, targets))
    other = genome.copy()
    other[2:] += rng.normal(size=(3, network.genes))
    targets = targets.copy()
    targets[:, 2] = rng.normal(size=20)
    after = driven(network, other, (inputs, targets))
    np.testing.assert_array_equal(before.states[:, :2], after.states[:, :2])
    assert (before.states[-1, 2:] != after.states[-1, 2:]).all()


@pytest.mark.parametrize("network", VARIANTS)
def test_the_second_group_hears_the_first(network, rng):
    genome = rng.normal(size=network.genome_shape)
    series = rng.normal(size=(20, network.inputs)), rng.normal(size=(20, 3))
    before = driven(network, genome, series)
    genome[0] += 1.0
    after = driven(network, genome, series)
    assert (before.states[-1, 2:] != after.states[-1, 2:]).all()


@pytest.mark.parametrize("network", VARIANTS)
def test_the_kernels_and_the_stepper_give_what_the_twin_gives(network, rng):
    genome = rng.normal(size=network.genome_shape)
    vectors = input_vectors(
        network, rng.normal(size=(20, network.inputs)), rng.normal(size=(20, 3))
    )
    trace = reference.run(network, genome, vectors)
    expected = features_of(network, trace.outputs, trace.states, vectors)
    seen, _ = teacher_forced(pack(network, genome[None]), vectors)
    np.testing.assert_allclose(seen[0], expected, rtol=1e-12, atol=1e-12)
    stepper = Stepper(network, genome)
    for u, row in zip(vectors, expected, strict=True):
        stepper.step(u)
        np.testing.assert_allclose(stepper.features(), row, rtol=1e-12, atol=1e-12)


def test_genes_are_free_where_the_group_sees():
    network = LSTM(cells=2, outputs=2, groups=((Group(1, 1, (0,))), Group(1, 1, (0, 1))))
    free = free_genes(network).reshape(2, -1, 4)
    # Sources: bias, outputs 0 and 1, cells 0 and 1.
    assert free[0].all(axis=1).tolist() == [True, True, False, True, False]
    assert free[1].all()


def test_sparse_sources_are_cells_that_are_seen():
    sources = VARIANTS[1].recurrent_sources()
    assert set(sources[:2].ravel()) <= {0, 1}
    assert free_genes(VARIANTS[1])[:, NETWORK.inputs :].any()


@pytest.mark.parametrize("readout", [PseudoInverse(), Ridge((1e-6, 1e-3))])
def test_outputs_are_solved_on_what_their_group_sees(readout, rng):
    states, targets = (
        rng.normal(size=(2, 60, NETWORK.readout_width)),
        rng.normal(size=(60, 3)),
    )
    weights = solve_in_parts(readout, NETWORK.driver().readout_parts(), states, targets)
    assert weights.shape == (len(readout.penalties), 2, NETWORK.readout_width, 3)
    (columns, outputs), (whole, last) = readout_parts(NETWORK)
    assert outputs.tolist() == [0, 1] and last.tolist() == [2]
    assert len(whole) == NETWORK.readout_width
    # cells, states, u, squares of both, constant: of 2 of 5 cells and 3 of 4 inputs.
    assert columns.tolist() == [0, 1, 5, 6, 10, 11, 12, 14, 15, 19, 20, 21, 23]
    alone = readout.solve(states[:, :, columns], targets[:, :2])
    np.testing.assert_array_equal(weights[:, :, columns, :2], alone)
    blind = np.setdiff1d(whole, columns)
    assert not weights[:, :, blind, :2].any()


def test_without_groups_the_readout_is_the_plain_one(rng):
    network = LSTM(cells=2)
    states, targets = rng.normal(size=(1, 30, 4)), rng.normal(size=(30, 1))
    np.testing.assert_array_equal(
        solve_in_parts(Ridge(), network.driver().readout_parts(), states, targets),
        Ridge().solve(states, targets),
    )


def test_groups_survive_tables_and_files():
    assert make("network", LSTM, fields_to_table(NETWORK)) == NETWORK
    assert LSTM(**asdict(NETWORK)) == NETWORK
    assert hash(NETWORK) == hash(LSTM(**asdict(NETWORK)))


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([Group(2, 1, (0,))], "groups have 2 cells together, the network has 5"),
        ([Group(2, 1, (0,)), Group(3, 1, (0,))], "number 1 must see itself"),
        ([Group(5, 1, (0, 1))], "others from 0 to 0"),
        ([{"cells": 5, "outputs": 1}], "each needs cells, outputs and sees"),
        ([{"cells": 5, "outputs": 1, "sees": [0], "x": 1}], "each needs cells"),
    ],
)
def test_groups_that_do_not_fit_are_named(groups, message):
    with pytest.raises(ValueError, match=message):
        LSTM(cells=5, groups=groups)


def test_outputs_that_groups_do_not_share_out_are_named():
    with pytest.raises(ValueError, match="groups have 3 outputs together, the task has 4"):
        NETWORK.for_task(0, 4)


PARTS = ByGroup((LinearRegime(lowest_radius=0.9, highest_radius=0.9), Spread()))


def test_each_group_begins_in_its_own_way(rng):
    network = LSTM(cells=5, outputs=3, groups=CASCADE)
    genome = PARTS.draw(network, rng, 1)[0]
    assert not genome[:2, network.genes_of("recurrent", "input")].any()
    assert genome[2:, network.genes_of("recurrent", "input")].all()
    assert not genome[~free_genes(network)].any()


def test_the_linear_regime_has_its_radius_in_each_group(rng):
    network = LSTM(cells=5, outputs=3, groups=CASCADE)
    regime = LinearRegime(lowest_radius=0.9, highest_radius=0.9)
    genome = regime.draw(network, rng, 1)[0]
    sigmoid = {
        gate: 1 / (1 + np.exp(-genome[:, network.genes_of("bias", gate)[0]]))
        for gate in ("input", "forget", "output")
    }
    recurrent = np.where(free_genes(network), genome, 0)[
        :, network.genes_of("recurrent", "cell")
    ]
    modes = np.diag(sigmoid["forget"]) + (
        sigmoid["input"][:, None] * recurrent * sigmoid["output"]
    )
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(modes[:2, :2])), 0.9)
    np.testing.assert_allclose(np.abs(np.linalg.eigvals(modes[2:, 2:])), 0.9)


def test_held_groups_are_not_searched(rng):
    network = LSTM(cells=5, outputs=3, groups=CASCADE)
    held = ByGroup(PARTS.parts, held=(0,))
    scale = held.scale(network)
    assert not scale[:2].any() and scale[2:].any()
    assert not ByGroup(PARTS.parts, held=(1,)).scale(network)[2:].any()
    assert ByGroup(PARTS.parts, held=(1,)).family(network) is None
    family = held.family(network)
    point = np.full(family.parameters, 0.5)
    assert not family.scale_at(point)[:2].any()
    np.testing.assert_array_equal(
        family.draw_at(point, np.random.default_rng(1), 2)[:, :2],
        held.draw(network, np.random.default_rng(1), 2)[:, :2],
    )


def test_scales_of_one_group_can_be_evolved(rng):
    from evolino.search.base import WeightSpace

    network = LSTM(cells=5, outputs=3, groups=CASCADE)
    space = WeightSpace(
        draw=lambda rng, count: PARTS.draw(network, rng, count),
        scale=PARTS.scale(network),
        family=PARTS.family(network),
    )
    search = ScaleEvolution(population=4, draws=1, kept=1).start(space, rng, None)
    genomes = search.ask()
    assert genomes.shape == (4, *network.genome_shape)
    search.tell(np.arange(4.0))


def test_parts_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="one for each of 2 groups, got 1"):
        ByGroup((Gaussian(),)).draw(NETWORK, np.random.default_rng(0), 1)
    with pytest.raises(ValueError, match="must draw real weights, got 'ternary'"):
        ByGroup((SaturatedTernary(),))
    with pytest.raises(TypeError, match="parts must be initialisers"):
        ByGroup((3,))


def test_parallel_delay_lines_hand_on_what_they_hear(rng):
    network = LSTM(cells=6, outputs=3, readout_inputs=False)
    genome = DelayLine(length=6, lines=2, amplitude=1e-3, openness=12.0).draw(
        network, rng, 1
    )
    targets = rng.normal(size=(10, 3))
    h = driven(network, genome[0], (np.zeros((10, 0)), targets)).outputs
    np.testing.assert_allclose(h[1:, 2:4], h[:-1, 0:2], atol=1e-7)
    np.testing.assert_allclose(h[2:, 4:6], h[:-2, 0:2], atol=1e-7)
    assert np.linalg.matrix_rank(h[:, :2], tol=1e-5) == 2


def test_improvising_with_what_is_fed_back_anyway_is_a_free_run(rng):
    from evolino.models.model import Model

    network = LSTM(cells=5, outputs=3, groups=CASCADE, output="threshold in feedback")
    genome = rng.normal(size=network.genome_shape)
    model = Model(network, genome, rng.normal(size=(network.readout_width, 3)))
    prime = (rng.random((8, 3)) < 0.5).astype(float)
    free = model.generate(30, prime)
    chosen, outputs = model.improvise(30, prime, network.fed_back)
    np.testing.assert_allclose(outputs, free, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(chosen, free > 0.5)


def test_what_is_heard_need_not_be_the_target(rng):
    from evolino.models.driving import drive
    from evolino.task.series import Segment, Series

    network = LSTM(cells=3)
    networks = pack(network, rng.normal(size=(1, *network.genome_shape)))
    targets, heard = rng.normal(size=(20, 1)), rng.normal(size=(20, 1))
    nothing = np.zeros((20, 0))
    fitted = Segment(Series(nothing, targets, heard), 5, 20)
    driver = network.driver()
    seen, wanted, _ = drive(driver, networks, (fitted,))
    as_heard, _, _ = drive(driver, networks, (Segment(Series(nothing, heard), 5, 20),))
    np.testing.assert_array_equal(seen, as_heard)
    np.testing.assert_array_equal(wanted, targets[5:])


def test_one_group_has_the_outputs_that_no_other_has():
    groups = (Group(2, 1, (0,)), Group(3, sees=(0, 1)))
    network = LSTM(cells=5, groups=groups)
    assert [group.outputs for group in network.for_task(1, 6).groups] == [1, 5]
    assert make("group", LSTM, fields_to_table(network)) == network
    with pytest.raises(ValueError, match="groups have 1 outputs together, the task has 0"):
        network.for_task(1, 0)
    with pytest.raises(ValueError, match="outputs must be given for all but one"):
        LSTM(cells=5, groups=(Group(2, sees=(0,)), groups[1])).for_task(1, 6)
