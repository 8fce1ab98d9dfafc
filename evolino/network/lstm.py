"""What an evolved network is: its memory cells, its gates, and how a genome is laid out.

One hidden layer of LSTM memory cells, fully or sparsely recurrent. With u(t) the input
vector (external inputs, then the fed-back outputs) and h, s the cells' outputs and states,

    i, f, o = sigma(W u(t) + R h(t-1) + b [+ p s])          input, forget, output gate
    z       = g(W u(t) + R h(t-1) + b)                      cell input, g = tanh or identity
    s(t)    = f s(t-1) + i z
    h(t)    = o tanh(s(t))   or   tanh(o s(t))   or   o s(t)

or with full peepholes, the peephole LSTM as Wikipedia's article (2018) prints it,

    i, f, o = sigma(W u(t) + U s(t-1) + b),   z = g(W u(t) + b).

Source: Gers, Schraudolph & Schmidhuber 2002, JMLR 3, section 2 (peepholes; o * s);
Schmidhuber, Wierstra & Gomez 2005, IJCAI, eqs. 3-6 (tanh(o * s), identity cell input,
outputs and states as features of the readout), recalled.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from itertools import pairwise
from typing import ClassVar, Literal, get_args

import numpy as np

from evolino.network import features
from evolino.network.base import Driver
from evolino.network.groups import Group, as_groups, cells_seen, sharing_out
from evolino.solvers.likelihood import probabilities
from evolino.vocabulary import (
    Array,
    IntArray,
    check_choice,
    check_count,
    check_flag,
    check_number,
)

GATES = ("input", "forget", "cell", "output")
PEEPHOLE_GATES = ("input", "forget", "output")
CellInput = Literal["tanh", "identity"]
CellOutput = Literal["o*tanh(s)", "tanh(o*s)", "o*s"]
OutputUnit = Literal[
    "identity", "threshold", "threshold in feedback", "logistic", "softmax"
]
Precision = Literal["float64", "float32"]
CELL_OUTPUTS = get_args(CellOutput)
CHOICES = {"cell_input": get_args(CellInput), "cell_output": CELL_OUTPUTS,
           "output": get_args(OutputUnit), "precision": get_args(Precision)}  # fmt: skip
PROBABILITIES = ("logistic", "softmax")
FLAGS = ("forget_gate", "peepholes", "full_peepholes", "bias", "feedback", "readout_states",
         "readout_inputs", "readout_squares", "readout_constant")  # fmt: skip
THRESHOLD = 0.5  # an output above it is 1, where the architecture's outputs are 0 or 1


@dataclass(frozen=True, slots=True)
class LSTM:
    """The architecture of a network; with a genome (C, G) it is a network.

    cells: memory cells C.
    inputs, outputs: I and K; `train` sets both from the task.
    forget_gate: False is the cell of 1997, whose state is never forgotten.
    peepholes: gates see the state of their own cell (Gers et al. 2002).
    full_peepholes: the states of all cells of the last step drive the gates, in the place
        of the cell outputs, and nothing recurrent enters the cell inputs.
    cell_input: "tanh" or "identity", the squashing of what enters a cell.
    cell_output: "o*tanh(s)" (Gers & Schmidhuber 2001), "tanh(o*s)" (the Evolino papers) or
        "o*s" (Gers et al. 2002).
    bias: a constant 1 drives every gate and cell input.
    feedback: outputs of the last step are inputs of this one (teacher-forced in training).
    feedback_scale: a factor of them on their way in.
    sources: recurrent sources of a cell, drawn without replacement; None is all cells.
    sources_seed: of that draw.
    readout_states, readout_inputs, readout_squares, readout_constant: whether the features
        are, beside the cell outputs, the cell states, the input vector u(t), the squares of
        cell outputs and u(t) (an extension of the papers' method), and a constant 1.
    output: "identity", the readout's sum, or "threshold": 1 where the sum is above 0.5,
        else 0. That is the output that is given out and fed back; no paper has it. With
        "threshold in feedback" the sum is given out and only what is fed back is 0 or 1
        (Eck & Schmidhuber 2002, recalled). "logistic": probabilities of independent units,
        1 / (1 + exp(-sum)); "softmax": of units of which one comes. Probabilities are not
        fed back; what is drawn from them is (`Model.improvise`).
    alternatives: with "softmax", sizes of blocks of outputs, one of each comes; none is one
        block. A row of targets without a 1 in a block asks nothing of it.
    groups: the cells in groups (`Group`) that see some of the others; none is one group.
    evolved_outputs: the output weights are genes too, K at the end of each cell's row: for
        tasks of control, where there are no targets to solve them for. The features are
        then the cell outputs alone, and nothing is fed back.
    precision: of what the cells compute, "float64" or "float32", which is twice as fast and
        off by about 1e-6; the readout is solved in float64 either way.
    Raises TypeError or ValueError, naming the field, if one is out of its range.

    >>> import evolino
    >>> evolino.LSTM(cells=4, outputs=1).genome_shape  # (C, G)
    (4, 24)
    """

    name: ClassVar[str] = "lstm"
    cells: int
    inputs: int = 0
    outputs: int = 1
    forget_gate: bool = True
    peepholes: bool = False
    full_peepholes: bool = False
    cell_input: CellInput = "tanh"
    cell_output: CellOutput = "o*tanh(s)"
    bias: bool = True
    feedback: bool = True
    feedback_scale: float = 1.0
    sources: int | None = None
    sources_seed: int = 0
    readout_states: bool = False
    readout_inputs: bool = True
    readout_squares: bool = False
    readout_constant: bool = True
    output: OutputUnit = "identity"
    alternatives: tuple[int, ...] = ()
    groups: tuple[Group, ...] = ()
    precision: Precision = "float64"
    evolved_outputs: bool = False

    def __post_init__(self) -> None:
        """Check every field."""
        check_count("cells", self.cells)
        check_count("inputs", self.inputs, least=0)
        check_count("outputs", self.outputs)
        check_count("sources_seed", self.sources_seed, least=0, most=None)
        check_number("feedback_scale", self.feedback_scale)
        for name in FLAGS:
            check_flag(name, getattr(self, name))
        for name, known in CHOICES.items():
            check_choice(name, getattr(self, name), known)
        if self.peepholes and self.full_peepholes:
            raise ValueError("peepholes and full_peepholes are two variants: take one")
        if self.sources is not None:
            check_count("sources", self.sources, least=0)
            if self.sources > self.cells:
                raise ValueError(
                    f"sources must be <= cells ({self.cells}), got {self.sources}"
                )
        object.__setattr__(self, "groups", as_groups(self.groups, self.cells))
        object.__setattr__(self, "alternatives", tuple(self.alternatives))
        for size in self.alternatives:
            check_count("alternatives", size)
        if self.alternatives and (self.output != "softmax" or self.groups):
            raise ValueError("alternatives need output 'softmax', and no groups")
        if self.evolved_outputs and (
            self.feedback or self.groups or self.readout_width > self.cells
        ):
            raise ValueError(
                "evolved_outputs need feedback, readout_states, readout_inputs, "
                "readout_squares and readout_constant False, and no groups"
            )
        if self.input_width == 0 and not self.bias:
            raise ValueError("a network without inputs and feedback needs bias=True")

    @property
    def input_width(self) -> int:
        """U: external inputs, then fed-back outputs if there is feedback."""
        return self.inputs + (self.outputs if self.feedback else 0)

    @property
    def recurrent_width(self) -> int:
        """R: the recurrent sources of each cell."""
        return self.cells if self.sources is None else self.sources

    @property
    def gates(self) -> tuple[str, ...]:
        """The names of what has weights in a cell: the gates and the cell input."""
        return GATES if self.forget_gate else ("input", "cell", "output")

    @property
    def recurrent_gates(self) -> tuple[str, ...]:
        """Those of `gates` that have recurrent weights."""
        return tuple(k for k in self.gates if k != "cell" or not self.full_peepholes)

    @property
    def genes(self) -> int:
        """G: the weights into one cell. For each source (bias, inputs, recurrent) one per
        gate, then the peepholes, then the output weights if they are evolved."""
        sources = (int(self.bias) + self.input_width) * len(self.gates)
        recurrent = self.recurrent_width * len(self.recurrent_gates)
        return sources + recurrent + self.peephole_count + self.output_count

    @property
    def genome_shape(self) -> tuple[int, int]:
        """(C, G): row c of a genome holds every weight into cell c."""
        return self.cells, self.genes

    @property
    def state_shape(self) -> tuple[int, int]:
        """(2, C): the outputs of the cells, and their states."""
        return 2, self.cells

    @property
    def readout_width(self) -> int:
        """S: the features that the readout sees (`evolino.network.features`)."""
        return features.width(self)

    @property
    def peephole_count(self) -> int:
        """The peephole weights of a cell."""
        return len(list(self.peephole_gates()))

    @property
    def output_count(self) -> int:
        """The output weights among the genes of a cell."""
        return self.outputs if self.evolved_outputs else 0

    def outputs_of(self, sums: Array) -> Array:
        """Return the outputs of what the readout summed up; any shape."""
        if self.output == "logistic":
            return probabilities(sums, exclusive=False)
        if self.output == "softmax":
            blocks = [sums[..., block] for block in self.blocks()]
            return np.concatenate([probabilities(x, exclusive=True) for x in blocks], -1)
        return self._cut(sums) if self.output == "threshold" else sums

    def blocks(self) -> list[slice]:
        """Return the outputs of each block of alternatives."""
        ends = np.cumsum(self.alternatives or (self.outputs,)).tolist()
        return [slice(first, end) for first, end in pairwise([0, *ends])]

    def fed_back(self, outputs: Array) -> Array:
        """Return what is fed back of the outputs in a free run; any shape."""
        cut = self.output == "threshold in feedback"
        return self.feedback_scale * (self._cut(outputs) if cut else outputs)

    def _cut(self, sums: Array) -> Array:
        return np.where(np.isfinite(sums), (sums > THRESHOLD).astype(np.float64), sums)

    def check_free_run(self) -> None:
        """Raise ValueError for outputs that are probabilities."""
        if self.output in PROBABILITIES:
            raise ValueError(
                f"outputs that are probabilities ({self.output}) are not fed back as they "
                "are: draw from them, as Model.improvise does"
            )

    def driver(self) -> Driver:
        """Return what runs networks of this architecture, by the compiled kernels.

        Loaded by name: the kernels read this record, so it cannot import them.
        """
        driver: Driver = import_module("evolino.network.lstm_driver").driver_of(self)
        return driver

    def for_task(self, inputs: int, outputs: int) -> LSTM:
        """Return this architecture with a task's numbers of inputs and outputs.

        Raises ValueError for groups or alternatives that do not share out the outputs.
        """
        groups = sharing_out(self.groups, outputs)
        if self.alternatives and sum(self.alternatives) != outputs:
            raise ValueError(
                f"alternatives are {sum(self.alternatives)} outputs together, the task has "
                f"{outputs}"
            )
        return replace(self, inputs=inputs, outputs=outputs, groups=groups)

    def recurrent_sources(self) -> IntArray:
        """Return (C, R): the cells that feed each cell; the same for every network."""
        if self.sources is None:
            return np.tile(np.arange(self.cells), (self.cells, 1))
        rng = np.random.default_rng(self.sources_seed)
        seen = [
            cells_seen(self.groups, k) if self.groups else self.cells
            for k in range(self.cells)
        ]
        rows = [np.sort(rng.choice(each, self.sources, replace=False)) for each in seen]
        return np.array(rows, dtype=np.int64).reshape(self.cells, self.sources)

    def gene_groups(self) -> list[tuple[str, str]]:
        """Return (source, gate) of each of the G genes, in genome order.

        source: "bias", "input", "feedback", "recurrent" or "peephole"; gate: one of GATES.
        An evolved output weight has the cell as its source: ("cell", "readout").
        """
        sources = ["bias"] * self.bias + ["input"] * self.inputs
        sources += ["feedback"] * (self.input_width - self.inputs)
        groups = [(source, gate) for source in sources for gate in self.gates]
        recurrent = ["recurrent"] * self.recurrent_width
        groups += [(each, gate) for each in recurrent for gate in self.recurrent_gates]
        groups += [("peephole", gate) for gate in self.peephole_gates()]
        return groups + [("cell", "readout")] * self.output_count

    def genes_of(self, source: str, gate: str | None = None) -> IntArray:
        """Return the positions of the genes from a source into a gate (None: into any)."""
        groups = enumerate(self.gene_groups())
        hits = [k for k, (of, into) in groups if of == source and gate in (None, into)]
        return np.array(hits, dtype=np.int64)

    def peephole_gates(self) -> Iterator[str]:
        """Yield the gates that see the state of their cell."""
        if self.peepholes:
            yield from (gate for gate in PEEPHOLE_GATES if gate in self.gates)
