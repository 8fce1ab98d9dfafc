"""Write the exported files of a model into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, cast, get_args

from evolino.export.c99 import c_files
from evolino.export.c_text import CPrecision
from evolino.export.numpy_file import numpy_files
from evolino.export.onnx_file import onnx_files
from evolino.export.torch_file import torch_files
from evolino.models.ensemble import Trained
from evolino.models.model import Model
from evolino.storage.files import replace_file, user_path

Form = Literal["c", "numpy", "onnx", "torch"]


def write_export(
    model: Trained,
    folder: str | Path,
    *,
    name: str,
    to: Form = "c",
    precision: CPrecision = "double",
) -> list[Path]:
    """Write a model of one network as source that needs no evolino; return the files.

    model: of one network. folder: made where it does not exist; files of the same names are
    replaced. name: of the files, and before all names that they define. to: "c", "numpy",
    "onnx" or "torch". precision: "double", or "float" but for NumPy.

    Raises ValueError for a model that cannot be exported (an ensemble, a readout of
    kernels, a network that is no LSTM; to C a bidirectional one too), and for
    another `to`, name or precision; OSError where the files cannot be written.

    >>> import evolino
    >>> model = evolino.train("mso", budget=evolino.Budget(evaluations=20)).model
    >>> [file.name for file in evolino.write_export(model, "out", name="net")]
    ['net.h', 'net.c']
    """
    if to not in get_args(Form):
        raise ValueError(f"to must be one of {', '.join(get_args(Form))}, got {to!r}")
    contents = _contents(cast(Model, model), name, to, precision)
    folder = user_path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for file, content in contents.items():
        replace_file(folder / file, content)
    return [folder / file for file in contents]


def _contents(
    model: Model, name: str, to: Form, precision: CPrecision
) -> Mapping[str, bytes]:
    """Return file name -> content; the functions say what is wrong with an ensemble."""
    if to == "onnx":
        return onnx_files(model, name, precision)
    if to == "c":
        texts = c_files(model, name, precision)
    elif to == "torch":
        texts = torch_files(model, name, precision)
    elif precision != "double":
        raise ValueError(f"precision must be 'double' for to='numpy', got {precision!r}")
    else:
        texts = numpy_files(model, name)
    return {file: text.encode() for file, text in texts.items()}
