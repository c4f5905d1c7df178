"""Whether SAPIEN's physics steps and its renderer draws on this machine, tried for real: one box falls, one is drawn.

Run as a child, since SAPIEN may end the process and writes as it likes: `python -m simgen.world.engine.probe.draw`
prints one JSON object a line, the last one with everything, and exits with 0 if a picture was drawn on any device.
With `--quick` it only asks for the renderer: a second instead of the many that compiling shaders takes on a CPU.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path
from typing import TextIO

import numpy as np

SIZE = 16  # pixels


def main(quick: bool) -> int:
    """Tries physics, then a picture per device, and writes what is known after each."""
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # SAPIEN's own messages
    facts: dict[str, object] = {}
    try:
        importlib.import_module("cv2")  # ManiSkill imports it, and it needs libraries that a bare machine lacks
        import sapien

        _step()
        facts |= {"physics": "", "version": sapien.__version__, "physx_gpu": str(_physx_gpu_library())}
        _write(results, facts)
    except (ImportError, RuntimeError) as error:
        _write(results, {"physics": _first_line(error)})
        return 1
    pictures: dict[str, str] = {}
    for device in ("cpu", "cuda"):
        _write(results, facts | {"trying": device, "pictures": pictures})
        try:
            _draw(device, quick)
            pictures[device] = ""
        except RuntimeError as error:
            pictures[device] = _first_line(error)
    _write(results, facts | {"pictures": pictures})
    return 0 if "" in pictures.values() else 1


def _step() -> None:
    """Lets a box fall for one step."""
    import sapien

    scene = sapien.Scene([sapien.physx.PhysxCpuSystem()])
    builder = scene.create_actor_builder()
    builder.add_box_collision(half_size=(0.1, 0.1, 0.1))
    box = builder.build(name="box")
    box.set_pose(sapien.Pose([0.0, 0.0, 1.0]))
    scene.step()
    if not box.get_pose().p[2] < 1.0:
        raise RuntimeError("a box does not fall")


def _draw(device: str, quick: bool) -> None:
    """Draws a box on "cpu" or "cuda" and looks for it in the picture; or only builds the renderer."""
    import sapien

    sapien.render.set_camera_shader_dir("minimal")  # ManiSkill's default
    systems = [sapien.physx.PhysxCpuSystem(), sapien.render.RenderSystem(sapien.Device(device))]
    if quick:
        return
    scene = sapien.Scene(systems)
    builder = scene.create_actor_builder()
    builder.add_box_visual(half_size=(0.1, 0.1, 0.1))
    builder.build_kinematic(name="box").set_pose(sapien.Pose([1.0, 0.0, 0.0]))  # cameras look along x
    camera = scene.add_camera("camera", SIZE, SIZE, 1.0, 0.01, 10.0)
    scene.update_render()
    camera.take_picture()
    if not np.any(camera.get_picture("PositionSegmentation")[..., 3]):
        raise RuntimeError("the picture of a box is empty")


def _physx_gpu_library() -> Path | str:
    """Returns where the library of PhysX on CUDA lies, "" if it has not been fetched."""
    import sapien

    name = "libPhysXGpu_64.so"
    library = Path.home() / ".sapien" / "physx" / sapien.physx.version() / name
    return library if library.is_file() else ""


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def _write(results: TextIO, facts: dict[str, object]) -> None:
    results.write(json.dumps(facts) + "\n")
    results.flush()


if __name__ == "__main__":
    sys.exit(main(quick="--quick" in sys.argv[1:]))
