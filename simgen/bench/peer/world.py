"""The peer's side: one of ManiSkill's environments in a process of its own, which steps as fast as it can."""

from __future__ import annotations

import os
import time
from typing import Any

import gymnasium
import mani_skill.envs  # noqa: F401  (registers the environments; here, so that it is imported once for all processes)
import numpy as np
import torch
from mani_skill.agents.robots import Panda

from simgen.bench.peer.config import PeerConfig

WARM_UP_STEPS = 3
_NAMES = {"normals": "normal"}  # our names of images and ManiSkill's, where they differ


class PeerWorld:
    """One environment with random actions; see `simgen.world.workers.World`."""

    def __init__(self, config: PeerConfig) -> None:
        os.environ["LP_NUM_THREADS"] = str(config.render_threads)  # read when the renderer starts
        torch.set_num_threads(1)
        if config.urdf is not None:
            Panda.urdf_path = config.urdf
        images = config.size is not None
        cameras = dict(zip(("width", "height"), config.size, strict=True)) if config.size is not None else {}
        self._env = gymnasium.make(
            config.env_id,
            num_envs=1,
            sim_backend="physx_cpu",
            render_backend="cpu" if images else "none",
            obs_mode="+".join(_NAMES.get(output, output) for output in config.outputs) if images else "state",
            sensor_configs=cameras,
        )
        self._env.reset(seed=0)
        self._env.action_space.seed(0)

    def describe(self) -> None:
        """Has nothing to say."""

    def bind(self, rows: dict[str, np.ndarray]) -> None:
        """Shares nothing: its images stay where ManiSkill leaves them, which is the peer's best case."""

    def call(self, command: str, payload: Any = None) -> tuple[int, float] | None:
        """Steps for `payload` seconds ("run") and returns how many steps it did and how long they took [s]."""
        started, steps = time.perf_counter(), 0
        while steps < WARM_UP_STEPS or time.perf_counter() - started < float(payload):
            _, _, terminated, truncated, _ = self._env.step(self._env.action_space.sample())
            if bool(terminated) or bool(truncated):
                self._env.reset()
            steps += 1
        return steps, time.perf_counter() - started

    def close(self) -> None:
        """Closes the environment."""
        self._env.close()


def make_world(config: PeerConfig) -> PeerWorld:
    """Makes a world in a worker process."""
    return PeerWorld(config)
