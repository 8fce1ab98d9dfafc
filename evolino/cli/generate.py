"""`evolino generate DIR`: music that a run's network makes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evolino.cli.task_options import TRUST

if TYPE_CHECKING:
    from evolino.model import Model
    from evolino.sound.score import Score
    from evolino.task import Musical, Split
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
    harmonise: Annotated[
        bool,
        typer.Option(
            "--harmonise",
            help="Give lower voices to a melody: the highest of --piece, or of --prime.",
        ),
    ] = False,
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
    from evolino.play import Performance, musical, practised
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
    play = _harmonised if harmonise else _continued
    frames = play(
        task,
        load(run.path),
        split,
        prime,
        piece,
        None if steps is None and bars is None else _steps(task, steps, bars),
        seed=seed,
        temperature=temperature,
    )
    played = performance.of(task, frames)
    beside = performance.of(task, practised(task, split, len(frames)))
    if midi is None and wav is None and png is None:
        midi = run.path / MUSIC
    _write(played, beside, midi, wav, png)


def _continued(
    task: Musical,
    model: Model,
    split: Split,
    prime: Path | None,
    piece: int,
    steps: int | None,
    **drawn: Any,
) -> Array:
    """Return (T, K): what is heard first, and what the network makes of it."""
    from evolino.play import go_on
    from evolino.sound.midi import read_midi

    heard = task.prime(split, piece) if prime is None else task.frames_of(read_midi(prime))
    wanted = _steps(task, None, BARS) if steps is None else steps
    return go_on(model, task, heard, wanted, **drawn)


def _harmonised(
    task: Musical,
    model: Model,
    split: Split,
    prime: Path | None,
    piece: int,
    steps: int | None,
    **drawn: Any,
) -> Array:
    """Return (T, K): a melody with the voices that the network gives it."""
    from evolino.play import harmonise, harmonising
    from evolino.sound.midi import read_midi

    if steps is not None:
        raise ValueError("a melody has its own length: leave --steps and --bars out")
    given = harmonising(task)  # type: ignore[arg-type]
    melody = given.melody(piece) if prime is None else given.melody_of(read_midi(prime))
    return harmonise(model, given, melody, **drawn)


def _steps(task: Musical, steps: int | None, bars: int | None) -> int:
    from evolino.vocabulary import check_count

    if steps is not None:
        return steps
    check_count("bars", bars)
    assert bars is not None
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
