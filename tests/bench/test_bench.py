"""The benchmark command: what it reports and refuses. How fast it is, is not tested."""

from __future__ import annotations

import json

import pytest

from simgen.cli import main

SMALL = ["--num-envs", "2", "--size", "16", "--steps", "2", "--repetitions", "2", "--json"]


@pytest.mark.slow
def test_it_reports_what_scripts_rely_on(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    written = tmp_path / "results" / "bench.json"
    assert main(["bench", "pick_cube", *SMALL, "--out", str(written)]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert json.loads(written.read_text(encoding="utf-8")) == result
    for part in ("physics", "render", "total"):
        low, high = result["spread"][part]
        assert 0 < low <= result[f"{part}_fps"] <= high
    assert result["total_fps"] < result["render_fps"], "a whole step draws, too"
    assert 0 < result["build_seconds"] < result["first_frame_seconds"]
    assert result["peak_host_bytes"] > 1e8
    assert (result["peak_device_bytes"], result["num_envs"], result["engine"]) == (0, 2, "newton")
    assert result["cameras"]["base"] == {"size": [16, 16], "outputs": ["rgb", "depth", "segmentation"]}
    assert result["machine"]["cores"] >= 1
    assert result["machine"]["versions"]["torch"]


def test_it_refuses_what_it_cannot_measure(capsys: pytest.CaptureFixture[str]) -> None:
    for wrong in (["--steps", "0"], ["--num-envs", "0"], ["--size", "0"], ["--device", "tpu"]):
        assert main(["bench", "pick_cube", *SMALL, *wrong]) == 2, wrong
        message = capsys.readouterr().err
        assert "Traceback" not in message
        assert message.strip()
    assert main(["bench", "pick_cubes", *SMALL]) == 2
    assert "did you mean 'pick_cube'" in capsys.readouterr().err
