"""Environments through their cameras' sensors: what a policy on a real robot would see, online."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium
import numpy as np
import torch

from simgen.env.base import BaseEnv, Observation
from simgen.errors import SimgenError
from simgen.spec.distribution import Distribution
from simgen.spec.sensor_input import SensorsInput, sensors_from
from simgen.spec.sensors import SensorSpec
from simgen.world.sensor.sensor import Sensor

_DATA, _PARAM = "sensor_data", "sensor_param"


class CameraStream:
    """One camera in E worlds: keeps the images that are under way and those that are seen.

    Args:
        sensor: The camera's.
        num_envs: E.
    """

    def __init__(self, sensor: Sensor, num_envs: int) -> None:
        self.sensor = sensor
        self._slots = 1 + most_latency(sensor.spec)
        self._seeds, self._steps = [-1] * num_envs, [-1] * num_envs
        self._under_way: dict[str, torch.Tensor] = {}  # (slots, E, H, W, channels): frame t is in slot t % slots
        self._shown: dict[str, torch.Tensor] = {}

    def view(
        self,
        images: dict[str, torch.Tensor],
        intrinsics: torch.Tensor | None,
        seeds: Sequence[int],
        steps: Sequence[int],
    ) -> dict[str, torch.Tensor]:
        """Takes the images of now and returns what is seen.

        Worlds whose step is that of the call before keep what they show.

        Args:
            images: Clean images by output. Shape of each: (E, H, W, channels).
            intrinsics: Camera matrices. Shape: (E, 3, 3).
            seeds, steps: Of each world: its episode's seed, and the control steps since that began.

        Raises:
            SimgenError: If steps of an episode were missed.
        """
        taken = [env for env in range(len(seeds)) if self._is_new(env, seeds[env], steps[env])]
        for output, clean in images.items():
            self._take(output, clean, intrinsics, taken, seeds, steps)
            self._show(output, taken, seeds, steps)
        self._seeds, self._steps = list(seeds), list(steps)
        return {output: self._shown[output].clone() for output in images}

    def _is_new(self, env: int, seed: int, step: int) -> bool:
        if step == 0:
            return True
        before = self._steps[env]
        if seed != self._seeds[env] or step not in (before, before + 1):
            raise SimgenError(
                f"the sensor of camera {self.sensor.camera} missed what came before step {step} of the episode in "
                f"world {env}; reset and step the view, not the environment inside."
            )
        return step == before + 1

    def _take(
        self,
        output: str,
        clean: torch.Tensor,
        intrinsics: torch.Tensor | None,
        taken: Sequence[int],
        seeds: Sequence[int],
        steps: Sequence[int],
    ) -> None:
        """Spoils the images that will arrive and puts them under way."""
        if output not in self._under_way:
            self._under_way[output] = torch.zeros((self._slots, *clean.shape), dtype=clean.dtype, device=clean.device)
            self._shown[output] = torch.zeros_like(clean)
        arriving = [env for env in taken if self.sensor.arrives(seeds[env], steps[env])]
        if not arriving:
            return
        matrices = None if intrinsics is None else intrinsics[arriving]
        frames = [steps[env] for env in arriving]
        spoilt = self.sensor.spoilt(output, clean[arriving], matrices, [seeds[env] for env in arriving], frames)
        slots = [frame % self._slots for frame in frames]
        self._under_way[output][slots, arriving] = spoilt

    def _show(self, output: str, taken: Sequence[int], seeds: Sequence[int], steps: Sequence[int]) -> None:
        """Shows what arrives now; the first image of an episode is there from the start."""
        for env in taken:
            frame = steps[env] - self.sensor.latency(seeds[env])
            if steps[env] == 0 or (frame > 0 and self.sensor.arrives(seeds[env], frame)):
                slot = max(frame, 0) % self._slots
                self._shown[output][env] = self._under_way[output][slot, env]


class SensorView(gymnasium.vector.VectorWrapper):
    """The same environment, whose images are those that its cameras' sensors give.

    They are exactly those of `open_dataset(..., sensors=...)` for the same episodes. Images are spoilt and late,
    camera parameters and all other observations are those of now.

    Args:
        env: The environment; step and reset the view from then on.
        sensors: True: those that the task describes; the name of a preset: that for every camera; a mapping as under
            `sensors:` in a task.

    Raises:
        BadInput: If the sensors do not fit the environment's cameras.
    """

    env: BaseEnv

    def __init__(self, env: BaseEnv, sensors: SensorsInput = True) -> None:
        super().__init__(env)
        self._worlds: BaseEnv = env.unwrapped  # type: ignore[assignment]
        data: Any = env.single_observation_space.spaces.get(_DATA, {})  # type: ignore[attr-defined]
        cameras = {camera: tuple(data[camera]) for camera in data}
        specs = sensors_from(sensors, self._worlds.task.resolved(), cameras)
        self.sensors = {camera: Sensor(camera, spec) for camera, spec in specs.items()}
        self._streams = {camera: CameraStream(sensor, env.num_envs) for camera, sensor in self.sensors.items()}
        self._seeds: list[int] = []

    def reset(self, *, seed: Any = None, options: dict[str, Any] | None = None) -> tuple[Observation, dict[str, Any]]:
        """See BaseEnv."""
        obs, info = self.env.reset(seed=seed, options=options)
        self._seeds = self._current_seeds()
        return self._viewed(obs, info), info

    def step(self, actions: Any) -> tuple[Observation, torch.Tensor, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """See BaseEnv."""
        obs, reward, terminated, truncated, info = self.env.step(actions)
        if "final_obs" in info:  # the last images of the episodes that the seeds of before belong to
            info["final_obs"] = self._viewed(info["final_obs"], info["final_info"])
        self._seeds = self._current_seeds()
        return self._viewed(obs, info), reward, terminated, truncated, info

    def _current_seeds(self) -> list[int]:
        return [self._worlds.engine.scene(env).seed for env in range(self.env.num_envs)]

    def _viewed(self, obs: Observation, info: dict[str, Any]) -> Observation:
        steps = np.asarray(info["elapsed_steps"].cpu()).tolist()
        data = dict(obs[_DATA])
        for camera, stream in self._streams.items():
            intrinsics = obs.get(_PARAM, {}).get(camera, {}).get("intrinsic_cv")
            data[camera] = stream.view(data[camera], intrinsics, self._seeds, steps)
        return {**obs, _DATA: data}


def most_latency(spec: SensorSpec) -> int:
    """Returns the largest latency that a sensor may have [control steps]."""
    late = spec.latency_steps
    most = late.bounds() if isinstance(late, Distribution) else (late, late)
    return round(float(np.max(most[1]))) if most else 0
