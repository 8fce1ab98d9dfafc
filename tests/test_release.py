"""A release says the same everywhere: version, changelog, Pythons, locked packages."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
LOCK = (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_version_is_that_of_the_citation_and_of_the_newest_section_of_the_changelog():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {PROJECT['version']}\n" in citation
    released = re.findall(r"^## (\d\S*)", CHANGELOG, flags=re.M)
    assert released[0] == PROJECT["version"]


def test_the_changelog_says_how_to_upgrade():
    newest = re.split(r"^## (?=\d)", CHANGELOG, flags=re.M)[1]
    assert "### Upgrading" in newest


def test_the_classifiers_are_the_versions_of_python_that_are_tested():
    listed = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    tested = re.search(r"python: \[(.*)\]", WORKFLOWS[0].read_text(encoding="utf-8"))[1]
    assert re.findall(r"3\.\d+", tested) == listed
    assert PROJECT["requires-python"] == f">={listed[0]}"


def required(name="dev"):
    """The requirements of an extra, those of extras that it names included."""
    for line in EXTRAS[name]:
        each = Requirement(line)
        if each.name == PROJECT["name"]:
            for extra in each.extras:
                yield from required(extra)
        else:
            yield each


def test_the_lock_file_pins_every_requirement_of_developers_within_its_limits():
    pins = dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==(\S+)", LOCK, flags=re.M))
    pins = {name.lower().replace("_", "-"): version for name, version in pins.items()}
    wanted = [*map(Requirement, PROJECT["dependencies"]), *required()]
    assert len(wanted) > 30
    for each in wanted:
        version = pins[each.name.lower().replace("_", "-")]
        assert each.specifier.contains(version, prereleases=True), each


def test_the_lock_file_names_no_place_of_a_machine():
    assert not re.findall(r"file:|--find-links|/opt/|/home/|https?://", LOCK)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_is_one_that_github_reads(file):
    schema = ("--builtin-schema", "vendor.github-workflows")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *schema, str(file)],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
