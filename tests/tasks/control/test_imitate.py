"""Imitation: courses that cross themselves, files, arms, and what is played."""

import numpy as np
import pytest

import evolino
from evolino.task.series import Segment
from evolino.tasks.control.arm import Arm, Disturbance
from evolino.tasks.control.imitate import HOLD, Imitate
from evolino.tasks.control.knots import faster, knot, trembling
from evolino.tasks.control.shown import read_courses
from evolino.training.presets import experiment_for


@pytest.mark.parametrize(("joints", "crossings"), [(2, 1), (3, 2), (5, 4)])
def test_at_a_crossing_the_same_place_asks_for_different_moves(joints, crossings, rng):
    course = knot(rng, joints, crossings, 300)
    assert course.positions.shape == (300, joints)
    assert len(course.crossings) == crossings
    for first, second in course.crossings:
        np.testing.assert_allclose(
            course.positions[first], course.positions[second], atol=1e-12
        )
        assert course.phases[first] == course.phases[second] == 1
        moves = course.positions[[first + 1, second + 1]] - course.positions[first]
        assert np.linalg.norm(moves[0] - moves[1]) > 0.002


def test_a_course_is_smooth(rng):
    course = knot(rng, 3, 2, 300)
    moves = np.linalg.norm(np.diff(course.positions, axis=0), axis=1)
    turns = np.linalg.norm(np.diff(course.positions, n=2, axis=0), axis=1)
    assert turns.max() < moves.max()
    assert list(np.unique(np.diff(course.phases))) == [0, 1]


def test_faster_goes_the_same_way_in_fewer_steps(rng):
    course = knot(rng, 3, 2, 301)
    double = faster(course, 2.0)
    np.testing.assert_array_equal(double.positions, course.positions[::2])
    for (first, second), (a, b) in zip(double.crossings, course.crossings, strict=True):
        assert (first, second) == (round(a / 2), round(b / 2))
    assert len(faster(course, 1.0).positions) == 301


def test_what_is_shown_trembles_by_its_size(rng):
    course = knot(rng, 3, 2, 2000)
    away = trembling(rng, course, 0.01).positions - course.positions
    assert 0.004 < away.std() / course.extent < 0.02


def test_an_arm_is_held_back_by_its_speed_and_displaced_by_a_shove(rng):
    shove = np.array([1.0, 0.0])
    arm = Arm(np.zeros(2), 0.1, Disturbance(0.0, shove, at=2), rng)
    seen = [arm.follow(np.array([0.0, 1.0])) for _ in range(3)]
    np.testing.assert_allclose(seen, [[0, 0.1], [0, 0.2], [1, 0.3]])
    lost = arm.follow(np.array([np.nan, 0.3]))
    np.testing.assert_allclose(lost, [0.9, 0.3])


def test_no_rows_are_shared_and_the_test_is_the_course_itself(rng):
    task = Imitate(shown=3)
    split = task.sequences(rng)
    assert len(split.train) < len(split.refit)
    assert all(isinstance(each, Segment) for each in split.train)
    noisy = split.train[0].series
    apart = noisy.fed_back - noisy.targets
    assert 0.05 < apart.std() < 0.5
    np.testing.assert_array_equal(
        split.test[0].series.fed_back, split.test[0].series.targets
    )


def test_a_played_network_is_fed_what_the_arm_measures(rng):
    architecture = evolino.LSTM(cells=4, inputs=2, outputs=3)
    genome = rng.normal(size=architecture.genome_shape)
    weights = 0.3 * rng.normal(size=(architecture.readout_width, 3))
    model = evolino.Model(architecture, genome, weights)
    inputs, targets = rng.normal(size=(20, 2)), rng.normal(size=(20, 3))
    free = model.generate(14, targets[:6], inputs=inputs)
    chosen, outputs = model.improvise(14, targets[:6], lambda y: y, inputs=inputs)
    np.testing.assert_array_equal(chosen, outputs)
    np.testing.assert_allclose(outputs, free, rtol=1e-9)
    with pytest.raises(ValueError, match="inputs must have 20 steps"):
        model.improvise(14, targets[:6], lambda y: y, inputs=inputs[1:])
    with pytest.raises(ValueError, match="external inputs"):
        model.improvise(14, targets[:6], lambda y: y)


def test_a_knot_is_played_where_a_readout_without_memory_fails():
    result = evolino.run(experiment_for("imitate", seed=0))
    assert result.metrics["end_error"] < 0.02
    assert result.metrics["back_on_course"] == 1.0
    task = Imitate()
    split = task.sequences(np.random.default_rng(0))
    memoryless = task.baselines(split)["feed-forward readout"]
    assert memoryless["solved"] == 0.0
    assert memoryless["end_error_noise"] > 0.02


def write(path, rows, header="trajectory,phase,x,y"):
    lines = [header, *(",".join(f"{value:g}" for value in row) for row in rows)]
    path.write_text("\n".join(lines))
    return str(path)


def rows_of(number, phases=3, steps=30):
    angle = np.linspace(0, 5, steps)
    columns = [np.full(steps, number), np.arange(steps) * phases // steps]
    return np.column_stack([*columns, 100 + 20 * np.sin(angle), 7 * np.cos(angle)])


def test_a_file_of_trajectories_is_read_in_its_own_units(tmp_path):
    path = write(tmp_path / "knot.csv", np.concatenate([rows_of(k) for k in range(3)]))
    courses, names = read_courses(path)
    assert names == ("x", "y")
    assert [len(course.positions) for course in courses] == [30, 30, 30]
    task = Imitate(path=path, speed=1.0)
    assert (task.inputs, task.outputs) == (3, 2)
    split = task.sequences(np.random.default_rng(0))
    assert split.test[0].series.steps == 30 + HOLD
    result = evolino.run(
        experiment_for("imitate", task_options={"path": path, "speed": 1.0}, cells=30)
    )
    played = result.model.respond(split.test, free_running=True)[0]
    assert 75 < played[:, 0].mean() < 125


@pytest.mark.parametrize(
    ("header", "change", "message"),
    [
        ("trajectory,phase", lambda rows: rows[:, :2], "no column of a joint"),
        ("trajectory,phase,x,y", lambda rows: rows[:5], "10 steps or more"),
        ("trajectory,phase,x,y", lambda rows: rows * [1, 0.5, 1, 1], "whole number"),
        ("trajectory,phase,x,y", lambda rows: rows * [1, 1, 0, 0], "no joint moves"),
        ("trajectory,phase,x,y", lambda rows: rows * [1, 1, np.nan, 1], "no number at"),
    ],
)
def test_files_that_cannot_be_one_are_refused_with_the_row(
    tmp_path, header, change, message
):
    path = write(tmp_path / "bad.csv", change(rows_of(0)), header)
    with pytest.raises(ValueError, match=message):
        Imitate(path=path)


@pytest.mark.parametrize("joints", [3, 4])
def test_fields_of_a_knot_are_refused_beside_a_file_at_their_defaults_too(tmp_path, joints):
    path = write(tmp_path / "knot.csv", rows_of(0))
    assert Imitate().joints == 3
    with pytest.raises(ValueError, match=f"joints is of the task's own .* got {joints}"):
        experiment_for("imitate", task_options={"path": path, "joints": joints})


def test_rows_of_a_trajectory_stand_together(tmp_path):
    mixed = np.concatenate([rows_of(0), rows_of(1), rows_of(0)])
    with pytest.raises(ValueError, match="must stand together"):
        Imitate(path=write(tmp_path / "mixed.csv", mixed))


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(ValueError, match=r"nowhere\.csv"):
        Imitate(path="nowhere.csv")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"speed": 0.0}, "speed must be > 0"),
        ({"joints": 1}, "joints must be >= 2"),
        ({"steps": 30}, "steps must be >= 60"),
        ({"noise": -1.0}, "noise must be >= 0"),
    ],
)
def test_parameters_out_of_range_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        Imitate(**fields)


def test_the_trajectory_of_the_test_does_not_decide_the_scaling(tmp_path):
    shown = [rows_of(1), rows_of(2)]
    far = rows_of(3) * [1, 1, 10, 10]
    scalings = []
    for number, tested in enumerate((rows_of(3), far)):
        path = write(tmp_path / f"{number}.csv", np.concatenate([*shown, tested]))
        scalings.append(Imitate(path=path).scaling())
    one, other = (each.outputs(np.eye(2)) for each in scalings)
    np.testing.assert_array_equal(one, other)


def test_settings_of_a_knot_are_refused_with_a_file(tmp_path):
    path = write(tmp_path / "shown.csv", [*rows_of(1), *rows_of(2)])
    for field in ({"joints": 2}, {"crossings": 3}, {"steps": 400}, {"shown": 2}):
        (name,) = field
        with pytest.raises(ValueError, match=f"{name} is of the task's own data"):
            Imitate(path=path, **field)
