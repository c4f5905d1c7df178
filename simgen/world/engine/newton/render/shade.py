"""The light that reaches the camera from what a sample shows. One code for both back ends."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.light import LightArrays
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.row import FIELDS, SIMD, Row
from simgen.world.engine.newton.render.shadow import ShadowArrays, ShadowMap, light_from_map, shadow_map
from simgen.world.engine.newton.render.surface import GBuffer, Rays, lay_row
from simgen.world.engine.newton.render.textures import TextureArrays
from simgen.world.engine.newton.render.triangle import OPTIONS

wp.set_module_options(OPTIONS)

NO_SHADOWS, SHADOW_MAP, SHADOW_RAYS = wp.constant(0), wp.constant(1), wp.constant(2)
SHINE = 0.35  # strength of the highlight of a polished surface


@wp.struct
class Scene:
    """All that shading reads of a scene, in one argument."""

    meshes: MeshArrays
    placements: wp.array(dtype=Placement)
    num_instances: wp.int32
    textures: TextureArrays
    light: LightArrays
    shadows: ShadowArrays
    shadow_mode: wp.int32


@wp.struct
class Illumination:
    """The light of one world."""

    toward: wp.vec3  # unit
    sun: wp.vec3
    ambient: wp.float32
    background_low: wp.vec3
    background_high: wp.vec3
    shadow: ShadowMap


@wp.func
def illumination(scene: Scene, world: int):
    """Collect what is the same for all samples of a world."""
    result = Illumination()
    result.toward = scene.shadows.axes[world][2]
    result.sun = scene.light.color[world] * scene.light.intensity[world]
    result.ambient = scene.light.ambient[world]
    result.background_low = scene.light.background_low[world]
    result.background_high = scene.light.background_high[world]
    if scene.shadow_mode == SHADOW_MAP:
        result.shadow = shadow_map(scene.shadows, world)
    return result


@wp.func_native(
    FIELDS
    + SIMD
    + """
    for (int i = 0; i < count; ++i) {
        const float x = normal_x[i], y = normal_y[i], z = normal_z[i];
        const float scale = 1.0f / sqrtf(x * x + y * y + z * z);
        normal_x[i] = x * scale;
        normal_y[i] = y * scale;
        normal_z[i] = z * scale;
        arriving[i] = 1.0f;
    }
"""
)
def normalize_row(row: Row, start: int, count: int):
    """Give `count` normals length 1, and all of the light."""
    ...


@wp.func_native(
    FIELDS
    + """
    const float* const light = values.data + sample;
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) arriving[i] = light[i];
"""
)
def light_from_rays(values: wp.array(dtype=wp.float32), sample: int, count: int, row: Row, start: int):
    """How much of the light arrives at `count` samples, as tracing found it."""
    ...


@wp.func_native(
    FIELDS
    + """
    const float* const near = nearness.data + sample;
    const wp::vec3 toward = light.toward, sun = light.sun, low = light.background_low;
    const wp::vec3 rise = light.background_high - low;
    const float ambient = light.ambient, strength = STRENGTH;
    const wp::vec3 first = direction, change = slope;
""".replace("STRENGTH", f"{SHINE}f")
    + SIMD
    + """
    for (int i = 0; i < count; ++i) {
        const float nx = normal_x[i], ny = normal_y[i], nz = normal_z[i];
        const float r = red[i], g = green[i], b = blue[i];
        const float x = first[0] + change[0] * (float)i;
        const float y = first[1] + change[1] * (float)i;
        const float z = first[2] + change[2] * (float)i;
        const float scale = 1.0f / sqrtf(x * x + y * y + z * z);
        // Blinn and Phong's soft highlight with exponent 32.
        const float bx = toward[0] - x * scale, by = toward[1] - y * scale, bz = toward[2] - z * scale;
        const float along = nx * bx + ny * by + nz * bz;
        float p = (along > 0.0f ? along * along : 0.0f) / (bx * bx + by * by + bz * bz);
        p = p * p;
        p = p * p;
        p = p * p;
        const float shine = strength * gloss[i] * (p * p);
        const float facing = nx * toward[0] + ny * toward[1] + nz * toward[2];
        const float direct = (facing > 0.0f ? facing : 0.0f) * arriving[i];
        const float sky = ambient * (0.75f + 0.25f * nz);
        const float height = 0.5f + 0.5f * z * scale;
        const bool seen = near[i] * far >= 1.0f;
        red[i] = seen ? r * sky + (r + shine) * sun[0] * direct : low[0] + rise[0] * height;
        green[i] = seen ? g * sky + (g + shine) * sun[1] * direct : low[1] + rise[1] * height;
        blue[i] = seen ? b * sky + (b + shine) * sun[2] * direct : low[2] + rise[2] * height;
    }
"""
)
def light_surfaces(
    light: Illumination,
    direction: wp.vec3,
    slope: wp.vec3,
    nearness: wp.array(dtype=wp.float32),
    far: float,
    sample: int,
    count: int,
    row: Row,
    start: int,
):
    """Turn the colours of `count` samples into the light they send, or that of the background.

    `direction` and `slope` are those of `Rays`.
    """
    ...


@wp.func
def light_row(
    scene: Scene,
    light: Illumination,
    first_placement: int,
    rays: Rays,
    buffer: GBuffer,
    far: float,
    sample: int,
    count: int,
    row: Row,
    start: int,
):
    """Write the linear light that comes from `count` samples side by side to the colours of a row."""
    lay_row(scene.meshes, scene.textures, scene.placements, first_placement, rays, buffer, sample, count, row, start)
    normalize_row(row, start, count)
    if scene.shadow_mode == SHADOW_MAP and light.shadow.size > 0:
        light_from_map(
            light.shadow,
            scene.shadows.heights,
            rays.eye,
            rays.direction,
            rays.slope,
            buffer.nearness,
            sample,
            count,
            row,
            start,
        )
    elif scene.shadow_mode == SHADOW_RAYS:
        light_from_rays(buffer.light, sample, count, row, start)
    light_surfaces(light, rays.direction, rays.slope, buffer.nearness, far, sample, count, row, start)
