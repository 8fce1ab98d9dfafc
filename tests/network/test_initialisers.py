"""Laws of first genomes."""

import numpy as np
import pytest

from evolino.network.initialisers.clock import Clock
from evolino.network.initialisers.clocked import Clocked
from evolino.network.initialisers.delay_line import DelayLine
from evolino.network.initialisers.gaussian import Gaussian
from evolino.network.initialisers.linear_regime import LinearRegime, random_orthogonal
from evolino.network.initialisers.policy import Policy
from evolino.network.initialisers.saturated import Saturated
from evolino.network.initialisers.saturated_ternary import SaturatedTernary
from evolino.network.initialisers.spread import Spread
from evolino.network.initialisers.uniform import Uniform
from evolino.network.lstm import LSTM
from evolino.network.reference import run
from evolino.network.weights import unpack
from evolino.registry import find, from_table, names, to_table

ARCHITECTURES = [
    LSTM(cells=5),
    LSTM(cells=5, inputs=2, peepholes=True, sources=3),
    LSTM(cells=4, forget_gate=False, feedback=False, inputs=1),
    LSTM(cells=3, inputs=1, peepholes=True),
    LSTM(cells=4, inputs=1, full_peepholes=True),
]


# What an initialiser cannot draw for, and how it says so.
REFUSED = {
    ("delay-line", 1): "needs sources=None, got 3",
    ("delay-line", 2): "needs bias=True and forget_gate=True",
    ("clock", 0): "a clock needs two cells, an external input",
    ("clock", 1): "a clock needs sources=None, got 3",
    ("clock", 2): "forget_gate=True and peepholes=True",
    ("clocked", 1): "clocked cells need sources=None, got 3",
    ("clocked", 2): "forget_gate=True and feedback=True",
    ("clock", 4): "a clock needs two cells, an external input",
    ("delay-line", 4): "needs full_peepholes=False",
    ("clocked", 4): "needs full_peepholes=False",
    ("linear-regime", 4): "needs full_peepholes=False",
}
FITTING = [
    (name, architecture)
    for name in names("initialiser")
    for k, architecture in enumerate(ARCHITECTURES)
    if (name, k) not in REFUSED
]


@pytest.fixture(params=names("initialiser"))
def initialiser(request):
    return find("initialiser", request.param)()


@pytest.mark.parametrize(("name", "architecture"), FITTING)
def test_genomes_and_scales_have_the_shape_of_the_architecture(name, architecture):
    initialiser = find("initialiser", name)()
    genomes = initialiser.draw(architecture, np.random.default_rng(1), 3)
    assert genomes.shape == (3, *architecture.genome_shape)
    assert np.isfinite(genomes).all()
    scale = initialiser.scale(architecture)
    assert scale.shape == architecture.genome_shape
    assert (scale >= 0).all()
    assert (scale > 0).any()


@pytest.mark.parametrize(("name", "architecture"), FITTING)
def test_the_same_generator_draws_the_same_genomes(name, architecture):
    initialiser = find("initialiser", name)()
    first, second = (
        initialiser.draw(architecture, np.random.default_rng(8), 2) for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
    assert (first[0] != first[1]).any()


@pytest.mark.parametrize("case", REFUSED)
def test_an_architecture_that_does_not_fit_is_refused(case):
    name, k = case
    with pytest.raises(ValueError, match=REFUSED[case]):
        find("initialiser", name)().draw(ARCHITECTURES[k], np.random.default_rng(1), 1)


def test_an_initialiser_survives_its_table(initialiser):
    assert from_table("initialiser", to_table(initialiser)) == initialiser


@pytest.mark.parametrize(
    "initialiser",
    [
        Uniform(width=2),
        Gaussian(deviation=2),
        SaturatedTernary(level=2),
        Saturated(deviation=2),
        DelayLine(deviation=2),
    ],
    ids=lambda each: each.name,
)
def test_a_whole_number_is_as_good_as_any(initialiser):
    network = LSTM(cells=5, peepholes=True)
    scale = initialiser.scale(network)
    assert scale.dtype == np.float64
    genomes = initialiser.draw(network, np.random.default_rng(1), 2)
    assert genomes.dtype == np.float64


@pytest.mark.parametrize("forget_gate", [True, False])
def test_the_linear_regime_is_a_scaled_orthogonal_map(rng, forget_gate):
    network = LSTM(cells=6, forget_gate=forget_gate)
    settings = LinearRegime(lowest_radius=0.6, highest_radius=0.9)
    parts = unpack(network, settings.draw(network, rng, 4))
    for bias, recurrent in zip(parts.bias, parts.recurrent, strict=True):
        gates = 1 / (1 + np.exp(-bias))
        forget = gates[:, 1] if forget_gate else np.ones(6)
        effective = np.diag(forget) + gates[:, [0]] * recurrent[:, :, 2] * gates[:, 3]
        singular = np.linalg.svd(effective)[1]
        np.testing.assert_allclose(singular, singular[0], rtol=1e-10)
        assert 0.6 <= singular[0] <= 0.9


def test_the_linear_regime_leaves_gates_to_their_biases(rng):
    network = LSTM(cells=6, inputs=2)
    parts = unpack(network, LinearRegime().draw(network, rng, 2))
    gates = [0, 1, 3]
    assert not parts.inputs[..., gates].any()
    assert not parts.recurrent[..., gates].any()
    assert not parts.bias[..., 2].any()
    assert np.abs(parts.inputs[..., 2]).max() < 1e-6


def test_the_linear_regime_needs_a_bias(rng):
    with pytest.raises(ValueError, match="needs bias=True"):
        LinearRegime().draw(LSTM(cells=2, bias=False), rng, 1)


def test_a_random_orthogonal_matrix_is_orthogonal(rng):
    q = random_orthogonal(rng, 7)
    np.testing.assert_allclose(q @ q.T, np.eye(7), atol=1e-14)


def test_ternary_genomes_hold_three_values(rng):
    genomes = SaturatedTernary(level=3.0).draw(LSTM(cells=9), rng, 5)
    assert set(np.unique(genomes)) == {-3.0, 0.0, 3.0}


def test_uniform_biases_are_shifted_for_forget_and_output_gates(rng):
    network = LSTM(cells=50)
    bias = unpack(
        network, Uniform(width=0.1, forget_bias=1.5, output_bias=-1.5).draw(network, rng, 1)
    ).bias[0]
    np.testing.assert_allclose(bias.mean(axis=0), [0, 1.5, 0, -1.5], atol=0.1)


def test_gates_of_a_policy_begin_as_open_as_their_biases_say(rng):
    architecture = LSTM(cells=4, inputs=2)
    drawn = Policy(forget=5.0, input=-3.0, bias=0.0).draw(architecture, rng, 2)
    for gate, bias in zip(architecture.gates, (-3.0, 5.0, 0.0, 0.0), strict=True):
        assert np.all(drawn[..., architecture.genes_of("bias", gate)] == bias)


def test_the_family_of_a_spread_has_its_default_at_0(rng):
    network = LSTM(cells=4)
    spread = Spread(cell_input=-2.0, heterogeneity=0.0)
    family = spread.family(network)
    np.testing.assert_array_equal(family.scale_at(np.zeros(10)), spread.scale(network))
    moved = family.spread_at(np.eye(10)[0])
    assert moved.cell_input == -1.5
    deviations = family.draw_at(np.zeros(10), rng, 4000).std(axis=0)
    np.testing.assert_allclose(deviations, spread.scale(network), rtol=0.1)


def test_a_delay_line_hands_its_input_on_a_cell_a_step(rng):
    network = LSTM(cells=8, inputs=1, outputs=1, feedback=False)
    genomes = DelayLine(length=6, amplitude=1e-3, openness=30.0).draw(network, rng, 2)
    signal = rng.normal(size=(40, 1))
    for genome in genomes:
        outputs = run(network, genome, signal).outputs
        for cell in range(6):
            np.testing.assert_allclose(
                outputs[cell:, cell], 1e-3 * signal[: 40 - cell, 0], rtol=1e-4
            )


def test_the_other_cells_of_a_delay_line_see_a_few_cells(rng):
    network = LSTM(cells=40)
    parts = unpack(network, DelayLine(length=10, taps=4.0).draw(network, rng, 20))
    others = parts.recurrent[:, 10:]
    assert (others != 0).sum(axis=2).mean() == pytest.approx(4.0, rel=0.05)
    assert others[others != 0].std() == pytest.approx(0.5, rel=0.05)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Uniform(width=0), "width must be > 0"),
        (lambda: Gaussian(deviation=-1), "deviation must be > 0"),
        (lambda: SaturatedTernary(level=0), "level must be > 0"),
        (lambda: LinearRegime(highest_radius=0.1), "highest_radius must be >= 0.8"),
        (lambda: Spread(cell_input=float("inf")), "cell_input must be finite"),
        (lambda: DelayLine(length=0), "length must be >= 1"),
        (lambda: DelayLine(length=9).scale(LSTM(cells=8)), "length must be <= cells"),
    ],
)
def test_a_parameter_out_of_range_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_clock_fires_as_often_as_its_input_says():
    network = LSTM(cells=2, inputs=1, peepholes=True, cell_input="identity")
    (genome,) = Clock(deviation=0.0).draw(network, np.random.default_rng(0), 1)
    for steps in range(3, 17):
        vectors = np.tile([8.0 / steps, 0.0], (20 * steps, 1))
        fired = run(network, genome, vectors).outputs[:, 1] > 0.5
        gaps = np.diff(np.flatnonzero(fired))
        assert len(gaps) >= 18
        assert (gaps == steps).all()


def test_clocked_cells_move_at_a_pulse_only_and_speak_by_the_clock():
    network = LSTM(cells=6, outputs=3, cell_input="identity")
    (genome,) = Clocked(clock=5).draw(network, np.random.default_rng(0), 1)
    genome[5] = 0.0  # the clock: shut, but where the third output is heard
    genome[5, network.genes_of("bias", "output")] = 20.0
    genome[5, network.genes_of("bias", "input")] = 20.0
    genome[5, network.genes_of("bias", "forget")] = -20.0
    genome[5, network.genes_of("feedback", "cell")[2]] = 5.0
    heard = np.zeros((12, 3))
    heard[[2, 7], 0] = 1.0
    heard[[2, 7], 1] = [1.0, -1.0]
    heard[4, 2] = 1.0
    trace = run(network, genome, heard)
    moved = np.abs(np.diff(trace.states[:, :5], axis=0)).max(axis=1) > 1e-3
    np.testing.assert_array_equal(np.flatnonzero(moved) + 1, [2, 7])
    loud = np.abs(trace.outputs[:, :5]).max(axis=1) > 1e-3
    np.testing.assert_array_equal(np.flatnonzero(loud), [5])
