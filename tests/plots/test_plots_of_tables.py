"""Pictures of tables: dot plots of seeds, frames beside each other, what is written."""

import json

import numpy as np
import pytest

from evolino.plots.fitness_curves import Curve, fitness_figure
from evolino.plots.table_dots import DotRow, dots_figure
from evolino.reports import table_pictures
from evolino.reports.table_pictures import dot_row, draw_table


def curve(rng, length=20):
    best = np.minimum.accumulate(np.exp(rng.normal(size=length)))
    return Curve(np.arange(1, length + 1) * 10.0, best, best, 2 * best, 4 * best)


def drawn_dots(axes):
    """How many seeds are drawn in each row."""
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    return [len(line.get_xdata()) for line in dots]


def test_every_seed_is_a_dot_and_those_off_the_axis_are_counted():
    rows = [
        DotRow("all", np.array([1e-3, 2e-3, 0.5]), target=0.1),
        DotRow("one failed", np.array([1e-2, np.nan, 0.1]), baseline=0.2),
        DotRow("one exploded", np.array([1e-2, 1e300, 0.1])),
    ]
    (axes,) = dots_figure(rows, metric="test_nrmse").axes
    assert drawn_dots(axes) == [3, 2, 2]
    assert [text.get_text() for text in axes.texts] == ["1 of 3 off", "1 of 3 off"]
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "test nrmse"
    assert [text.get_text() for text in axes.get_yticklabels()] == [r.label for r in rows]


def test_the_median_counts_seeds_that_failed():
    """Of five seeds three failed: there is no median to draw."""
    figures = np.array([0.1, 0.2, np.inf, np.inf, np.nan])
    (axes,) = dots_figure([DotRow("a", figures)], metric="loss").axes
    solid = [line for line in axes.lines if line.get_linewidth() == 2]
    assert solid == []


def test_shares_are_drawn_on_a_linear_axis():
    (axes,) = dots_figure([DotRow("a", np.array([0.0, 1.0, 1.0]))], metric="solved").axes
    assert axes.get_xscale() == "linear"
    with pytest.raises(ValueError, match="no row"):
        dots_figure([], metric="solved")


def test_the_best_other_method_is_best_by_the_metrics_direction():
    row = {
        "label": "a",
        "target": None,
        "seeds": [{"metrics": {"m": 0.5}}, {"status": "failed"}],
        "baselines": {"x": {"m": 0.2}, "y": {"m": 0.7}, "z": {"m": np.inf}, "w": {}},
    }
    assert dot_row(row, "m", higher=False).baseline == 0.2
    assert dot_row(row, "m", higher=True).baseline == 0.7
    np.testing.assert_array_equal(dot_row(row, "m", higher=True).figures, [0.5, np.nan])


@pytest.mark.parametrize(("count", "frames"), [(5, 1), (6, 6), (9, 9)])
def test_many_settings_have_frames_of_one_scale(count, frames, rng):
    groups = {f"row {k}": [curve(rng), curve(rng)] for k in range(count)}
    figure = fitness_figure(groups, against="evaluations")
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == frames
    assert len({axes.get_ylim() for axes in shown}) == 1
    if frames > 1:
        assert [axes.get_title(loc="left") for axes in shown] == list(groups)


def record(rows):
    seeds = [{"metrics": {"loss": 0.1 * k + 0.1}} for k in range(3)]
    row = {"target": 0.1, "baselines": {}, "seeds": seeds}
    return {
        "metric": "loss",
        "higher_is_better": False,
        "rows": [{**row, "label": f"row {k}"} for k in range(rows)],
    }


@pytest.mark.parametrize("rows", [2, 6])
def test_a_tables_picture_is_written_as_png_and_svg(rows, tmp_path, rng):
    groups = {f"row {k}": [curve(rng)] * 3 for k in range(rows)}
    draw_table(record(rows), groups, tmp_path / "table.json")
    assert {each.name for each in tmp_path.iterdir()} == {"table.png", "table.svg"}


def test_where_the_curve_of_a_seed_is_gone_figures_are_drawn(tmp_path, rng, monkeypatch):
    """A picture of fewer rows or seeds than the table has would pass for all of it."""
    drawn = []
    monkeypatch.setattr(
        table_pictures, "draw_dots", lambda record, path: drawn.append(path)
    )
    groups = {"row 0": [curve(rng)] * 3, "row 1": [curve(rng)] * 2}
    draw_table(record(2), groups, tmp_path / "table.json")
    assert drawn == [tmp_path / "table.json"]


def test_the_command_draws_tables_of_many_rows_alone(tmp_path, capsys):
    for name, rows in (("few", 2), ("many", 6)):
        (tmp_path / f"{name}.json").write_text(json.dumps(record(rows)))
    paths = [str(tmp_path / f"{name}.json") for name in ("few", "many")]
    assert table_pictures.main(paths) == 0
    assert {each.suffix for each in tmp_path.glob("many.*")} == {".json", ".png", ".svg"}
    assert [each.name for each in tmp_path.glob("few.*")] == ["few.json"]
    assert "many.png" in capsys.readouterr().out
    assert table_pictures.main([]) == 2
