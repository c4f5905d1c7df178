"""Several tasks in one batch: environments of different tasks, robots or numbers of objects that look like one."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import gymnasium
import numpy as np
import torch

from simgen.env.base import BaseEnv, Observation
from simgen.env.inputs import RESET_MASK, checked_actions, checked_number, checked_seed, reset_mask
from simgen.env.joined import join, pad
from simgen.env.spaces import space_like
from simgen.env.turns import Turns
from simgen.errors import BadInput, SimgenError
from simgen.spec import Mixture

IMAGES = "sensor_data"
Result = TypeVar("Result")


class MixedEnv(gymnasium.vector.VectorEnv):
    """E worlds of several tasks as `gymnasium.vector.VectorEnv` on torch tensors; see BaseEnv.

    The worlds are dealt to the tasks by weight; those of a task are next to each other. Observations are joined: what
    has different sizes is padded with zeros, what a task does not observe is zero, and `<key>_mask` beside such a key
    says what is real. Images must be of equal size. Actions have as many numbers as the longest; a task looks at its
    first ones (`action_mask`). `info["task"]` is the index of each world's task in `task_names`. Summands of the reward
    that a task does not have are 0 in its worlds.

    The k-th episode of a task's i-th world of n is episode i + k * n of the seed, as in an environment of the task
    alone with n worlds.

    Args:
        envs: One environment per task, of one device and autoreset mode. They are closed with this one.

    Attributes:
        envs: The environments of the tasks.
        task_names: Their names.
        task: Index of each world's task. Shape: (E,), int64.
        action_mask: Which numbers of an action count in each world. Shape: (E, A), bool.
        max_steps: Length of the longest task's episodes [control steps].
    """

    def __init__(self, envs: Sequence[BaseEnv]) -> None:
        self.envs = tuple(envs)
        self._counts = [env.num_envs for env in self.envs]
        self.num_envs = sum(self._counts)
        self.device = self.envs[0].device
        self.metadata = dict(self.envs[0].metadata)
        self.task_names = tuple(env.task.name for env in self.envs)
        self.max_steps = max(env.max_steps for env in self.envs)
        numbers = torch.tensor(self._counts)
        self.task = torch.arange(len(self.envs)).repeat_interleave(numbers).to(self.device)
        ends = numbers.cumsum(0).tolist()
        self._rows = [slice(end - count, end) for end, count in zip(ends, self._counts, strict=True)]
        self._pool = _pool(len(self.envs)) if self.device.type == "cpu" else None
        self._make_action_spaces()
        obs = self._joined([env.observe() for env in self.envs])
        self.single_observation_space = space_like(obs)
        self.observation_space = gymnasium.vector.utils.batch_space(self.single_observation_space, self.num_envs)

    def _make_action_spaces(self) -> None:
        lows, mask = pad([env.action_mode.low.expand(env.num_envs, -1) for env in self.envs], self._counts)
        highs, _ = pad([env.action_mode.high.expand(env.num_envs, -1) for env in self.envs], self._counts)
        self.action_mask = torch.ones_like(lows, dtype=torch.bool) if mask is None else mask
        self._counting = self.action_mask.cpu()
        low, high = (bound.cpu().numpy().astype(np.float32) for bound in (lows, highs))
        self.action_space = gymnasium.spaces.Box(low, high, dtype=np.float32)
        self.single_action_space = gymnasium.spaces.Box(low.min(0), high.max(0), dtype=np.float32)

    def _each(self, work: Callable[[int, BaseEnv], Result]) -> list[Result]:
        """Returns `work(index, env)` of all environments; on the CPU at the same time: while one task's physics is
        computed, another's images are drawn (see `simgen.world.kernels.alone`)."""
        if self.closed:
            raise SimgenError("the environment is closed; make a new one.")
        if self._pool is None:
            return [work(index, env) for index, env in enumerate(self.envs)]
        return list(self._pool.map(work, range(len(self.envs)), self.envs))

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Starts new episodes in all worlds, or in those of `options["reset_mask"]` (E,) bool; see BaseEnv."""
        mask = reset_mask(options, self.num_envs)
        seed = None if seed is None else checked_seed(seed)
        masks = [None if mask is None else {RESET_MASK: mask[rows]} for rows in self._rows]
        observed, infos = zip(*self._each(lambda index, env: env.reset(seed=seed, options=masks[index])), strict=True)
        return self._joined(observed), self._info(infos, observed)

    def step(self, actions: Any) -> tuple[Observation, torch.Tensor, torch.Tensor, torch.Tensor, dict[str, Any]]:
        """Does one control step in all worlds. Shape of actions: (E, A)."""
        dim = self.action_mask.shape[1]
        actions = checked_actions(actions, self.num_envs, dim, self.device, self._counting)

        def step_one(index: int, env: BaseEnv) -> tuple[Any, ...]:
            return env.step(actions[self._rows[index], : env.action_mode.dim])

        observed, reward, terminated, truncated, infos = zip(*self._each(step_one), strict=True)
        numbers = (torch.cat(parts) for parts in (reward, terminated, truncated))
        return self._joined(observed), *numbers, self._info(infos, observed)  # type: ignore[return-value]

    def _joined(self, observed: Sequence[Observation]) -> Observation:
        self._require_equal_images(observed)
        return join(observed, self._counts)

    def _require_equal_images(self, observed: Sequence[Observation]) -> None:
        first: dict[tuple[str, str], tuple[str, tuple[int, ...]]] = {}
        for name, obs in zip(self.task_names, observed, strict=True):
            for camera, images in obs.get(IMAGES, {}).items():
                for output, image in images.items():
                    other, size = first.setdefault((camera, output), (name, tuple(image.shape[1:])))
                    if tuple(image.shape[1:]) != size:
                        raise BadInput(
                            f"camera {camera!r} makes {output} of {_pixels(size)} in {other} and of "
                            f"{_pixels(image.shape[1:])} in {name}; images of one batch must be of equal size. "
                            f"Allowed: e.g. overrides cameras.{camera}.size=[{size[1]}, {size[0]}]"
                        )

    def _info(self, infos: Sequence[dict[str, Any]], observed: Sequence[Observation]) -> dict[str, Any]:
        info: dict[str, Any] = {"task": self.task.clone(), "elapsed_steps": self._rows_of(infos, "elapsed_steps")}
        if "success" in infos[0]:
            info["success"] = self._rows_of(infos, "success")
            terms = join([each["reward_terms"] for each in infos], self._counts)
            info["reward_terms"] = {name: terms[name] for each in infos for name in each["reward_terms"]}
        problems = {
            rows.start + world: problem
            for rows, each in zip(self._rows, infos, strict=True)
            for world, problem in each.get("problems", {}).items()
        }
        if problems:
            info["problems"] = problems
        if any("final_obs" in each for each in infos):
            self._add_final(info, infos, observed)
        return info

    def _add_final(
        self, info: dict[str, Any], infos: Sequence[dict[str, Any]], observed: Sequence[Observation]
    ) -> None:
        """What the worlds that ended last observed; the rows of the others are as they are now."""
        obs = [each.get("final_obs", now) for each, now in zip(infos, observed, strict=True)]
        info["final_obs"] = self._joined(obs)
        info["final_info"] = self._info([each.get("final_info", each) for each in infos], obs)
        ended = [
            each["_final_obs"] if "_final_obs" in each else torch.zeros(count, dtype=torch.bool, device=self.device)
            for each, count in zip(infos, self._counts, strict=True)
        ]
        info["_final_obs"] = info["_final_info"] = torch.cat(ended)

    @staticmethod
    def _rows_of(infos: Sequence[dict[str, Any]], name: str) -> torch.Tensor:
        return torch.cat([each[name] for each in infos])

    def close_extras(self, **kwargs: Any) -> None:
        """Closes the environments of all tasks."""
        if self._pool is not None:
            self._pool.shutdown()
        for env in self.envs:
            env.close()


def make_mixed(
    mixture: Mixture,
    make_one: Callable[[Any, int], BaseEnv],
    num_envs: int,
) -> MixedEnv:
    """Makes the environments of a mixture's tasks and joins them.

    Args:
        mixture: Tasks with weights, variants written out.
        make_one: Makes the environment of a task with so many worlds.
        num_envs: Worlds of all tasks together.

    Raises:
        BadInput: Too few worlds for each task to have one; images of different sizes; what `make_one` raises.
    """
    turns = Turns([part.weight for part in mixture.parts])
    counts = turns.counts(checked_number(num_envs))
    if 0 in counts:
        least = next(number for number in range(num_envs + 1, 1_000_000) if 0 not in turns.counts(number))
        raise BadInput(
            f"{mixture.name}: num_envs is {num_envs}, which leaves some of its {len(counts)} tasks without a world. "
            f"Allowed: {least} or more"
        )
    envs: list[BaseEnv] = []
    try:
        for part, count in zip(mixture.parts, counts, strict=True):
            envs.append(make_one(part.task, count))
        return MixedEnv(envs)
    except BaseException:
        for env in envs:
            env.close()
        raise


def _pool(tasks: int) -> ThreadPoolExecutor | None:
    threads = min(tasks, len(os.sched_getaffinity(0)))
    # the tensors of one task's worlds are small; threads of torch's own would fight over the cores
    return ThreadPoolExecutor(threads, initializer=torch.set_num_threads, initargs=(1,)) if threads > 1 else None


def _pixels(shape: Sequence[int]) -> str:
    return f"{shape[1]}x{shape[0]}"
