"""`simgen bench` of one configuration: what it reports, draws and refuses. How fast it is, is not tested."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from small_tasks import COIN

from simgen.bench import BenchOptions, bench
from simgen.bench.options import worker_count
from simgen.bench.worker import share_of_cores
from simgen.cli import main
from simgen.spec import load_task

SMALL = ["--size", "32", "--steps", "2", "--repetitions", "2", "--set", "episode.max_steps=4", "--json"]


@pytest.mark.slow
def test_it_reports_what_scripts_rely_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    written = tmp_path / "results" / "bench.json"
    command = ["bench", "pick_cube", "--num-envs", "2", *SMALL, "--workers", "1", "--cameras", "2", "--write"]
    assert main([*command, "--out", str(written)]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert json.loads(written.read_text(encoding="utf-8")) == result
    for part in ("physics", "render", "total", "written"):
        low, high = result["spread"][part]
        assert 0 < low <= result[f"{part}_fps"] <= high
    assert result["physics_without_reward_fps"] > 0
    assert min(result["written_ratios"]) <= result["written_ratio"] <= max(result["written_ratios"])
    assert set(result["parts"]) == {
        "physics", "control", "reward", "observation", "rendering", "reset", "writing", "other",
    }  # fmt: skip
    assert sum(part["share"] for part in result["parts"].values()) == pytest.approx(1.0)
    for name in ("physics", "observation", "rendering", "reset", "other"):  # the others are differences
        assert result["parts"][name]["ms_per_step"] > 0, name
    assert all(part["ms_per_step"] >= 0 for part in result["parts"].values())
    assert result["resets"] == 2, "two worlds, two turns of two steps, episodes of four"
    assert 0 < result["build_seconds"] < result["first_frame_seconds"]
    assert result["peak_host_bytes"] > 1e8
    assert (result["peak_device_bytes"], result["num_envs"], result["workers"]) == (0, 2, 1)
    camera = {"size": [32, 32], "outputs": ["rgb", "depth", "segmentation"]}
    assert result["cameras"] == {"base": camera, "base_2": camera}
    assert (result["engine"], result["substeps"], result["shadows"]) == ("newton", 5, True)
    assert result["triangles_per_link"] == 2000
    assert result["machine"]["cores"] >= 1
    assert result["machine"]["versions"]["torch"]
    assert result["tree_changed"] == (result["commit"] or "").endswith("+")


@pytest.mark.slow
def test_two_workers_do_their_worlds_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simgen.bench.options.usable_cores", lambda: 2)
    heard: list[str] = []
    options = BenchOptions(num_envs=2, steps=12, repetitions=2, workers=2)
    result = bench(load_task(COIN), options, lambda part, turn: heard.append(part))
    assert heard == ["total", "alone"] * 2 + ["physics"] * 2
    assert (result["workers"], result["outputs"], result["cameras"]) == (2, "state", {})
    assert result["render_fps"] is None
    # the coins lie where they must in half of the episodes, which then end with every step
    assert result["resets"] >= 2 * 2 * 2
    assert len(result["workers_ratios"]) == 2
    assert min(result["workers_ratios"]) <= result["workers_ratio"] <= max(result["workers_ratios"])
    assert "reward" not in result["parts"], "this task has none"


def test_workers_share_the_cores() -> None:
    assert [share_of_cores([2, 3, 5, 7, 8], rank, 2) for rank in range(2)] == [[2, 3], [5, 7, 8]]
    assert share_of_cores([4], 0, 2) == [4]


def test_the_default_number_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simgen.bench.options.usable_cores", lambda: 4)
    monkeypatch.setattr("simgen.bench.options.available_bytes", lambda: 100_000_000_000)
    assert worker_count(BenchOptions(), "newton") == 4
    assert worker_count(BenchOptions(workers=3), "newton") == 3
    assert worker_count(BenchOptions(), "maniskill") == 1, "its worlds have processes of their own"
    assert worker_count(BenchOptions(device="cuda:0"), "newton") == 1
    monkeypatch.setattr("simgen.bench.options.available_bytes", lambda: 3_000_000_000)
    assert worker_count(BenchOptions(), "newton") == 2, "as many as there is memory for"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (["--steps", "0"], "--steps and --repetitions must be at least 1"),
        (["--num-envs", "0"], "--num-envs must be at least 1, not 0"),
        (["--size", "0"], "size"),
        (["--device", "tpu"], "tpu"),
        (["--workers", "0"], "--workers 0: allowed are 1 to"),
        (["--workers", "100000"], "the cores that can be used"),
        (["--cameras", "0"], "--cameras 0: allowed are 1 to 16"),
        (["--outputs", "rgb+dept"], "did you mean 'depth'"),
        (["--outputs", "rgb", "state", "--write"], "--write measures how images are recorded"),
        (["--set", "robot.use=so100", "--against", "maniskill"], "has the robot panda"),
        (["--plot", "picture.xyz"], "the ending says the format"),
    ],
)
def test_it_refuses_what_it_cannot_measure(
    wrong: list[str], message: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bench", "pick_cube", "--num-envs", "2", *SMALL, *wrong]) == 2
    text = capsys.readouterr().err
    assert message in text
    assert "Traceback" not in text
    assert list(tmp_path.iterdir()) == []


def test_it_refuses_other_inputs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "pick_cubes"]) == 2
    assert "did you mean 'pick_cube'" in capsys.readouterr().err
    for inputs in ([], ["pick_cube", "push_cube"]):
        assert main(["bench", *inputs]) == 2
        assert "give one TASK to measure" in capsys.readouterr().err
    assert main(["bench", "PickCube-v1"]) == 2
    assert "is an environment of ManiSkill's" in capsys.readouterr().err
    assert main(["bench", "three_arms", "--num-envs", "4", "8"]) == 2
    assert "a sweep or a plot is of one of them" in capsys.readouterr().err
