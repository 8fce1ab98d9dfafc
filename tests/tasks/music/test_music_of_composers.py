"""Twenty pieces of other composers than Bach: from MIDI files to new music, end to end."""

import numpy as np
import pytest
from music21 import corpus

import evolino
from evolino.cli.app import run as command
from evolino.training.problem import split_of
from evolino.training.run_folder import RunFolder
from tests.support.midi_bytes import notes_of, parse

PIECES = [
    "beach/prayer_of_a_tired_child",
    "ciconia/quod_jactatur",
    "corelli/opus3no1/1grave",
    "handel/rinaldo/Lascia_chio_pianga",
    "haydn/opus1no1/movement2",
    "haydn/opus1no1/movement4",
    "joplin/maple_leaf_rag",
    "liliuokalani/aloha_oe",
    "luca/gloria",
    "lusitano/allor_che_ignuda",
    "monteverdi/madrigal.4.9",
    "monteverdi/madrigal.4.18",
    "mozart/k545/movement1_exposition",
    "mozart/k80/movement3",
    "palestrina/Credo_67_c",
    "schumann_clara/polonaise_op1n4",
    "schumann_robert/opus48no2",
    "trecento/PMFC_13_01-Kyrie-Summe-Clementissime",
    "trecento/PMFC_13_02-Kyrie-Questa-fanciulla",
    "verdi/laDonnaEMobile",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The pieces as MIDI files of an independent writer."""
    folder = tmp_path_factory.mktemp("midi")
    for number, piece in enumerate(PIECES):
        corpus.parse(piece).write("midi", folder / f"{number:02}.mid")
    return folder


def nats_by_frequency(split):
    """Nats a frame of the test, each pitch by how often it comes in what is learnt."""
    learnt, tested = (
        np.concatenate([segment.targets for segment in part])
        for part in (split.train, split.test)
    )
    chance = (learnt.sum(axis=0) + 0.5) / (len(learnt) + 1)
    return -np.log(np.where(tested > 0, chance, 1 - chance)).sum(axis=1).mean()


def test_real_pieces_are_learnt_and_gone_on_with_as_far_as_the_grid_holds_them(
    folder, tmp_path, capfd
):
    run, out = tmp_path / "run", tmp_path / "a.mid"
    options = [
        "--grid",
        "0.25",
        "--cells",
        "60",
        "--evaluations",
        "4",
        "--out",
        str(run),
        "--no-baselines",
    ]
    assert command(["run", "music", "--midi-dir", str(folder), *options]) == 0
    read = capfd.readouterr().err
    assert "19 of 20 MIDI files" in read
    assert "left out 19.mid" in read and "0.166667 would do" in read  # it is in triplets
    model, experiment = evolino.load(run), RunFolder.open(run).experiment()
    split = split_of(experiment.task, experiment.seed)
    ours = experiment.task.measure(model, split)["test_nll"]
    assert ours < nats_by_frequency(split) - 1.0
    assert command(["generate", str(run), "--bars", "8", "--midi", str(out)]) == 0
    _, ticks, tracks = parse(out.read_bytes())
    notes = [note for track in tracks for note in notes_of(track, ticks)]
    pitches = np.array([note[2] for note in notes])
    assert len(notes) > 8 and ((pitches >= 21) & (pitches <= 108)).all()
