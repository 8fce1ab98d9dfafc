"""A trained network: what it predicts, and its file."""

import dataclasses
import io
import zipfile

import numpy as np
import pytest

import evolino
from evolino.network.features import features_of
from evolino.network.kernel_expansion import KernelExpansion
from evolino.task.series import Segment, Series


def weights(rng, seen, outputs):
    return rng.normal(0, 0.1, (seen, outputs))


def expansion(kernel):
    return lambda rng, seen, outputs: KernelExpansion(
        kernel,
        2.0,
        rng.normal(size=(30, seen)),
        rng.normal(0, 0.1, (30, outputs)),
        rng.normal(0, 0.1, outputs),
        rng.uniform(0.5, 2.0, seen),
    )


OUTPUTS = {
    "weights": weights,
    "gaussian": expansion("gaussian"),
    "linear": expansion("linear"),
}


@pytest.fixture(params=OUTPUTS)
def model(rng, request):
    network = evolino.LSTM(cells=4, inputs=1, outputs=2, readout_states=True)
    return evolino.Model(
        network,
        rng.normal(0, 0.4, network.genome_shape),
        OUTPUTS[request.param](rng, network.readout_width, 2),
    )


def answers(model, seen):
    """(T, K) in plain NumPy."""
    if isinstance(model.output, KernelExpansion):
        return model.output.outputs(seen)
    return seen @ model.output_weights


@pytest.fixture
def series(rng):
    return Series(rng.normal(size=(40, 1)), rng.normal(size=(40, 2)))


def test_predictions_are_those_of_the_equations(model, series):
    trace = model.states(series.inputs, series.targets)
    previous = np.concatenate([np.zeros((1, 2)), series.targets[:-1]])
    u = np.concatenate([series.inputs, previous], axis=1)
    seen = features_of(model.architecture, trace.outputs, trace.states, u)
    found = model.predict(series.inputs, series.targets)
    np.testing.assert_allclose(found, answers(model, seen), atol=1e-12)


def test_a_free_run_hears_its_own_outputs(model, series):
    free = model.generate(5, prime=series.targets[:35], inputs=series.inputs)
    heard = series.targets.copy()
    for step in range(5):
        heard[35 + step] = model.predict(series.inputs, heard)[35 + step]
    np.testing.assert_allclose(free, heard[35:], atol=1e-12)


def test_segments_of_different_series_and_lengths_are_answered_in_order(model, series, rng):
    other = Series(rng.normal(size=(20, 1)), rng.normal(size=(20, 2)))
    segments = [Segment(series, 30, 36), Segment(other, 10, 13), Segment(series, 5, 9)]
    together = model.respond(segments, free_running=True)
    for segment, outputs in zip(segments, together, strict=True):
        alone = model.respond([segment], free_running=True)[0]
        np.testing.assert_array_equal(outputs, alone)
        assert len(outputs) == segment.stop - segment.start


def test_one_step_answers_are_rows_of_the_prediction(model, series):
    segments = [Segment(series, 10, 15), Segment(series, 0, 3)]
    first, second = model.respond(segments, free_running=False)
    whole = model.predict(series.inputs, series.targets)
    np.testing.assert_allclose(first, whole[10:15], atol=1e-13)
    np.testing.assert_allclose(second, whole[:3], atol=1e-13)


def test_a_model_survives_its_file(model, series, tmp_path):
    model.save(tmp_path / "model.npz")
    loaded = evolino.load(tmp_path / "model.npz")
    assert loaded.architecture == model.architecture
    np.testing.assert_array_equal(loaded.genome, model.genome)
    if isinstance(model.output, KernelExpansion):
        assert str(loaded.output.as_state()) == str(model.output.as_state())
    else:
        np.testing.assert_array_equal(loaded.output_weights, model.output_weights)
    np.testing.assert_array_equal(
        loaded.predict(series.inputs, series.targets),
        model.predict(series.inputs, series.targets),
    )


def truncated(path):
    path.write_bytes(path.read_bytes()[:-40])


def edited(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


def foreign(path):
    np.savez(path, weights=np.zeros(3))


def text(path):
    path.write_text("a model, honestly")


def pickled(path):
    buffer = io.BytesIO()
    np.save(buffer, np.array([object()]), allow_pickle=True)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("evil.npy", buffer.getvalue())


@pytest.mark.parametrize("damage", [truncated, edited, foreign, text, pickled])
def test_a_damaged_or_foreign_file_is_refused_in_one_line(model, tmp_path, damage):
    path = tmp_path / "model.npz"
    model.save(path)
    damage(path)
    with pytest.raises(ValueError, match=r"model\.npz") as caught:
        evolino.load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m, s: m.predict(), "need inputs, targets or both"),
        (
            lambda m, s: m.predict(inputs=s.inputs),
            "has output feedback: pass the true",
        ),
        (lambda m, s: m.predict(targets=s.targets), "has 1 external inputs: pass inputs"),
        (lambda m, s: m.predict(s.inputs[:3], s.targets), "as many steps, got 3 and 40"),
        (lambda m, s: m.predict(s.targets, s.targets), "inputs must have 1 columns, got 2"),
        (lambda m, s: m.generate(0, prime=s.targets), "steps must be >= 1, got 0"),
    ],
)
def test_what_a_call_lacks_is_named(model, series, call, message):
    with pytest.raises(ValueError, match=message):
        call(model, series)


def test_a_model_without_output_weights_says_so(rng):
    network = evolino.LSTM(cells=2)
    output = expansion("gaussian")(rng, network.readout_width, 1)
    model = evolino.Model(network, np.zeros(network.genome_shape), output)
    with pytest.raises(ValueError, match="no output weights: its readout is an expansion"):
        _ = model.output_weights


def test_parts_that_do_not_fit_are_refused():
    network = evolino.LSTM(cells=2)
    with pytest.raises(ValueError, match="genome must have shape"):
        evolino.Model(network, np.zeros((2, 3)), np.zeros((4, 1)))
    with pytest.raises(ValueError, match="output_weights must have shape"):
        evolino.Model(network, np.zeros(network.genome_shape), np.zeros((9, 1)))
    wrong = expansion("linear")(np.random.default_rng(0), 9, 1)
    with pytest.raises(ValueError, match=r"supports and coefficients must .* got \(9, 1\)"):
        evolino.Model(network, np.zeros(network.genome_shape), wrong)
    with pytest.raises(
        ValueError, match=r"do not fit: \(30, 9\), \(30, 1\), \(1,\), \(8,\)"
    ):
        dataclasses.replace(wrong, scales=np.ones(8))
    with pytest.raises(ValueError, match="kernel must be one of gaussian, linear"):
        dataclasses.replace(wrong, kernel="sigmoid")
