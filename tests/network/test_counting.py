"""Counted strings against the equations in plain NumPy, and against the other kernels."""

import numpy as np
import pytest

from evolino.models.model import Model
from evolino.network.features import features_of
from evolino.network.kernels.dispatch import pack, teacher_forced
from evolino.network.lstm import LSTM
from evolino.network.reference import run
from evolino.network.string_checks import _feed, check_strings
from evolino.task.counted import Phase, written
from evolino.tasks.languages.languages import Languages
from tests.support.counters import make, make_pairs, phases_of

VARIANTS = {
    "plain": {},
    "peepholes": {"peepholes": True},
    "full peepholes": {"full_peepholes": True, "cell_output": "tanh(o*s)"},
    "no forget gate": {"forget_gate": False},
    "papers' cell": {"cell_output": "tanh(o*s)", "cell_input": "identity"},
    "outputs o s": {"cell_output": "o*s"},
    "states and squares": {"readout_states": True, "readout_squares": True},
    "sparse": {"sources": 2},
    "floats": {"precision": "float32"},
}


def rows_of(phases, string):
    """Inputs, targets and the column of `Checked.wrong` of each row of a string."""
    inputs, targets, columns = [], [], []
    first = 0
    for phase in phases:
        for row in range(phase.rows(string)):
            inputs.append(phase.inputs)
            targets.append(phase.cycle[row % len(phase.cycle)])
            columns.append(first + row % len(phase.cycle))
        first += len(phase.cycle)
    return np.array(inputs), np.array(targets), np.array(columns)


def brute_force(model, phases, string):
    """The smallest margin, and the wrong rows of each row of each phase's cycle."""
    inputs, targets, columns = rows_of(phases, string)
    trace = run(model.architecture, model.genome, inputs)
    seen = features_of(model.architecture, trace.outputs, trace.states, inputs)
    margins = (seen @ model.output_weights * targets).min(axis=1)
    width = sum(len(phase.cycle) for phase in phases)
    wrong = np.bincount(columns, margins <= 0, minlength=width)
    return margins.min(), wrong


@pytest.mark.parametrize("scale", [1.0, 15.0])
@pytest.mark.parametrize("variant", VARIANTS)
def test_margins_and_wrong_rows_are_those_of_brute_force(variant, scale, rng):
    phases = Languages(language="anbmcn+m").phases()
    architecture = LSTM(3, inputs=4, outputs=4, feedback=False, **VARIANTS[variant])
    strings = [[1, 1], [1, 2], [3, 1], [20, 9], [7, 22], [20, 9], [2, 1]]
    for _ in range(3):
        model = Model(
            architecture,
            rng.normal(0, scale, architecture.genome_shape),
            rng.normal(size=(architecture.readout_width, 4)),
        )
        checked = model.check(phases, np.array(strings))
        tolerance = 1e-2 if "float32" in str(VARIANTS[variant]) else 1e-7
        for n, string in enumerate(strings):
            margin, wrong = brute_force(model, phases, string)
            assert abs(checked.margins[n] - margin) <= tolerance * (1 + abs(margin))
            if abs(margin) > tolerance:
                np.testing.assert_array_equal(checked.wrong[n], wrong)


@pytest.mark.parametrize("language", ["anbn", "anbncn", "anbmcn+m", "anbmBmAn"])
def test_exact_counters_accept_every_string(language):
    model, phases = make(language), phases_of(language)
    parameters = len(phases[0].factors)
    numbers = np.arange(1, 200) if parameters == 1 else np.arange(1, 24)
    strings = np.stack(np.meshgrid(*[numbers] * parameters), axis=-1)
    assert model.check(phases, strings.reshape(-1, parameters)).accepted.all()
    far = np.full((1, parameters), 1_000_000)
    assert model.check(phases, far).accepted.all()


def test_a_counter_that_forgets_fails_where_brute_force_says():
    model, phases = make("anbncn", forget=4.0), phases_of("anbncn")
    numbers = np.arange(1, 300)
    accepted = model.check(phases, numbers[:, None]).accepted
    first = int(np.argmin(accepted)) + 1
    assert not accepted.all()
    assert all((brute_force(model, phases, [n])[0] > 0) for n in range(1, first))
    assert brute_force(model, phases, [first])[0] <= 0


@pytest.mark.parametrize(
    ("peepholes", "creeping"), [(False, False), (True, False), (True, True)]
)
@pytest.mark.parametrize("cell_output", ["o*tanh(s)", "tanh(o*s)"])
@pytest.mark.parametrize("rows", [299, 300, 5001])
def test_counting_on_gives_the_bits_of_computing_every_row(
    peepholes, cell_output, creeping, rows
):
    """Among the rows many in which only the states' own recurrence is computed.

    A counter needs a peephole to creep.
    """
    model = make("anbn", peepholes=peepholes, cell_output=cell_output, creeping=creeping)
    series = Languages(language="anbn", encoding="one-hot")._grammar.series([rows])
    network = pack(model.architecture, model.genome[None])
    _, cells = teacher_forced(network, series.inputs, starts=[1, 1 + rows, 1 + 2 * rows])
    place = np.array([[0], [rows]])
    a, *_, b, last = phases_of("anbn")[1:]
    for phase, count, before, after in ((a, rows, 0, 1), (b, rows, 1, 2)):
        start = type(cells)(cells.outputs[0, before, None], cells.states[0, before, None])
        alike = Phase(phase.inputs, phase.targets, count, (0,))
        found, _, _ = _feed(network, model.output_weights, alike, start, place)
        np.testing.assert_array_equal(found.outputs[0], cells.outputs[0, after])
        np.testing.assert_array_equal(found.states[0], cells.states[0, after])
    assert last.rows([rows]) == 1


def test_wrong_rows_are_counted_where_rows_are_skipped():
    model, phases = make("anbn"), phases_of("anbn")
    turned = tuple(
        Phase(p.inputs, -p.targets if k == 1 else p.targets, p.constant, p.factors)
        for k, p in enumerate(phases)
    )
    checked = model.check(turned, np.array([[5000], [4999], [3]]))
    np.testing.assert_array_equal(checked.wrong[:, 1], [5000, 4999, 3])
    assert not checked.wrong[:, [0, *range(2, len(phases))]].any()


@pytest.mark.parametrize("scale", [1.0, 15.0])
@pytest.mark.parametrize("pattern", ["a^2n b^n", "a^5n b^2n", "a^(3n+1) b^m c^n"])
def test_cycles_of_targets_are_those_of_brute_force(pattern, scale, rng):
    task = Languages(pattern=pattern)
    phases, width = task.phases(), task.outputs
    architecture = LSTM(3, inputs=width, outputs=width, feedback=False, peepholes=True)
    numbers = np.array([[1, 1], [1, 2], [3, 1], [20, 9], [7, 22], [20, 9], [2, 1]])
    strings = numbers[:, : task.parameters]
    for _ in range(3):
        model = Model(
            architecture,
            rng.normal(0, scale, architecture.genome_shape),
            rng.normal(size=(architecture.readout_width, width)),
        )
        checked = model.check(phases, strings)
        for n, string in enumerate(strings.tolist()):
            margin, wrong = brute_force(model, phases, string)
            assert abs(checked.margins[n] - margin) <= 1e-7 * (1 + abs(margin))
            np.testing.assert_array_equal(checked.wrong[n], wrong)


@pytest.mark.parametrize("cycle", [2, 3, 4, 7, 20])
def test_wrong_rows_of_a_cycle_are_counted_where_rows_are_skipped(cycle):
    """A counter does the same at every a; one row of the cycle asks for something else."""
    model, phases = make("anbn"), list(phases_of("anbn"))
    asked = np.tile(phases[1].targets, (cycle, 1))
    asked[cycle // 2] *= -1
    phases[1] = Phase(phases[1].inputs, asked, 0, (1,))
    strings = np.array([[5000], [4999], [3], [20 * cycle + 1]])
    checked = model.check(phases, strings)
    expected = np.zeros((len(strings), len(phases) - 1 + cycle), dtype=int)
    at = 1 + cycle // 2
    expected[:, at] = [len(range(cycle // 2, n, cycle)) for (n,) in strings.tolist()]
    np.testing.assert_array_equal(checked.wrong, expected)
    np.testing.assert_array_equal(checked.accepted, expected.sum(axis=1) == 0)


@pytest.mark.parametrize("cell_output", ["o*tanh(s)", "tanh(o*s)"])
def test_a_counter_of_pairs_accepts_every_string(cell_output):
    model = make_pairs(cell_output=cell_output)
    phases = Languages(pattern="a^2n b^n", encoding="one-hot").phases()
    strings = np.array([*range(1, 200), 10_000, 1_000_000])[:, None]
    assert model.check(phases, strings).accepted.all()
    single = Languages(pattern="a^n b^n", encoding="one-hot").phases()
    assert not model.check(single, strings).accepted.any()


def test_an_output_that_is_not_finite_is_wrong():
    model, phases = make("anbn"), phases_of("anbn")
    broken = Model(
        model.architecture, model.genome, np.full_like(model.output_weights, np.nan)
    )
    checked = broken.check(phases, np.array([[4]]))
    assert checked.margins[0] < 0
    assert checked.wrong.sum() == sum(phase.rows([4]) for phase in phases)


def test_written_strings_are_the_strings(rng):
    architecture = LSTM(3, inputs=2, outputs=2, feedback=False)
    model = Model(
        architecture,
        rng.normal(0, 3, architecture.genome_shape),
        rng.normal(size=(architecture.readout_width, 2)),
    )
    inputs, targets = rng.normal(size=(4, 2)), np.sign(rng.normal(size=(4, 2)))
    codes = rng.integers(0, 4, size=(20, 9))
    codes[3, 5:] = codes[7, 1:] = -1
    checked = model.check(*written(codes, inputs, targets))
    for n, row in enumerate(codes):
        kept = row[row >= 0]
        trace = run(architecture, model.genome, inputs[kept])
        seen = features_of(architecture, trace.outputs, trace.states, inputs[kept])
        margins = (seen @ model.output_weights * targets[kept]).min(axis=1)
        np.testing.assert_allclose(checked.margins[n], margins.min(), rtol=1e-9)
        assert checked.wrong[n].sum() == (margins <= 0).sum()


def test_a_network_that_hears_itself_is_refused():
    architecture = LSTM(2, inputs=3, outputs=3)
    genome = np.zeros(architecture.genome_shape)
    weights = np.zeros((architecture.readout_width, 3))
    with pytest.raises(ValueError, match="feedback=False"):
        check_strings(architecture, genome, weights, phases_of("anbn"), np.array([[1]]))
