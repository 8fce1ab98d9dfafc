"""Recorder of a run: saves history, checkpoints and the best network on the way."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

from evolino.models.ensemble import Trained
from evolino.models.model import Model
from evolino.training.callbacks import Callback
from evolino.training.history import Generation
from evolino.training.refining import Round
from evolino.training.run import Run
from evolino.training.run_folder import RunFolder

CHECKPOINT_EVERY = 2.0  # seconds
MODEL_SHARE = 20  # times as long between two models on disk as one takes
QUICK = 0.02  # seconds; the state before a step that takes longer is kept


class Recorder(Callback):
    """Keeps a run's folder: a line of history each generation, checkpoints, the model.

    attend: does work that Ctrl-C may end.
    """

    def __init__(
        self,
        run: Run,
        folder: RunFolder,
        attend: Callable[[Callable[[], Model | None]], Model | None],
    ) -> None:
        self._run, self._folder, self._attend = run, folder, attend
        self._began = self._saved = self._step_began = time.monotonic()
        self._next_model: float | None = None
        self._improved = self._broken_off = False
        self._before: dict[str, Any] | None = None
        self.solving: float | None = None  # seconds that a readout took to solve

    def before_step(self) -> None:
        """Keep the state, should the step be broken off, unless steps are quick."""
        now = time.monotonic()
        quick = now - self._step_began < QUICK
        begun = self._run.progress.generation > 0
        self._before = copy.deepcopy(self._run.state()) if begun and not quick else None
        self._step_began = time.monotonic()

    def on_generation(self, generation: Generation, seconds: float) -> None:
        """Append to history."""
        self._folder.append(generation, seconds, self._run.progress.cpu_seconds)
        if self._next_model is None:
            # What a model takes is not known yet: about as long as a generation.
            now = time.monotonic()
            self._next_model = now + MODEL_SHARE * (now - self._began)

    def on_refined(self, refined: Round, seconds: float) -> None:
        """Write the rounds of refinement so far, and a checkpoint to go on from them."""
        progress = self._run.progress
        self._folder.refinement.save(progress.rounds)
        self._folder.refinement.save_time(refined.round, seconds, progress.cpu_seconds)
        self.save_last(broken_off=self._broken_off)

    def on_improved(self, loss: float, genome: Any) -> None:
        """Remember that the model on disk is no longer the best."""
        self._improved = True

    def save_if_due(self) -> None:
        """Write a checkpoint if the last one is old; not inside of a step of the run."""
        if time.monotonic() - self._saved >= CHECKPOINT_EVERY:
            self.save()

    def save(self) -> None:
        """Write the checkpoint; also the model, if it improved and that is cheap."""
        self._folder.save_checkpoint(self._run.state())
        due = self._next_model
        if self._improved and due is not None and time.monotonic() >= due:
            self._save_best()
        self._saved = time.monotonic()

    def _save_best(self) -> None:
        """Write the best network so far; large readouts are solved more rarely."""
        began = time.monotonic()
        model = self._attend(self._run.best_network)
        self.save_model(model)
        self._improved = False
        ended = time.monotonic()
        self.solving = ended - began
        self._next_model = ended + MODEL_SHARE * (ended - began)

    def save_last(self, *, broken_off: bool) -> None:
        """Write the last checkpoint. broken_off: inside of a step; then that of the state
        before it, if it was kept: else an earlier one stays."""
        self._broken_off = broken_off
        if not broken_off:
            self._folder.save_checkpoint(self._run.state())
        elif self._before is not None:
            self._before["progress"] |= self._run.progress.later()
            self._folder.save_checkpoint(self._before)

    def save_model(self, model: Trained | None) -> None:
        """Write a model, if there is one."""
        if model is not None:
            self._folder.save_model(model.as_state())
