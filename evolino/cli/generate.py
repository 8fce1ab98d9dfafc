"""`evolino generate DIR`: music that a run's network makes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evolino.cli.task_options import TRUST

if TYPE_CHECKING:
    from evolino.sound.score import Score
    from evolino.task import Musical
    from evolino.vocabulary import Array

BARS = 12
ENDINGS = {"midi": (".mid", ".midi"), "wav": (".wav",), "png": (".png", ".svg")}


def generate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")],
    steps: Annotated[int | None, typer.Option(help="Steps to go on for.")] = None,
    bars: Annotated[
        int | None, typer.Option(help="Bars to go on for.", show_default=str(BARS))
    ] = None,
    prime: Annotated[
        Path | None, typer.Option(help="MIDI file to go on from, instead of test data.")
    ] = None,
    piece: Annotated[int, typer.Option(help="Which piece of the test data.")] = 0,
    seed: Annotated[int, typer.Option(help="Of the notes drawn.")] = 0,
    temperature: Annotated[
        float | None,
        typer.Option(help="Of the notes drawn; 0 takes the likeliest."),
    ] = None,
    tempo: Annotated[float | None, typer.Option(help="Beats a minute.")] = None,
    key: Annotated[str, typer.Option(help="Tonic that C is moved to: F, Bb, ..")] = "C",
    swing: Annotated[
        float, typer.Option(help="Share of a beat's first half; 0.67 swings.")
    ] = 0.5,
    midi: Annotated[
        Path | None, typer.Option(help="Write MIDI.", show_default="DIR/music.mid")
    ] = None,
    wav: Annotated[Path | None, typer.Option(help="Write sound.")] = None,
    png: Annotated[Path | None, typer.Option(help="Draw a piano roll.")] = None,
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False,
) -> None:
    """Let a run's network go on with music, as MIDI, sound and picture."""
    from evolino.model import load
    from evolino.play import Performance, go_on, musical, practised
    from evolino.training.problem import split_of
    from evolino.training.run_folder import MUSIC, RunFolder

    for name, path in (("midi", midi), ("wav", wav), ("png", png)):
        if path is not None and path.suffix.lower() not in ENDINGS[name]:
            raise ValueError(
                f"--{name} must end in {' or '.join(ENDINGS[name])}, got {path}"
            )
    if steps is not None and bars is not None:
        raise ValueError("give --steps or --bars, not both")
    performance = Performance(tempo, key, swing)
    run = RunFolder.open(folder, trust=trust)
    experiment = run.experiment()
    task = musical(experiment.task)
    split = split_of(experiment.task, experiment.seed)
    heard = task.prime(split, piece) if prime is None else _frames_of(task, prime)
    wanted = steps if steps is not None else _steps(task, BARS if bars is None else bars)
    frames = go_on(load(run.path), task, heard, wanted, seed=seed, temperature=temperature)
    played = performance.of(task, frames)
    beside = performance.of(task, practised(task, split, len(frames)))
    if midi is None and wav is None and png is None:
        midi = run.path / MUSIC
    _write(played, beside, midi, wav, png)


def _frames_of(task: Musical, path: Path) -> Array:
    from evolino.sound.midi import read_midi

    return task.frames_of(read_midi(path))


def _steps(task: Musical, bars: int) -> int:
    from evolino.vocabulary import check_count

    check_count("bars", bars)
    return round(bars * task.beats_per_bar / task.beats_per_frame)


def _write(
    played: Score, beside: Score, midi: Path | None, wav: Path | None, png: Path | None
) -> None:
    """Write what was asked for, and say where."""
    if midi is not None:
        from evolino.sound.midi import write_midi

        write_midi(played, midi)
        typer.echo(f"MIDI     {midi}")
    if wav is not None:
        from evolino.sound.synthesis import synthesise, write_wav

        write_wav(synthesise(played), wav)
        typer.echo(f"sound    {wav}")
    if png is not None:
        from evolino.plots.canvas import save
        from evolino.plots.piano_roll import piano_roll_figure

        save(piano_roll_figure({"practised": beside, "played": played}), png)
        typer.echo(f"picture  {png}")
