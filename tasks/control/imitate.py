"""Imitation: movements that are shown are learnt and played again, faster and disturbed.

The network is given the target phase (one-hot) and the measured position of every joint,
fed back, and gives the position to move to next. Where a course crosses itself the same
position needs different moves, so a policy without memory cannot follow it.

Source: Mayer, Gomez, Wierstra, Nagy, Knoll & Schmidhuber 2006, A system for robotic heart
surgery that learns to tie knots using recurrent neural networks, IROS (abstract read). Its
recordings were never published: the courses here are of a user's file, or made like knots.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from evolino.task.capabilities import Improviser
from evolino.task.protocol import Predictor, Published
from evolino.task.scaling import Scaling
from evolino.task.series import Segment, Series, Split
from evolino.tasks.control.arm import REACH, Arm, Disturbance
from evolino.tasks.control.feed_forward import fitted
from evolino.tasks.control.knots import PHASES, Course, faster, knot, trembling
from evolino.tasks.control.shown import read_courses
from evolino.tasks.unused_fields import Replaced, refuse_unused
from evolino.vocabulary import Array, check_count, check_number

HOLD = 5  # steps at the start before a movement begins
TREMBLE = 0.01  # of what is shown, as a share of the extent
COPIES = 6  # of each course that is shown, each with noise of its own, that fit the readout
SHOVES = 3  # in each copy
PLAYS = 10  # of each kind in the test
NEAR, ON_COURSE = 0.02, 0.05  # shares of the extent: end point; on course


@dataclass(frozen=True, slots=True)
class Imitate:
    """Play movements that were shown.

    path: of a file of trajectories, a row a step, a column a joint, with columns
    `trajectory` and `phase` where there are several; "" makes a knot. joints, crossings,
    steps: of a knot, and how many steps it is shown in. shown: how many times, with a
    tremble of 1 %. speed: how many times faster it is played than shown. noise, shove: what
    the test disturbs by, as shares of the extent.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> task = evolino.Imitate(joints=2)
    >>> task.inputs, task.outputs
    (3, 2)
    """

    name: ClassVar[str] = "imitate"
    generates: ClassVar[bool] = True
    belongs_to: ClassVar[tuple[str, ...]] = ("path",)
    replaced: ClassVar[Replaced] = {"path": ("joints", "crossings", "steps", "shown")}

    path: str = field(default="", metadata={"help": "file of trajectories; none: a knot"})
    joints: int = field(default=3, metadata={"help": "of a knot"})
    crossings: int = field(default=2, metadata={"help": "of a knot with itself"})
    steps: int = field(default=300, metadata={"help": "that a knot is shown in"})
    shown: int = field(default=6, metadata={"help": "times that a knot is shown"})
    speed: float = field(default=2.0, metadata={"help": "times faster than shown"})
    noise: float = field(default=0.1, metadata={"help": "on the state, in the test"})
    shove: float = field(default=0.25, metadata={"help": "in mid-course, in the test"})

    def __post_init__(self) -> None:
        """Check the parameters; a file is read."""
        check_count("joints", self.joints, least=2, most=100)
        check_count("crossings", self.crossings, most=20)
        check_count("steps", self.steps, least=20 * self.crossings + 20, most=100_000)
        check_count("shown", self.shown, most=1000)
        check_number("speed", self.speed, above=0)
        check_number("noise", self.noise, least=0)
        check_number("shove", self.shove, least=0)
        if self.path:
            refuse_unused(self, "path")
            self._read()

    @property
    def inputs(self) -> int:
        """I: the target phase, one-hot."""
        return (
            PHASES if not self.path else 1 + max(int(c.phases.max()) for c in self._read())
        )

    @property
    def outputs(self) -> int:
        """K: the joints."""
        return self._read()[0].positions.shape[1] if self.path else self.joints

    def sequences(self, rng: Generator) -> Split:
        """Return the split: noisy copies of what is shown fit the readout, the last shown
        one selects, the course itself is the test.

        Of a file the last trajectory is the test and the one before it selects; where
        there are not so many, the last one that there is.
        """
        shown, tested = self._courses(rng)
        played = [faster(course, self.speed) for course in shown]
        fitted, selecting = played[:-1] or played, played[-1]
        train = self._noisy(fitted, rng)
        return Split(
            train=train,
            validation=(self._clean(selecting),),
            test=(self._clean(faster(tested, self.speed)),),
            refit=train + self._noisy([selecting], rng),
        )

    def scaling(self) -> Scaling | None:
        """Return mean and deviation of each joint in what a file shows, without the test;
        None for a knot, which lies between -1 and 1 anyhow."""
        if not self.path:
            return None
        shown, _ = _divided(self._read())
        positions = np.concatenate([course.positions for course in shown])
        return Scaling.of(np.array([[0.0], [2.0]]) * np.ones(self.inputs), positions)

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): the root mean squared distance from the course, as a share of its
        extent."""
        extent = np.ptp(targets, axis=1).max()
        apart = np.square(outputs - targets).sum(axis=3).mean(axis=(1, 2))
        return np.asarray(np.sqrt(apart) / extent)

    def measure(self, model: Predictor | Improviser, split: Split) -> dict[str, float]:
        """Return how far off the end point is, as a share of the extent: undisturbed, the
        worst under noise, the worst after a shove; the share of shoved plays that are back
        on course, within 5 % from three quarters of it to the end; and solved: 1 where all
        end within 2 % and are back."""
        (segment,) = split.test
        player: Improviser
        if isinstance(model, Improviser):
            player = model
        else:  # what it gives in free run, whatever befalls the arm
            player = Replay(_held(model.respond([segment], free_running=True)[0]))
        still, noisy, shoved = (
            _plays(player, segment, each, count)
            for each, count in (
                ((0.0, 0.0), 1),
                ((self.noise, 0.0), PLAYS),
                ((self.noise, self.shove), PLAYS),
            )
        )
        ends = [float(each[:, -1].max()) for each in (still, noisy, shoved)]
        late = shoved[:, 3 * shoved.shape[1] // 4 :]
        back = float((late <= ON_COURSE).all(axis=1).mean())
        return {
            "solved": float(max(ends) <= NEAR and back == 1.0),
            "end_error": ends[0],
            "end_error_noise": ends[1],
            "end_error_shove": ends[2],
            "back_on_course": back,
        }

    def baselines(self, split: Split) -> dict[str, dict[str, float]]:
        """Return the figures of a readout without memory cells, and of replaying the first
        trajectory that was shown without a look at the position."""
        policy = fitted(split.refit, np.random.default_rng(0))
        replayed = Replay(split.refit[0].series.targets)
        return {
            "feed-forward readout": self.measure(policy, split),
            "replay without feedback": self.measure(replayed, split),
        }

    def published(self) -> tuple[Published, ...]:
        """Return none: the recordings of Mayer et al. 2006 were never published."""
        return ()

    def _read(self) -> list[Course]:
        return read_courses(self.path)[0]

    def _courses(self, rng: Generator) -> tuple[list[Course], Course]:
        """Return what is shown, and what is tested."""
        if self.path:
            return _divided(self._read())
        course = knot(rng, self.joints, self.crossings, self.steps)
        return [trembling(rng, course, TREMBLE) for _ in range(self.shown)], course

    def _clean(self, course: Course) -> Segment:
        series = Series(self._inputs(course), _held(course.positions))
        return Segment(series, HOLD, series.steps)

    def _noisy(self, courses: Sequence[Course], rng: Generator) -> tuple[Segment, ...]:
        segments = []
        for course in courses:
            targets = _held(course.positions)
            for _ in range(COPIES):
                teacher = targets + course.extent * self._deviations(rng, targets.shape)
                series = Series(self._inputs(course), targets, teacher)
                segments.append(Segment(series, HOLD, series.steps))
        return tuple(segments)

    def _deviations(self, rng: Generator, shape: tuple[int, ...]) -> Array:
        """Return deviations of the measured position (T, K): noise at each step, and shoves
        that are made good over some steps."""
        steps, joints = shape
        deviations = self.noise * rng.normal(size=shape)
        for at in rng.integers(HOLD, steps, SHOVES):
            fading = np.exp(-np.arange(steps - at) / rng.uniform(2, 15))
            deviations[at:] += self.shove * fading[:, None] * _direction(rng, joints)
        return deviations

    def _inputs(self, course: Course) -> Array:
        phases = np.concatenate([np.full(HOLD, course.phases[0]), course.phases])
        return np.asarray(np.eye(self.inputs)[phases])


def _divided(courses: list[Course]) -> tuple[list[Course], Course]:
    """Return what is shown, and what is tested: the last one, alone both."""
    return courses[:-1] or courses, courses[-1]


@dataclass(frozen=True, slots=True, eq=False)
class Replay:
    """Moves that are played as they were shown, (T, K) with the steps before them."""

    moves: Array

    def improvise(
        self,
        steps: int,
        prime: Array,
        choose: Callable[[Array], Array],
        *,
        inputs: Array | None = None,
    ) -> tuple[Array, Array]:
        """Play them."""
        rest = np.minimum(len(prime) + np.arange(steps), len(self.moves) - 1)
        outputs = self.moves[rest]
        return np.array([choose(each) for each in outputs]), outputs


def _held(positions: Array) -> Array:
    return np.concatenate([np.tile(positions[:1], (HOLD, 1)), positions])


def _direction(rng: Generator, joints: int) -> Array:
    direction = rng.normal(size=joints)
    return np.asarray(direction / np.linalg.norm(direction))


def _plays(
    model: Improviser, segment: Segment, disturbed: tuple[float, float], count: int
) -> Array:
    """Return (count, L): distances from the course at each step, shares of its extent.

    disturbed: noise and shove as such shares; the shove comes at the middle.
    """
    course = segment.targets
    paths = np.array([played(model, segment, disturbed, n) for n in range(count)])
    extent = np.ptp(course, axis=0).max()
    return np.asarray(np.linalg.norm(paths - course, axis=2) / extent)


def played(
    model: Improviser, segment: Segment, disturbed: tuple[float, float], number: int
) -> Array:
    """Return where the arm goes (L, K). disturbed: noise and shove, shares of the extent,
    the shove at the middle. number: of the play, which decides both."""
    course, start = segment.targets, segment.start
    most = REACH * np.linalg.norm(np.diff(course, axis=0), axis=1).max()
    rng = np.random.default_rng(number)
    noise, shove = np.ptp(course, axis=0).max() * np.array(disturbed)
    push = shove * _direction(rng, course.shape[1]) if shove else None
    arm = Arm(course[0], most, Disturbance(noise, push, len(course) // 2), rng)
    model.improvise(
        len(course),
        segment.series.targets[:start],
        arm.follow,
        inputs=segment.series.input_rows(),
    )
    return np.array(arm.positions)
