"""Environments through sensors show what a recording of the same episodes shows through them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest
import torch
from gymnasium.vector import AutoresetMode
from small_tasks import COIN

from simgen.data import DatasetWriter, Episode, open_dataset
from simgen.env import NumpyView, make
from simgen.env.base import BaseEnv
from simgen.env.sensors import SensorView
from simgen.errors import BadInput, SimgenError
from simgen.spec import load_task

pytestmark = pytest.mark.slow

STEPS = 5
TASK = load_task(
    COIN
    | {
        "episode": {"max_steps": STEPS, "control_hz": 20, "sim_hz": 40},
        "cameras": {
            "base": {
                "eye": [0.5, 0.3, 0.5],
                "look_at": [0, 0, 0],
                "size": [32, 24],
                "outputs": ["rgb", "depth", "segmentation"],
            },
            "top": {"eye": [0.1, 0, 0.9], "look_at": [0, 0, 0], "size": [16, 16], "outputs": ["depth"]},
            "clean": {"eye": [0.1, 0, 0.9], "look_at": [0, 0, 0], "size": [16, 16]},
        },
        "sensors": {
            "base": {
                "preset": "realsense_d435",
                "rgb": {"noise": 0.03, "exposure": {"uniform": [0.7, 1.3]}, "motion_px": {"choose": [0, 3]}},
                "latency_steps": {"choose": [0, 1, 3]},
                "drop": 0.3,
            },
            "top": {"depth": {"model": "tof"}},
        },
    }
)
Images = dict[str, np.ndarray]


class Tap(gymnasium.vector.VectorWrapper):
    """Keeps the clean observation that the view inside which it stands was made from."""

    env: BaseEnv
    clean: dict[str, Any]

    def reset(self, **options: Any) -> tuple[Any, dict[str, Any]]:
        self.clean, info = self.env.reset(**options)
        self.final = None
        return self.clean, dict(info)

    def step(self, actions: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        obs, reward, terminated, truncated, info = self.env.step(actions)
        self.clean, self.final = obs, info.get("final_obs")
        return obs, reward, terminated, truncated, dict(info)


class Log:
    """Clean and seen images of all episodes by seed, with a check that a step that comes twice looks the same."""

    def __init__(self) -> None:
        self.clean: dict[int, dict[int, Images]] = {}
        self.seen: dict[int, dict[int, Images]] = {}

    def add(self, seeds: list[int], steps: torch.Tensor, clean: dict[str, Any], seen: dict[str, Any]) -> None:
        for env, (seed, step) in enumerate(zip(seeds, steps.tolist(), strict=True)):
            for log, obs in ((self.clean, clean), (self.seen, seen)):
                rows = rows_of(obs, env)
                before = log.setdefault(seed, {}).setdefault(step, rows)
                for name, row in rows.items():
                    np.testing.assert_array_equal(before[name], row, err_msg=f"{name} of step {step}")

    def write(self, path: Path) -> None:
        with DatasetWriter(path, TASK.resolved()) as writer:
            for index, (seed, rows) in enumerate(sorted(self.clean.items())):
                if len(rows) > 1:
                    writer.write(episode_of(index, seed, [rows[step] for step in range(len(rows))]))


def rows_of(obs: dict[str, Any], env: int) -> Images:
    found = {}
    for group in ("sensor_data", "sensor_param"):
        for camera, arrays in obs[group].items():
            found |= {f"obs/{group}/{camera}/{name}": array[env].numpy().copy() for name, array in arrays.items()}
    return found


def episode_of(index: int, seed: int, rows: list[Images]) -> Episode:
    length = len(rows) - 1
    flags = {name: np.zeros(length, bool) for name in ("terminated", "truncated", "success")}
    arrays = {path: np.stack([row[path] for row in rows]) for path in rows[0]}
    arrays |= {"actions": np.zeros((length, 8), np.float32), "rewards": np.zeros(length, np.float32), **flags}
    return Episode(
        index=index, seed=seed, phase="random", task=TASK.name, instruction="", success=False, reward_sum=0.0,
        length=length, arrays=arrays, randomisation={}, segmentation_ids={}, flags=[],
    )  # fmt: skip


def actions(view: gymnasium.vector.VectorEnv, step: int) -> torch.Tensor:
    view.action_space.seed(step)
    return torch.from_numpy(view.action_space.sample())


def seeds_of(view: Any) -> list[int]:
    return [view.unwrapped.engine.scene(env).seed for env in range(view.num_envs)]


def run(view: SensorView, log: Log, steps: int) -> None:
    """Resets, and steps with an extra reset of the world in the middle now and then."""
    tap: Any = view.env
    obs, info = view.reset(seed=3)
    seeds = seeds_of(view)
    log.add(seeds, info["elapsed_steps"], tap.clean, obs)
    for step in range(steps):
        obs, _, terminated, truncated, info = view.step(actions(view, step))
        if "final_obs" in info:
            log.add(seeds, info["final_info"]["elapsed_steps"], tap.final, info["final_obs"])
        seeds = seeds_of(view)
        log.add(seeds, info["elapsed_steps"], tap.clean, obs)
        done = (terminated | truncated).numpy()
        by_hand = view.metadata["autoreset_mode"] is AutoresetMode.DISABLED and done.any()
        if step == 7 or by_hand:
            mask = done if by_hand else np.array([False, True, False])
            obs, info = view.reset(options={"reset_mask": mask})
            seeds = seeds_of(view)
            log.add(seeds, info["elapsed_steps"], tap.clean, obs)


@pytest.fixture(scope="module", params=list(AutoresetMode))
def view(request: pytest.FixtureRequest) -> Iterator[SensorView]:
    view = SensorView(Tap(make(TASK, 3, autoreset_mode=request.param)))  # type: ignore[arg-type]
    yield view
    view.close()


def test_a_recording_shows_the_same(view: SensorView, tmp_path: Path) -> None:
    log = Log()
    run(view, log, 3 * STEPS)
    log.write(tmp_path / "dataset")
    dataset = open_dataset(tmp_path / "dataset", sensors=True)
    assert len(dataset) >= 9
    compared, late = 0, 0
    for episode in dataset:
        for path in ("base/rgb", "base/depth", "base/segmentation", "top/depth", "clean/rgb"):
            recorded = episode.obs[f"sensor_data/{path}"][()]
            for step, rows in log.seen[episode.seed].items():
                np.testing.assert_array_equal(recorded[step], rows[f"obs/sensor_data/{path}"], err_msg=path)
                compared += 1
        late += sum(dataset.sensors["base"].shown_frame(episode.seed, step) != step for step in range(len(recorded)))
    assert compared > 200
    assert late > 10
    first = next(iter(log.seen.values()))[0]
    clean = next(iter(log.clean.values()))[0]
    changed = {name for name in first if (first[name] != clean[name]).any()}
    assert changed == {"obs/sensor_data/base/rgb", "obs/sensor_data/base/depth", "obs/sensor_data/top/depth"}


def test_observations_lie_in_the_space_and_as_arrays(view: SensorView) -> None:
    arrays = NumpyView(view)  # type: ignore[arg-type]
    obs, _ = arrays.reset(seed=0)
    assert arrays.observation_space.contains(obs)
    assert obs["sensor_data"]["base"]["depth"].dtype == np.int16


def test_steps_that_the_view_did_not_see_are_an_error(view: SensorView) -> None:
    view.reset(seed=0)
    view.env.step(actions(view, 0))
    view.env.step(actions(view, 1))
    with pytest.raises(SimgenError, match=r"camera base missed what came before step \d of the episode in world \d"):
        view.step(actions(view, 2))


def test_other_sensors_than_the_tasks(view: SensorView) -> None:
    env = view.env
    preset = SensorView(env, sensors="kinect_v2")
    assert list(preset.sensors) == ["base", "top"]
    with pytest.raises(BadInput, match="did you mean 'base'"):
        SensorView(env, sensors={"bas": {}})
    obs, _ = SensorView(env, sensors={"top": {"drop": 0.5}}).reset(seed=1)
    clean, _ = env.reset(seed=1)
    assert torch.equal(obs["sensor_data"]["base"]["rgb"], clean["sensor_data"]["base"]["rgb"])
