"""Are fixtures and textures known?"""

from __future__ import annotations

from collections.abc import Iterator

from simgen.spec.check.bodies import Bodies, check_name
from simgen.spec.distribution import Distribution
from simgen.spec.look import Coloured
from simgen.spec.problems import Path, Problem
from simgen.spec.registry import Registry
from simgen.spec.task import TaskSpec


def check_looks(task: TaskSpec, registry: Registry, bodies: Bodies) -> Iterator[Problem]:
    """Checks names of fixtures and textures."""
    scene = task.scene
    if scene.table is not None:
        carriers = tuple(name for name in registry.fixtures if name != "ground")
        yield from check_name(("scene", "table", "use"), "fixture", scene.table.use, carriers)
        yield from _check_texture(("scene", "table", "texture"), scene.table, registry)
    yield from _check_texture(("scene", "ground", "texture"), scene.ground, registry)
    for name, body in scene.objects.items():
        yield from _check_texture(("scene", "objects", name, "texture"), body, registry)


def _check_texture(path: Path, thing: Coloured, registry: Registry) -> Iterator[Problem]:
    if isinstance(thing.texture, Distribution):
        for index, word in enumerate(thing.texture.words):
            yield from check_name((*path, "choose", index), "texture", word, registry.textures)
    elif thing.texture is not None:
        yield from check_name(path, "texture", thing.texture, registry.textures)
