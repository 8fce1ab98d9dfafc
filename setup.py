"""The packages, found: those of evolino/, and those of tasks/ below `evolino.tasks`.

The link evolino/tasks, which serves runs from a checkout, is in no sdist and not relied on;
all else stands in pyproject.toml.
"""

from setuptools import find_packages, setup

own = find_packages(include=["evolino", "evolino.*"], exclude=["evolino.tasks*"])
tasks = [f"evolino.{name}" for name in find_packages(include=["tasks", "tasks.*"])]
setup(packages=[*own, *tasks])
