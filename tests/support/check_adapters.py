"""Run the estimator checks of aeon and sktime on the adapters, and some of our own.

`python -m tests.support.check_adapters`, in an environment with both libraries (`make
adapters` makes one of its own: both need older packages than evolino does). Ends with 1
where a check fails that is not declared.
"""

import sys
import warnings

# Name of a check -> why an adapter cannot pass it.
DECLARED: dict[str, str] = {}


def aeon_results():
    """Yield name and outcome of every check of aeon."""
    from aeon.testing.estimator_checking import check_estimator

    from evolino.estimators.adapters.for_aeon import AeonClassifier, AeonRegressor

    for kind in (AeonClassifier, AeonRegressor):
        for name, outcome in check_estimator(kind).items():
            yield f"aeon {kind.__name__} {name}", outcome


def sktime_results():
    """Yield name and outcome of every check of sktime."""
    from sktime.utils.estimator_checks import check_estimator

    from evolino.estimators.adapters.for_sktime import SktimeForecaster

    found = check_estimator(SktimeForecaster, raise_exceptions=False, verbose=False)
    for name, outcome in found.items():
        yield f"sktime {name}", outcome


def own_results():
    """Yield name and outcome of checks of our own: options and `update` of sktime."""
    for name, check in {
        "update": _check_that_forecasts_go_on_from_an_update,
        "options": _check_that_options_reach_the_forecaster,
    }.items():
        try:
            check()
        except Exception as error:
            yield f"own {name}", f"{type(error).__name__}: {error}"
        else:
            yield f"own {name}", "PASSED"


def _check_that_forecasts_go_on_from_an_update():
    import numpy as np
    import pandas as pd

    from evolino import EvolinoForecaster
    from evolino.estimators.adapters.for_sktime import SktimeForecaster

    index = pd.period_range("2000-01", periods=120, freq="M")
    y = pd.Series(np.sin(0.4 * np.arange(120)) + 0.01 * np.arange(120) ** 1.2, index)
    X = pd.DataFrame({"x": np.cos(np.arange(120.0))}, index)
    for inputs in (None, X):
        known = {} if inputs is None else {"X": inputs[:90]}
        later = {} if inputs is None else {"X": inputs[90:100]}
        ahead = {} if inputs is None else {"X": inputs[100:103]}
        all_inputs = {} if inputs is None else {"X": inputs[:103].to_numpy()}
        ours = SktimeForecaster(networks=0, season=1).fit(y[:90], fh=[1, 2, 3], **known)
        plain = EvolinoForecaster(3, networks=0, season=1)
        plain.fit(y[:90].to_numpy(), **{k: x.to_numpy() for k, x in known.items()})
        ours.update(y[90:100], update_params=False, **later)
        made = ours.predict(**ahead)
        wanted = plain.predict(3, y=y[:100].to_numpy(), **all_inputs)
        assert list(made.index) == list(index[100:103])
        np.testing.assert_array_equal(made, wanted)
        ours.update(y[100:103], **ahead)
        known = {} if inputs is None else {"X": inputs[:103].to_numpy()}
        plain.fit(y[:103].to_numpy(), **known)
        assert ours.estimator_.errors_ == plain.errors_


def _check_that_options_reach_the_forecaster():
    import numpy as np
    import pandas as pd

    from evolino import ESP, LBFGS
    from evolino.estimators.adapters.for_sktime import SktimeForecaster

    rng = np.random.default_rng(0)
    y = pd.Series(np.convolve(rng.normal(size=300), np.ones(5), "valid"))
    given = {
        "networks": 0, "cells": 3, "evaluations": 16, "search": ESP(8, 2), "n_jobs": 2,
        "initialiser": "gaussian", "refine": LBFGS(steps=3), "seconds": 600.0,
        "warm_start": True, "verbose": 0,
    }  # fmt: skip
    ours = SktimeForecaster(**given).fit(y, fh=[1])
    assert {k: ours.estimator_.get_params()[k] for k in given} == given
    assert ours.estimator_.history_[-1].evaluations == 16


def main():
    """Print what failed, and how many passed."""
    warnings.simplefilter("ignore")
    failed = passed = 0
    checks = {"own": own_results, "aeon": aeon_results, "sktime": sktime_results}
    for library in sys.argv[1:] or list(checks):
        for name, outcome in checks[library]():
            if outcome == "PASSED":
                passed += 1
            elif str(outcome).startswith("SKIPPED"):
                print(f"skipped {name}: {outcome}")
            elif any(each in name for each in DECLARED):
                print(f"declared {name}")
            else:
                failed += 1
                print(f"FAILED {name}: {str(outcome)[:300]}")
    print(f"{passed} checks passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
