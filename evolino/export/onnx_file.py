"""Export a trained network as ONNX: one step, whole sequences, and a free run.

One file each, for any number of sequences at once, their states passed in and out.
"""

from __future__ import annotations

import json

from evolino.export.c_text import CPrecision, CType
from evolino.export.onnx_graph import model_of
from evolino.export.onnx_sequences import free_run_graph, sequences_graph
from evolino.export.onnx_step import feedback_of, runs_freely, step_graph
from evolino.export.step_model import check_name, layered_model
from evolino.models.model import Model


def onnx_files(
    model: Model, name: str = "network", precision: CPrecision = "double"
) -> dict[str, bytes]:
    """Return file name -> content of ONNX files.

    name: of the files and the graphs. precision: "double" or "float". All states are 0 at
    rest; N is any number of sequences.

    `name.onnx` is one step: its inputs are `inputs` (N, I), the states `h` and `s` (N, C),
    and with output feedback `fed` (N, K); its outputs are `outputs` (N, K), `next_h`,
    `next_s`, `next_fed` unless outputs are probabilities, and with bounds `bounded` (N, K).
    `name_sequences.onnx` has `inputs` (T, N, I) and with feedback `targets` (T, N, K),
    which are fed back a step later. `name_free_run.onnx`, for a network that is fed its own
    outputs, has `steps` (a whole number) or `inputs` (T, N, I). The states of both are
    those of the step, their outputs are (T, N, K). C counts the cells of all layers. A
    bidirectional network reads whole sequences: it has the second file alone, without
    states.

    Raises ValueError without the package onnx, and for a model that cannot be exported, a
    name that is no identifier, and weights that the precision cannot hold.
    """
    check_name(name)
    kind, network = CType(precision), layered_model(model)
    try:
        import onnx  # noqa: F401
    except ImportError:
        raise ValueError(
            'export to ONNX needs an extra: pip install "evolino[onnx]"'
        ) from None
    graphs = {}
    if not network.bidirectional:
        graphs[name] = step_graph(network, kind, name)
    graphs[f"{name}_sequences"] = sequences_graph(network, kind, f"{name}_sequences")
    if runs_freely(network.head):
        graphs[f"{name}_free_run"] = free_run_graph(network, kind, f"{name}_free_run")
    mean, factor = feedback_of(network.head)
    feedback = json.dumps({"mean": mean.tolist(), "factor": factor.tolist()})
    return {
        f"{each}.onnx": model_of(graph, {"feedback": feedback})
        for each, graph in graphs.items()
    }
