"""Several configurations in one call: a row each, also where one of them fails, and the picture of them."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np
import psutil
import pytest
from small_tasks import standing, task_of

from simgen.bench import BenchOptions, Sweep, run_sweep
from simgen.bench.cases import Case, cases_of
from simgen.bench.plot import points_of
from simgen.cli import main
from simgen.commands.bench_tables import show_runs

pytestmark = pytest.mark.slow

CAMERA = {"eye": [0.4, 0.1, 0.5], "look_at": [0.0, 0.0, 0.0], "size": [16, 16], "outputs": ["rgb"]}


def cases() -> list[Case]:
    cube = standing({"box": [0.04, 0.04, 0.04]})
    episode = {"max_steps": 2, "control_hz": 20, "sim_hz": 40}
    task = task_of({"cube": cube}, cameras={"base": CAMERA}, episode=episode)
    return cases_of(task, BenchOptions(steps=2, repetitions=1, workers=1), (1, 2), (), ("rgb",))


@pytest.fixture(scope="module")
def swept() -> dict[str, Any]:
    """Two configurations; the process of the first is killed while it steps, as a machine without memory does."""

    def kill_the_first(part: str, turn: int) -> None:
        if part == "configuration 1 of 2: total":
            nursery, worker = psutil.Process().children(recursive=True)
            assert worker.ppid() == nursery.pid
            os.kill(worker.pid, signal.SIGKILL)

    kept: list[int] = []
    sweep = run_sweep(cases(), kill_the_first, lambda sweep: kept.append(len(sweep.runs)))
    assert kept == [1, 2]
    assert isinstance(sweep, Sweep)
    assert sweep.failed == [sweep.runs[0]]
    return json.loads(json.dumps(sweep.as_dict()))


def test_each_configuration_has_a_row(swept: dict[str, Any]) -> None:
    assert swept["task"] == "small"
    assert swept["machine"]["versions"]["newton"]
    assert [run["num_envs"] for run in swept["runs"]] == [1, 2]
    run = swept["runs"][1]
    assert (run["size"], run["outputs"]) == ("16 x 16", "rgb")
    assert run["total_fps"] > 0
    assert run["peak_host_bytes"] > 1e8
    assert run["cameras"] == {"base": {"size": [16, 16], "outputs": ["rgb"]}}
    assert "machine" not in run, "it stands once"


def test_one_that_fails_says_why(swept: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    failed = swept["runs"][0]
    assert failed.keys() == {"num_envs", "size", "outputs", "failed"}
    assert "signal SIGKILL; was there enough memory?" in failed["failed"]
    show_runs(swept)
    text = capsys.readouterr().err
    assert "failed: rgb, 16 x 16, 1 worlds" in text
    assert "small, 1 worlds: its worker process died" in text
    assert text.count("16 x 16") == 3, "two rows, and the reason"


def test_the_picture_shows_what_was_measured(swept: dict[str, Any], tmp_path: Path) -> None:
    assert [point.worlds for point in points_of(swept)] == [2]
    first, second, out = tmp_path / "first.json", tmp_path / "second.json", tmp_path / "pictures" / "sweep.png"
    first.write_text(json.dumps(swept), encoding="utf-8")
    larger = {"num_envs": 8, "cameras": {"base": {"size": [64, 64], "outputs": ["rgb"]}}}
    second.write_text(json.dumps({**swept, **swept["runs"][1], **larger, "runs": [{}]}), encoding="utf-8")
    assert main(["bench", "--plot", str(out), str(first), str(second)]) == 0
    picture = iio.imread(out)[..., :3]
    assert picture.shape == (810, 1800, 3)
    colored = (picture.max(-1).astype(int) - picture.min(-1) > 60).mean(axis=0)
    assert colored[:900].max() > 0, "the left chart has a line"
    assert colored[900:].max() > 0, "the right chart has one too"
    assert np.mean(picture > 240) > 0.5


def test_what_cannot_be_drawn(swept: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other, empty, broken = (tmp_path / name for name in ("other.json", "empty.json", "broken.json"))
    other.write_text('{"episodes": 3}', encoding="utf-8")
    empty.write_text(json.dumps(swept | {"runs": [swept["runs"][0]]}), encoding="utf-8")
    broken.write_text("{", encoding="utf-8")
    wrong = [(other, "is no result of `simgen bench --out`"), (empty, "nothing to draw"), (broken, "is no result")]
    for path, message in [*wrong, (tmp_path / "none.json", "cannot be read")]:
        assert main(["bench", "--plot", str(tmp_path / "out.png"), str(path)]) == 2, path
        text = capsys.readouterr().err
        assert message in text
        assert "Traceback" not in text
    assert not (tmp_path / "out.png").exists()
