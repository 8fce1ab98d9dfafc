"""The law that an adapter takes what its estimator takes, read from its source: sktime
needs an environment of its own."""

import ast
import inspect
from pathlib import Path

import evolino
from evolino import EvolinoForecaster


def parameters(path, kind):
    """Name -> default of the parameters of a class's constructor."""
    tree = ast.parse(path.read_text())
    (found,) = (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == kind)
    (made,) = (n for n in found.body if getattr(n, "name", "") == "__init__")
    given = made.args.args[1:] + made.args.kwonlyargs
    defaults = made.args.defaults + made.args.kw_defaults
    return {a.arg: ast.literal_eval(d) for a, d in zip(given, defaults, strict=True)}


def test_the_constructors_of_both_forecasters_agree():
    adapters = Path(evolino.__file__).parent / "estimators" / "adapters"
    theirs = parameters(adapters / "for_sktime.py", "SktimeForecaster")
    ours = inspect.signature(EvolinoForecaster).parameters
    assert theirs.pop("horizon") is None  # sktime gives it in fit
    assert theirs == {k: v.default for k, v in ours.items() if k != "horizon"}
    assert list(theirs) == [k for k in ours if k != "horizon"]
