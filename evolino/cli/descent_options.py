"""The options of a descent, shared by `run` and `refine`."""

from __future__ import annotations

from typing import Annotated

import typer

Rate = Annotated[
    float | None, typer.Option(help="Learning rate of adam.", show_default="0.003")
]
Genes = Annotated[
    str | None,
    typer.Option(
        help="Weights that descend, between commas: bias, input, feedback, recurrent, "
        "peephole, or of one gate, such as bias.forget.",
        show_default="all",
    ),
]
Scales = Annotated[
    str | None,
    typer.Option(
        help="group or cell: factors of groups of weights descend in their place.",
        show_default="none",
    ),
]
Seconds = Annotated[
    float | None,
    typer.Option(help="Begin no round of descent after so long by the wall clock."),
]
CpuSeconds = Annotated[
    float | None,
    typer.Option(help="Begin no round of descent after so long on the processor."),
]
