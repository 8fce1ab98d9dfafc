"""Laws of names and tables."""

from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pytest

from evolino.network.initialisers.gaussian import Gaussian
from evolino.registry import KINDS, find, from_table, names, to_table
from evolino.tasks.signals.oscillators import Oscillators
from evolino.tasks.signals.series import SeriesTask

USERS_TASK = """
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar

@dataclass(frozen=True)
class Mine:
    name: ClassVar[str] = "mine"
    steps: int = 3
"""


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_finds_a_class_that_carries_it(kind):
    for name in names(kind):
        assert find(kind, name).name == name


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_name_is_told_the_valid_ones(kind):
    first = names(kind)[0]
    with pytest.raises(ValueError, match=f"unknown {kind} '{first}x'; nearest: {first}"):
        find(kind, first + "x")


def test_an_unknown_kind_is_told_the_valid_ones():
    with pytest.raises(ValueError, match="kind must be one of task, network, search"):
        names("tsk")


@pytest.mark.parametrize(
    "record",
    [
        Oscillators(frequencies=(0.2, 0.311), noise=1e-3),
        Oscillators(noise=np.float64(0.1)),  # a NumPy number is a number
        Gaussian(),
    ],
)
def test_a_record_survives_its_table(record):
    kind = "task" if isinstance(record, Oscillators) else "initialiser"
    table = to_table(record)
    assert table["name"] == record.name
    assert from_table(kind, table) == record


def test_a_table_holds_only_what_toml_knows():
    table = to_table(Oscillators(frequencies=(0.2,), noise=np.float64(0.5)))
    assert [type(value) for value in table.values()] == [str, int, list, float, int]


def test_records_inside_records_survive():
    table = {"name": "screened", "search": {"name": "esp"}}
    record = from_table("search", table)
    assert record.search == find("search", "esp")()
    assert from_table("search", to_table(record)) == record


def test_a_class_may_make_its_own_table():
    task = SeriesTask(np.sin(np.arange(500)), washout=20)
    again = from_table("task", to_table(task))
    np.testing.assert_array_equal(again.series, task.series)
    assert again.washout == 20


def test_an_unknown_field_is_told_the_nearest():
    with pytest.raises(
        ValueError, match="task mso has no field 'frequency'; nearest: freq"
    ):
        from_table("task", {"name": "mso", "frequency": [0.2]})


@pytest.mark.parametrize("table", [{}, {"name": 3}, "mso", None])
def test_a_table_without_name_is_told_the_valid_ones(table):
    with pytest.raises(ValueError, match=r"a task needs a name, one of: .*mso"):
        from_table("task", table)


def test_a_wrong_type_gives_the_records_own_error():
    with pytest.raises(TypeError, match="sines must be an integer"):
        from_table("task", {"name": "mso", "sines": "many"})


def test_a_flag_is_true_or_false():
    with pytest.raises(ValueError, match="crossover must be true or false, got 3"):
        from_table("search", {"name": "esp", "crossover": 3})


def test_an_array_is_not_a_value_of_a_table():
    @dataclass(frozen=True)
    class WithArray:
        name: ClassVar[str] = "with-array"
        data: Any = field(default_factory=lambda: np.zeros(3))

    with pytest.raises(TypeError, match=r"WithArray\.data is a ndarray"):
        to_table(WithArray())


def test_none_that_is_not_the_default_is_refused_rather_than_lost():
    @dataclass(frozen=True)
    class Optional:
        name: ClassVar[str] = "optional"
        limit: int | None = 3

    with pytest.raises(TypeError, match=r"Optional\.limit is None"):
        to_table(Optional(limit=None))


def test_a_class_that_stands_in_no_file_is_refused_with_the_remedy():
    @dataclass(frozen=True)
    class Local:
        limit: int = 3

    with pytest.raises(ValueError, match=r"Local stands in no file.*put the class into"):
        to_table(Local())


@dataclass(frozen=True)
class InThisFile:
    """A record of a module that is imported, under no name at all."""

    limit: int = 3


def test_a_class_of_an_imported_module_goes_by_its_file():
    table = to_table(InThisFile(5))
    assert table == {"name": f"{__file__}:InThisFile", "limit": 5}
    assert type(from_table("task", table)) is InThisFile


class Doubled(SeriesTask):
    """Inherits the name of its parent."""

    def loss(self, outputs, targets):
        return 2 * super().loss(outputs, targets)


def test_a_subclass_never_becomes_its_parent():
    again = from_table("task", to_table(Doubled(np.sin(np.arange(500.0)))))
    assert type(again) is Doubled


class WithMore(SeriesTask):
    """Has a field that the parent's table does not know."""

    def __init__(self, series, weight=1.0):
        super().__init__(series)
        self.weight = weight


def test_fields_that_a_parents_table_does_not_know_are_refused():
    with pytest.raises(TypeError, match="WithMore has an __init__ of its own"):
        to_table(WithMore(np.sin(np.arange(500.0)), weight=3.0))


def test_files_import_their_own_neighbours(tmp_path):
    for folder, steps in (("one", 5), ("two", 7)):
        place = tmp_path / folder
        place.mkdir()
        (place / "beside.py").write_text(f"STEPS = {steps}\n")
        (place / "mine.py").write_text(
            USERS_TASK.replace("steps: int = 3", "steps: int = STEPS").replace(
                "from dataclasses", "from beside import STEPS\nfrom dataclasses", 1
            )
        )
    for folder, steps in (("one", 5), ("two", 7)):
        assert find("task", f"{tmp_path}/{folder}/mine.py:Mine")().steps == steps


def test_a_file_of_a_package_has_relative_imports(tmp_path):
    place = tmp_path / "package_of_mine"
    place.mkdir()
    (place / "__init__.py").write_text("")
    (place / "beside.py").write_text("STEPS = 9\n")
    (place / "mine.py").write_text(
        USERS_TASK.replace("steps: int = 3", "steps: int = STEPS").replace(
            "from dataclasses", "from .beside import STEPS\nfrom dataclasses", 1
        )
    )
    assert find("task", f"{place}/mine.py:Mine")().steps == 9


def test_a_class_in_a_file_is_found_and_found_again(tmp_path):
    file = tmp_path / "mine.py"
    file.write_text(USERS_TASK)
    record = find("task", f"{file}:Mine")(steps=5)
    table = to_table(record)
    assert table == {"name": f"{file}:Mine", "steps": 5}
    assert from_table("task", table) == record


def test_a_class_that_a_file_only_imports_keeps_its_name(tmp_path):
    (tmp_path / "alias.py").write_text(
        "from evolino.tasks.signals.oscillators import Oscillators as Mine\n"
    )
    found = find("task", f"{tmp_path}/alias.py:Mine")
    assert to_table(found())["name"] == "mso"


def test_a_missing_file_or_class_is_named(tmp_path):
    with pytest.raises(ValueError, match="there is no such file"):
        find("task", f"{tmp_path}/nothing.py:Mine")
    (tmp_path / "mine.py").write_text(USERS_TASK)
    with pytest.raises(ValueError, match="the file has no such class"):
        find("task", f"{tmp_path}/mine.py:Yours")
    (tmp_path / "broken.py").write_text("import nothing_of_this_name")
    with pytest.raises(ValueError, match="cannot be imported"):
        find("task", f"{tmp_path}/broken.py:Mine")


def test_an_installed_package_adds_names_by_entry_points(tmp_path, monkeypatch):
    from evolino import registry

    (tmp_path / "plugged.py").write_text(USERS_TASK)
    about = tmp_path / "plugged-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: plugged\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(
        "[evolino.tasks]\nplugged-task = plugged:Mine\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._plugins.cache_clear()
    try:
        assert "plugged-task" in names("task")
        assert find("task", "plugged-task").__module__ == "plugged"
    finally:
        monkeypatch.undo()
        registry._plugins.cache_clear()
