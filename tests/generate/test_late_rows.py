"""A dataset is the same where rows come to the host one step late, as from a GPU."""

from __future__ import annotations

from pathlib import Path

import pytest
from small_tasks import COIN, contents

from simgen.generate import GenerateOptions, generate
from simgen.spec import load_task
from simgen.world import host

CAMERA = {"eye": [0.5, 0, 0.5], "look_at": [0, 0, 0], "size": [16, 16], "outputs": ["rgb", "depth", "segmentation"]}
TASK = {**COIN, "cameras": {"base": CAMERA}, "render": {"triangles_per_link": 200}}
# more episodes than worlds, of which some fail, so that worlds begin anew while others are under way
OPTIONS = GenerateOptions(random=3, teacher=3, num_envs=3, seed=3, noise=0.05)


def test_the_episodes_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate(load_task(TASK), tmp_path / "here", OPTIONS)
    monkeypatch.setattr(host, "waits_for", lambda device: True)
    generate(load_task(TASK), tmp_path / "late", OPTIONS)
    assert len(contents(tmp_path / "here")) == 6
    assert contents(tmp_path / "late") == contents(tmp_path / "here")
