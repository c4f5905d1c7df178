"""Draws what surrounds the objects of an episode: light, background, looks of table and floor, gravity."""

from __future__ import annotations

from typing import Any

import numpy as np

from simgen.spec.task import TaskSpec
from simgen.world.scene.color import linear_rgb, parse_color
from simgen.world.scene.draws import Draws
from simgen.world.scene.scene import Light


def draw_light(task: TaskSpec, draws: Draws) -> Light:
    """Returns the light and the background of an episode."""
    spec, render = task.render.light, task.render
    return Light(
        direction=np.asarray(draws.value("light.direction", spec.direction), float),
        intensity=float(draws.value("light.intensity", spec.intensity)),
        color=linear_rgb(parse_color(draws.color("light.color", spec.color, "white"))),
        ambient=float(draws.value("light.ambient", spec.ambient)),
        background=linear_rgb(parse_color(draws.color("background.color", render.background, "white"))),
    )


def draw_surroundings(task: TaskSpec, draws: Draws) -> dict[str, Any]:
    """Returns the fields of `Scene` that say how table and floor look and rub, and what pulls."""
    scene, look = task.scene, {}
    for name, spec, texture in (("table", scene.table, "wood"), ("ground", scene.ground, "concrete")):
        color = None if spec is None else spec.color
        plain = spec is not None and spec.color is not None and spec.texture is None
        look[f"{name}_color"] = linear_rgb(parse_color(draws.color(f"{name}.color", color, (1.0, 1.0, 1.0))))
        default = None if plain else texture
        look[f"{name}_texture"] = draws.word(f"{name}.texture", None if spec is None else spec.texture, default)
    look["table_friction"] = float(draws.value("table.friction", None, 1.0))
    look["gravity"] = float(draws.value("physics.gravity", task.physics.gravity))
    return look
