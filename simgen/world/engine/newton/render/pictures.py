"""From the G-buffer to the pictures that are wanted: rgb; normals and albedo; depth and segmentation.

In all of these kernels a thread does `span` pixels of a row: the whole row on the CPU, one pixel on a GPU. The pictures
are flat: world after world, row after row.
"""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.camera import CameraArrays
from simgen.world.engine.newton.render.color import encode_albedo, encode_means
from simgen.world.engine.newton.render.dense import read, write_rgb, write_vec3
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.row import SIMD, Row, add_to_mean, clear_mean, read_color, read_normal
from simgen.world.engine.newton.render.sampling import SampleGrid, sample_lens
from simgen.world.engine.newton.render.shade import Scene, illumination, light_row, normalize_row
from simgen.world.engine.newton.render.surface import GBuffer, Rays, lay_row
from simgen.world.engine.newton.render.triangle import OPTIONS

wp.set_module_options(OPTIONS)


@wp.struct
class Canvas:
    """The size of the pictures [pixel], their samples, and which worlds a launch draws."""

    width: wp.int32
    height: wp.int32
    span: wp.int32
    grid: SampleGrid


@wp.struct
class Place:
    """Where the pixels of a thread are."""

    slot: wp.int32  # world of the pass
    column: wp.int32
    row: wp.int32
    target: wp.int32  # in the pictures


@wp.func
def place_of(canvas: Canvas, thread: int, first_world: int):
    place = Place()
    first_pixel = thread * canvas.span
    line = first_pixel // canvas.width
    place.slot = line // canvas.height
    place.column = first_pixel - line * canvas.width
    place.row = line - place.slot * canvas.height
    place.target = first_world * canvas.height * canvas.width + first_pixel
    return place


@wp.func
def rays_from(camera: CameraArrays, grid: SampleGrid, world: int, x: int, y: int):
    """The rays of the samples from column `x` on in row `y`."""
    pose = camera.T_world_camera[world]
    rotation = wp.quat_to_matrix(wp.transform_get_rotation(pose))
    lens = sample_lens(camera.intrinsics[world], grid)
    rays = Rays()
    rays.eye = wp.transform_get_translation(pose)
    rays.direction = rotation @ wp.vec3((float(x) - lens[2]) / lens[0], (float(y) - lens[3]) / lens[1], 1.0)
    rays.slope = rotation @ wp.vec3(1.0 / lens[0], 0.0, 0.0)
    rays.spread = 1.0 / lens[0]
    return rays


@wp.kernel
def rgb_kernel(
    scene: Scene,
    camera: CameraArrays,
    canvas: Canvas,
    first_world: int,
    buffer: GBuffer,
    row: Row,
    table: wp.array(dtype=wp.uint8),
    rgb: wp.array(dtype=wp.vec3ub),
):
    """A pixel is the mean of its samples; those on its border count half, as they belong to two pixels."""
    place = place_of(canvas, wp.tid(), first_world)
    world = first_world + place.slot
    grid = canvas.grid
    step = grid.step
    light = illumination(scene, world)
    start = wp.tid() * row.stride
    clear_mean(row, start, canvas.span)
    border = wp.where(step > 1, 1, 0)
    count = canvas.span * step + border
    for j in range(step + border):
        x = place.column * step
        y = place.row * step + j
        rays = rays_from(camera, grid, world, x, y)
        sample = (place.slot * grid.height + y) * grid.width + x
        light_row(scene, light, world * scene.num_instances, rays, buffer, camera.far, sample, count, row, start)
        for i in range(step + border):
            weight = wp.where(border == 1 and (i == 0 or i == step), 0.5, 1.0)
            weight *= wp.where(border == 1 and (j == 0 or j == step), 0.5, 1.0)
            # bright samples are cut to what a picture can show, else one highlight would fill the pixel
            limit = wp.where(step > 1, 1.2, 1.0e9)
            add_to_mean(row, start, i, canvas.span, step, weight / float(step * step), limit)
    encode_means(table, row, start, canvas.span, rgb, place.target)


@wp.kernel
def surface_kernel(
    scene: Scene,
    camera: CameraArrays,
    canvas: Canvas,
    first_world: int,
    buffer: GBuffer,
    row: Row,
    table: wp.array(dtype=wp.uint8),
    normals: wp.array(dtype=wp.vec3),
    albedo: wp.array(dtype=wp.vec3ub),
):
    """Either picture may have length 0: then it is not wanted."""
    place = place_of(canvas, wp.tid(), first_world)
    world = first_world + place.slot
    grid = canvas.grid
    x = place.column * grid.step + grid.step // 2
    y = place.row * grid.step + grid.step // 2
    rays = rays_from(camera, grid, world, x, y)
    sample = (place.slot * grid.height + y) * grid.width + x
    count = (canvas.span - 1) * grid.step + 1
    start = wp.tid() * row.stride
    first_placement = world * scene.num_instances
    lay_row(scene.meshes, scene.textures, scene.placements, first_placement, rays, buffer, sample, count, row, start)
    normalize_row(row, start, count)
    for pixel in range(canvas.span):
        offset = pixel * grid.step
        seen = read(buffer.nearness, sample + offset) * camera.far >= 1.0
        if normals.shape[0] > 0:
            write_vec3(normals, place.target + pixel, wp.where(seen, read_normal(row, start + offset), wp.vec3(0.0)))
        if albedo.shape[0] > 0:
            color = wp.where(seen, read_color(row, start + offset), wp.vec3(0.0))
            write_rgb(albedo, place.target + pixel, encode_albedo(table, color))


@wp.func_native(
    """
    const float* const near = buffer.nearness.data + sample;
    short* const millimetres = depth.data + target;
    const auto write = [=](int i, int sample) {
        const float rounded = 1000.0f / near[sample] + 0.5f;
        millimetres[i] = near[sample] * far >= 1.0f ? (int)(rounded < 32767.0f ? rounded : 32767.0f) : 0;
    };
    if (step > 1) {
        for (int i = 0; i < count; ++i) write(i, i * step);
        return;
    }
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) write(i, i);
"""
)
def write_depth(
    buffer: GBuffer, sample: int, step: int, far: float, depth: wp.array(dtype=wp.int16), target: int, count: int
):
    """Write the depth of `count` pixels [mm], 0 where there is nothing; each `step` samples from the last."""
    ...


@wp.func_native(
    """
    const float* const near = buffer.nearness.data + sample;
    const auto* const visible = buffer.visibility.data + sample;
    const auto* const placement = placements.data + first_placement;
    short* const labels = segmentation.data + target;
    const auto write = [=](int i, int sample) {
        const int instance = (int)(visible[sample] >> 32) - 1;
        const int label = placement[instance > 0 ? instance : 0].segmentation;
        labels[i] = near[sample] * far >= 1.0f ? label : 0;
    };
    if (step > 1) {
        for (int i = 0; i < count; ++i) write(i, i * step);
        return;
    }
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) write(i, i);
"""
)
def write_labels(
    placements: wp.array(dtype=Placement),
    first_placement: int,
    buffer: GBuffer,
    sample: int,
    step: int,
    far: float,
    segmentation: wp.array(dtype=wp.int16),
    target: int,
    count: int,
):
    """Write the segmentation of `count` pixels, 0 where there is nothing; each `step` samples from the last."""
    ...


@wp.kernel
def label_kernel(
    placements: wp.array(dtype=Placement),
    num_instances: int,
    canvas: Canvas,
    far: float,
    first_world: int,
    buffer: GBuffer,
    depth: wp.array(dtype=wp.int16),
    segmentation: wp.array(dtype=wp.int16),
):
    """Depth [mm] along the camera's axis and segmentation ids, 0 where there is nothing; either may have length 0."""
    place = place_of(canvas, wp.tid(), first_world)
    grid = canvas.grid
    x = place.column * grid.step + grid.step // 2
    y = place.row * grid.step + grid.step // 2
    sample = (place.slot * grid.height + y) * grid.width + x
    if depth.shape[0] > 0:
        write_depth(buffer, sample, grid.step, far, depth, place.target, canvas.span)
    if segmentation.shape[0] > 0:
        first = (first_world + place.slot) * num_instances
        write_labels(placements, first, buffer, sample, grid.step, far, segmentation, place.target, canvas.span)
