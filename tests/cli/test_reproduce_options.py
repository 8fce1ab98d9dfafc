"""What `evolino reproduce` refuses about budgets and seeds."""

import pytest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["all", "--budget", "slow"], "unknown budget"),
        (["all", "--seeds", "3"], "all takes --budget, not --seeds"),
        (["mso-paper", "--budget", "fast"], "--budget is of `evolino reproduce all`"),
        (["mso-paper", "--seeds", "0"], "seeds must be >= 1, got 0"),
    ],
)
def test_wrong_budgets_are_refused_in_one_line(evolino, options, message):
    status, out, error = evolino("reproduce", *options)
    assert (status, out) == (2, "")
    assert message in error
    assert error.count("\n") == 1
