"""Laws of files from strangers: an answer, or one error that the user can read.

A few hundred mutants of every kind; `make fuzz` takes 10,000.
"""

import os

import pytest

from tests.support import strangers

MUTANTS = int(os.environ.get("EVOLINO_FUZZ", "300"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strangers")
    strangers.make(folder)
    return folder


def test_what_is_not_mutated_is_read(folder):
    for _, begin, _, read in strangers.kinds():
        path = folder / begin
        given = begin if not path.is_file() else path
        if path.is_file() and path.parent != folder:
            given = path.parent
        if read is not strangers._resume:
            read(given)


def test_no_mutated_file_breaks_its_reader(folder):
    kinds = list(strangers.kinds())
    faults = []
    for seed in range(MUTANTS):
        kind = kinds[seed % len(kinds)]
        fault = strangers.attempt(folder, kind, seed)
        if fault:
            faults.append(f"{kind[0]}, seed {seed}: {fault}")
    assert not faults, "\n".join(faults)
