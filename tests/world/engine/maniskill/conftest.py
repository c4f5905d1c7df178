"""One world of the engine in the test's own process, and the scenes of a task."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
import torch
from small_tasks import task_of

from simgen.spec import TaskSpec, load_task
from simgen.world.engine.base import WorldState
from simgen.world.engine.maniskill.config import BatchConfig
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler
from simgen.world.scene.scene import Scene
from simgen.world.scene.slots import Layout


@dataclass(eq=False)
class Stage:
    """A task, its layout and one world that can be built from its scenes."""

    task: TaskSpec
    layout: Layout = field(init=False)

    def __post_init__(self) -> None:
        from simgen.world.engine.maniskill.batch import Batch

        self.layout = layout_of(self.task)
        episode = self.task.episode
        self.batch = Batch(BatchConfig(self.layout, episode.substeps, episode.control_seconds))

    def scene(self, seed: int = 0) -> Scene:
        return SceneSampler(self.task, self.layout).sample(seed)

    def build(self, seed: int = 0) -> Scene:
        scene = self.scene(seed)
        self.batch.build([scene])
        return scene

    def step(self, steps: int = 1) -> WorldState:
        for _ in range(steps):
            self.batch.step()
        return self.batch.state()

    def targets(self, change: float) -> torch.Tensor:
        """What makes the joints go to somewhere else than where they are."""
        from simgen.world.engine.maniskill.batch import held

        return held(self.batch.state().qpos + change)


@pytest.fixture(scope="session")
def stage_of() -> Callable[..., Stage]:
    def make(objects: dict | str, **fields) -> Stage:
        return Stage(load_task(objects) if isinstance(objects, str) else task_of(objects, **fields))

    return make
