"""What any network offers: the protocols of an architecture and of what runs its networks.

An architecture is a frozen dataclass: what a genome looks like, what goes in and comes out.
Its driver runs networks: teacher-forced or freely. Training, models and pictures know these
protocols only. `evolino.network.lstm.LSTM` is one; others are in `evolino.network`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from evolino.task.symbols import Symbols, SymbolVectors, one_hot_rows
from evolino.vocabulary import Array, IntArray

if TYPE_CHECKING:
    from evolino.environments.base import Environment, Episodes, Outcomes
    from evolino.environments.stepped import SteppedEnvironment
    from evolino.network.kernel_expansion import Output, Outputs
    from evolino.simd.workspace import Workspace
    from evolino.task.counted import Checked, Phase

# A block of P networks, as `Driver.pack` has laid it out; only its driver looks inside.
Networks = Any
# What P networks held at N points, one array (P, N, ..) for each kind of state; together
# as many numbers for a network and a point as `Architecture.state_shape` has.
States = tuple[Array, ...]
# From networks to their features (P, R, S) at the recorded rows of all series, one series
# after another, and their states before each of the rows that states are kept for. The
# arrays lie in the workspace, if there is one, until it serves the next block. Features
# are C-contiguous, or a view of lanes (`evolino.simd.memory.out_of_lanes`).
TeacherForcing = Callable[[Networks, "Workspace | None"], tuple[Array, States]]
# From networks, their readouts (weights (P, S, K), or P expansions) and their states
# before each of N runs to their outputs (P, N, L, K).
FreeRunning = Callable[[Networks, "Outputs", States, "Workspace | None"], Array]
EXPLODED = 1e12  # a free run is lost at an output beyond it


@dataclass(frozen=True, slots=True, eq=False)
class ForcedRuns:
    """Series to drive networks over by teacher forcing, from rest at row 0 of each.

    vectors: the input vectors (T_n, U) of each of N series; `SymbolVectors` only for a
    driver that says `looks_up_symbols = True`. firsts: (N,), the row from which on features
    are recorded. kept: series and row of each of M points before which states are kept, in
    any order, 0 <= row <= T_n.
    """

    vectors: tuple[Array | SymbolVectors, ...]
    firsts: tuple[int, ...]
    kept: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FreeRuns:
    """N free runs over L rows, each from states of its own.

    previous: (N, K), the output that is fed back first. inputs: (N, L, I), external.
    targets: (N, L, K), for a finite tolerance: a run further from its target is lost, inf
    from there on; so is one whose output is not finite or beyond EXPLODED. noise: (M,
    *state_shape), added to the states after each step, row t modulo M after step t of every
    run; None for none.
    """

    previous: Array
    inputs: Array
    targets: Array | None = None
    tolerance: float = float("inf")
    noise: Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReadoutPart:
    """A part of a readout that is solved by itself.

    what: for errors, such as "groups of cells". outputs: those that it gives. columns: the
    features that it has, None for all. where_set: whether it is solved on the rows alone
    whose targets have a 1 among its outputs. fed_back: the features that are fed back.
    """

    what: str
    outputs: IntArray | slice
    columns: IntArray | None = None
    where_set: bool = False
    fed_back: slice | None = None


class Architecture(Protocol):
    """A frozen dataclass: what the networks of an experiment have in common."""

    name: ClassVar[str]  # in the table of networks, in config.toml and in model.npz

    @property
    def inputs(self) -> int:
        """I: external inputs."""
        ...

    @property
    def outputs(self) -> int:
        """K: outputs."""
        ...

    @property
    def feedback(self) -> bool:
        """Whether the outputs of the last step are inputs of this one."""
        ...

    @property
    def feedback_scale(self) -> float:
        """What they are multiplied with on their way in."""
        ...

    @property
    def output(self) -> str:
        """ "identity" where outputs are the sums of the readout as they are; else what is
        made of them (`outputs_of`)."""
        ...

    @property
    def genome_shape(self) -> tuple[int, int]:
        """(C, G): row c of a genome holds every weight into cell c."""
        ...

    @property
    def state_shape(self) -> tuple[int, ...]:
        """The shape of all states of a network at one step."""
        ...

    @property
    def readout_width(self) -> int:
        """S: the features that the readout has at each step."""
        ...

    def gene_groups(self) -> list[tuple[str, str]]:
        """Return (source, gate) of each of the G genes, in genome order."""
        ...

    def genes_of(self, source: str, gate: str | None = None) -> IntArray:
        """Return the positions of the genes from a source into a gate (None: into any);
        none for what the architecture does not have."""
        ...

    def for_task(self, inputs: int, outputs: int) -> Architecture:
        """Return this architecture with a task's numbers of inputs and outputs.

        Raises ValueError for a task that it does not fit.
        """
        ...

    def outputs_of(self, sums: Array) -> Array:
        """Return the outputs of what the readout summed up; any shape."""
        ...

    def fed_back(self, outputs: Array) -> Array:
        """Return what is fed back of outputs in a free run; any shape."""
        ...

    def check_free_run(self) -> None:
        """Raise ValueError, saying why, if its networks cannot run freely."""
        ...

    def driver(self) -> Driver:
        """Return what runs its networks."""
        ...


class Driver(Protocol):
    """Runs the networks of one architecture, at most `block_size` at a time.

    It is pure, and threads share it. The results of a network do not depend on the networks
    beside it, to the bit.
    """

    @property
    def architecture(self) -> Architecture:
        """What the networks have in common."""
        ...

    @property
    def block_size(self) -> int:
        """How many networks `pack` takes at most."""
        ...

    @property
    def one_by_one(self) -> bool:
        """Whether the networks of a block share no work, so that smaller blocks are as
        fast."""
        ...

    def pack(self, genomes: Array, workspace: Workspace | None = None) -> Networks:
        """Return genomes (P, C, G), laid out to be run. Raises ValueError for another
        shape or number."""
        ...

    def teacher_forcing(self, runs: ForcedRuns) -> TeacherForcing:
        """Return what drives networks over these series."""
        ...

    def free_running(self, runs: FreeRuns) -> FreeRunning:
        """Return what lets networks run freely; raises ValueError as `check_free_run`."""
        ...

    def stepper(self, genome: Array) -> Stepper:
        """Return a network (C, G) at rest, to be driven a step at a time."""
        ...

    def masked(self, genes: Array) -> Array:
        """Return genomes or scales (.., C, G) with 0 for genes that have no effect."""
        ...

    def readout_parts(self) -> tuple[ReadoutPart, ...]:
        """Return the parts of the readout that are solved apart; none is one of all."""
        ...


class Stepper(Protocol):
    """One network, a step at a time."""

    def step(self, u: Array) -> None:
        """Take an input vector u (U,): external inputs, then what is fed back."""
        ...

    def features(self) -> Array:
        """Return (S,): the features after the last step."""
        ...


@runtime_checkable
class Traces(Protocol):
    """A driver that records every cell and gate, for pictures and for reading a network."""

    def trace(self, genome: Array, vectors: Array) -> Trace:
        """Return what a network (C, G) does, from rest, over input vectors (T, U)."""
        ...


@dataclass(frozen=True, slots=True)
class Trace:
    """What a network did. outputs, states: (T, C). gates: (T, C, ..), one for each kind of
    gate, in the order that the architecture has them."""

    outputs: Array
    states: Array
    gates: Array


@runtime_checkable
class Acts(Protocol):
    """A driver whose networks act in environments, their output weights among the genes."""

    def output_weights(self, genomes: Array) -> Array:
        """Return (P, S, K): the output weights of genomes (P, C, G); ValueError where they
        are solved."""
        ...

    def play(
        self,
        genomes: Array,
        output_weights: Array,
        environment: Environment | SteppedEnvironment,
        episodes: Episodes,
        workspace: Workspace | None = None,
    ) -> Outcomes:
        """Return what networks (P, C, G) with output weights (P, S, K) come to."""
        ...


@runtime_checkable
class CountsStrings(Protocol):
    """A driver that checks a network on counted strings without writing them out."""

    def check_strings(
        self, genome: Array, output: Output, phases: Sequence[Phase], strings: IntArray
    ) -> Checked:
        """Return how a network (C, G) with a readout does on strings (N, parameters)."""
        ...


def input_vectors(
    architecture: Architecture, inputs: Array | Symbols, targets: Array
) -> Array:
    """Return u (T, U): external inputs (T, I), then the previous targets (T, K), scaled.

    At row 0 the previous target is 0. Without feedback it is the inputs alone. Symbols are
    written out.
    """
    rows = one_hot_rows(inputs)
    if not architecture.feedback:
        return np.ascontiguousarray(rows)
    return np.concatenate([rows, fed_back_before(architecture, targets)], axis=1)


def fed_back_before(architecture: Architecture, targets: Array) -> Array:
    """Return (T, K): the targets of the step before, scaled; 0 at row 0."""
    previous = np.zeros_like(targets)
    previous[1:] = targets[:-1]
    return np.asarray(architecture.feedback_scale * previous)
