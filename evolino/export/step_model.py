"""A trained network as plain arrays: what an exported step model computes.

The arrays hold the weights of every source, 0 where a cell does not see it (sparse sources,
groups), so that whatever is written from them needs one matrix and no indices.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from evolino.models.ensemble import Ensemble
from evolino.models.model import Model
from evolino.network.base import Architecture
from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.lstm import GATES, LSTM, PEEPHOLE_GATES
from evolino.network.relative_weights import RelativeWeights
from evolino.network.stacked import StackedLSTM
from evolino.network.stacked_stepper import part_of
from evolino.network.weights import unpack
from evolino.task.scaling import Scaling
from evolino.vocabulary import Array


@dataclass(frozen=True, slots=True, eq=False)
class StepModel:
    """Weights of a network that takes one step at a time.

    weights: (G, C, 1 + U + C), the weights into each gate of `architecture.gates` from the
    bias, the input vector u(t) and the cell outputs h(t-1), or with full peepholes the
    states s(t-1). peepholes: gate -> (C,).
    readout: (K, S). scaling: of the user's units, None for none.
    """

    architecture: LSTM
    weights: Array
    peepholes: dict[str, Array]
    readout: Array
    scaling: Scaling | None


class _Solved(NamedTuple):
    """A model whose readout is output weights (S, K)."""

    architecture: Architecture
    genome: Array
    output: Array
    scaling: Scaling | None


@dataclass(frozen=True, slots=True, eq=False)
class LayeredModel:
    """A network of one layer and more.

    layers: the cells of each direction of each layer; a layer above the first has the cell
    outputs of the one below as its input vector. read: the layers that the readout sees.
    head: readout, units and feedback, as those of one layer whose cells are all that the
    readout sees; of a single layer it is that.
    """

    layers: tuple[tuple[StepModel, ...], ...]
    read: tuple[int, ...]
    head: StepModel

    @property
    def bidirectional(self) -> bool:
        """Whether each layer has cells that go backward."""
        return len(self.layers[0]) > 1

    @property
    def widths(self) -> list[int]:
        """The cells of each layer, in all its directions."""
        return [sum(each.architecture.cells for each in own) for own in self.layers]


def layered_model(model: object) -> LayeredModel:
    """Return the arrays of a model of any number of layers and directions.

    Raises ValueError for an ensemble, a network that is neither an LSTM nor a stack, and a
    readout that is an expansion in kernels: these are not exported.
    """
    of = _checked(model)
    stack = of.architecture
    if type(stack) is LSTM:
        network = _arrays(stack, of.genome, of.output.T, of.scaling)
        return LayeredModel(((network,),), (0,), network)
    if type(stack) is not StackedLSTM:
        raise ValueError(
            "only networks of kind lstm and stacked are exported, got one of kind "
            f"{stack.name}"
        )
    nothing = np.zeros((0, 0))  # a layer has no readout of its own
    layers = tuple(
        tuple(
            _arrays(stack.layer(k), part_of(stack, of.genome, k, d), nothing, None)
            for d in range(stack.directions)
        )
        for k in range(stack.layers)
    )
    head = StepModel(stack.head(), np.zeros((0, 0, 0)), {}, of.output.T, of.scaling)
    return LayeredModel(layers, stack.read_layers, head)


def forward_model(model: object) -> LayeredModel:
    """Return the arrays of a model that takes one step at a time.

    Raises ValueError for a bidirectional network, beside what `layered_model` refuses.
    """
    network = layered_model(model)
    if network.bidirectional:
        raise ValueError(
            "a bidirectional network is not exported to C, which takes one step at a time: "
            "its backward cells read the sequence from its end"
        )
    return network


def _checked(model: object) -> _Solved:
    if isinstance(model, Ensemble):
        raise ValueError("an ensemble cannot be exported: export a model of one network")
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, got {type(model).__name__}")
    if isinstance(model.output, KernelExpansion):
        raise ValueError("a readout that is an expansion in kernels cannot be exported")
    if isinstance(model.output, RelativeWeights):
        raise ValueError("a readout relative to what was fed back cannot be exported")
    return _Solved(model.architecture, model.genome, model.output, model.scaling)


def _arrays(
    architecture: LSTM, genome: Array, readout: Array, scaling: Scaling | None
) -> StepModel:
    own = unpack(architecture, genome[None])
    width, cells = architecture.input_width, architecture.cells
    weights = np.zeros((4, cells, 1 + width + cells))
    weights[..., 0] = own.bias[0].T
    weights[..., 1 : 1 + width] = own.inputs[0].transpose(2, 0, 1)
    into = 1 + width + architecture.recurrent_sources()
    weights[:, np.arange(cells)[:, None], into] = own.recurrent[0].transpose(2, 0, 1)
    present = [GATES.index(gate) for gate in architecture.gates]
    peepholes = {
        gate: own.peepholes[0, :, PEEPHOLE_GATES.index(gate)]
        for gate in architecture.peephole_gates()
    }
    return StepModel(architecture, weights[present], peepholes, readout, scaling)


def check_name(name: str) -> None:
    """Raise ValueError for a name that is no identifier of C and Python."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(
            "name must be letters, digits and underscores, a letter first, and no keyword "
            f"of Python, got {name!r}"
        )
