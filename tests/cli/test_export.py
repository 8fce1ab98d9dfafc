"""Laws of `evolino export`: what it writes, and what it refuses."""

import numpy as np

from evolino import EvolinoClassifier, EvolinoForecaster, EvolinoRegressor
from evolino.estimators.lagged_inputs import lagged
from evolino.export.c99 import c_files
from evolino.export.numpy_file import numpy_files
from evolino.export.onnx_file import onnx_files
from evolino.export.torch_file import torch_files
from evolino.models.ensemble import Ensemble
from tests.export.networks import model


def test_files_are_written_beside_the_model_and_named(evolino, tmp_path):
    of = model("units")
    of.save(tmp_path / "model.npz")
    status, out, err = evolino("export", tmp_path, "--to", "c", "--precision", "float")
    assert (status, err) == (0, "")
    for name, text in c_files(of, "network", "float").items():
        assert (tmp_path / "export" / name).read_text() == text
        assert str(tmp_path / "export" / name) in out


def test_a_file_is_taken_too_and_a_folder_made(evolino, tmp_path):
    model("plain").save(tmp_path / "m.npz")
    options = ("--to", "c", "--out", tmp_path / "a" / "b", "--name", "net")
    assert evolino("export", tmp_path / "m.npz", *options)[0] == 0
    assert {each.name for each in (tmp_path / "a" / "b").iterdir()} == {"net.h", "net.c"}


def test_numpy_writes_one_file(evolino, tmp_path):
    of = model("units")
    of.save(tmp_path / "m.npz")
    assert evolino("export", tmp_path / "m.npz", "--to", "numpy", "--out", tmp_path)[0] == 0
    assert (tmp_path / "network.py").read_text() == numpy_files(of)["network.py"]


def test_torch_writes_one_file_of_the_precision(evolino, tmp_path):
    of = model("units")
    of.save(tmp_path / "m.npz")
    options = ("--to", "torch", "--precision", "float", "--out", tmp_path)
    assert evolino("export", tmp_path / "m.npz", *options)[0] == 0
    for name, text in torch_files(of, precision="float").items():
        assert (tmp_path / name).read_text() == text


def test_onnx_is_three_files_of_the_precision(evolino, tmp_path):
    of = model("units")
    of.save(tmp_path / "m.npz")
    options = ("--to", "onnx", "--precision", "float", "--out", tmp_path)
    assert evolino("export", tmp_path / "m.npz", *options)[0] == 0
    wanted = onnx_files(of, precision="float")
    assert len(wanted) == 3
    for name, content in wanted.items():
        assert (tmp_path / name).read_bytes() == content


def test_what_cannot_be_exported_is_one_line_and_status_2(evolino, tmp_path):
    of = model("plain")
    of.save(tmp_path / "one.npz")
    Ensemble((of, of)).save(tmp_path / "two.npz")
    wrong = {
        "ensemble": ("two.npz", "--to", "c"),
        "--to must be": ("one.npz", "--to", "cobol"),
        "--precision must be": ("one.npz", "--to", "c", "--precision", "half"),
        "'double' for": ("one.npz", "--to", "numpy", "--precision", "float"),
        "name must be": ("one.npz", "--to", "c", "--name", "a/b"),
    }
    for words, (file, *options) in wrong.items():
        status, _, err = evolino("export", tmp_path / file, *options)
        assert status == 2 and words in err and err.count("\n") == 1
    assert not (tmp_path / "export").exists()


def test_an_estimator_with_a_target_a_step_is_exported_and_predicts_the_same(
    evolino, tmp_path
):
    x = np.random.default_rng(0).normal(size=(60, 2))
    fitted = EvolinoRegressor(cells=4, lags=3).fit(x, x.sum(axis=1))
    fitted.save(tmp_path / "fit")
    status, out, err = evolino("export", tmp_path / "fit", "--to", "numpy", "--name", "net")
    assert (status, err) == (0, "")
    assert "a step is given 2 inputs, then those of 1 to 3 steps before" in out
    names: dict[str, object] = {}
    exec((tmp_path / "fit" / "export" / "net.py").read_text(), names)
    network = names["Network"]()
    rows = lagged([x], 3)[0][:]
    found = [network.step(row)[0] for row in rows]
    np.testing.assert_allclose(found, fitted.predict(x), atol=1e-9)


def test_an_estimator_that_is_no_single_network_is_refused_in_a_line(evolino, tmp_path):
    wave = np.sin(np.arange(80.0))
    EvolinoForecaster(2, networks=0).fit(wave).save(tmp_path / "forecaster")
    pairs = wave.reshape(20, 4, 1), ["a", "b"] * 10
    EvolinoClassifier(cells=2, networks=1).fit(*pairs).save(tmp_path / "classifier")
    for name, what in (
        ("forecaster", "EvolinoForecaster, the mean of"),
        ("classifier", "EvolinoClassifier, many networks whose cells are pooled"),
    ):
        status, _, err = evolino("export", tmp_path / name, "--to", "c")
        assert status == 2 and err.count("\n") == 1
        assert what in err
