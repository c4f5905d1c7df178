"""Where launches are replayed from a graph, as on a GPU, the pictures are those of single launches."""

from __future__ import annotations

from typing import Literal

import pytest
import torch

from simgen.spec import load_task
from simgen.world import host
from simgen.world.engine.newton.drawing import REPLAY_SHARE
from simgen.world.engine.newton.engine import NewtonEngine
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler

TASK = load_task("pick_cube", ("cameras.base.size=[40, 32]", "render.triangles_per_link=200"))
WORLDS = 3
Pictures = list[dict[str, torch.Tensor]]


def pictures(backend: Literal["raster", "trace"]) -> tuple[Pictures, NewtonEngine]:
    """Returns the images of a moving arm, of other scenes, and of a world that began anew; and who drew them."""
    layout = layout_of(TASK)
    sampler, engine = SceneSampler(TASK, layout), NewtonEngine(layout, WORLDS, 2, 0.05, backend=backend)
    found: Pictures = []

    def look(worlds: list[int] | None = None) -> None:
        found.append({name: image.clone() for name, image in engine.render(worlds)["base"].items()})

    for first in (0, WORLDS):
        engine.reset(torch.arange(WORLDS), [sampler.sample(first + world) for world in range(WORLDS)])
        look()
        engine.set_targets(engine.state().qpos + 0.3)
        for _ in range(3):
            engine.step()
            look()
    engine.reset(torch.tensor([1]), [sampler.sample(99)])
    look([1])
    look([0, 1])
    return found, engine


@pytest.mark.parametrize("backend", ["raster", "trace"])
def test_replayed_pictures_are_the_same(backend: Literal["raster", "trace"], monkeypatch: pytest.MonkeyPatch) -> None:
    drawn, engine = pictures(backend)
    assert engine._drawing._graph is None, "on a CPU launches share its cores"
    engine.close()
    monkeypatch.setattr(host, "waits_for", lambda device: True)
    replayed, engine = pictures(backend)
    assert engine._drawing._graph is not None
    engine.close()
    assert REPLAY_SHARE * WORLDS > 1, "one world of three is drawn by itself"
    different = [torch.equal(drawn[index]["rgb"], drawn[index + 1]["rgb"]) for index in range(len(drawn) - 2)]
    assert not any(different), "each picture shows something else"
    for before, now in zip(drawn, replayed, strict=True):
        assert before.keys() == now.keys() >= {"rgb", "depth", "segmentation"}
        assert all(torch.equal(before[name], now[name]) for name in before)
