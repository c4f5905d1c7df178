"""SAPIEN's shader packs without the reflections of an environment that our scenes do not have.

A pack that names the table for such reflections makes SAPIEN compute it when a process first draws, which takes ten
seconds of a CPU core. The pictures are the same: without an environment map the term is zero.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from copy import copy
from functools import cache
from pathlib import Path

import sapien
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.render import PREBUILT_SHADER_CONFIGS, ShaderConfig, set_shader_pack
from mani_skill.sensors import camera

from simgen.paths import cache_dir

_DECLARATION = re.compile(r"layout\(set = \w+, binding = \d+\) uniform sampler2D samplerBRDFLUT;")
_LEAN = ("minimal", "default")
_USE = re.compile(r"texture\(samplerBRDFLUT, [^;]*\)\.xy")


def shader_config(detailed: bool) -> ShaderConfig:
    """Chooses the shaders of the next cameras.

    Args:
        detailed: Whether normals or albedo are wanted; the small pack without them is faster.
    """
    name = "default" if detailed else "minimal"
    upstream = PREBUILT_SHADER_CONFIGS[name]
    set_shader_pack(upstream)  # for the formats of its pictures, which depend on the pack's name
    config = copy(upstream)
    config.shader_pack = lean_pack(name)
    return config


@contextlib.contextmanager
def lean_shaders(scene: ManiSkillScene) -> Iterator[None]:
    """Lets cameras that ManiSkill makes inside the block have them, unless the scene has an environment to reflect."""
    if any(part.render_system.cubemap is not None for part in scene.sub_scenes):
        yield
        return

    def choose(config: ShaderConfig) -> None:
        set_shader_pack(config)  # for the formats of its pictures, which depend on the pack's name
        if config.shader_pack in _LEAN:
            sapien.render.set_camera_shader_dir(lean_pack(config.shader_pack))

    before, camera.set_shader_pack = camera.set_shader_pack, choose
    try:
        yield
    finally:
        camera.set_shader_pack = before


@cache
def lean_pack(name: str) -> str:
    """Returns the folder of a pack without the table; upstream's name where its shaders are not as expected."""
    source = Path(sapien.__file__).parent / "vulkan_shader"
    target = cache_dir() / f"sapien-shaders-{sapien.__version__}-1"
    if not target.is_dir() and not _write(source, target):
        return name
    return str(target / name)


def _write(source: Path, target: Path) -> bool:
    scratch = Path(tempfile.mkdtemp(dir=target.parent, prefix="shaders-"))
    try:
        for folder in ("common", *_LEAN):
            shutil.copytree(source / folder, scratch / folder)
        for path in scratch.rglob("*.*"):
            text = path.read_text(encoding="utf-8")
            path.write_text(_USE.sub("vec2(0)", _DECLARATION.sub("", text)), encoding="utf-8")
            if "samplerBRDFLUT" in path.read_text(encoding="utf-8"):
                return False
        os.chmod(scratch, 0o755)
        os.replace(scratch, target)
    except OSError:  # another process was first, or there is nothing to copy
        return target.is_dir()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return True
