"""Docstrings of public names have one format, and say all that a caller needs.

The format is that of `docs/site/docstring_sections.py`, which the site reads too.
"""

import dataclasses
import importlib.util
import inspect
import re
import sys
from operator import attrgetter
from pathlib import Path

import pytest

import evolino

ROOT = Path(__file__).parents[2]
PICTURES = [f"plots.{name}" for name in evolino.plots.__all__]
NAMES = [*(name for name in evolino.__all__ if name != "plots"), *PICTURES]
ALIKE = re.compile(r"(?:as of|those of|as for|All else as of)\s+`(?:evolino\.)?(\w+)`")


def _reader():
    place = ROOT / "docs/site/docstring_sections.py"
    spec = importlib.util.spec_from_file_location("docstring_sections", place)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
    return module.sections


sections = _reader()


def named(name):
    """What a public name stands for."""
    return attrgetter(name)(evolino)


def arguments_of(public):
    """The names of a function's arguments, or of what a class is made of."""
    if dataclasses.is_dataclass(public):
        return [each.name for each in dataclasses.fields(public) if each.init]
    if not inspect.isclass(public):
        return list(inspect.signature(public).parameters)
    if public.__init__ is object.__init__ or issubclass(public, Exception):
        return []
    given = list(inspect.signature(public.__init__).parameters)
    return [name for name in given if name not in ("self", "args", "kwargs")]


def described_by(public, names):
    """The arguments that a docstring describes: its own, those of the classes that it
    stems from, and those of one that it refers to by `as of`."""
    classes = inspect.getmro(public) if inspect.isclass(public) else (public,)
    found = {}
    for each in classes:
        text = (each.__doc__ or "") if each is not object else ""
        found = {**sections(text, names).arguments, **found}
        for other in ALIKE.findall(text):
            known = getattr(evolino, other, None)
            if known is not None and known is not public:
                found = {**sections(known.__doc__, names).arguments, **found}
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_public_name_has_an_example_and_describes_what_it_takes(name):
    public = named(name)
    names = arguments_of(public)
    own = sections(public.__doc__, names)
    assert own.text
    assert own.example
    found = described_by(public, names)
    assert not [each for each in names if each not in found and not each.startswith("_")]
    assert all(found[each] for each in names if each in found)


CHECKED = [name for name in NAMES if "__post_init__" in vars(named(name))]


@pytest.mark.parametrize("name", CHECKED)
def test_a_record_that_checks_its_fields_says_which_errors_it_raises(name):
    assert "Raises " in named(name).__doc__


def arrays():
    """Yield (name, argument) of every argument that is an array and is described."""
    for name in NAMES:
        public = named(name)
        made = public.__init__ if inspect.isclass(public) else public
        if inspect.isfunction(made) and made.__module__.startswith("evolino"):
            for argument, kind in made.__annotations__.items():
                if re.search(r"\b(Array|IntArray|ArrayLike)\b", str(kind)):
                    yield name, argument


@pytest.mark.parametrize(
    ("name", "argument"), [each for each in arrays() if each[1] != "return"]
)
def test_an_array_has_its_shape(name, argument):
    public = named(name)
    meaning = described_by(public, arguments_of(public))[argument]
    assert re.search(r"\([A-Zn][\w' ,.+]*\)", meaning)


def test_the_format_is_read():
    read = sections(
        """Do a thing. More of it.

        first: one, in (T,). second, third: two; and more
        of these. Not an item: since nobody is called so.

        Returns (P,). Raises ValueError for a negative first, and TypeError for text.

        >>> 1 + 1
        2
        """,
        ["first", "second", "third"],
    )
    assert read.text == ["Do a thing. More of it."]
    assert read.arguments["first"] == "one, in (T,)."
    assert read.arguments["second"] == read.arguments["third"]
    assert read.returns == ["Returns (P,)."]
    assert read.example == ">>> 1 + 1\n2"
    google = read.google()
    assert "Raises:\n    ValueError: for a negative first" in google
    assert "Args:\n    first: one, in (T,).\n    second: two" in google
