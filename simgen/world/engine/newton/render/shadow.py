"""Shadows on the CPU: a map per world of what is nearest to the directional light, fitted to the casters."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.light import LightArrays
from simgen.world.engine.newton.render.mesh_fill import Scratch, draw_points, write_points
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.row import FIELDS, SIMD, Row
from simgen.world.engine.newton.render.triangle import OPTIONS, Picture

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


@wp.func
def draw_caster(
    meshes: MeshArrays, placement: Placement, shadows: ShadowArrays, world: int, scratch: Scratch, p: Picture
):
    """Draw one caster as the light sees it."""
    mesh = placement.shadow
    axes = shadows.axes[world]
    scale = wp.diag(wp.vec3(1.0 / shadows.texel[world], 1.0 / shadows.texel[world], 1.0))
    linear = scale @ axes @ placement.world_from_local
    offset = scale @ (axes @ placement.origin - shadows.low[world]) + wp.vec3(0.0, 0.0, 1.0)
    first, count = meshes.first_point[mesh], meshes.num_points[mesh]
    no_lens = wp.vec4(0.0)
    write_points(meshes.points, first, count, linear, offset, False, no_lens, p.width, p.height, scratch)
    d = placement.local_from_world @ axes[2]
    draw_points(meshes, mesh, 0, wp.vec4(d[0], d[1], d[2], 0.0), scratch, p)


@wp.kernel
def shadow_kernel(
    meshes: MeshArrays,
    placements: wp.array(dtype=Placement),
    num_instances: int,
    shadows: ShadowArrays,
    first_world: int,
    num_worlds: int,
    scratch: Scratch,
    nothing: wp.array(dtype=wp.int64),
):
    """Draw the casters of some worlds as the light sees them; `heights` must be 0 before.

    `nothing`: an array of length 1. One thread does all, one mesh after another, which then is in the cache.
    """
    picture = Picture()
    picture.nearness = shadows.heights
    picture.visibility = nothing
    picture.width = shadows.size
    picture.height = shadows.size
    for instance in range(num_instances):
        for world in range(first_world, first_world + num_worlds):
            placement = placements[world * num_instances + instance]
            if shadows.texel[world] > 0.0 and placement.shadow >= 0 and placement.sphere[3] >= 0.0:
                picture.first = world * shadows.size * shadows.size
                draw_caster(meshes, placement, shadows, world, scratch, picture)


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


@wp.func_native(
    FIELDS
    + """
    const float* const near = nearness.data + sample;
    const float* const map = heights.data + shadow.first;
    const int size = shadow.size;
    const float limit = shadow.limit, last = limit - 1.0f;
    const wp::vec3 at_eye = wp::mul(shadow.texel_from_world, eye) + shadow.offset;
    const wp::vec3 per_metre = wp::mul(shadow.texel_from_world, direction);
    const wp::vec3 change = wp::mul(shadow.texel_from_world, slope);
    const wp::mat33 lift = wp::mul(shadow.texel_from_world, shadow.clearance);
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) {
        const float depth = 1.0f / near[i];
        const float nx = normal_x[i], ny = normal_y[i], nz = normal_z[i];
        const float x = at_eye[0] + (per_metre[0] + change[0] * (float)i) * depth
            + lift.data[0][0] * nx + lift.data[0][1] * ny + lift.data[0][2] * nz;
        const float y = at_eye[1] + (per_metre[1] + change[1] * (float)i) * depth
            + lift.data[1][0] * nx + lift.data[1][1] * ny + lift.data[1][2] * nz;
        const float height = at_eye[2] + (per_metre[2] + change[2] * (float)i) * depth
            + lift.data[2][0] * nx + lift.data[2][1] * ny + lift.data[2][2] * nz;
        const bool inside = (x >= 0.0f) & (y >= 0.0f) & (x < limit) & (y < limit);
        const float across = x > 0.0f ? (x < last ? x : last) : 0.0f;  // also where x is not a number
        const float along = y > 0.0f ? (y < last ? y : last) : 0.0f;
        const int column = (int)across, line = (int)along;
        const float right = across - (float)column, down = along - (float)line;
        const int upper = line * size + column, lower = upper + size;
        const float left = 1.0f - right;
        const float upper_shade = (map[upper] > height ? left : 0.0f) + (map[upper + 1] > height ? right : 0.0f);
        const float lower_shade = (map[lower] > height ? left : 0.0f) + (map[lower + 1] > height ? right : 0.0f);
        arriving[i] = inside ? 1.0f - upper_shade * (1.0f - down) - lower_shade * down : 1.0f;
    }
"""
)
def light_from_map(
    shadow: ShadowMap,
    heights: wp.array(dtype=wp.float32),
    eye: wp.vec3,
    direction: wp.vec3,
    slope: wp.vec3,
    nearness: wp.array(dtype=wp.float32),
    sample: int,
    count: int,
    row: Row,
    start: int,
):
    """How much of the light arrives at `count` samples side by side: the mean of the four texels around each.

    The texels are weighted by distance; `eye`, `direction` and `slope` are those of `Rays`.
    """
    ...
