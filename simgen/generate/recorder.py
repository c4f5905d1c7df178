"""Collects what happens in each world until its episode ends, then makes an Episode of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from simgen.data.episode import Episode
from simgen.data.states import map_arrays, state_rows
from simgen.env.base import BaseEnv, Outcome
from simgen.env.numpy_view import to_numpy
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
        self.time = np.zeros(env.num_envs, dtype=np.int64)

    def begin(self, env_ids: list[int], obs: dict[str, Any]) -> None:
        """Starts recording in these worlds with their first observation."""
        ids = np.sort(np.asarray(env_ids))
        self.time[ids] = 0
        if self._tool is not None:
            self._tool.begin(env_ids)
        self._put(self._states, self._length + 1, state_rows(self._env, obs), ids)

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
        self._put(self._steps, self._length, to_numpy(rows), ids)
        self.time[ids] += 1
        self._put(self._states, self._length + 1, state_rows(self._env, obs), ids)

    def _put(self, buffers: dict[str, np.ndarray], length: int, rows: dict[str, np.ndarray], ids: np.ndarray) -> None:
        for path, row in rows.items():
            if path not in buffers:
                buffers[path] = np.empty((self._env.num_envs, length, *row.shape[1:]), row.dtype)
            buffers[path][ids, self.time[ids]] = row if len(ids) == len(row) else row[ids]

    def finish(self, env_id: int, index: int, phase: str, flags: list[str]) -> Episode:
        """Makes the episode of a world; its arrays are views of the buffers until the world begins anew."""
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
