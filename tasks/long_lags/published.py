"""How many sequences LSTM was presented with in 1997 until it met each criterion."""

from __future__ import annotations

from evolino.task.protocol import Published

PAPER = "Hochreiter & Schmidhuber 1997, Neural Computation 9(8)"


def presented(count: float | None, where: str) -> tuple[Published, ...]:
    """Return a mean number of sequences as a published figure, none for None."""
    if count is None:
        return ()
    source = f"{PAPER}, {where}"
    return (Published("presented", float(count), "LSTM, backpropagation", source, True),)
