"""docs/readouts.md keeps its promises: its commands ask for what they say."""

import re
import shlex
from pathlib import Path

import pytest

from evolino.cli.assignments import read_assignments
from evolino.training.presets import experiment_for

PAGE = Path(__file__).parents[2].joinpath("docs/readouts.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^evolino run (.*)$", PAGE.replace("\\\n", ""), flags=re.M)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_is_an_experiment(command):
    task, *rest = shlex.split(command)
    options = list(zip(rest[::2], rest[1::2], strict=True))
    assert {name for name, _ in options} <= {"--readout", "--set"}
    readout = dict(options)["--readout"]
    fields = read_assignments(value for name, value in options if name == "--set")
    assert experiment_for(task, readout=readout, fields=fields).readout.name == readout


def test_every_readout_is_named():
    from evolino.registry import names

    assert all(f"| `{name}` |" in PAGE for name in names("readout"))
