"""Shadows on the CPU: a map per world of what is nearest to the directional light, fitted to the casters."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.dense import read, read_vec3
from simgen.world.engine.newton.render.light import LightArrays
from simgen.world.engine.newton.render.mesh_fill import Scratch, draw_points, write_point
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.triangle import OPTIONS

wp.set_module_options(OPTIONS)

FAR = wp.constant(1.0e9)
SHADOW_OFFSET = wp.constant(0.003)  # at least so far above its surface a point is looked up [m]: casters may be coarser


@wp.struct
class ShadowArrays:
    """Per world where the light stands and what it sees."""

    axes: wp.array(dtype=wp.mat33)  # rows: the map's columns, its rows, towards the light (unit vectors in the world)
    low: wp.array(dtype=wp.vec3)  # lowest corner of the casters along the axes [m]
    texel: wp.array(dtype=wp.float32)  # [m]; 0: nothing casts a shadow
    heights: wp.array(dtype=wp.float32)  # E x size x size: 1 + height over `low` along the light [m], 0 = free
    size: wp.int32


def allocate_shadows(num_worlds: int, size: int, device: wp.Device) -> ShadowArrays:
    """Arrays for maps of size x size texels; size 0: only the direction of the light."""
    shadows = ShadowArrays()
    shadows.axes = wp.zeros(num_worlds, dtype=wp.mat33, device=device)
    shadows.low = wp.zeros(num_worlds, dtype=wp.vec3, device=device)
    shadows.texel = wp.zeros(num_worlds, dtype=wp.float32, device=device)
    shadows.heights = wp.zeros(max(1, num_worlds * size * size), dtype=wp.float32, device=device)
    shadows.size = size
    return shadows


@wp.kernel
def frame_lights(placements: wp.array(dtype=Placement), num_instances: int, light: LightArrays, shadows: ShadowArrays):
    """Point the map of each world at what casts shadows in it."""
    world = wp.tid()
    toward = light.direction[world]
    if not wp.length(toward) > 1.0e-9 or not wp.length(toward) < 1.0e9:
        toward = wp.vec3(0.0, 0.0, 1.0)
    toward = wp.normalize(toward)
    helper = wp.vec3(1.0, 0.0, 0.0)
    if wp.abs(toward[0]) > 0.9:
        helper = wp.vec3(0.0, 1.0, 0.0)
    across = wp.normalize(wp.cross(helper, toward))
    axes = wp.matrix_from_rows(across, wp.cross(toward, across), toward)
    shadows.axes[world] = axes
    low = wp.vec3(FAR)
    high = wp.vec3(-FAR)
    for index in range(world * num_instances, (world + 1) * num_instances):
        sphere = placements[index].sphere
        if placements[index].shadow >= 0 and sphere[3] >= 0.0:
            center = axes @ wp.vec3(sphere[0], sphere[1], sphere[2])
            low = wp.min(low, center - wp.vec3(sphere[3]))
            high = wp.max(high, center + wp.vec3(sphere[3]))
    shadows.low[world] = low
    shadows.texel[world] = wp.max(0.0, wp.max(high[0] - low[0], high[1] - low[1]) / float(wp.max(shadows.size - 1, 1)))


@wp.kernel
def shadow_kernel(
    meshes: MeshArrays,
    placements: wp.array(dtype=Placement),
    num_instances: int,
    shadows: ShadowArrays,
    first_world: int,
    scratch: Scratch,
    nothing: wp.array(dtype=wp.int64),
):
    """Draw the casters as the light sees them; `heights` must be 0 before. `nothing`: an array of length 1."""
    slot = wp.tid()
    world = first_world + slot
    size = shadows.size
    if shadows.texel[world] > 0.0:
        axes = shadows.axes[world]
        scale = wp.diag(wp.vec3(1.0 / shadows.texel[world], 1.0 / shadows.texel[world], 1.0))
        for index in range(world * num_instances, (world + 1) * num_instances):
            placement = placements[index]
            if placement.shadow >= 0 and placement.sphere[3] >= 0.0:
                linear = scale @ axes @ placement.world_from_local
                offset = scale @ (axes @ placement.origin - shadows.low[world]) + wp.vec3(0.0, 0.0, 1.0)
                first_point = meshes.first_point[placement.shadow]
                point = int(0)
                while point < meshes.num_points[placement.shadow]:
                    place = linear @ read_vec3(meshes.points, first_point + point) + offset
                    write_point(scratch, slot * scratch.max_points + point, place, size, size)
                    point += 1
                d = placement.local_from_world @ axes[2]
                toward = wp.vec4(d[0], d[1], d[2], 0.0)
                draw_points(
                    meshes, placement.shadow, 0, toward, slot, scratch, world, size, size, shadows.heights, nothing
                )


@wp.struct
class ShadowMap:
    """The map of one world, in the form that a lookup needs."""

    texel_from_world: wp.mat33  # columns, rows, height [m]
    offset: wp.vec3
    clearance: wp.float32  # how far above its surface a point is looked up [m]
    first: wp.int32  # where the map begins
    size: wp.int32  # 0: there are no shadows
    limit: wp.float32  # up to which column and row the map reaches


@wp.func
def shadow_map(shadows: ShadowArrays, world: int):
    """The map of one world."""
    result = ShadowMap()
    texel = shadows.texel[world]
    if texel > 0.0:
        scale = wp.diag(wp.vec3(1.0 / texel, 1.0 / texel, 1.0))
        result.texel_from_world = scale @ shadows.axes[world]
        result.offset = wp.vec3(0.0, 0.0, 1.0 + 0.5 * texel) - scale @ shadows.low[world]
        result.clearance = wp.max(1.2 * texel, SHADOW_OFFSET)
        result.size = shadows.size
        result.first = world * shadows.size * shadows.size
        result.limit = float(shadows.size - 1)
    return result


@wp.func
def covered(heights: wp.array(dtype=wp.float32), index: int, height: float):
    """1 where something in the map is higher."""
    return wp.where(read(heights, index) > height, 1.0, 0.0)


@wp.func
def light_from_map(shadow: ShadowMap, heights: wp.array(dtype=wp.float32), point: wp.vec3, normal: wp.vec3):
    """How much of the light reaches a surface: the mean of the four texels around it, weighted by distance."""
    light = float(1.0)
    place = shadow.texel_from_world @ (point + normal * shadow.clearance) + shadow.offset
    if place[0] >= 0.0 and place[1] >= 0.0 and place[0] < shadow.limit and place[1] < shadow.limit:
        column = int(place[0])
        row = int(place[1])
        right = place[0] - float(column)
        down = place[1] - float(row)
        upper = shadow.first + row * shadow.size + column
        lower = upper + shadow.size
        upper_shade = covered(heights, upper, place[2]) * (1.0 - right) + covered(heights, upper + 1, place[2]) * right
        lower_shade = covered(heights, lower, place[2]) * (1.0 - right) + covered(heights, lower + 1, place[2]) * right
        light = 1.0 - upper_shade * (1.0 - down) - lower_shade * down
    return light
