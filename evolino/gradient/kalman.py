"""Decoupled extended Kalman filter: a network trained online, string by string.

Every row corrects all weights, those of the outputs too; no readout is solved. The weights
into a memory cell are a group with a covariance of its own, and so are those into an
output (`evolino.solvers.kalman`). Derivatives go forward with the cells
(`evolino.network.kernels.online`).

Source: Perez-Ortiz, Gers, Eck & Schmidhuber 2003, Neural Networks 16(2) (recalled).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Literal, get_args

import numpy as np

from evolino.network.base import input_vectors
from evolino.network.kernels import online
from evolino.network.lstm import CELL_OUTPUTS, LSTM
from evolino.solvers.kalman import Groups, groups_of, workspace_for
from evolino.task.series import Segment
from evolino.vocabulary import Array, BoolArray, IntArray, check_count, check_number

Derivatives = Literal["full", "truncated"]
Squashing = Literal["identity", "tanh"]


@dataclass(frozen=True, slots=True)
class Kalman:
    """Settings of training by the decoupled extended Kalman filter.

    networks: trained beside each other, each from first weights of its own; the one of the
    lowest loss on validation is kept. strings: between two of these losses, for each
    network; they are drawn by chance, with replacement. longest: rows of a string; of a
    longer one this many rows count as a string, and the cells go on with the next ones.
    derivatives: "full", or "truncated" as in the LSTM papers, which is faster with many
    cells. squashing: of the outputs in training; "tanh" is 2 tanh(x artanh(1/2)), between
    -2 and 2 and through -1 and 1, for targets of -1 and 1. covariance: of a weight before
    the first string. measurement, process: variances of noise at the first string and at
    the last one that changes them, in between by a constant factor. annealed: the number of
    that string. width: output weights begin uniform in +-width.

    Raises TypeError or ValueError, naming the field, for one out of its range.

    >>> import evolino
    >>> result = evolino.train("languages", kalman=evolino.Kalman(networks=1, strings=10),
    ...     budget=evolino.Budget(evaluations=20))
    >>> result.evaluations
    20
    """

    name: ClassVar[str] = "kalman"

    networks: int = 4
    strings: int = 100
    longest: int = 100
    derivatives: Derivatives = "full"
    squashing: Squashing = "identity"
    covariance: float = 100.0
    measurement: tuple[float, float] = (100.0, 1.0)
    process: tuple[float, float] = (1e-2, 1e-6)
    annealed: int = 1000
    width: float = 0.1

    def __post_init__(self) -> None:
        """Check every field."""
        for name in ("networks", "strings", "longest", "annealed"):
            check_count(name, getattr(self, name))
        for name, choices in (("derivatives", Derivatives), ("squashing", Squashing)):
            known, value = get_args(choices), getattr(self, name)
            if value not in known:
                raise ValueError(f"{name} must be {' or '.join(known)}, got {value!r}")
        check_number("covariance", self.covariance, above=0)
        check_number("width", self.width, above=0)
        for name in ("measurement", "process"):
            pair = tuple(getattr(self, name))
            if len(pair) != 2:
                raise ValueError(f"{name} must be two variances, got {pair}")
            for variance in pair:
                check_number(name, variance, above=0)
            object.__setattr__(self, name, pair)

    def noise(self, strings: int) -> tuple[float, float]:
        """Return the variances of measurement and process noise after so many strings."""
        share = min(strings / self.annealed, 1.0)
        first, last = zip(self.measurement, self.process, strict=True)
        r, q = (a * (b / a) ** share for a, b in zip(first, last, strict=True))
        return r, q


@dataclass(frozen=True, slots=True, eq=False)
class Filtered:
    """Where the training of a network is.

    weights: (N, n), groups of genes, then of output weights. covariances: (N, n, n).
    outputs, states: (C,), to_outputs, to_states: (C, W), within a string. string: the one
    it is in, row: the next one of it, 0 at its beginning. strings: presented so far. ended:
    why it is given up, "" while it is not.
    """

    weights: Array
    covariances: Array
    outputs: Array
    states: Array
    to_outputs: Array
    to_states: Array
    string: int = 0
    row: int = 0
    strings: int = 0
    ended: str = ""

    def as_state(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {each.name: getattr(self, each.name) for each in fields(self)}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Filtered:
        """Return what `as_state` gave."""
        return cls(**state)


@dataclass(frozen=True, slots=True, eq=False)
class Strings:
    """Strings as they are presented: for each the input vectors (T, U), the targets (T, K),
    and which rows are learnt (T,)."""

    vectors: tuple[Array, ...]
    targets: tuple[Array, ...]
    learnt: tuple[BoolArray, ...]


def check_filterable(architecture: object, settings: Kalman) -> LSTM:
    """Return a network that the filter can train. Raises ValueError for others."""
    if not isinstance(architecture, LSTM):
        found = type(architecture).__name__
        raise ValueError(f"the Kalman filter needs an LSTM, got {found}")
    if architecture.output not in ("identity", "logistic"):
        raise ValueError(
            "the Kalman filter needs a network with output 'identity' or 'logistic', got "
            f"{architecture.output!r}"
        )
    if architecture.output == "logistic" and settings.squashing != "identity":
        raise ValueError("logistic outputs have their own squashing: leave out squashing")
    if architecture.groups or architecture.evolved_outputs or architecture.full_peepholes:
        raise ValueError(
            "the Kalman filter needs a network without groups of cells, without "
            "evolved_outputs and without full_peepholes"
        )
    return architecture


def strings_of(architecture: LSTM, segments: Sequence[Segment]) -> Strings:
    """Return segments as strings; rows before a segment drive the cells, and rows without
    a target too."""
    vectors, targets, learnt = [], [], []
    for each in segments:
        series = each.series
        rows = input_vectors(architecture, series.inputs, series.fed_back)[: each.stop]
        wanted = series.targets[: each.stop]
        known = np.asarray(np.isfinite(wanted).all(axis=1))
        known[: each.start] = False
        vectors.append(np.ascontiguousarray(rows))
        targets.append(np.ascontiguousarray(wanted))
        learnt.append(known)
    return Strings(tuple(vectors), tuple(targets), tuple(learnt))


def begin(architecture: LSTM, genome: Array, output: Array, settings: Kalman) -> Filtered:
    """Return a network before its first string. genome: (C, G). output: (S, K)."""
    groups = _groups(architecture, genome, output, settings.covariance)
    cells, genes = genome.shape
    width = cells * genes if settings.derivatives == "full" else genes
    rest, flat = np.zeros(cells), np.zeros((cells, width))
    return Filtered(groups.weights, groups.covariances, rest, rest, flat, flat)


def parts(architecture: LSTM, here: Filtered) -> tuple[Array, Array]:
    """Return the genome (C, G) and the output weights (S, K) of a network.

    These give the sums that "tanh" squashes: on targets of -1 and 1 the same.
    """
    cells, genes = architecture.genome_shape
    output = here.weights[cells:, : architecture.readout_width].T
    return here.weights[:cells, :genes].copy(), np.ascontiguousarray(output)


def presented(
    architecture: LSTM,
    here: Filtered,
    strings: Strings,
    order: IntArray,
    settings: Kalman,
) -> Filtered:
    """Return a network after so many strings more, or fewer where it is given up.

    order: the strings to begin, as many as are presented; one that it is within goes on
    before the next one of them is begun.
    """
    groups = _copied(architecture, here)
    place = online.Place(
        here.outputs.copy(), here.states.copy(), here.to_outputs.copy(),
        here.to_states.copy(),
    )  # fmt: skip
    network, step = _network(architecture, settings), _step(architecture, place, groups)
    work, failed = workspace_for(groups, architecture.outputs), np.zeros(1, dtype=np.int64)
    string, row, count, ended = here.string, here.row, here.strings, ""
    for begun in order:
        if row == 0:
            string = int(begun)
            for array in place:
                array[:] = 0.0
        length = len(strings.vectors[string])
        some = slice(row, min(row + settings.longest, length))
        rows = online.Rows(
            strings.vectors[string][some],
            strings.targets[string][some],
            strings.learnt[string][some],
            *settings.noise(count),
        )
        online.present(network, rows, groups, place, step, work, failed)
        row = 0 if some.stop == length else some.stop
        count += 1
        if failed[0] >= 0:
            ended = f"its covariance was not finite and positive after {count} strings"
            break
    return replace(
        here, **place._asdict(), weights=groups.weights, covariances=groups.covariances,
        string=string, row=row, strings=count, ended=ended,
    )  # fmt: skip


def _groups(architecture: LSTM, genome: Array, output: Array, covariance: float) -> Groups:
    weights = [*genome, *output.T]
    return groups_of(weights, [np.ones(len(each)) for each in weights], covariance)


def _copied(architecture: LSTM, here: Filtered) -> Groups:
    """Return the groups of a network, to be changed."""
    groups = _groups(architecture, *parts(architecture, here), 0.0)
    return groups._replace(covariances=here.covariances.copy())


def _network(architecture: LSTM, settings: Kalman) -> online.Network:
    """Return what the kernel takes of a network."""
    squashing = online.TANH if settings.squashing == "tanh" else online.IDENTITY
    if architecture.output == "logistic":
        squashing = online.LOGISTIC
    return online.Network(
        architecture.recurrent_sources(),
        architecture.genes,
        len(architecture.gates),
        architecture.bias,
        architecture.peepholes,
        architecture.cell_input == "tanh",
        CELL_OUTPUTS.index(architecture.cell_output),
        architecture.readout_states,
        architecture.readout_inputs,
        architecture.readout_squares,
        architecture.readout_constant,
        squashing,
        settings.derivatives == "full",
    )


def _step(architecture: LSTM, place: online.Place, groups: Groups) -> online.Step:
    outputs, width = architecture.outputs, place.to_states.shape[1]
    number, widest = groups.weights.shape
    after = online.Place(*(np.zeros_like(each) for each in place))
    return online.Step(
        after.outputs,
        after.states,
        after.to_outputs,
        after.to_states,
        to_net=np.zeros((4, width)),
        net=np.zeros(4),
        features=np.zeros(architecture.readout_width),
        sums=np.zeros(outputs),
        slopes=np.zeros(outputs),
        error=np.zeros(outputs),
        derivatives=np.zeros((number, outputs, widest)),
    )
