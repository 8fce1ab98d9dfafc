"""Pictures of blues that keep the form, or do not."""

import numpy as np
import pytest

import evolino
from evolino.cli.app import run as command
from evolino.plots.agreement import agreement_figure, by_bar
from evolino.tasks.music.blues_material import material


def test_a_wrong_step_is_an_eighth_of_its_bar():
    form = np.tile(material().chords, (2, 1))
    outputs = form.copy()
    outputs[17, 3] = 1.0 - outputs[17, 3] + 0.1
    outputs[90] = np.nan
    shares, errors = by_bar(outputs, form)
    assert shares[2] == 7 / 8 and shares[11] == 7 / 8
    assert np.delete(shares, [2, 11]).min() == 1.0
    assert errors[2] == pytest.approx(1.0, abs=0.11) and errors[11] == 2.0
    axes = agreement_figure({"one": (shares, errors), "two": (shares, errors)}).axes
    np.testing.assert_allclose(axes[0].lines[0].get_ydata(), 100 * shares)
    with pytest.raises(ValueError, match="no run to draw"):
        agreement_figure({})


def test_runs_of_blues_are_drawn(tmp_path, capsys):
    for name, cells in (("a", "20"), ("b", "60")):
        given = [
            "--cells",
            cells,
            "--choruses",
            "4",
            "--evaluations",
            "1",
            "--workers",
            "1",
        ]
        given += ["--no-baselines", "--search", "random", "--set", "search.population=1"]
        assert command(["run", "blues", *given, "--out", str(tmp_path / name)]) == 0
    folders = [str(tmp_path / "a"), str(tmp_path / "b")]
    out = tmp_path / "both.png"
    assert command(["plot", *folders, "--kind", "agreement", "--out", str(out)]) == 0
    assert out.stat().st_size > 5000
    evolino.train("mso", budget=evolino.Budget(evaluations=4), out=tmp_path / "mso")
    assert command(["plot", str(tmp_path / "mso"), "--kind", "agreement"]) == 2
    assert "mso is not blues" in capsys.readouterr().err


def test_bars_add_up_to_the_figures_of_the_task(rng):
    from evolino.plots.agreement import by_bar
    from evolino.tasks.music.blues_measures import chord_figures

    form = np.tile(material().chords, (2, 1))
    outputs = form + rng.normal(0.0, 0.3, form.shape)  # beyond their targets too
    right, errors = by_bar(outputs, form)
    figures = chord_figures(outputs, form)
    assert errors.max() == figures["largest_error"]
    assert 1.0 - right.mean() == pytest.approx(figures["wrong_steps"])
