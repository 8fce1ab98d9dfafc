"""Write the exported files of a model into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast, get_args

from evolino.export.c99 import c_files
from evolino.export.c_text import CPrecision
from evolino.export.numpy_file import numpy_files
from evolino.models.ensemble import Trained
from evolino.models.model import Model
from evolino.storage.files import replace_file, user_path

Form = Literal["c", "numpy"]


def write_export(
    model: Trained,
    folder: str | Path,
    *,
    name: str,
    to: Form = "c",
    precision: CPrecision = "double",
) -> list[Path]:
    """Write a model of one network as source that needs no evolino; return the files.

    folder: made where it does not exist; files of the same names are replaced. name: of the
    files, and before all names that they define. to: "c" or "numpy". precision: "double",
    or of C "float".

    Raises ValueError for a model that cannot be exported (an ensemble, a readout of
    kernels, a network that is no LSTM), and for another `to`, name or precision; OSError
    where the files cannot be written.
    """
    if to not in get_args(Form):
        raise ValueError(f"to must be 'c' or 'numpy', got {to!r}")
    if to != "c" and precision != "double":
        raise ValueError(f"precision must be 'double' for to='{to}', got {precision!r}")
    one = cast(Model, model)  # the functions say what is wrong with an ensemble
    texts = c_files(one, name, precision) if to == "c" else numpy_files(one, name)
    folder = user_path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for file, text in texts.items():
        replace_file(folder / file, text.encode())
    return [folder / file for file in texts]
