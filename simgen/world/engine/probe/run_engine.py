"""Whether an engine works, tried for real: one world of a shipped task is built, stepped once and drawn.

Run as a child: `python -m simgen.world.engine.probe.run_engine newton cpu` exits with 0 if it worked.
"""

from __future__ import annotations

import sys

import torch

from simgen.errors import SimgenError
from simgen.spec import load_task
from simgen.world.engine.make import make_engine
from simgen.world.scene.layout import layout_of
from simgen.world.scene.sample import SceneSampler

TASK = "pick_cube"
SMALL = ("cameras.base.size=[16,16]",)


def main(name: str, device: str) -> int:
    """Runs one step of one world."""
    task = load_task(TASK, SMALL)
    layout = layout_of(task)
    engine = make_engine(name, layout, 1, task.episode.substeps, task.episode.control_seconds, device=device)
    try:
        engine.reset(torch.zeros(1, dtype=torch.long), [SceneSampler(task, layout).sample(0)])
        engine.step()
        images = engine.render()
        drawn = all(bool(image.any()) for outputs in images.values() for image in outputs.values())
        if not drawn or not bool(torch.isfinite(engine.state().qpos).all()):
            raise SimgenError("the engine ran, but what it computed is empty or not finite")
    finally:
        engine.close()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except SimgenError as problem:
        sys.stderr.write(str(problem).replace("\n", " ") + "\n")
        sys.exit(1)
