"""Evolino: evolve the hidden memory cells of an LSTM, solve its output layer.

>>> import evolino
>>> import numpy as np
>>> series = np.sin(0.2 * np.arange(600))
>>> task = evolino.SeriesTask(series)
>>> result = evolino.train(task, budget=evolino.Budget(evaluations=20))
>>> result.model.generate(50, prime=series).shape
(50, 1)

The public names stand in `__init__.pyi`; the module of each is imported when the name is
first asked for, so that `import evolino` costs nothing.
"""

from __future__ import annotations

from functools import cache


def __getattr__(name: str) -> object:
    """Load a public name, or `__all__`. Raises AttributeError for others."""
    if name == "__version__":
        from importlib.metadata import version

        return version(__name__)
    if name == "__all__":
        return sorted(_homes())
    # Other names with underscores are what Python itself looks for; they are never public.
    if name.startswith("_") or name not in _homes():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    home = _homes()[name]
    if home == __name__:  # a module of its own
        return import_module(f"{home}.{name}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return [*sorted(_homes()), "__version__"]


@cache
def _homes() -> dict[str, str]:
    """Return public name -> module, as `__init__.pyi` imports them."""
    import ast
    import pkgutil

    text = pkgutil.get_data(__name__, "__init__.pyi")
    assert text is not None  # a loader without data loads no installed package
    return {
        alias.name: node.module
        for node in ast.parse(text).body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
