"""Collects what happens in each world until its episode ends, then makes an Episode of it."""

from __future__ import annotations

import contextlib
import math
import mmap
from typing import Any

import numpy as np
import torch

from simgen.data.episode import Episode
from simgen.data.states import map_arrays, state_tensors
from simgen.env.base import BaseEnv, Outcome
from simgen.env.download import Downloads, Rows
from simgen.env.tool_motion import ACTIONS_EE, ToolMotion, moves_a_tool
from simgen.policy.base import Step


class Recorder:
    """Buffers for E episodes under way; arrays are named by their path in ManiSkill's trajectory group.

    Args:
        env: The worlds.
        executed: Whether the executed action differs from the label and is recorded too.
    """

    def __init__(self, env: BaseEnv, executed: bool = False) -> None:
        self._env, self._executed = env, executed
        self._length = env.max_steps
        self._tool = ToolMotion(env) if moves_a_tool(env) else None
        self._states: dict[str, np.ndarray] = {}
        self._steps: dict[str, np.ndarray] = {}
        self._downloads = Downloads(torch.device(env.device))
        self.time = np.zeros(env.num_envs, dtype=np.int64)

    def begin(self, env_ids: list[int], obs: dict[str, Any]) -> None:
        """Starts recording in these worlds with their first observation."""
        ids = np.sort(np.asarray(env_ids))
        self.time[ids] = 0
        if self._tool is not None:
            self._tool.begin(env_ids)
        self._put({}, state_tensors(self._env, obs), ids)

    def add(self, env_ids: list[int], step: Step, outcome: Outcome, obs: dict[str, Any]) -> None:
        """Records a control step of these worlds, in any order."""
        ids = np.sort(np.asarray(env_ids))
        rows = {
            "actions": step.label,
            "rewards": outcome.reward,
            "terminated": outcome.terminated,
            "truncated": outcome.truncated,
            "success": outcome.success,
        }
        if self._executed:
            rows["executed_actions"] = step.action
        if self._tool is not None:
            rows[ACTIONS_EE] = self._tool.step(step.action)
        if outcome.stage is not None:
            rows["subtask"] = outcome.stage.to(torch.int32)
        self.time[ids] += 1
        self._put(rows, state_tensors(self._env, obs), ids)

    def _put(self, steps: dict[str, torch.Tensor], states: dict[str, torch.Tensor], ids: np.ndarray) -> None:
        """Enters what led to the moment that worlds are at, and how they are then, when it has come to the host."""
        now, of_steps = self.time[ids], frozenset(steps)

        def enter(rows: Rows) -> None:
            for path, row in rows.items():
                if path in of_steps:
                    self._enter(self._steps, self._length, path, row, ids, now - 1)
                else:
                    self._enter(self._states, self._length + 1, path, row, ids, now)

        self._downloads.put(steps | states, enter)

    def _enter(
        self, buffers: dict[str, np.ndarray], length: int, path: str, row: np.ndarray, ids: np.ndarray, at: np.ndarray
    ) -> None:
        if path not in buffers:
            buffers[path] = _small_pages((self._env.num_envs, length, *row.shape[1:]), row.dtype)
        buffers[path][ids, at] = row if len(ids) == len(row) else row[ids]

    def finish(self, env_id: int, index: int, phase: str, flags: list[str]) -> Episode:
        """Makes the episode of a world; its arrays are views of the buffers until the world begins anew."""
        self._downloads.flush()
        length = int(self.time[env_id])
        arrays = {path: buffer[env_id, : length + 1] for path, buffer in self._states.items()}
        arrays |= {path: buffer[env_id, :length] for path, buffer in self._steps.items()}
        scene = self._env.engine.scene(env_id)
        arrays |= map_arrays(scene)
        return Episode(
            index=index,
            seed=scene.seed,
            phase=phase,
            task=self._env.task.name,
            instruction=scene.instruction,
            success=bool(arrays["success"][-1]),
            reward_sum=float(arrays["rewards"].sum()),
            length=length,
            arrays=arrays,
            randomisation=scene.values,
            segmentation_ids=self._env.engine.segmentation_ids(env_id),
            flags=flags,
            subtasks=[{"name": name, "instruction": instruction} for name, instruction in scene.stages],
        )


def _small_pages(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Returns an array whose memory is taken a small page at a time, as episodes grow.

    NumPy asks for huge pages. They gain nothing here, reach beyond the end of short episodes, and cost several times as
    much on a virtual machine that has given its free memory back to its host.
    """
    size = max(1, math.prod(shape) * dtype.itemsize)
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    if hasattr(mmap, "MADV_NOHUGEPAGE"):
        with contextlib.suppress(OSError):  # a kernel that has none
            memory.madvise(mmap.MADV_NOHUGEPAGE)
    return np.ndarray(shape, dtype, memory)
