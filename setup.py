"""The packages, found: those of evolino/, and those of tasks/ below `evolino.tasks`.

Folders of presets and texts are packages too, without code; else setuptools warns of each.

The link evolino/tasks, which serves runs from a checkout, is in no sdist and not relied on;
all else stands in pyproject.toml.
"""

from setuptools import find_namespace_packages, find_packages, setup

own = find_packages(include=["evolino", "evolino.*"], exclude=["evolino.tasks*"])
found = find_namespace_packages(include=["tasks", "tasks.*"], exclude=["*.__pycache__"])
tasks = [f"evolino.{name}" for name in found]
setup(packages=[*own, *tasks])
