"""Makes the empty sub-scenes that worlds are built in: physics and, where pictures are wanted, a renderer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import sapien
import torch
from mani_skill.envs.scene import ManiSkillScene
from mani_skill.envs.utils.system.backend import BackendInfo
from mani_skill.utils.structs.types import GPUMemoryConfig, SceneConfig, SimConfig
from sapien import physx

from simgen.errors import BadInput, SimgenError
from simgen.world.scene.scene import Scene

_NO_VULKAN = (
    "the maniskill engine cannot draw: SAPIEN found no Vulkan device ({error}). Run `simgen doctor` to see what is "
    "missing, `make vulkan` to install a software device, or do without cameras."
)


@cache
def render_device() -> sapien.Device:
    """Returns the device that draws: a GPU, else the CPU.

    Raises:
        SimgenError: If there is neither, with the remedy.
    """
    failure = ""
    for name in ("cuda", "cpu"):
        try:
            device = sapien.Device(name)
            sapien.render.RenderSystem(device)
        except RuntimeError as error:
            failure = str(error).strip() or type(error).__name__
        else:
            return device
    raise SimgenError(_NO_VULKAN.format(error=failure))


def make_scene(scenes: Sequence[Scene], timestep: float, device: torch.device, rendering: bool) -> ManiSkillScene:
    """Makes one empty sub-scene per world, with ManiSkill's settings of the solver.

    Args:
        scenes: Of the worlds; their gravity is used here.
        timestep: Of the solver [s].
        device: The CPU, which holds one world only, or a CUDA device.
        rendering: Whether pictures will be asked for.

    Raises:
        SimgenError: Without a Vulkan device, if `rendering`; without PhysX's GPU library, on a CUDA device.
    """
    config = SimConfig(scene_config=SceneConfig(gravity=np.array([0.0, 0.0, _common_gravity(scenes)])))
    _configure(config)
    backend = BackendInfo(
        device=device,
        sim_device=sapien.Device(str(device)),
        sim_backend="physx_cuda" if device.type == "cuda" else "physx_cpu",
        render_device=render_device() if rendering else None,
        render_backend="sapien_cuda" if device.type == "cuda" else "sapien_cpu",
    )
    systems = _gpu_scenes(len(scenes), config, backend) if device.type == "cuda" else [_cpu_scene(backend)]
    result = ManiSkillScene(systems, sim_config=config, device=device, backend=backend)
    result.timestep = timestep
    return result


def gpu_system(scene: ManiSkillScene) -> physx.PhysxGpuSystem:
    """Returns the physics of a scene on a CUDA device."""
    assert isinstance(scene.px, physx.PhysxGpuSystem)
    return scene.px


def _common_gravity(scenes: Sequence[Scene]) -> float:
    """PhysX has one gravity for all that it simulates at once."""
    values = {scene.gravity for scene in scenes}
    if len(values) > 1:
        raise BadInput("randomize.physics.gravity: worlds on one GPU share their gravity; use device cpu or newton.")
    return values.pop()


def _configure(config: SimConfig) -> None:
    """Does what ManiSkill's BaseEnv does: the settings hold for what is made from now on in this process."""
    scene = config.scene_config
    physx.set_shape_config(contact_offset=scene.contact_offset, rest_offset=scene.rest_offset)
    physx.set_body_config(
        solver_position_iterations=scene.solver_position_iterations,
        solver_velocity_iterations=scene.solver_velocity_iterations,
        sleep_threshold=scene.sleep_threshold,
    )
    physx.set_scene_config(
        gravity=np.asarray(scene.gravity),  # pyright: ignore[reportArgumentType]  # SAPIEN's stubs fix the shape
        bounce_threshold=scene.bounce_threshold,
        enable_pcm=scene.enable_pcm,
        enable_tgs=scene.enable_tgs,
        enable_ccd=scene.enable_ccd,
        enable_enhanced_determinism=scene.enable_enhanced_determinism,
        enable_friction_every_iteration=scene.enable_friction_every_iteration,
        cpu_workers=scene.cpu_workers,
    )
    physx.set_default_material(**config.default_materials_config.dict())


def _cpu_scene(backend: BackendInfo) -> sapien.Scene:
    systems: list[sapien.System] = [physx.PhysxCpuSystem()]
    if backend.render_device is not None:
        systems.append(sapien.render.RenderSystem(backend.render_device))
    return sapien.Scene(systems)


def _gpu_scenes(count: int, config: SimConfig, backend: BackendInfo) -> list[sapien.Scene]:
    """One sub-scene per world in a square grid, as in ManiSkill's `BaseEnv._setup_scene` (Apache-2.0)."""
    system = _gpu_system(config.gpu_memory_config, backend)
    side = math.ceil(math.sqrt(count))
    scenes = []
    for world in range(count):
        systems: list[sapien.System] = [system]
        if backend.render_device is not None:
            systems.append(sapien.render.RenderSystem(backend.render_device))
        scene = sapien.Scene(systems=systems)
        row, column = divmod(world, side)
        offset = [(column - side // 2) * config.spacing, (row - side // 2) * config.spacing, 0.0]
        system.set_scene_offset(scene, offset)
        scenes.append(scene)
    return scenes


def _gpu_system(memory: GPUMemoryConfig, backend: BackendInfo) -> physx.PhysxGpuSystem:
    try:
        if not physx.is_gpu_enabled():
            physx.enable_gpu()
        physx.set_gpu_memory_config(**memory.dict())
        return physx.PhysxGpuSystem(device=backend.sim_device)
    except Exception as error:
        raise SimgenError(
            f"the maniskill engine cannot simulate on {backend.device}: {error}. SAPIEN downloads PhysX's GPU library "
            "(libPhysXGpu) when it is first used; let it do so once with internet access, or use `device: cpu`."
        ) from error
