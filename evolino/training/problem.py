"""What networks are evaluated on: an experiment, or a variant of its curriculum.

A worker in another process cannot be handed data and functions; it gets the experiment as
text, once, and makes the same evaluator from it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from evolino.network.base import Driver
from evolino.readout.best_only import BestOnly, check_targets
from evolino.readout.evolved import Evolved
from evolino.readout.in_parts import blocks_of
from evolino.readout.relative_parts import check_relative
from evolino.search.base import Search, WeightSpace
from evolino.storage.json_text import read_json, write_json
from evolino.task.capabilities import Standardised, feeds_back
from evolino.task.control import is_control
from evolino.task.counted import Counted
from evolino.task.protocol import Task, name_of
from evolino.task.scaling import Scaling
from evolino.task.series import Split
from evolino.training.config import experiment_from_table, experiment_to_table
from evolino.training.environment import deciding_versions
from evolino.training.evaluation import Evaluator
from evolino.training.experiment import Experiment
from evolino.training.randomness import generator
from evolino.training.scoring import scoring_of
from evolino.training.solved_candidates import Setting
from evolino.vocabulary import Array

NOISE_ROWS = 4099  # then noise begins again; a prime, so that no period meets its own


@dataclass(frozen=True, eq=False)
class Problem:
    """An experiment and where its curriculum is.

    variant: counted down to 0, the task itself. purpose: of the generator that the search
    draws from. restarts: of the curriculum; each has draws of its own.
    """

    experiment: Experiment
    variant: int = 0
    purpose: str = "search"
    restarts: int = 0

    @property
    def task(self) -> Task:
        """The task, or the variant of it."""
        variants = self.experiment.curriculum.variants
        if self.variant == 0:
            return self.experiment.task
        return variants[len(variants) - self.variant]

    @property
    def begun(self) -> int:
        """A number of its own for each variant after each restart; 0 for the task."""
        return self.variant + self.restarts * (len(self.experiment.curriculum.variants) + 1)

    @cached_property
    def driver(self) -> Driver:
        """What runs the networks."""
        return self.experiment.architecture.driver()

    @cached_property
    def evaluator(self) -> Evaluator:
        """What gives genomes their losses."""
        experiment = self.experiment
        setting = Setting(
            self.driver,
            self.task,
            experiment.readout,
            split_of(self.task, experiment.seed),
            experiment.confirm_at,
            experiment.fit_weight,
            self.scaling,
        )
        noise = state_noise(experiment)
        return Evaluator(
            setting, scoring_of(self.task, tolerance=experiment.tolerance, noise=noise)
        )

    @cached_property
    def scaling(self) -> Scaling | None:
        """How the task's columns are standardised; None where they are not.

        Targets that stand for classes, or for what is cut or a probability, are left.
        """
        if not isinstance(self.task, Standardised):
            return None
        scaling = self.task.scaling()
        classes = hasattr(self.experiment.readout, "check")
        as_it_is = classes or self.experiment.architecture.output != "identity"
        return scaling.for_labels() if scaling is not None and as_it_is else scaling

    @cached_property
    def ranking(self) -> Evaluator:
        """The same with the cheap readout, where a costly one scores the best only."""
        readout = self.experiment.readout
        assert isinstance(readout, BestOnly)
        setting = replace(self.evaluator.setting, readout=readout.ranking)
        return replace(self.evaluator, setting=setting)

    def check(self) -> None:
        """Raise ValueError for a readout that says it cannot learn the task's targets, for
        feedback of targets that are not known, for symbols that do not exist, for an
        ensemble that was to read a language's strings, and for a task of control that is
        to be solved, not evolved."""
        check_control(self.experiment)
        readout = self.experiment.readout
        if hasattr(readout, "check_network"):
            readout.check_network(self.experiment.architecture)
        check_relative(readout, self.driver.readout_parts())
        if self.experiment.network.feedback and not feeds_back(self.task):
            raise ValueError(
                "feedback would give the network past targets of a task that does not "
                "generate, in its test too: take LSTM(feedback=False), or say "
                "past_targets_known = True in the task if they are known by then"
            )
        if self.experiment.ensemble > 1 and isinstance(self.task, Counted):
            raise ValueError(
                f"ensemble must be 1 for {name_of(self.task)}, whose strings one network "
                f"reads, got {self.experiment.ensemble}"
            )
        try:
            split = self.evaluator.setting.split
        except Exception:  # of the task's own: an evaluation says whose it is
            return
        split.check_symbols(self.task.inputs)
        if hasattr(readout, "check"):
            for segments in filter(None, (split.train, split.refit)):
                rows = np.concatenate([segment.targets for segment in segments])
                for block in blocks_of(self.driver.readout_parts(), rows):
                    check_targets(readout, block)

    def search(self, origin: Array | None, *island: int) -> Search:
        """Return the search at its beginning; island: its number, if there are several.

        origin: (C, G), the best network of the variant before, if there was one.
        """
        rng = generator(self.experiment.seed, self.purpose, self.begun, *island)
        space = weight_space(self.experiment, self.driver)
        return self.experiment.search.start(space, rng, origin)

    @cached_property
    def text(self) -> bytes:
        """The problem in JSON, with the versions of the packages that decide its bits.

        Raises ValueError or TypeError for an experiment that a table cannot hold.
        """
        try:
            # Made again here as it will be there; paths of files are absolute after that.
            made = experiment_from_table(experiment_to_table(self.experiment))
        except (ValueError, TypeError) as error:
            raise ValueError(
                f"workers in other processes cannot make this experiment: {error}"
            ) from error
        return write_json(
            {
                "experiment": experiment_to_table(made),
                "variant": self.variant,
                "purpose": self.purpose,
                "restarts": self.restarts,
                "versions": deciding_versions(),
            },
            sort_keys=True,
        )

    @cached_property
    def key(self) -> str:
        """A digest of the text, which workers know the problem by."""
        return hashlib.sha256(self.text).hexdigest()

    @classmethod
    def from_text(cls, text: bytes) -> Problem:
        """Return the problem of `text`. Raises ValueError where other versions run.

        A package that one of both lacks belongs to an extra; a task that needs it says so.
        """
        content = read_json(text)
        here = deciding_versions()
        for name, version in content["versions"].items():
            if here.get(name, version) != version:
                raise ValueError(f"the worker has {name} {here[name]}, the run {version}")
        experiment = experiment_from_table(content["experiment"])
        return cls(experiment, content["variant"], content["purpose"], content["restarts"])


def check_control(experiment: Experiment) -> None:
    """Raise ValueError where a task of control meets settings of targets, or the other way
    round."""
    evolved = isinstance(experiment.readout, Evolved)
    genes = bool(getattr(experiment.network, "evolved_outputs", False))
    if not is_control(experiment.task):
        if evolved or genes:
            raise ValueError(
                "readout evolved and evolved_outputs are for tasks of control; "
                f"{name_of(experiment.task)} has targets that a readout is solved for"
            )
        return
    if not (evolved and genes):
        raise ValueError(
            f"{name_of(experiment.task)} is a task of control: it needs readout evolved "
            "and a network with evolved_outputs True"
        )
    for name, least in (
        ("ensemble", 1),
        ("robust", 0),
        ("confirm_at", 0),
        ("fit_weight", 0),
        ("tolerance", float("inf")),
    ):
        if getattr(experiment, name) != least:
            raise ValueError(
                f"{name} must be {least} for a task of control, got "
                f"{getattr(experiment, name)}"
            )


def weight_space(experiment: Experiment, driver: Driver) -> WeightSpace:
    """Return the genomes that an experiment's initialiser offers to its search."""
    initialiser, architecture = experiment.initialiser, driver.architecture
    centre = getattr(initialiser, "centre", lambda _: None)(architecture)
    return WeightSpace(
        draw=lambda rng, count: initialiser.draw(architecture, rng, count),
        scale=driver.masked(initialiser.scale(architecture)),
        level=initialiser.level,
        family=initialiser.family(architecture),
        centre=None if centre is None else driver.masked(centre),
    )


def state_noise(experiment: Experiment) -> Array | None:
    """Return (M, *state_shape): noise on the states in free runs, None for none."""
    if not experiment.robust:
        return None
    shape = (NOISE_ROWS, *experiment.architecture.state_shape)
    return generator(experiment.seed, "noise").normal(0.0, experiment.robust, shape)


def split_of(task: Task, seed: int) -> Split:
    """Return a task's data for a run's seed."""
    return task.sequences(generator(seed, "task"))
