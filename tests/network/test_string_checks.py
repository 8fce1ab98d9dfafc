"""Counted strings of networks whose outputs are kernel expansions."""

import numpy as np
import pytest

import evolino
from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.string_checks import _distinct
from evolino.task.counted import Phase
from evolino.task.series import Segment, Series

PHASES = (
    Phase(np.array([1.0, 0.0]), np.array([1.0, -1.0]), 1, (0, 0)),
    Phase(np.array([0.0, 1.0]), np.array([-1.0, -1.0]), -1, (2, 0)),
    Phase(np.array([-1.0, 1.0]), np.array([1.0, 1.0]), 0, (1, 3)),
)


def written(string):
    counts = [phase.rows(string) for phase in PHASES]
    inputs = np.repeat([phase.inputs for phase in PHASES], counts, axis=0)
    return Series(inputs, np.repeat([phase.targets for phase in PHASES], counts, axis=0))


@pytest.fixture(params=["float64", "float32"])
def architecture(request):
    return evolino.LSTM(
        cells=3, inputs=2, outputs=2, feedback=False, precision=request.param
    )


@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
def test_counted_strings_are_answered_as_written_ones(kernel, architecture, rng):
    seen = architecture.readout_width
    expansion = KernelExpansion(
        kernel,
        1.5,
        rng.normal(size=(20, seen)),
        rng.normal(size=(20, 2)),
        rng.normal(0, 0.1, 2),
        rng.uniform(0.5, 2.0, seen),
    )
    genome = rng.normal(0, 1.0, architecture.genome_shape)
    model = evolino.Model(architecture, genome, expansion)
    strings = np.array([(n, m) for n in range(1, 6) for m in range(1, 5)])
    checked = model.check(PHASES, strings)
    tolerance = 1e-9 if architecture.precision == "float64" else 1e-4
    for k, string in enumerate(strings):
        series = written(string)
        outputs = model.respond([Segment(series, 0, series.steps)], free_running=False)[0]
        margins = (outputs * series.targets).min(axis=1)
        np.testing.assert_allclose(checked.margins[k], margins.min(), atol=tolerance)
        ends = np.cumsum([phase.rows(string) for phase in PHASES])[:-1]
        wrong = [int((each <= 0).sum()) for each in np.split(margins, ends)]
        assert checked.wrong[k].tolist() == wrong


def test_a_linear_expansion_counts_as_weights_do(rng):
    architecture = evolino.LSTM(cells=3, inputs=2, outputs=2, feedback=False)
    genome = rng.normal(0, 1.0, architecture.genome_shape)
    weights = rng.normal(size=(architecture.readout_width, 2))
    scales = rng.uniform(0.5, 2.0, len(weights))
    expansion = KernelExpansion(
        "linear", 1.0, (weights * scales[:, None]).T, np.eye(2), np.zeros(2), scales
    )
    strings = np.array([(1, 1), (3, 2), (50, 40), (50, 2)])
    by_weights, by_kernels = (
        evolino.Model(architecture, genome, output).check(PHASES, strings)
        for output in (weights, expansion)
    )
    np.testing.assert_allclose(by_kernels.margins, by_weights.margins, atol=1e-9)
    np.testing.assert_array_equal(by_kernels.wrong, by_weights.wrong)


@pytest.mark.parametrize("largest", [5, 2**40])
def test_distinct_pairs_are_those_of_all_pairs(largest, rng):
    """One number stands for a pair where it can, and not where it would overflow."""
    place, rows = rng.integers(0, 4, 200), rng.integers(0, 6, 200) * (largest // 5)
    place[0] = 3 if largest == 5 else 2**40
    pairs, which = _distinct(place, rows)
    np.testing.assert_array_equal(pairs[:, which], [place, rows])
    expected = sorted(set(zip(place.tolist(), rows.tolist(), strict=True)))
    assert [tuple(pair) for pair in pairs.T.tolist()] == expected
