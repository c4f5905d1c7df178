"""The camera renderer: instances and cameras in, torch tensors out, the same on CPU and GPU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
import warp as wp

from simgen.errors import SimgenError
from simgen.world.engine.base import Backend
from simgen.world.engine.newton.render.camera import CameraBatch
from simgen.world.engine.newton.render.color import color_tables
from simgen.world.engine.newton.render.instances import InstanceTable
from simgen.world.engine.newton.render.lanes import Lanes
from simgen.world.engine.newton.render.light import LightBatch
from simgen.world.engine.newton.render.mesh_fill import allocate_scratch
from simgen.world.engine.newton.render.mesh_pool import MeshPool
from simgen.world.engine.newton.render.pictures import Canvas, label_kernel, rgb_kernel, surface_kernel
from simgen.world.engine.newton.render.pose import Placement, pose_cameras, pose_instances
from simgen.world.engine.newton.render.raster import raster_kernel
from simgen.world.engine.newton.render.row import Row, allocate_row
from simgen.world.engine.newton.render.sampling import sample_grid
from simgen.world.engine.newton.render.shade import NO_SHADOWS, SHADOW_MAP, SHADOW_RAYS, Scene
from simgen.world.engine.newton.render.shadow import allocate_shadows, frame_lights, shadow_kernel
from simgen.world.engine.newton.render.surface import GBuffer
from simgen.world.engine.newton.render.textures import TextureArrays, texture_arrays
from simgen.world.engine.newton.render.trace import trace_kernel

Output = Literal["rgb", "depth", "segmentation", "normals", "albedo"]
DTYPES = {"rgb": wp.vec3ub, "depth": wp.int16, "segmentation": wp.int16, "normals": wp.vec3, "albedo": wp.vec3ub}
CPU_PASS_SAMPLES = 8 * 128 * 128  # few, so that they stay in the cache, but not too few: each pass costs launches
GPU_PASS_SAMPLES = 1 << 23  # what is little memory for a GPU


@dataclass(eq=False)
class _View:
    """The buffers of one camera with one choice of outputs."""

    canvas: Canvas
    worlds_per_pass: int
    buffers: list[GBuffer]  # one per lane
    rows: list[Row]  # one per lane
    arrays: dict[str, wp.array]  # flat; of length 0 if not wanted
    tensors: dict[str, torch.Tensor]


class Renderer:
    """Draws the cameras of all worlds.

    Args:
        pool: The meshes; finalized here if that has not been done.
        instances: What is where. Its E is the number of worlds.
        num_bodies: Bodies per world in the `body_q` that `render` is given.
        device: Warp device of everything.
        backend: "raster" (CPU only: one thread), "trace", or "auto": raster on the CPU, trace elsewhere.
        shadows: Whether the light casts shadows.
        textures: From `texture_arrays`; None draws without.
        samples: Per pixel and axis (1, 2 or 4): smoother rgb; the other outputs do not change.
        shadow_size: Side of the shadow maps (raster) [texel]; about that of the pictures is enough.
        threads: On the CPU, where Warp runs a launch on one core: so many launches, each of other worlds, at a time.
            None: as many as the process has cores. The pictures do not depend on it.

    Nothing is allocated in `render` once `prepare` (or a first `render`) was called with the camera and outputs, so it
    can be captured in a graph; the buffers keep their addresses.
    """

    def __init__(
        self,
        pool: MeshPool,
        instances: InstanceTable,
        num_bodies: int,
        device: str | wp.Device | None = None,
        backend: Backend = "auto",
        shadows: bool = True,
        textures: TextureArrays | None = None,
        samples: int = 1,
        shadow_size: int = 128,
        threads: int | None = None,
    ) -> None:
        self.device = wp.get_device(device)
        self.backend = ("raster" if self.device.is_cpu else "trace") if backend == "auto" else backend
        if self.backend == "raster" and not self.device.is_cpu:
            raise SimgenError("the rasteriser runs on the CPU only; use backend 'trace' on a GPU")
        if not pool.is_finalized:
            pool.finalize(self.device, trace=self.backend == "trace")
        if self.backend == "trace" and not pool.has_tracers:
            raise SimgenError("backend 'trace' needs a mesh pool that was finalized with trace=True")
        self.instances, self.num_bodies, self.samples = instances, num_bodies, samples
        self.num_worlds = instances.num_worlds
        with_map = shadows and self.backend == "raster"
        scene = self._scene = Scene()
        scene.meshes, scene.num_instances = pool.arrays, instances.num_instances
        scene.placements = wp.zeros(self.num_worlds * instances.num_instances, dtype=Placement, device=self.device)
        scene.textures = textures if textures is not None else texture_arrays([], device=self.device)
        scene.shadows = allocate_shadows(self.num_worlds, shadow_size if with_map else 0, self.device)
        scene.shadow_mode = SHADOW_MAP if with_map else SHADOW_RAYS if shadows else NO_SHADOWS
        self._is_updated = False
        self._lanes = Lanes(threads, self.device)
        self._has_shadows = [False] * self.num_worlds  # maps drawn since the last `update`
        self._scratch = [
            allocate_scratch(pool.max_points, pool.max_faces, self.device) for _ in range(self._lanes.count)
        ]
        self._table = color_tables(self.device)
        self._nothing = wp.zeros(1, dtype=wp.int64, device=self.device)
        self._views: dict[tuple[CameraBatch, tuple[str, ...]], _View] = {}

    def prepare(self, camera: CameraBatch, outputs: Sequence[Output]) -> dict[str, torch.Tensor]:
        """Allocate the buffers of a camera; the tensors that `render` will write to."""
        return self._view(camera, outputs).tensors

    def render(
        self, body_q: wp.array, camera: CameraBatch, outputs: Sequence[Output], light: LightBatch
    ) -> dict[str, torch.Tensor]:
        """Draw one camera of every world.

        Args:
            body_q: T_world_body of all bodies, world after world (position + quaternion xyzw). Length: E * num_bodies.
            camera: Where to look from.
            outputs: Any of rgb (E, H, W, 3) uint8; depth (E, H, W, 1) int16 [mm] along the camera's axis, 0 = nothing;
                segmentation (E, H, W, 1) int16, 0 = nothing; normals (E, H, W, 3) float32 in the world, unit or 0;
                albedo (E, H, W, 3) uint8, base colours as sRGB.
            light: Of each world.

        Returns:
            One tensor per output: views of buffers that the next call with this camera overwrites.
        """
        self.update(body_q, light)
        return self.view(body_q, camera, outputs)

    def update(self, body_q: wp.array, light: LightBatch) -> None:
        """Take over poses and lights, for several calls of `view`. The arguments are those of `render`."""
        if len(body_q) != self.num_worlds * self.num_bodies:
            raise SimgenError(
                f"body_q has {len(body_q)} poses, not {self.num_worlds} worlds x {self.num_bodies} bodies"
            )
        scene = self._scene
        scene.light, self._is_updated = light.arrays, True
        table = self.instances
        self._launch(
            pose_instances,
            (self.num_worlds, table.num_instances),
            [table.arrays, scene.meshes, body_q, self.num_bodies, scene.placements],
        )
        self._launch(frame_lights, self.num_worlds, [scene.placements, scene.num_instances, scene.light, scene.shadows])
        self._has_shadows[:] = [False] * self.num_worlds

    def _draw_shadows(self, lane: int, first: int, count: int) -> None:
        """Draws the shadow maps of some worlds, where no other camera needed them since the last `update`."""
        scene, here = self._scene, slice(first, first + count)
        if scene.shadow_mode != SHADOW_MAP or all(self._has_shadows[here]):
            return
        texels = scene.shadows.size * scene.shadows.size
        scene.shadows.heights[first * texels : (first + count) * texels].zero_()
        arguments = [scene.meshes, scene.placements, scene.num_instances, scene.shadows, first, count]
        self._launch(shadow_kernel, 1, [*arguments, self._scratch[lane], self._nothing])
        self._has_shadows[here] = [True] * count

    def view(
        self, body_q: wp.array, camera: CameraBatch, outputs: Sequence[Output], worlds: Sequence[int] | None = None
    ) -> dict[str, torch.Tensor]:
        """Draw one camera of every world as of the last `update`. Arguments and result are those of `render`.

        `worlds`: those whose pictures must be new; others may stay as the last call left them. None: all.
        """
        if not self._is_updated:
            raise SimgenError("call update before view")
        view = self._view(camera, outputs)
        self._launch(
            pose_cameras,
            self.num_worlds,
            [camera.T_parent_camera, camera.body, body_q, self.num_bodies, camera.arrays.T_world_camera],
        )

        def draw(lane: int, first: int) -> None:
            count = min(view.worlds_per_pass, self.num_worlds - first)
            if "rgb" in view.tensors:  # just before they are looked up, when they are still in the cache
                self._draw_shadows(lane, first, count)
            self._fill_buffer(view, lane, camera, first, count)
            self._draw(view, lane, camera, first, count)

        self._lanes.run(self._passes(view.worlds_per_pass, worlds), draw)
        return view.tensors

    def close(self) -> None:
        """Ends the renderer's threads; nothing can be drawn any more."""
        self._lanes.close()

    def _passes(self, size: int, worlds: Sequence[int] | None) -> list[int]:
        """The first worlds of the passes of `size` worlds that hold one of `worlds`."""
        if worlds is None:
            return list(range(0, self.num_worlds, size))
        return sorted({world // size * size for world in worlds})

    def _fill_buffer(self, view: _View, lane: int, camera: CameraBatch, first: int, count: int) -> None:
        scene, buffer, grid = self._scene, view.buffers[lane], view.canvas.grid
        common = [scene.meshes, scene.placements, scene.num_instances]
        if self.backend == "raster":
            buffer.nearness.zero_()
            buffer.visibility.zero_()
            arguments = [*common, camera.arrays, grid, first, count, self._scratch[lane]]
            self._launch(raster_kernel, 1, [*arguments, buffer.nearness, buffer.visibility])
        else:
            with_shadows = int(scene.shadow_mode == SHADOW_RAYS and "rgb" in view.tensors)
            arguments = [*common, scene.shadows.axes, with_shadows, camera.arrays, grid, first, buffer]
            self._launch(trace_kernel, count * grid.width * grid.height, arguments)

    def _draw(self, view: _View, lane: int, camera: CameraBatch, first: int, count: int) -> None:
        scene, canvas, arrays, buffer = self._scene, view.canvas, view.arrays, view.buffers[lane]
        threads = count * canvas.width * canvas.height // canvas.span
        arguments = [scene, camera.arrays, canvas, first, buffer, view.rows[lane], self._table]
        if "rgb" in view.tensors:
            self._launch(rgb_kernel, threads, [*arguments, arrays["rgb"]])
        if {"normals", "albedo"} & view.tensors.keys():
            self._launch(surface_kernel, threads, [*arguments, arrays["normals"], arrays["albedo"]])
        if {"depth", "segmentation"} & view.tensors.keys():
            arguments = [scene.placements, scene.num_instances, canvas, camera.far, first, buffer]
            self._launch(label_kernel, threads, [*arguments, arrays["depth"], arrays["segmentation"]])

    def _view(self, camera: CameraBatch, outputs: Sequence[Output]) -> _View:
        key = (camera, tuple(outputs))
        if key not in self._views:
            self._views[key] = self._allocate_view(camera, outputs)
        return self._views[key]

    def _allocate_view(self, camera: CameraBatch, outputs: Sequence[Output]) -> _View:
        unknown = sorted(set(outputs) - set(get_args(Output)))
        if unknown or not outputs:
            raise SimgenError(f"unknown camera outputs {unknown}; there are {', '.join(get_args(Output))}")
        if camera.num_worlds != self.num_worlds:
            raise SimgenError(f"the camera is for {camera.num_worlds} worlds, the renderer for {self.num_worlds}")
        canvas = Canvas()
        canvas.width, canvas.height = camera.width, camera.height
        canvas.span = camera.width if self.device.is_cpu else 1
        canvas.grid = sample_grid(camera.width, camera.height, self.samples)
        samples = canvas.grid.width * canvas.grid.height
        limit = CPU_PASS_SAMPLES if self.device.is_cpu else GPU_PASS_SAMPLES
        worlds = max(1, min(math.ceil(self.num_worlds / self._lanes.count), limit // samples))
        rays = self._scene.shadow_mode == SHADOW_RAYS and "rgb" in outputs
        buffers = [self._allocate_buffer(worlds * samples, rays) for _ in range(self._lanes.count)]
        longest = canvas.span * self.samples + 1
        threads = worlds * camera.width * camera.height
        rows = [allocate_row(threads, longest, self.device) for _ in range(self._lanes.count)]
        shape = (self.num_worlds, camera.height, camera.width)
        pixels = self.num_worlds * camera.height * camera.width
        arrays = {
            name: wp.zeros(pixels if name in outputs else 0, dtype=dtype, device=self.device)
            for name, dtype in DTYPES.items()
        }
        tensors = {name: wp.to_torch(arrays[name]).view(*shape, -1) for name in outputs}
        return _View(canvas, worlds, buffers, rows, arrays, tensors)

    def _allocate_buffer(self, samples: int, rays: bool) -> GBuffer:
        buffer = GBuffer()
        buffer.nearness = wp.zeros(samples, dtype=wp.float32, device=self.device)
        buffer.visibility = wp.zeros(samples, dtype=wp.int64, device=self.device)
        buffer.light = wp.zeros(samples if rays else 1, dtype=wp.float32, device=self.device)
        return buffer

    def _launch(self, kernel: wp.Kernel, threads: int | tuple[int, int], arguments: list[object]) -> None:
        wp.launch(kernel, dim=threads, inputs=arguments, device=self.device)
