"""When the cache of compiled kernels is renewed."""

import shutil
from pathlib import Path

import pytest

import evolino
from evolino.simd.compiled import SOURCES, digest

PACKAGE = Path(evolino.__file__).parent


@pytest.mark.parametrize("source", SOURCES)
def test_a_change_in_any_file_of_any_folder_changes_the_digest(source, tmp_path):
    for each in SOURCES:
        shutil.copytree(PACKAGE / each, tmp_path / each)
    before = digest(tmp_path)
    assert before == digest(PACKAGE)
    for file in (tmp_path / source).rglob("*.py"):
        content = file.read_text(encoding="utf-8")
        file.write_text(content + "# changed\n", encoding="utf-8")
        assert digest(tmp_path) != before, file
        file.write_text(content, encoding="utf-8")
    assert digest(tmp_path) == before


def test_every_file_with_compiled_code_lies_in_one_of_the_folders():
    compiling = [
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        if "from evolino.simd.compiled import" in file.read_text(encoding="utf-8")
    ]
    assert len(compiling) > 5
    for file in compiling:
        assert file.startswith(tuple(f"{source}/" for source in SOURCES)), file
