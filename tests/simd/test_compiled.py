"""When the cache of compiled kernels is renewed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import evolino
from evolino.simd.compiled import SOURCES, digest
from tests.support.processes import environment

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
        if "compiled import compiled" in file.read_text(encoding="utf-8")
    ]
    assert len(compiling) > 5
    for file in compiling:
        assert file.startswith(tuple(f"{source}/" for source in SOURCES)), file


UNWRITABLE = """
import sys, tempfile
if {nowhere}:
    def refuse(**options): raise FileNotFoundError("no temporary folder")
    tempfile.mkdtemp = refuse
sys.path.insert(0, {place!r})
import kernels
print(kernels.kernel(20), kernels.kernel._cache.cache_path)
"""


@pytest.mark.parametrize("where", ["cache", "temporary", "nowhere"])
def test_without_a_home_and_beside_a_read_only_source_kernels_compile(where, tmp_path):
    source = tmp_path / "kernels.py"
    source.write_text(
        "from evolino.simd.compiled import cached\n"
        "@cached\ndef kernel(n):\n    return 2 * n + 2\n"
    )
    (tmp_path / "__pycache__").write_text("no folder can be made in its place")
    changes = {"HOME": "/dev/null/home", "XDG_CACHE_HOME": "/dev/null/cache"}
    changes["EVOLINO_CACHE"] = (
        str(tmp_path / "own") if where == "cache" else "/dev/null/own"
    )
    changes |= {"NUMBA_CACHE_DIR": None, "TMPDIR": str(tmp_path)}
    code = UNWRITABLE.format(nowhere=where == "nowhere", place=str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment(**changes),
        capture_output=True,
        text=True,
    )
    value, _, folder = done.stdout.strip().partition(" ")
    assert value == "42", done.stderr
    own = str(tmp_path / ("own" if where == "cache" else "evolino-"))
    assert folder == "None" if where == "nowhere" else folder.startswith(own)
    warned = "compiles its kernels anew in every process" in done.stderr
    assert warned if where == "nowhere" else done.stderr == ""
    left = list(tmp_path.glob("evolino-*"))
    assert left == []  # a temporary folder goes with its process
