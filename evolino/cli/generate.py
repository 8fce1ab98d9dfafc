"""`evolino generate DIR`: music that a run's network makes."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from evolino.cli.option_record import command_of
from evolino.cli.task_options import TRUST
from evolino.storage.files import user_path

if TYPE_CHECKING:
    from evolino.plots.played import Played

BARS = 12  # as of evolino.plots.played, which `--help` need not import
ENDINGS = {"midi": (".mid", ".midi"), "wav": (".wav",), "png": (".png", ".svg")}


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """The options; a field is as its help says."""

    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a run.")]
    steps: Annotated[int | None, typer.Option(help="Steps to go on for.")] = None
    bars: Annotated[
        int | None, typer.Option(help="Bars to go on for.", show_default=str(BARS))
    ] = None
    prime: Annotated[
        Path | None, typer.Option(help="MIDI file to go on from, instead of test data.")
    ] = None
    piece: Annotated[int, typer.Option(help="Which piece of the test data.")] = 0
    harmonise: Annotated[
        bool,
        typer.Option(
            "--harmonise",
            help="Give lower voices to a melody: the highest of --piece, or of --prime.",
        ),
    ] = False
    seed: Annotated[int, typer.Option(help="Of the notes drawn.")] = 0
    temperature: Annotated[
        float | None,
        typer.Option(help="Of the notes drawn; 0 takes the likeliest."),
    ] = None
    tempo: Annotated[float | None, typer.Option(help="Beats a minute.")] = None
    tempo_changes: Annotated[
        str | None,
        typer.Option(help="Of a rhythm: 5:96,9:144 is 96 from bar 5 on, 144 from bar 9."),
    ] = None
    key: Annotated[str, typer.Option(help="Tonic that C is moved to: F, Bb, ..")] = "C"
    swing: Annotated[
        float, typer.Option(help="Share of a beat's first half; 0.67 swings.")
    ] = 0.5
    midi: Annotated[
        Path | None, typer.Option(help="Write MIDI.", show_default="DIR/music.mid")
    ] = None
    wav: Annotated[Path | None, typer.Option(help="Write sound.")] = None
    png: Annotated[
        Path | None, typer.Option(help="Draw a piano roll, or a rhythm's grid.")
    ] = None
    trust: Annotated[bool, typer.Option("--trust", help=TRUST)] = False

    def __post_init__(self) -> None:
        """Check the endings of what is written."""
        for name, endings in ENDINGS.items():
            path = getattr(self, name)
            if path is not None and path.suffix.lower() not in endings:
                raise ValueError(f"--{name} must end in {' or '.join(endings)}, got {path}")


def _generate(options: GenerateOptions) -> None:
    """Let a run's network go on with music, as MIDI, sound and picture."""
    from evolino.models.loading import load
    from evolino.plots.played import Wish, played
    from evolino.training.run_files import MUSIC
    from evolino.training.run_folder import RunFolder

    wish = Wish(**{each.name: getattr(options, each.name) for each in fields(Wish)})
    wish = replace(wish, prime=_expanded(options.prime))
    run = RunFolder.open(options.folder, trust=options.trust)
    music = played(load(run.path), run.experiment(), wish)
    if music.says is not None:
        typer.echo(music.says)
    midi, wav, png = map(_expanded, (options.midi, options.wav, options.png))
    if midi is None and wav is None and png is None:
        midi = run.path / MUSIC
    _write(music, midi, wav, png)


def _expanded(path: Path | None) -> Path | None:
    """Return a path with a leading ~ replaced by the home folder."""
    return None if path is None else user_path(path)


def _write(music: Played, midi: Path | None, wav: Path | None, png: Path | None) -> None:
    """Write what was asked for, and say where."""
    if midi is not None:
        from evolino.sound.midi import write_midi

        write_midi(music.score, midi)
        typer.echo(f"MIDI     {midi}")
    if wav is not None:
        from evolino.sound.synthesis import synthesise, write_wav

        write_wav(synthesise(music.score), wav)
        typer.echo(f"sound    {wav}")
    if png is not None:
        from evolino.plots.canvas import save

        save(music.figure(), png)
        typer.echo(f"picture  {png}")


generate = command_of(GenerateOptions, _generate, name="generate")
