"""The protocol of a task: sequences, a loss for evolution, metrics, baselines.

A task knows nothing of networks or searches. It says which steps of which sequences fit
the readout, which ones select among networks, and which ones are reported.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from numpy.random import Generator

from evolino.task.series import Segment, Split
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True)
class Published:
    """A figure from the literature to print beside ours.

    metric: the metric it compares with. value: of it. method: what reached it. source:
    paper and page or section. checked: False where it was recalled and not read in its
    source.

    >>> import evolino
    >>> evolino.Oscillators(sines=2).published()[0].method
    'Evolino, 10 cells'
    """

    metric: str
    value: float
    method: str
    source: str
    checked: bool = False


class Predictor(Protocol):
    """What a task measures: a trained network."""

    def respond(self, segments: Sequence[Segment], *, free_running: bool) -> list[Array]:
        """Return the outputs (stop - start, K) on each segment."""
        ...


class Task(Protocol):
    """A frozen dataclass whose fields are the task's own parameters.

    One of the table of tasks has a class attribute `name`: that in the table.

    >>> import evolino
    >>> task: evolino.Task = evolino.Oscillators(sines=2)
    >>> task.inputs, task.outputs, task.generates
    (0, 1, True)
    """

    @property
    def inputs(self) -> int:
        """I: external inputs."""
        ...

    @property
    def outputs(self) -> int:
        """K: outputs."""
        ...

    @property
    def generates(self) -> bool:
        """Whether validation and test are free runs on the network's own outputs."""
        ...

    def sequences(self, rng: Generator) -> Split:
        """Return the task's data; the same rng gives the same bits."""
        ...

    def loss(self, outputs: Array, targets: Array) -> Array:
        """Return (P,): what evolution minimises, 0 for perfect outputs.

        outputs: (P, N, L, K), what P networks gave on N validation segments of L rows; or
        on all rows of train as one segment, where there is no validation.
        targets: (N, L, K); NaN where a shorter segment has no row, which does not count
        (`evolino.tasks.error_measures.rmse` leaves such rows out). A loss with a third
        argument `inputs` is also given the inputs (N, L, I) of the same rows.
        """
        ...

    def measure(self, model: Predictor, split: Split) -> dict[str, float]:
        """Return the metrics that the papers report, on the test segments."""
        ...

    def baselines(self, split: Split) -> Mapping[str, dict[str, float]]:
        """Return the metrics of trivial methods on the same data, by method."""
        ...

    def published(self) -> tuple[Published, ...]:
        """Return the figures from the literature for these very parameters."""
        ...


def name_of(task: object) -> str:
    """Return the name of a task in texts: its `name`, or that of its class."""
    return str(getattr(task, "name", type(task).__name__))
