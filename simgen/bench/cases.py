"""Configurations of a sweep: which worlds, image sizes and outputs, and the task that each of them measures."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from simgen.bench.conditions import STATE, outputs_of
from simgen.bench.options import BenchOptions
from simgen.errors import BadInput, unknown
from simgen.spec import AnyTask, RegisteredSpec, TaskSpec, load_task
from simgen.spec.camera import DerivedOutput, NativeOutput


@dataclass(frozen=True)
class Case:
    """One configuration.

    Args:
        task: The task as it is measured.
        options: How.
    """

    task: TaskSpec
    options: BenchOptions

    @property
    def sizes(self) -> str:
        """The sizes of the images, as 128 x 128."""
        if not self.options.images:
            return ""
        return ", ".join(dict.fromkeys("{} x {}".format(*camera.size) for camera in self.task.cameras.values()))

    def row(self) -> dict[str, Any]:
        """Returns what tells this configuration from the others of a sweep."""
        return {
            "num_envs": self.options.num_envs,
            "size": self.sizes,
            "outputs": outputs_of(self.task, self.options.images),
        }


def cases_of(
    task: AnyTask,
    options: BenchOptions,
    num_envs: Sequence[int],
    sizes: Sequence[int] = (),
    outputs: Sequence[str] = (),
    cameras: int | None = None,
) -> list[Case]:
    """Returns every combination, once each; without images the size does not matter.

    Args:
        task: The task.
        options: What all have in common.
        num_envs: Worlds of each worker.
        sizes: Sides of all images [px]; none: as in the task.
        outputs: Such as "rgb+depth" or "state"; none: as in the task.
        cameras: How many; those that the task lacks are copies of its first from other sides. None: as in the task.

    Raises:
        BadInput: What a task cannot have; an environment of ManiSkill's.
    """
    if isinstance(task, RegisteredSpec):
        raise BadInput(f"{task.name}: is an environment of ManiSkill's; this needs a task of simgen's.")
    task = with_cameras(task, cameras) if cameras is not None else task
    found: dict[tuple[object, ...], Case] = {}
    for wanted, size, count in itertools.product(outputs or (None,), sizes or (None,), num_envs):
        made = parse_outputs(wanted) if wanted is not None else None
        images = made != () and bool(task.cameras)
        shown = with_images(task, size, made)
        case = Case(shown if images else task, replace(options, num_envs=count, images=images))
        found.setdefault(tuple(case.row().values()), case)
    return list(found.values())


def parse_outputs(text: str) -> tuple[str, ...]:
    """Returns the images in "rgb+depth"; none for "state".

    Raises:
        BadInput: A name that is no image.
    """
    if text == STATE:
        return ()
    allowed = (*get_args(NativeOutput), *get_args(DerivedOutput))
    for name in (names := tuple(text.split("+"))):
        if name not in allowed:
            raise unknown("image", name, (*allowed, STATE), "--outputs")
    return names


def with_images(task: TaskSpec, size: int | None, outputs: tuple[str, ...] | None) -> TaskSpec:
    """Returns the task with images of this size, and these outputs, of all its cameras."""
    changes = []
    for name in task.cameras:
        if size is not None:
            changes.append(f"cameras.{name}.size=[{size}, {size}]")
        if outputs:
            changes.append(f"cameras.{name}.outputs=[{', '.join(outputs)}]")
    return load_task(task.resolved(), changes) if changes else task


def with_cameras(task: TaskSpec, count: int) -> TaskSpec:
    """Returns the task with so many cameras: its first ones, or copies of its first, turned about the z axis."""
    if not 1 <= count <= 16:
        raise BadInput(f"--cameras {count}: allowed are 1 to 16.")
    written = task.resolved()
    cameras = dict(list(written.get("cameras", {}).items())[:count])
    if not cameras:
        raise BadInput(f"--cameras {count}: {task.name} has no camera that could be copied.")
    first = next(iter(cameras))
    for number in range(len(cameras), count):
        cameras[f"{first}_{number + 1}"] = _turned(cameras[first], 2.0 * math.pi * number / count)
    return load_task(written | {"cameras": cameras})


def _turned(camera: dict[str, Any], angle: float) -> dict[str, Any]:
    """A camera that looks at the same point from another side [rad]."""
    point = camera["look_at"] if not isinstance(camera["look_at"], str) else (0.0, 0.0, 0.0)
    x, y = camera["eye"][0] - point[0], camera["eye"][1] - point[1]
    turned = math.cos(angle) * x - math.sin(angle) * y, math.sin(angle) * x + math.cos(angle) * y
    return camera | {"eye": [point[0] + turned[0], point[1] + turned[1], camera["eye"][2]]}
