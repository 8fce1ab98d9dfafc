"""A trained network as plain arrays: what an exported step model computes.

The arrays hold the weights of every source, 0 where a cell does not see it (sparse sources,
groups), so that whatever is written from them needs one matrix and no indices.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass

import numpy as np

from evolino.models.ensemble import Ensemble
from evolino.models.model import Model
from evolino.network.kernel_expansion import KernelExpansion
from evolino.network.lstm import GATES, LSTM, PEEPHOLE_GATES
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


def step_model(model: object) -> StepModel:
    """Return the arrays of a model.

    Raises ValueError for an ensemble, a network that is no LSTM, and a readout that is an
    expansion in kernels: these are not exported.
    """
    if isinstance(model, Ensemble):
        raise ValueError("an ensemble cannot be exported: export a model of one network")
    if not isinstance(model, Model):
        raise TypeError(f"model must be a Model, got {type(model).__name__}")
    architecture = model.architecture
    if type(architecture) is not LSTM:
        raise ValueError(
            f"only networks of kind lstm are exported, got one of kind {architecture.name}"
        )
    if isinstance(model.output, KernelExpansion):
        raise ValueError("a readout that is an expansion in kernels cannot be exported")
    own = unpack(architecture, model.genome[None])
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
    return StepModel(
        architecture, weights[present], peepholes, model.output.T, model.scaling
    )


def check_name(name: str) -> None:
    """Raise ValueError for a name that is no identifier of C and Python."""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) or keyword.iskeyword(name):
        raise ValueError(
            "name must be letters, digits and underscores, a letter first, and no keyword "
            f"of Python, got {name!r}"
        )
