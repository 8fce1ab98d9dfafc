"""Export a trained network as a PyTorch module: one Python file, weights included."""

from __future__ import annotations

from evolino.export.c_text import CPrecision, CType
from evolino.export.step_model import StepModel, check_name, layered_model
from evolino.export.torch_layers import layers_text
from evolino.export.torch_text import (
    FORWARD,
    array_text,
    buffer_lines,
    cell_lines,
    constants_of,
    feature_parts,
    fed_text,
    indented,
    unit_lines,
    vector_text,
)
from evolino.models.model import Model

HEAD = '''\
"""A network exported by evolino: a PyTorch module; needs torch only."""

import torch

'''
MODULE = (
    '''

class Network(torch.nn.Module):
    """{cells} memory cells, {inputs} inputs, {outputs} outputs, in the units of the data.

    A state is a pair (h, s), each (N, {cells}), of the cells{fed_too}.
    """

    def __init__(self):
        super().__init__()
{registered}
    def at_rest(self, sequences=1):
        """Return the state before the first step."""
        def zeros(size):
            return self.weights.new_zeros(sequences, size)

        return {rest}

    def step(self, inputs, state):
        """Take a step: inputs (N, {inputs}){unused}; return outputs, state."""
        {unpacked} = state
        u = {u}
        source = torch.cat([torch.ones_like(h[:, :1]), u, {driving}], 1)
        net = (source @ self.weights.flatten(0, 1).T).unflatten(1, ({gates}, {cells}))
{cells_code}
        y = torch.cat([{features}], 1) @ self.readout.T
{units}
        return {restored}, {state}

'''
    + FORWARD
)


def torch_files(
    model: Model, name: str = "network", precision: CPrecision = "double"
) -> dict[str, str]:
    """Return the name and text of a Python file with a class `Network`, a torch.nn.Module.

    name: the file is `name_torch.py`. precision: of its numbers, "double" or "float".
    Weights are parameters, so that the network trains on in PyTorch. The file holds them as
    text: no pickle. Raises ValueError for a model that cannot be exported, a name that is
    no identifier, and weights that the precision cannot hold.
    """
    check_name(name)
    kind, network = CType(precision), layered_model(model)
    single = network.layers[0][0] is network.head
    text = _single_layer(network.head, kind) if single else layers_text(network, kind)
    return {f"{name}_torch.py": HEAD + text}


def _single_layer(network: StepModel, kind: CType) -> str:
    """Return the text of a file without its head, of a network of one layer."""
    shape, fed = network.architecture, network.architecture.feedback
    weights = {"weights": network.weights, "readout": network.readout}
    weights |= {f"p_{gate}": each for gate, each in network.peepholes.items()}
    constants = constants_of(network)
    arrays = weights | constants
    texts = [array_text(f"{key}_values", each, kind) for key, each in arrays.items()]
    registered = [
        f"self.{each} = torch.nn.Parameter({each}_values.clone())" for each in weights
    ]
    registered += buffer_lines(constants)
    sizes = [shape.cells, shape.cells, *([shape.outputs] if fed else [])]
    unused = "" if shape.inputs else ", not used"
    row = "inputs[t]" if shape.inputs else "None"
    body = MODULE.format(
        cells=shape.cells,
        inputs=shape.inputs,
        outputs=shape.outputs,
        gates=len(shape.gates),
        unused=unused,
        row=row,
        fed_too=f"; then what is fed back, (N, {shape.outputs})" if fed else "",
        registered=indented(registered) + "\n",
        rest=f"({', '.join(f'zeros({size})' for size in sizes)})",
        driving="s" if shape.full_peepholes else "h",
        unpacked="h, s, fed" if fed else "h, s",
        u=vector_text(network),
        cells_code=indented(cell_lines(network)),
        features=", ".join(feature_parts(network)),
        units=indented(unit_lines(network)),
        restored="self.y_mean + self.y_scale * y" if network.scaling else "y",
        state="(h, s, fed)" if fed else "(h, s)",
        teacher=(
            f"; targets (T, N, {shape.outputs}) are fed back a step later (teacher forcing)"
            if fed
            else ""
        ),
        rows="inputs" if shape.inputs else "targets",
        feeding=("\n            state = self.feed(targets[t], state)" if fed else ""),
    )
    return "".join(texts) + body + fed_text(network, row, unused)
