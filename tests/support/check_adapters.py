"""Run the estimator checks of aeon and sktime on the adapters, by these libraries.

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


def main():
    """Print what failed, and how many passed."""
    warnings.simplefilter("ignore")
    failed = passed = 0
    libraries = sys.argv[1:] or ["aeon", "sktime"]
    for library in libraries:
        for name, outcome in {"aeon": aeon_results, "sktime": sktime_results}[library]():
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
