"""Export a trained network as one Python file that imports NumPy only."""

from __future__ import annotations

from evolino.export.c99 import has_bounds
from evolino.export.numpy_layers import layers_text
from evolino.export.numpy_text import (
    BOUND,
    SIGMA,
    array_text,
    cell_lines,
    feature_parts,
    feed_text,
    indented,
    readout_constants,
    restored_text,
    unit_lines,
    vector_text,
)
from evolino.export.step_model import StepModel, check_name, layered_model
from evolino.models.model import Model

CLASS = '''\


class Network:
    """A network at rest, in the units of the data."""

    def __init__(self):
        self.h, self.s, self.fed = np.zeros({cells}), np.zeros({cells}), np.zeros({fed})

    def step(self, inputs=()):
        """Take one step with inputs ({inputs},); return the outputs ({outputs},)."""
        u = np.concatenate([{scaled_inputs}, self.fed])
        net = weights @ np.concatenate([[1.0], u, {driving}])
{cells_code}
        y = readout @ np.concatenate([{features}])
{units}
        return {restored}
'''


def numpy_files(model: Model, name: str = "network") -> dict[str, str]:
    """Return the name and text of a Python file: weights, and about forty lines.

    name: of the file. A bidirectional network gets `run`, over whole sequences, in the
    place of `step`. Raises ValueError for a model that cannot be exported, and a name that
    is no identifier.
    """
    check_name(name)
    network = layered_model(model)
    single = network.layers[0][0] is network.head
    text = _single_layer(network.head) if single else layers_text(network)
    head = (
        '"""A network exported by evolino; needs NumPy only."""\n\nimport numpy as np\n\n'
    )
    return {f"{name}.py": head + text}


def _single_layer(network: StepModel) -> str:
    """Return the text of a file without its head, of a network of one layer."""
    shape = network.architecture
    body = SIGMA + CLASS.format(
        cells=shape.cells,
        inputs=shape.inputs,
        outputs=shape.outputs,
        fed=shape.outputs if shape.feedback else 0,
        scaled_inputs=vector_text(network),
        driving="self.s" if shape.full_peepholes else "self.h",
        cells_code=indented(cell_lines(shape, network.peepholes)),
        features=", ".join(feature_parts(shape)),
        units=indented(unit_lines(shape)),
        restored=restored_text(network),
    )
    constants = [array_text("weights", network.weights)]
    constants += [array_text(f"p_{g}", each) for g, each in network.peepholes.items()]
    constants += readout_constants(network)
    bounds = BOUND if has_bounds(network) else ""
    return "".join(constants) + body + feed_text(network) + bounds
