"""Runs that memory does not hold are refused before anything is built, with what would fit; others never are."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from small_tasks import COIN

from simgen.data.files import write_json
from simgen.data.pool import queue_of
from simgen.env.task_env import TaskEnv
from simgen.errors import BadInput
from simgen.generate import GenerateOptions, generate, memory
from simgen.generate.memory import (
    Need,
    available_bytes,
    episode_bytes,
    need_before,
    require_memory,
    require_memory_before,
)
from simgen.generate.recorder import Recorder
from simgen.policy import make_policy
from simgen.spec import TaskSpec, load_task

CAMERA = {"eye": [0.4, 0, 0.5], "look_at": [0, 0, 0], "size": [256, 256], "outputs": ["rgb", "depth", "segmentation"]}
OPTIONS = GenerateOptions(random=1000, num_envs=64)
FRAME = 256 * 256 * (3 + 2 + 2)


def seen(size: int = 256) -> TaskSpec:
    """A coin before a camera; an episode has 13 frames."""
    return load_task({**COIN, "cameras": {"base": {**CAMERA, "size": [size, size]}}})


def leave(monkeypatch: pytest.MonkeyPatch, available: float | None) -> None:
    """Makes so much memory available [bytes]."""
    monkeypatch.setattr(memory, "available_bytes", lambda: None if available is None else int(available))


def test_what_a_process_needs() -> None:
    need = need_before(seen(), replace(OPTIONS, processes=2), started=True)
    assert need.episode == 13 * (FRAME + 16)
    assert need.waiting == queue_of(2) == 6
    assert need.of(0) == need.fixed
    assert need.of(1) == need.fixed + need.world + 2 * need.episode, "one under way, one that waits"
    assert need.of(100) == need.fixed + 100 * need.world + 106 * need.episode
    new, one = need_before(seen(), OPTIONS, started=False), need_before(seen(), OPTIONS, started=True)
    assert new.fixed - one.fixed == memory.IMPORTED_BYTES
    assert need.fixed - one.fixed == memory.ENCODER_BYTES
    assert need_before(seen(), replace(OPTIONS, device="cuda:0"), started=True).world == 0, "it is the device's"


@pytest.mark.parametrize("processes", [1, 3])
@pytest.mark.parametrize("fitting", [1, 2, 5, 63])
def test_what_fits_is_allowed_and_named(monkeypatch: pytest.MonkeyPatch, processes: int, fitting: int) -> None:
    need = need_before(seen(), OPTIONS, started=False)
    leave(monkeypatch, processes * need.of(fitting))
    require_memory_before(seen(), fitting, OPTIONS, processes, started=False)
    with pytest.raises(BadInput, match=rf"--num-envs {fitting}\b"):
        require_memory_before(seen(), fitting + 1, OPTIONS, processes, started=False)
    leave(monkeypatch, processes * need.of(fitting) - 1)
    with pytest.raises(BadInput):
        require_memory_before(seen(), fitting, OPTIONS, processes, started=False)
    leave(monkeypatch, None)
    require_memory_before(seen(), 10**6, OPTIONS, processes, started=False)


def test_how_many_workers_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    need = need_before(seen(), OPTIONS, started=False)
    leave(monkeypatch, 3.5 * need.of(64))
    require_memory_before(seen(), 64, OPTIONS, 3, started=False)
    with pytest.raises(BadInput, match=r"64 worlds in each of 7 workers .* What fits: --num-envs \d+ or --workers 3\."):
        require_memory_before(seen(), 64, OPTIONS, 7, started=False)
    leave(monkeypatch, 1.5 * need.of(64))
    with pytest.raises(BadInput, match="or no --workers"):
        require_memory_before(seen(), 64, OPTIONS, 2, started=False)
    leave(monkeypatch, need.fixed)
    with pytest.raises(BadInput, match="Not even one world in each of 500 workers would fit: take fewer workers, make"):
        generate(seen(), "nowhere", replace(OPTIONS, workers=500))
    assert not Path("nowhere").exists()


def test_worlds_that_are_there_need_their_episodes_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    env = TaskEnv(load_task({**COIN, "cameras": {"base": {**CAMERA, "size": [16, 16]}}}), 2)
    leave(monkeypatch, 4 * episode_bytes(env))
    require_memory(env, OPTIONS)
    leave(monkeypatch, 4 * episode_bytes(env) - 1)
    with pytest.raises(BadInput, match=r"recording 2 worlds needs .* What fits: --num-envs 1\."):
        require_memory(env, OPTIONS)
    leave(monkeypatch, 1)
    with pytest.raises(BadInput, match="Not even one world would fit: make the cameras' images smaller or"):
        require_memory(env, OPTIONS)
    env.close()


@pytest.mark.slow
def test_the_estimate_is_the_size_of_the_buffers() -> None:
    env = TaskEnv(seen(64), 2)
    recorder, policy = Recorder(env, executed=True), make_policy("pink", env)
    env.start([0, 1], [1, 2])
    policy.reset([0, 1], [1, 2])
    obs = env.observe()
    recorder.begin([0, 1], obs)
    step = policy.act(obs)
    recorder.add([0, 1], step, env.advance(step.action), env.observe())
    buffers = [*recorder._states.values(), *recorder._steps.values()]
    assert sum(buffer.nbytes for buffer in buffers) == pytest.approx(2 * episode_bytes(env), rel=0.02)
    images = need_before(seen(64), OPTIONS, started=True).episode
    assert 0.8 * episode_bytes(env) < images <= episode_bytes(env), "what is known before is less, but not by much"
    env.close()


@pytest.mark.slow
@pytest.mark.parametrize("workers", [(), ("--workers", "2")])
def test_a_real_run_that_does_not_fit_is_refused(tmp_path: Path, workers: tuple[str, ...]) -> None:
    camera = {**CAMERA, "size": [2048, 2048], "outputs": ["rgb", "depth", "segmentation", "pointcloud"]}
    write_json(tmp_path / "coin.yaml", {**COIN, "cameras": {"base": camera}})
    command = [sys.executable, "-m", "simgen.cli", "generate", "coin.yaml", "--out", "out", "--random", "1000000"]
    run = subprocess.run(
        [*command, "--num-envs", "100000", *workers], cwd=tmp_path, capture_output=True, text=True, env=os.environ
    )
    assert run.returncode == 2, run.stderr
    assert "recording 100000 worlds " in run.stderr
    assert "GB are available. What fits: --num-envs " in run.stderr or "Not even one world" in run.stderr
    assert "Traceback" not in run.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["coin.yaml"]
    assert (available_bytes() or 0) > 1e6


def test_a_need_grows_with_the_worlds() -> None:
    needs = [Need(7, 3, 5, 2).of(num_envs) for num_envs in range(5)]
    assert needs == [7, 20, 33, 41, 49]
