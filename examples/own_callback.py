"""Listen to a run."""

import evolino


class Printer(evolino.Callback):
    """Print every better network."""

    def on_improved(self, loss, genome):
        """Print its loss."""
        print(f"loss {loss:.3g}")


evolino.train(
    evolino.Oscillators(sines=3),
    budget=evolino.Budget(evaluations=400),
    callbacks=[Printer()],
)
