"""Hidden weights of a PyTorch nn.LSTM as an evolino network: `evolino.from_torch`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from evolino.models.model import Model
from evolino.network.base import input_vectors
from evolino.network.features import features_of
from evolino.network.initialisers.around import Around
from evolino.network.lstm import LSTM
from evolino.readout.base import Readout
from evolino.readout.linear import PseudoInverse
from evolino.vocabulary import Array, as_series, check_count, check_flag

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, slots=True, eq=False)
class HiddenLayer:
    """Memory cells without a readout.

    architecture: an `LSTM`. genome: (C, G), the weights into its cells.

    >>> import evolino
    >>> import torch
    >>> hidden = evolino.from_torch(torch.nn.LSTM(1, 4))
    >>> hidden.genome.shape, hidden.architecture.cells
    ((4, 24), 4)
    """

    architecture: LSTM
    genome: Array

    def solved(
        self,
        inputs: ArrayLike | None,
        targets: ArrayLike,
        *,
        washout: int = 0,
        readout: Readout | None = None,
    ) -> Model:
        """Return a model of these cells whose readout is solved for one series.

        inputs: (T, I), None without external inputs. targets: (T, K), fed back a step later
        where there is feedback. washout: rows at the beginning that only drive the cells.
        readout: linear, with one penalty; the pseudo-inverse unless given.

        Raises ValueError for arrays of other shapes, a washout that leaves no row, and a
        readout that gives no output weights or several solutions.
        """
        shape = self.architecture
        y = as_series("targets", targets, width=shape.outputs)
        if not 0 <= washout < len(y):
            raise ValueError(f"washout must be 0 .. {len(y) - 1}, got {washout}")
        rest = np.zeros((shape.readout_width, shape.outputs))
        trace = Model(shape, self.genome, rest).states(inputs, y)
        x = np.zeros((len(y), 0)) if inputs is None else np.asarray(inputs, np.float64)
        u = input_vectors(shape, x.reshape(len(y), shape.inputs), y)
        features = features_of(shape, trace.outputs, trace.states, u)[washout:]
        method = PseudoInverse() if readout is None else readout
        solutions = method.solve(features[None], y[washout:])
        if not isinstance(solutions, np.ndarray) or len(solutions) != 1:
            raise ValueError(
                "readout must give output weights for one penalty, such as "
                f"PseudoInverse() or Ridge(1e-6), got {method!r}"
            )
        return Model(shape, self.genome, solutions[0, 0])

    def initialiser(self, deviation: float = 0.1) -> Around:
        """Return an initialiser whose first genome is this one; the others differ from it
        by normal numbers of this deviation."""
        return Around(tuple(map(tuple, self.genome.tolist())), deviation)


def from_torch(lstm: nn.LSTM, *, outputs: int = 1, feedback: bool = False) -> HiddenLayer:
    """Return the hidden weights of a torch.nn.LSTM as memory cells without a readout.

    lstm: of one layer and one direction, without projection. outputs: K, of the readout
    that is to come. feedback: whether the last K inputs of the lstm are the outputs of the
    step before; the others are external inputs. The cells compute in float64 what the
    lstm computes; `HiddenLayer.solved` solves a readout, and `train` evolves or descends
    from `HiddenLayer.initialiser()`.

    Raises TypeError for what is no torch.nn.LSTM, ValueError for one of several layers,
    both directions or a projection, with weights that are not finite, or with fewer inputs
    than are fed back.

    >>> import evolino
    >>> import numpy as np
    >>> import torch
    >>> hidden = evolino.from_torch(torch.nn.LSTM(1, 4), feedback=True)
    >>> hidden.solved(None, np.sin(0.2 * np.arange(200))).generate(3).shape
    (3, 1)
    """
    check_count("outputs", outputs)
    check_flag("feedback", feedback)
    if not any(
        (each.__module__, each.__name__) == ("torch.nn.modules.rnn", "LSTM")
        for each in type(lstm).__mro__
    ):
        raise TypeError(f"lstm must be a torch.nn.LSTM, got {type(lstm).__name__}")
    if lstm.num_layers != 1 or lstm.bidirectional or lstm.proj_size:
        raise ValueError(
            "lstm must have one layer, one direction and no projection, got num_layers="
            f"{lstm.num_layers}, bidirectional={lstm.bidirectional}, proj_size="
            f"{lstm.proj_size}"
        )
    inputs = lstm.input_size - (outputs if feedback else 0)
    if inputs < 0:
        raise ValueError(
            f"lstm has {lstm.input_size} inputs, fewer than the {outputs} that are fed back"
        )
    cells, bias = lstm.hidden_size, bool(lstm.bias)
    architecture = LSTM(cells, inputs, outputs, bias=bias, feedback=feedback)
    # Gates stand in PyTorch's order, which is ours: input, forget, cell, output.
    sources = [lstm.weight_ih_l0, lstm.weight_hh_l0]
    rows = [_array(each).reshape(4, cells, -1) for each in sources]
    if bias:
        both = _array(lstm.bias_ih_l0) + _array(lstm.bias_hh_l0)
        rows.insert(0, both.reshape(4, cells, 1))
    genome = np.concatenate(rows, axis=2).transpose(1, 2, 0).reshape(cells, -1)
    if not np.isfinite(genome).all():
        raise ValueError("the weights of lstm must be finite")
    return HiddenLayer(architecture, np.ascontiguousarray(genome))


def _array(parameter: Any) -> Array:
    return np.asarray(parameter.detach().cpu().double().numpy())
