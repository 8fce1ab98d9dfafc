"""Readouts with kernels against scikit-learn's own decision functions."""

import numpy as np
import pytest
import sklearn.svm

from evolino.network.kernels.dispatch import expanded
from evolino.readout.kernel import KernelSVM, KernelSVR


def ring(rng, rows=120, seen=4, outputs=2):
    """Classes that no plane separates: inside and outside of a ball."""
    states = rng.normal(size=(2, rows, seen)) * np.array([1.0, 30.0, 1e-3, 1.0])
    radius = np.square(states[0] / states[0].std(axis=0)).sum(axis=1)
    return states, np.where(radius[:, None] > np.array([3.0, 4.0]), 1.0, -1.0)[:, :outputs]


def scaled(x):
    return x / np.sqrt(np.square(x).mean(axis=0))


@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
@pytest.mark.parametrize("balanced", [False, True])
def test_the_classifier_equals_svc(kernel, balanced, rng):
    states, targets = ring(rng)
    capacity = 10.0 if kernel == "gaussian" else 0.1  # LIBSVM is slow without separation
    readout = KernelSVM(capacity, width=1.5, kernel=kernel, balanced=balanced)
    for x, expansion in zip(states, readout.solve(states, targets)[0], strict=True):
        for k, y in enumerate(targets.T):
            peer = sklearn.svm.SVC(
                C=capacity,
                kernel="rbf" if kernel == "gaussian" else "linear",
                gamma=1 / (2 * 1.5**2),
                tol=1e-6,
                class_weight="balanced" if balanced else None,
            )
            wanted = peer.fit(scaled(x), y).decision_function(scaled(x))
            found = expansion.outputs(x)[:, k]
            np.testing.assert_allclose(found, wanted, atol=1e-3)


@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
def test_the_regression_equals_svr(kernel, rng):
    states, _ = ring(rng)
    targets = np.stack([np.sin(states[0, :, 0]), states[0, :, 3]], axis=1)
    capacity = 5.0 if kernel == "gaussian" else 0.1
    readout = KernelSVR(capacity, width=1.5, kernel=kernel, epsilon=0.05)
    for x, expansion in zip(states, readout.solve(states, targets)[0], strict=True):
        for k, y in enumerate(targets.T):
            peer = sklearn.svm.SVR(
                C=capacity,
                kernel="rbf" if kernel == "gaussian" else "linear",
                gamma=1 / (2 * 1.5**2),
                tol=1e-6,
                epsilon=0.05,
            )
            wanted = peer.fit(scaled(x), y).predict(scaled(x))
            found = expansion.outputs(x)[:, k]
            np.testing.assert_allclose(found, wanted, atol=3e-3)


def test_unnormalised_columns_are_taken_as_they_are(rng):
    states, targets = ring(rng)
    expansion = KernelSVM(unnormalised=True).solve(states, targets)[0][0]
    np.testing.assert_array_equal(expansion.scales, 1.0)
    rows = [row.tolist() for row in states[0]]
    assert all(row.tolist() in rows for row in expansion.supports)


def test_of_targets_0_and_1_the_output_decides_at_one_half(rng):
    states, targets = ring(rng)
    signed = KernelSVM().solve(states, targets)[0][0].outputs(states[0])
    binary = KernelSVM().solve(states, (targets + 1) / 2)[0][0].outputs(states[0])
    np.testing.assert_allclose(binary, 0.5 + signed / 2, atol=1e-12)


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_a_column_of_one_class_is_that_class_everywhere(value, rng):
    states, targets = ring(rng)
    targets[:, 1] = value
    expansion = KernelSVM().solve(states, targets)[0][0]
    np.testing.assert_array_equal(expansion.outputs(rng.normal(size=(9, 4)))[:, 1], value)


def test_choices_are_the_pairs_of_width_and_capacity(rng):
    states, targets = ring(rng)
    readout = KernelSVM(capacity=(1.0, 10.0), width=(0.5, 2.0))
    assert readout.penalties == (0.5, 0.05, 0.5, 0.05)
    together = readout.solve(states, targets)
    pairs = [(0.5, 1.0), (0.5, 10.0), (2.0, 1.0), (2.0, 10.0)]
    for (width, capacity), solution in zip(pairs, together, strict=True):
        alone = KernelSVM(capacity=capacity, width=width).solve(states, targets)[0]
        for found, wanted in zip(solution, alone, strict=True):
            assert found.width == width
            np.testing.assert_array_equal(
                found.outputs(states[0]), wanted.outputs(states[0])
            )
    linear = KernelSVM(0.1, kernel="linear", width=(1.0, 2.0))
    assert len(linear.penalties) == len(linear.solve(states, targets)) == 1


@pytest.mark.parametrize("kernel", ["gaussian", "linear"])
@pytest.mark.parametrize("rows", [1, 7, 8, 120])
def test_the_compiled_expansion_equals_the_plain_one(kernel, rows, rng):
    states, targets = ring(rng)
    for scale in (1.0, 1e3):  # far away every Gaussian is 0
        expansion = KernelSVM(1.0, kernel=kernel).solve(states, targets)[0][1]
        seen = states[1, :rows] * scale
        wanted = expansion.outputs(seen)
        size = np.abs(wanted).max()
        np.testing.assert_allclose(expanded(expansion, seen), wanted, atol=1e-12 * size)


def test_too_many_rows_are_refused_with_the_size_they_need():
    for readout in (KernelSVM(), KernelSVR()):
        with pytest.raises(ValueError, match=r"kernels between 40000 rows need 12\.8 GB"):
            readout.check(np.ones((40_000, 1)))
        readout.check(np.ones((15_000, 1)))
    with pytest.raises(ValueError, match=r"need 3\.6 GB, memory is 2 GB: take fewer rows"):
        KernelSVM(width=(1.0, 2.0)).check(np.ones((15_000, 1)))
    KernelSVM(memory=16.0).check(np.ones((40_000, 1)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KernelSVM(capacity=0.0), "capacity must be > 0, got 0"),
        (lambda: KernelSVR(capacity=(1.0, -2.0)), "capacity must be > 0, got -2"),
        (lambda: KernelSVM(width=0.0), "width must be > 0, got 0"),
        (lambda: KernelSVM(width=()), "width must be a number or several, got none"),
        (lambda: KernelSVM(kernel="rbf"), "kernel must be one of gaussian, linear"),
        (lambda: KernelSVM(memory=0.0), "memory must be > 0, got 0"),
        (lambda: KernelSVR(epsilon=-1.0), "epsilon must be >= 0"),
        (
            lambda: KernelSVM().check(np.arange(3.0)[:, None]),
            "needs targets of two numbers",
        ),
    ],
)
def test_what_cannot_work_is_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
