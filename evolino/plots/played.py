"""Music of `evolino generate`: continued, harmonised, or conducted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evolino.models.ensemble import Trained
    from evolino.sound.score import Score
    from evolino.task.musical import Conducted, Musical
    from evolino.task.protocol import Task
    from evolino.task.series import Split
    from evolino.training.experiment import Experiment
    from evolino.vocabulary import Array

BARS = 12


@dataclass(frozen=True, slots=True)
class Wish:
    """What `evolino generate` is to play: its options."""

    steps: int | None
    bars: int | None
    prime: Path | None
    piece: int
    harmonise: bool
    seed: int
    temperature: float | None
    tempo: float | None
    tempo_changes: str | None
    key: str
    swing: float

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        if self.steps is not None and self.bars is not None:
            raise ValueError("give --steps or --bars, not both")


@dataclass(frozen=True, slots=True)
class Played:
    """score: the music. figure: draws it beside the training data, or the correct rhythm.
    says: what there is to say of it, None for nothing."""

    score: Score
    figure: Callable[[], Figure]
    says: str | None = None


def played(model: Trained, experiment: Experiment, wish: Wish) -> Played:
    """Return what a network plays. Raises ValueError for what its task cannot do."""
    from evolino.task.musical import Conducted
    from evolino.task.protocol import name_of

    if isinstance(experiment.task, Conducted):
        return _conducted(model, experiment.task, wish)
    if wish.tempo_changes is not None:
        raise ValueError(f"{name_of(experiment.task)} has no --tempo-changes")
    return _drawn(model, experiment, wish)


def _drawn(model: Trained, experiment: Experiment, wish: Wish) -> Played:
    """Return music whose notes are drawn from the network's outputs."""
    from evolino.models.music import Performance, musical, practised
    from evolino.training.problem import split_of

    performance = Performance(wish.tempo, wish.key, wish.swing)
    task = musical(experiment.task)
    split = split_of(experiment.task, experiment.seed)
    frames = (
        _harmonised(experiment.task, model, wish)
        if wish.harmonise
        else _continued(task, model, split, wish)
    )
    score = performance.of(task, frames)

    def figure() -> Figure:
        from evolino.plots.piano_roll import piano_roll_figure

        if wish.harmonise:
            melody = replace(score, tracks=score.tracks[:1])
            return piano_roll_figure({"given": melody, "harmonised": score})
        beside = performance.of(task, practised(task, split, len(frames)))
        return piano_roll_figure({"practised": beside, "played": score})

    return Played(score, figure)


def _continued(task: Musical, model: Trained, split: Split, wish: Wish) -> Array:
    """Return (T, K): the prime, and how the network goes on."""
    from evolino.models.music import go_on
    from evolino.sound.midi import read_midi
    from evolino.vocabulary import check_count

    prime, steps = wish.prime, wish.steps
    if steps is None:
        bars = BARS if wish.bars is None else wish.bars
        check_count("bars", bars)
        steps = round(bars * task.beats_per_bar / task.beats_per_frame)
    prime_frames = (
        task.prime(split, wish.piece) if prime is None else task.frames_of(read_midi(prime))
    )
    return go_on(
        model, task, prime_frames, steps, seed=wish.seed, temperature=wish.temperature
    )


def _harmonised(task: Task, model: Trained, wish: Wish) -> Array:
    """Return (T, K): a melody with the voices that the network gives it."""
    from evolino.models.music import harmonise, harmonising
    from evolino.sound.midi import read_midi

    if wish.steps is not None or wish.bars is not None:
        raise ValueError("a melody has its own length: leave --steps and --bars out")
    given = harmonising(task)
    melody = (
        given.melody(wish.piece)
        if wish.prime is None
        else given.melody_of(read_midi(wish.prime))
    )
    return harmonise(model, given, melody, seed=wish.seed, temperature=wish.temperature)


def _conducted(model: Trained, task: Conducted, wish: Wish) -> Played:
    """Return a rhythm at the given tempi, and whether it is right."""
    import numpy as np

    from evolino.models.music import follow
    from evolino.sound.score import swung

    others = (wish.steps, wish.prime, wish.temperature)
    if any(each is not None for each in others) or wish.harmonise or wish.key != "C":
        raise ValueError(
            "a rhythm has --bars, --tempo, --tempo-changes and --swing, and neither "
            "--steps, --prime, --temperature, --harmonise nor --key"
        )
    tempo = task.tempo if wish.tempo is None else wish.tempo
    tempi = [(1, tempo), *_tempi(wish.tempo_changes)]
    bars = BARS if wish.bars is None else wish.bars
    expected, struck = follow(model, task, bars, tempi)
    wrong = int((struck != expected.targets).any(axis=1).sum())
    frames = np.concatenate([expected.series.targets[: expected.start], struck])
    score = task.conducted_score(frames, expected.series.input_rows())

    def figure() -> Figure:
        from evolino.plots.rhythm import rhythm_figure

        ideal = task.conducted_score(expected.series.targets, expected.series.input_rows())
        return rhythm_figure(ideal, score)

    return Played(
        swung(score, wish.swing), figure, f"frames   {len(struck):,}, wrong {wrong:,}"
    )


def _tempi(changes: str | None) -> list[tuple[int, float]]:
    """Return the bars and tempi of a text such as 5:96,9:144. Raises ValueError."""
    if changes is None:
        return []
    found = []
    for part in changes.split(","):
        bar, _, tempo = part.partition(":")
        try:
            found.append((int(bar), float(tempo)))
        except ValueError:
            raise ValueError(
                f"tempo_changes must be like 5:96,9:144, got {changes!r}"
            ) from None
    return found
