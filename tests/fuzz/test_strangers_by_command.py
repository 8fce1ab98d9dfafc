"""Law of files from strangers, by the command line: exit status 0, or 2 after one line.

A mutant of each kind that its reader refuses or takes; the tool in `tests/support` takes
hundreds (`make fuzz`).
"""

import pytest

from tests.support import strangers_by_command as by_command

KINDS = ("esp model", "islands checkpoint", "cma-es config", "result", "history resumed",
         "timing", "series", "table", "piece", "grid", "pattern", "selection")  # fmt: skip


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strangers")
    by_command.make(folder)
    return folder


@pytest.mark.parametrize("name", KINDS)
def test_a_mutated_file_is_read_or_refused_in_a_line(name, made):
    (kind,) = (each for each in by_command.kinds() if each[0] == name)
    status, fault = by_command.attempt(made, kind, seed=KINDS.index(name))
    assert not fault
    assert status in (0, 2)
