"""Laws of a relative readout: its model, what it needs, and its file."""

import numpy as np
import pytest

import evolino
from evolino.network.relative_weights import RelativeWeights
from evolino.task.series import Segment, Series, Split


class Scales:
    """One voice of seven notes that goes up or down a step, and a second of two."""

    name = "scales"
    inputs, outputs = 0, 9
    generates, past_targets_known = False, True

    def sequences(self, rng):
        every = tuple(self.piece(rng, 60) for _ in range(6))
        return Split(every[:3], every[3:4], every[4:])

    def piece(self, rng, steps):
        targets, note = np.zeros((steps, 9)), 3
        for row in targets:
            note = min(max(note + (1 if rng.random() < 0.8 else -2), 0), 6)
            row[note] = row[7 + note % 2] = 1.0
        return Segment(Series(np.zeros((steps, 0)), targets), 1, steps)

    def loss(self, outputs, targets):
        chances = np.where(targets > 0, outputs, 1.0)
        return -np.log(np.maximum(chances, 1e-9)).sum(axis=-1).mean(axis=(1, 2))

    def measure(self, model, split):
        found = model.respond(split.test, free_running=False)
        each = [
            np.log(o[s.targets > 0]).mean() for o, s in zip(found, split.test, strict=True)
        ]
        return {"test_nll": -float(np.mean(each))}


def network(**fields):
    return evolino.LSTM(4, output="softmax", alternatives=(7, 2), **fields)


def trained(relative, **fields):
    return evolino.train(
        Scales(),
        network=network(**fields),
        readout=evolino.Logistic(0.05, exclusive=True, relative=relative),
        budget=evolino.Budget(evaluations=4),
        seed=1,
    )


@pytest.mark.parametrize("relative", ["own", "all"])
def test_a_model_is_the_same_after_saving(relative, tmp_path):
    model = trained(relative).model
    assert isinstance(model.output, RelativeWeights)
    model.save(tmp_path / "model.npz")
    loaded = evolino.load(tmp_path / "model.npz")
    piece = Scales().piece(np.random.default_rng(5), 30).series.targets
    np.testing.assert_array_equal(
        loaded.predict(targets=piece), model.predict(targets=piece)
    )
    assert loaded.predict(targets=piece)[:, :7].sum(axis=1) == pytest.approx(1.0)


def test_steps_that_are_chosen_one_by_one_have_the_outputs_of_the_whole_piece():
    model = trained("own").model
    piece = Scales().piece(np.random.default_rng(5), 30).series.targets
    rows = iter(piece[10:])
    _, outputs = model.improvise(20, piece[:10], lambda _: next(rows))
    np.testing.assert_allclose(outputs, model.predict(targets=piece)[10:], atol=1e-12)


def test_intervals_are_learnt_where_notes_alone_are_not():
    nats = {kind: trained(kind).metrics["test_nll"] for kind in ("none", "own")}
    assert nats["own"] < nats["none"]


def test_a_network_without_the_alternatives_that_it_is_relative_to_is_refused():
    readout = evolino.Logistic(exclusive=True, relative="own")
    with pytest.raises(ValueError, match="needs a network with alternatives"):
        evolino.train(Scales(), network=evolino.LSTM(4, output="softmax"), readout=readout)
    with pytest.raises(ValueError, match="feedback and readout_inputs"):
        evolino.train(Scales(), network=network(readout_inputs=False), readout=readout)
    with pytest.raises(ValueError, match="set exclusive"):
        evolino.Logistic(relative="own")
    with pytest.raises(ValueError, match="nearest"):
        evolino.Logistic(exclusive=True, relative="owns")
    with pytest.raises(ValueError, match="needs a network with alternatives"):
        readout.solve(np.ones((1, 4, 2)), np.eye(4))


def test_weights_of_another_network_are_refused():
    model = trained("own").model
    other = evolino.LSTM(4, output="softmax", alternatives=(2, 7)).for_task(0, 9)
    with pytest.raises(ValueError, match="are not of this network"):
        type(model)(other, model.genome, model.output)


def test_inputs_that_a_function_gives_must_fit():
    with pytest.raises(ValueError, match="inputs must give 0 numbers a step"):
        trained("own").model.improvise(
            2, np.zeros((0, 9)), lambda outputs: outputs, inputs=lambda before: np.ones(3)
        )


def test_what_needs_plain_weights_says_so(tmp_path):
    model = trained("own").model
    with pytest.raises(ValueError, match="relative to what is fed back"):
        _ = model.output_weights
    with pytest.raises(ValueError, match="cannot be exported"):
        evolino.write_export(model, tmp_path, name="scales")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"alternatives": [7, 3]}, "must have shape"),
        ({"alternatives": [7.0, 2]}, "whole numbers"),
        ({"first": 6}, "must lie among"),
        ({"relative": "others"}, "must be one of"),
    ],
)
def test_a_file_of_other_weights_is_refused(changes, message):
    state = trained("own").model.output.as_state()
    with pytest.raises((TypeError, ValueError), match=message):
        RelativeWeights.from_state({**state, **changes})
