"""Laws of the bounds: whatever the network does lies within them."""

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolino.certificates.cells import at_rest, outputs_of_readout, step
from evolino.certificates.dense import Dense
from evolino.certificates.intervals import Interval, add_exactly, point
from evolino.certificates.proof import Follower, Strings
from evolino.certificates.squashing import FLOAT64, REAL, hyperbolic, logistic
from evolino.certificates.stretch import Undecided
from evolino.models.model import Model
from evolino.network.kernels.dispatch import pack, teacher_forced
from evolino.network.lstm import LSTM
from evolino.task.counted import Phase

numbers = st.floats(-1e6, 1e6)


@given(st.lists(numbers, min_size=6, max_size=6))
def test_operations_hold_what_is_done_to_their_members(values):
    a, b, c, d, share, other = values
    first, second = Interval(*(np.array([f(a, b)]) for f in (min, max))), None
    second = Interval(*(np.array([f(c, d)]) for f in (min, max)))
    x = np.clip(a + (b - a) * (share % 1.0), min(a, b), max(a, b))
    y = np.clip(c + (d - c) * (other % 1.0), min(c, d), max(c, d))
    for found, value in (
        (first + second, np.longdouble(x) + y),
        (first - second, np.longdouble(x) - y),
        (first * second, np.longdouble(x) * y),
        (first.times(np.array([y])), np.longdouble(x) * y),
        (first.plus(np.array([y])), np.longdouble(x) + y),
    ):
        assert found.lo[0] <= value <= found.hi[0]


@given(numbers, numbers)
def test_a_sum_and_what_it_lacks_are_exact(a, b):
    total, lacking = add_exactly(np.array([a]), np.array([b]))
    assert np.longdouble(total[0]) + lacking[0] == np.longdouble(a) + np.longdouble(b)


@pytest.mark.parametrize("arithmetic", [REAL, FLOAT64], ids=["real", "float64"])
@given(st.floats(-200, 200), st.floats(0, 5))
def test_squashing_functions_lie_within_their_bounds(arithmetic, low, size):
    x = Interval(np.array([low]), np.array([low + size]))
    sigma, shut = logistic(x, arithmetic)
    squashed = hyperbolic(x, arithmetic)
    limit = 100.0 if arithmetic.rounds else np.inf
    for inner in (low, low + size / 3, low + size):
        z = np.longdouble(np.clip(inner, -limit, limit))
        share = 1 / (1 + np.exp(-z))
        rounded = 1 + np.exp(-np.float64(z)) if arithmetic.rounds else 1 / share
        for bounds, value in (
            (sigma.bounds, 1 / rounded),
            (
                shut,
                np.exp(-z) * share if not arithmetic.rounds else (rounded - 1) / rounded,
            ),
            (squashed.bounds, np.tanh(z)),
        ):
            off = 1e-18 if not arithmetic.rounds else 3e-16 * abs(value)
            assert bounds.lo[0] - off <= value <= bounds.hi[0] + off


def test_what_a_gate_lacks_of_1_is_known_below_the_precision_of_1():
    sigma, shut = logistic(point(np.array([60.0])), REAL)
    assert sigma.number == 1
    np.testing.assert_allclose([shut.lo[0], shut.hi[0]], np.exp(-60.0), rtol=1e-13)
    _, shut = logistic(point(np.array([40.0])), FLOAT64)
    assert shut.hi == 0


def random_model(rng, scale, **options):
    architecture = LSTM(3, inputs=2, outputs=2, feedback=False, **options)
    genome = rng.normal(0.0, scale, architecture.genome_shape)
    return Model(architecture, genome, rng.normal(size=(architecture.readout_width, 2)))


VARIANTS = [
    {},
    {"peepholes": True, "readout_states": True},
    {"cell_output": "tanh(o*s)", "readout_squares": True},
    {"cell_input": "identity", "peepholes": True},
    {"forget_gate": False, "sources": 1},
    {"bias": False, "readout_constant": False},
]


@pytest.mark.parametrize("options", VARIANTS, ids=str)
@pytest.mark.parametrize("scale", [0.3, 3.0, 30.0])
def test_the_kernels_stay_within_the_bounds_of_a_string(options, scale, rng):
    model = random_model(rng, scale, **options)
    network, vertices = Dense.of(model), np.zeros((1, 1))
    inputs = np.repeat(rng.normal(size=(4, 2)), 8, axis=0)
    seen, cells = teacher_forced(
        pack(model.architecture, model.genome[None]), inputs, starts=range(1, 33)
    )
    outputs = seen[0] @ model.output_weights
    for arithmetic in (REAL, FLOAT64):
        known = at_rest(3, 1)
        for t, u in enumerate(inputs):
            known, _ = step(network.driven_by(u), known, vertices, arithmetic)
            states = known.states(vertices)
            read = outputs_of_readout(network.driven_by(u), known, vertices)
            for bounds, value in (
                (known.outputs, cells.outputs[0, t]),
                (states, cells.states[0, t]),
                (read, outputs[t]),
            ):
                # In real numbers the kernels' rounding has to be allowed for.
                off = 0.0 if arithmetic.rounds else 1e-9 * (1 + np.abs(value)) * (t + 1)
                assert (bounds.lo - off <= value).all()
                assert (value <= bounds.hi + off).all()


@pytest.mark.parametrize("arithmetic", [REAL, FLOAT64], ids=["real", "float64"])
@pytest.mark.parametrize("creeping", [False, True])
def test_longer_strings_stay_within_the_bounds_that_all_share(
    creeping, arithmetic, counter
):
    model, phases = counter(creeping)
    strings = Strings(phases, (40,), (60,), 1)
    follow = Follower(Dense.of(model), strings, arithmetic)
    networks = pack(model.architecture, model.genome[None])
    for index, phase in enumerate(phases):
        follow.through(index, phase)
        for n in (40, 41, 73, 100):
            rows = [each.rows((n,)) for each in phases[: index + 1]]
            inputs = np.repeat([p.inputs for p in phases[: index + 1]], rows, axis=0)
            _, cells = teacher_forced(networks, inputs, starts=[len(inputs)])
            known, m = follow.cells, n - 40
            exact = known.slopes[:, 0] * m + known.centres
            for bounds, value in (
                (known.outputs, cells.outputs[0, 0]),
                (known.rest.plus(exact), cells.states[0, 0]),
            ):
                off = 0.0 if arithmetic.rounds else 1e-10
                assert (bounds.lo - off <= value).all()
                assert (value <= bounds.hi + off).all()


@pytest.fixture(params=[1e-3, 0.1, 1.0])
def counter(request, golden, rng):
    """A counter of a^n b^n, all its weights moved, and a readout that is never wrong."""
    phases = tuple(
        Phase(p.inputs, np.ones(3), p.constant, p.factors) for p in golden.phases("anbn")
    )

    def make(creeping):
        model = golden("anbn", peepholes=creeping, creeping=creeping)
        genome = model.genome + rng.normal(0.0, request.param, model.genome.shape)
        weights = np.zeros_like(model.output_weights)
        weights[-1] = 1.0
        return Model(model.architecture, genome, weights), phases

    return make


@pytest.mark.parametrize("period", [1, 3])
@pytest.mark.parametrize(
    "variant", [{}, {"cell_output": "tanh(o*s)"}, {"cell_input": "identity"}]
)
def test_whatever_random_networks_do_stays_within_bounds_that_are_proven(
    period, variant, rng
):
    """Saturated networks count, creep, swing and settle; a proof of any of it holds."""
    phases = tuple(Phase(u, np.ones(1), 0, (1,)) for u in np.eye(2))
    proven = 0
    for _ in range(8):
        architecture = LSTM(3, inputs=2, peepholes=True, feedback=False, **variant)
        genome = rng.normal(0.0, 8.0, architecture.genome_shape)
        weights = np.zeros((architecture.readout_width, 1))
        weights[-1] = 1.0
        model = Model(architecture, genome, weights)
        networks = pack(architecture, genome[None])
        follow = Follower(Dense.of(model), Strings(phases, (30,), (40,), period), FLOAT64)
        for index, phase in enumerate(phases):
            try:
                follow.through(index, phase)
            except Undecided:
                break
            proven += 1
            for m in (0, 1, 7, 40):
                rows = [each.rows((30 + period * m,)) for each in phases[: index + 1]]
                inputs = np.repeat(np.eye(2)[: index + 1], rows, axis=0)
                _, cells = teacher_forced(networks, inputs, starts=[len(inputs)])
                known = follow.cells
                exact = known.slopes[:, 0] * m + known.centres
                for bounds, value in (
                    (known.outputs, cells.outputs[0, 0]),
                    (known.rest.plus(exact), cells.states[0, 0]),
                ):
                    assert (bounds.lo <= value).all()
                    assert (value <= bounds.hi).all()
    assert proven >= 3


def test_the_kernels_exp_is_as_exact_as_the_proofs_take_it_to_be():
    """A cell that forgets at once, and whose input is 1, holds its input gate: 1 / e."""
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-100, 100, 3000), rng.uniform(-1, 1, 1000)])
    architecture = LSTM(1, inputs=2, outputs=1, feedback=False, cell_input="identity")
    genome = np.zeros(architecture.genome_shape)
    genome[0, architecture.genes_of("bias", "input")] = 100.0
    genome[0, architecture.genes_of("input", "cell")[0]] = 1.0
    genome[0, architecture.genes_of("input", "input")[1]] = 1.0
    genome[0, architecture.genes_of("bias", "forget")] = -100.0
    inputs = np.stack([np.ones(len(x)), x - 100.0], axis=1)
    _, cells = teacher_forced(
        pack(architecture, genome[None]), inputs, starts=range(1, len(x) + 1)
    )
    with mpmath.workdps(40):
        net = (inputs[:, 1] + 100.0).tolist()
        gates = [float(1 / (1 + mpmath.exp(-z))) for z in net]
    lower = cells.states[0, :, 0]
    np.testing.assert_allclose(lower[1:], gates[1:], rtol=1e-15, atol=1e-43)
