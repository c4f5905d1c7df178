"""From the G-buffer to the pictures that are wanted: rgb; normals and albedo; depth and segmentation.

In all of these kernels a thread does `span` pixels of a row: the whole row on the CPU, one pixel on a GPU. The pictures
are flat: world after world, row after row.
"""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.camera import CameraArrays
from simgen.world.engine.newton.render.color import encode_albedo, encode_light
from simgen.world.engine.newton.render.dense import read, read_int64, write_rgb, write_short, write_vec3
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.sampling import SampleGrid, sample_lens
from simgen.world.engine.newton.render.shade import Scene, background, illumination, pixel_light, radiance
from simgen.world.engine.newton.render.surface import GBuffer, face_of, surface
from simgen.world.engine.newton.render.triangle import NOTHING, OPTIONS, unpack_instance

wp.set_module_options(OPTIONS)


@wp.struct
class Canvas:
    """The size of the pictures [pixel], their samples, and which worlds a launch draws."""

    width: wp.int32
    height: wp.int32
    span: wp.int32
    grid: SampleGrid


@wp.kernel
def rgb_kernel(
    scene: Scene,
    camera: CameraArrays,
    canvas: Canvas,
    first_world: int,
    buffer: GBuffer,
    table: wp.array(dtype=wp.uint8),
    rgb: wp.array(dtype=wp.vec3ub),
):
    first_pixel = wp.tid() * canvas.span
    line = first_pixel // canvas.width
    slot = line // canvas.height
    row = line - slot * canvas.height
    first_column = first_pixel - line * canvas.width
    world = first_world + slot
    pose = camera.T_world_camera[world]
    rotation = wp.quat_to_matrix(wp.transform_get_rotation(pose))
    grid = canvas.grid
    lens = sample_lens(camera.intrinsics[world], grid)
    light = illumination(scene, world, wp.transform_get_translation(pose), lens[0])
    y = row * grid.step
    start = rotation @ wp.vec3(-lens[2] / lens[0], (float(y) - lens[3]) / lens[1], 1.0)
    slope_x = rotation @ wp.vec3(1.0 / lens[0], 0.0, 0.0)
    slope_y = rotation @ wp.vec3(0.0, 1.0 / lens[1], 0.0)
    first_sample = (slot * grid.height + y) * grid.width
    target = first_world * canvas.height * canvas.width + first_pixel - first_column
    column = int(first_column)
    end = first_column + canvas.span
    while column < end and grid.step > 1:
        x = column * grid.step
        corner = start + slope_x * float(x)
        mean = pixel_light(scene, light, buffer, grid, first_sample + x, world, corner, slope_x, slope_y, camera.far)
        write_rgb(rgb, target + column, encode_light(table, mean))
        column += 1
    while column < end:
        visible = read_int64(buffer.visibility, first_sample + column)
        if visible == NOTHING:
            write_rgb(rgb, target + column, encode_light(table, background(light, start + slope_x * float(column))))
            column += 1
        else:  # what neighbours on the same face have in common is computed once
            face = face_of(scene.meshes, scene.placements, world * scene.num_instances, visible, scene.textures.count)
            following = visible
            while following == visible:
                sample = first_sample + column
                direction = start + slope_x * float(column)
                nearness = read(buffer.nearness, sample)
                seen = wp.vec3(0.0)
                if nearness * camera.far < 1.0:
                    seen = background(light, direction)
                else:
                    seen = radiance(
                        scene.meshes,
                        scene.textures,
                        light,
                        scene.shadow_mode,
                        scene.shadows.heights,
                        buffer,
                        sample,
                        face,
                        nearness,
                        direction,
                    )
                write_rgb(rgb, target + column, encode_light(table, seen))
                column += 1
                following = NOTHING
                if column < end:
                    following = read_int64(buffer.visibility, sample + 1)


@wp.kernel
def surface_kernel(
    scene: Scene,
    camera: CameraArrays,
    canvas: Canvas,
    first_world: int,
    buffer: GBuffer,
    table: wp.array(dtype=wp.uint8),
    normals: wp.array(dtype=wp.vec3),
    albedo: wp.array(dtype=wp.vec3ub),
):
    """Either picture may have length 0: then it is not wanted."""
    first_pixel = wp.tid() * canvas.span
    grid = canvas.grid
    for pixel in range(first_pixel, first_pixel + canvas.span):
        line = pixel // canvas.width
        slot = line // canvas.height
        world = first_world + slot
        x = (pixel - line * canvas.width) * grid.step + grid.step // 2
        y = (line - slot * canvas.height) * grid.step + grid.step // 2
        sample = (slot * grid.height + y) * grid.width + x
        visible = buffer.visibility[sample]
        nearness = buffer.nearness[sample]
        normal = wp.vec3(0.0)
        color = wp.vec3(0.0)
        if visible != NOTHING and nearness * camera.far >= 1.0:
            lens = sample_lens(camera.intrinsics[world], grid)
            ray = wp.vec3((float(x) - lens[2]) / lens[0], (float(y) - lens[3]) / lens[1], 1.0)
            point = wp.transform_point(camera.T_world_camera[world], ray / nearness)
            face = face_of(scene.meshes, scene.placements, world * scene.num_instances, visible, scene.textures.count)
            normal, color = surface(scene.meshes, scene.textures, face, point, 1.0 / (nearness * lens[0]))
        target = first_world * canvas.height * canvas.width + pixel
        if normals.shape[0] > 0:
            write_vec3(normals, target, normal)
        if albedo.shape[0] > 0:
            write_rgb(albedo, target, encode_albedo(table, color))


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
    first_pixel = wp.tid() * canvas.span
    line = first_pixel // canvas.width
    slot = line // canvas.height
    grid = canvas.grid
    middle = grid.step // 2
    row = (line - slot * canvas.height) * grid.step + middle
    first = (slot * grid.height + row) * grid.width + middle - line * canvas.width * grid.step
    first_placement = (first_world + slot) * num_instances
    target = first_world * canvas.height * canvas.width
    instance = int(-1)
    instance_label = int(0)
    for pixel in range(first_pixel, first_pixel + canvas.span):
        sample = first + pixel * grid.step
        nearness = read(buffer.nearness, sample)
        visible = read_int64(buffer.visibility, sample)
        seen = visible != NOTHING and nearness * far >= 1.0
        if depth.shape[0] > 0:
            millimetres = int(0)
            if seen:
                millimetres = wp.min(int(1000.0 / nearness + 0.5), 32767)
            write_short(depth, target + pixel, wp.int16(millimetres))
        if segmentation.shape[0] > 0:
            label = int(0)
            if seen:
                if unpack_instance(visible) != instance:
                    instance = unpack_instance(visible)
                    instance_label = placements[first_placement + instance].segmentation
                label = instance_label
            write_short(segmentation, target + pixel, wp.int16(label))
