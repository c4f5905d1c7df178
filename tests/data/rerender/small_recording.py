"""A small recorded dataset that test processes share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from simgen.generate import GenerateOptions, generate
from simgen.spec import load_task

OUTPUTS = ("rgb", "depth", "segmentation", "normals", "optical_flow", "scene_flow")


def small_recording(shared_dir: Path) -> Path:
    """Two random and one teacher episode of pick_cube; whoever is first makes it, and puts it there whole."""
    folder = shared_dir / "rerender-pick"
    if not folder.exists():
        beside = folder.with_name(f"{folder.name}.{os.getpid()}")
        overrides = [f"cameras.base.outputs=[{', '.join(OUTPUTS)}]", "cameras.base.size=[40, 32]"]
        task = load_task("pick_cube", [*overrides, "episode.max_steps=60"])
        generate(task, beside, GenerateOptions(random=2, teacher=1, num_envs=2, seed=5))
        try:
            beside.rename(folder)
        except OSError:
            shutil.rmtree(beside)
    return folder
