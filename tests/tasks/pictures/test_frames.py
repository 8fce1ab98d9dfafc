"""Frames: bouncing digits, frames of one's own, simple forecasts, a short run."""

from dataclasses import replace

import numpy as np
import pytest

import evolino
from evolino.models.loading import load
from evolino.search.genetic import Genetic
from evolino.tasks.pictures.bouncing import digits, sequence
from evolino.tasks.pictures.frames import Frames
from evolino.tasks.pictures.simple_forecasts import linear_forecasts
from evolino.tasks.pictures.stacks import read_stacks
from evolino.training.experiment import Budget, Experiment
from evolino.training.run_experiment import run_experiment
from evolino.training.run_folder import RunFolder

SMALL = Frames(size=8, given=3, ahead=2, train=3, validation=2, test=2)


def test_a_digit_moves_by_its_velocity_and_stays_whole(rng):
    glyphs = digits()
    for _ in range(20):
        film = sequence(rng, glyphs[:50], 16, 12, 1)
        mass = film.sum(axis=(1, 2))
        np.testing.assert_allclose(mass, mass[0])
        rows = np.arange(16) @ film.sum(axis=2).T / mass
        assert (np.abs(np.diff(rows)) <= 2 + 1e-9).all()
        assert np.ptp(rows) > 0


def test_digits_of_train_are_not_those_of_test(rng):
    task = replace(SMALL, size=16, train=40, test=40)
    split = task.sequences(rng)
    looks = [
        {tuple(np.sort(s.series.targets[:256, 0]).round(6)) for s in part}
        for part in (split.train, split.test)
    ]
    assert not looks[0] & looks[1]
    assert split.test[0].start == 3 * 256


def test_a_perfect_forecast_has_no_error_and_copying_has(rng):
    split = SMALL.sequences(rng)
    targets = np.stack([segment.targets for segment in split.test])
    assert SMALL.loss(targets[None], targets)[0] == 0
    figures = SMALL.baselines(split)
    # A digit of the picture's size cannot move.
    assert figures["copy the last frame"]["mse"] == 0


def test_a_linear_map_learns_what_moves_on_a_ring():
    ring = np.stack([np.roll(np.eye(6)[0], t) for t in range(12)])
    films = [np.roll(ring, k, axis=1) for k in range(6)]
    given = np.stack(films)[:, :3]
    found = linear_forecasts(films, np.stack(films)[:, :6], given, 3, 3)
    np.testing.assert_allclose(found, np.stack(films)[:, 3:6], atol=1e-3)


def test_a_run_is_the_same_again_and_its_model_draws_the_same_frames(tmp_path):
    experiment = Experiment(
        task=SMALL,
        network=evolino.ConvLSTM(2),
        initialiser=evolino.Spread(),
        search=Genetic(population=4, elite=1),
        readout=evolino.Ridge(1e-4),
        budget=Budget(generations=2),
        seed=1,
    )
    folders = [RunFolder.create(tmp_path / name, experiment) for name in "ab"]
    results = [
        run_experiment(experiment, folder=each, workers=k + 1, baselines=False)
        for k, each in enumerate(folders)
    ]
    a, b = ((each.path / "model.npz").read_bytes() for each in folders)
    assert a == b
    model = load(folders[0].path)
    assert (model.architecture.height, model.architecture.width) == (8, 8)
    test = SMALL.sequences(np.random.default_rng(0)).test
    frames = model.respond(test, free_running=True)
    np.testing.assert_array_equal(frames, results[0].model.respond(test, free_running=True))
    assert frames[0].shape == (2 * 64, 1)


def test_networks_and_tasks_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="tasks of pictures, such as frames"):
        evolino.train(SMALL, network=evolino.LSTM(3))
    with pytest.raises(ValueError, match="tasks of pictures, such as frames"):
        evolino.train("mso", network=evolino.ConvLSTM(3), initialiser="gaussian")


def test_frames_of_ones_own_are_read(tmp_path, rng):
    film = rng.integers(0, 256, (9, 6, 5), dtype=np.uint8)
    np.save(tmp_path / "film.npy", film)
    np.testing.assert_allclose(read_stacks(tmp_path / "film.npy")[0], film / 255)
    np.save(tmp_path / "films.npy", np.stack([film, film]) / 255.0)
    assert len(read_stacks(tmp_path / "films.npy")) == 2
    task = Frames(file=str(tmp_path / "films.npy"), given=3, ahead=1)
    # Nine frames are two sequences of four and one over, in each film.
    with pytest.warns(UserWarning, match="2 frames after the last whole 4 of a sequence"):
        split = task.sequences(rng)
    assert task.picture_size == (6, 5)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [2, 1, 1]
    np.testing.assert_allclose(split.train[0].series.targets[:30, 0], film[0].ravel() / 255)


def test_settings_of_digits_are_refused_with_a_file(tmp_path):
    np.save(tmp_path / "film.npy", np.zeros((12, 6, 5)))
    for field in ({"size": 32}, {"digits": 2}, {"train": 5}, {"test": 5}):
        (name,) = field
        with pytest.raises(ValueError, match=f"{name} is of the task's own data"):
            Frames(file=str(tmp_path / "film.npy"), given=3, ahead=1, **field)


def test_a_gif_is_read(tmp_path):
    from PIL import Image

    each = [Image.fromarray(np.full((4, 6), value, np.uint8)) for value in (0, 255, 51)]
    each[0].save(tmp_path / "film.gif", save_all=True, append_images=each[1:])
    (film,) = read_stacks(tmp_path / "film.gif")
    assert film.shape == (3, 4, 6)
    np.testing.assert_allclose(film[:, 0, 0], [0.0, 1.0, 0.2], atol=0.02)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (np.zeros((4, 4)), r"frames \(T, H, W\)"),
        (np.full((3, 2, 2), 7.0), "within 0 .. 1"),
        (np.full((3, 2, 2), np.nan), "finite"),
        (np.full((3, 2, 2), "a"), "must hold numbers"),
        (np.zeros((5, 2, 2)), "at least 3 pieces"),
    ],
)
def test_frames_that_cannot_be_used_are_refused(content, message, tmp_path, rng):
    np.save(tmp_path / "film.npy", content)
    with pytest.raises(ValueError, match=message):
        task = Frames(file=str(tmp_path / "film.npy"), given=3, ahead=1)
        task.sequences(rng)


def test_files_of_another_kind_are_refused(tmp_path):
    (tmp_path / "film.txt").write_text("1 2 3")
    (tmp_path / "film.npy").write_text("no array")
    (tmp_path / "film.gif").write_text("no picture")
    with pytest.raises(ValueError, match=r"must be \.npy or \.gif"):
        read_stacks(tmp_path / "film.txt")
    with pytest.raises(ValueError, match="no array of numbers"):
        read_stacks(tmp_path / "film.npy")
    with pytest.raises(ValueError, match="no picture that can be read"):
        read_stacks(tmp_path / "film.gif")
