"""ManiSkill's environments through the same commands: recorded, checked, replayed, also by ManiSkill itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simgen.data import check_dataset, open_dataset
from simgen.data.replay import replay_episode
from simgen.env.registered.engine import RegisteredEngine
from simgen.generate import GenerateOptions, generate
from simgen.spec import load_any_task
from simgen.view.report import write_report

CARTPOLE = {"env_id": "MS-CartpoleBalance-v1", "episode": {"max_steps": 8}, "images": {"size": [16, 16]}}
pytestmark = [pytest.mark.vulkan, pytest.mark.slow]


def hashes(path: Path) -> dict[tuple[str, int], str]:
    return {(episode.phase, episode.index): episode.sha256 for episode in open_dataset(path)}


def test_a_process_that_is_killed_costs_no_episode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task, options = load_any_task(CARTPOLE), GenerateOptions(random=5, num_envs=2, seed=4)
    generate(task, tmp_path / "calm", options)
    step, killed = RegisteredEngine.step, []

    def deadly(self: RegisteredEngine) -> None:
        step(self)
        if len(killed) < 2 and self.scene(0).seed not in killed:
            killed.append(self.scene(0).seed)
            os.kill(self._pool.pids[0], signal.SIGKILL)

    monkeypatch.setattr(RegisteredEngine, "step", deadly)
    summary = generate(task, tmp_path / "killed", options).as_dict()
    assert len(killed) == 2
    assert summary["phases"]["random"] == {"episodes": 5, "attempts": 5, "success_rate": 0.0, "discarded": {}}
    assert hashes(tmp_path / "killed") == hashes(tmp_path / "calm")


@pytest.fixture(scope="module")
def picked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("registered") / "picked"
    task = load_any_task("PickCube-v1", ["images.size=[32, 32]"])
    generate(task, out, GenerateOptions(random=1, teacher=2, num_envs=2, codec="gzip"))
    return out


def test_the_dataset_says_where_it_comes_from(picked: Path) -> None:
    dataset = open_dataset(picked)
    assert check_dataset(picked).problems == []
    assert dataset.manifest["engine"] == "maniskill"
    assert dataset.spec["robot"] == {"use": "panda", "control": "pd_joint_pos"}
    episode = dataset.filter(phase="teacher")[0]
    assert episode.success
    assert episode.rgb("base_camera")[0].shape == (32, 32, 3)
    assert {"cube", "goal_site"} <= {part["name"] for part in episode.segmentation_ids.values()}
    assert write_report(picked).path.exists()


def test_an_episode_is_simulated_again_to_the_last_bit(picked: Path) -> None:
    replay = replay_episode(picked, -1)
    assert replay.identical
    assert replay.steps > 20


def test_maniskill_replays_the_files(picked: Path, tmp_path: Path) -> None:
    shard = next(path for path in sorted((picked / "shards").glob("*.h5")) if "1" in path.stem)
    command: list[Any] = [
        sys.executable, "-m", "mani_skill.trajectory.replay_trajectory", "--traj-path", shard, "-o", "state",
        "-b", "physx_cpu", "--use-first-env-state", "--save-traj",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=600, check=False)
    assert "2/2=100.00% demos saved" in done.stdout + done.stderr
