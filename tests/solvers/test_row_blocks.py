"""The QR of one tall matrix is LAPACK's, up to signs, and solves the same equations."""

import numpy as np
import pytest

from evolino.solvers.row_blocks import BLOCK, triangle_of

DIAGONAL = 1e-3


def stacked(columns, scales):
    width = columns.shape[1]
    return np.concatenate([columns / scales, DIAGONAL * np.eye(width)])


@pytest.mark.parametrize("count", [1, BLOCK - 1, BLOCK, 3 * BLOCK + 5])
@pytest.mark.parametrize("width", [1, 9])
def test_the_triangle_and_the_solution_are_lapacks(count, width, rng):
    columns, right = rng.normal(size=(count, width)), rng.normal(size=(count, 2))
    scales = rng.uniform(0.5, 2.0, width)
    triangle, projected = triangle_of(columns, scales, right, DIAGONAL)
    whole = stacked(columns, scales)
    expected = np.linalg.qr(whole, mode="r")
    np.testing.assert_allclose(np.abs(triangle), np.abs(expected), atol=1e-12)
    padded = np.concatenate([right, np.zeros((width, 2))])
    solved = np.linalg.lstsq(whole, padded, rcond=None)[0]
    np.testing.assert_allclose(np.linalg.solve(triangle, projected), solved, rtol=1e-8)


def test_nan_goes_through_and_a_column_of_zeros_keeps_the_diagonal(rng):
    columns = rng.normal(size=(70, 3))
    columns[:, 1] = 0.0
    triangle, _ = triangle_of(columns, np.ones(3), np.ones((70, 1)), DIAGONAL)
    assert abs(triangle[1, 1]) == DIAGONAL
    columns[3, 0] = np.nan
    triangle, _ = triangle_of(columns, np.ones(3), np.ones((70, 1)), DIAGONAL)
    assert np.isnan(triangle[0]).all()
