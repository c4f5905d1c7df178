"""The light that reaches the camera from what a sample shows. One code for both back ends."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.dense import read, read_int64
from simgen.world.engine.newton.render.light import LightArrays
from simgen.world.engine.newton.render.mesh_pool import MeshArrays
from simgen.world.engine.newton.render.pose import Placement
from simgen.world.engine.newton.render.sampling import SampleGrid
from simgen.world.engine.newton.render.shadow import ShadowArrays, ShadowMap, light_from_map, shadow_map
from simgen.world.engine.newton.render.surface import Face, GBuffer, face_of, surface
from simgen.world.engine.newton.render.textures import TextureArrays
from simgen.world.engine.newton.render.triangle import NOTHING, OPTIONS

wp.set_module_options(OPTIONS)

NO_SHADOWS, SHADOW_MAP, SHADOW_RAYS = wp.constant(0), wp.constant(1), wp.constant(2)
SHINE = wp.constant(0.35)  # strength of the highlight of a polished surface


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
    """Eye and light of one world."""

    eye: wp.vec3
    toward: wp.vec3  # unit
    sun: wp.vec3
    ambient: wp.float32
    background_low: wp.vec3
    background_high: wp.vec3
    shadow: ShadowMap
    spread: wp.float32  # how far apart rays are at 1 m [m]


@wp.func
def illumination(scene: Scene, world: int, eye: wp.vec3, focal: float):
    """Collect what is the same for all samples of a world. `focal` in samples."""
    result = Illumination()
    result.eye = eye
    result.toward = scene.shadows.axes[world][2]
    result.sun = scene.light.color[world] * scene.light.intensity[world]
    result.ambient = scene.light.ambient[world]
    result.background_low = scene.light.background_low[world]
    result.background_high = scene.light.background_high[world]
    if scene.shadow_mode == SHADOW_MAP:
        result.shadow = shadow_map(scene.shadows, world)
    result.spread = 1.0 / focal
    return result


@wp.func
def background(light: Illumination, direction: wp.vec3):
    """Colour seen along a ray that hits nothing."""
    height = 0.5 + 0.5 * direction[2] / wp.sqrt(wp.dot(direction, direction))
    return light.background_low * (1.0 - height) + light.background_high * height


@wp.func
def highlight(normal: wp.vec3, toward: wp.vec3, direction: wp.vec3):
    """Blinn and Phong's soft highlight with exponent 32."""
    between = toward - direction / wp.sqrt(wp.dot(direction, direction))
    p = wp.max(wp.dot(normal, between), 0.0)
    p = p * p / wp.dot(between, between)
    p = p * p
    p = p * p
    p = p * p
    return p * p


@wp.func
def radiance(
    meshes: MeshArrays,
    textures: TextureArrays,
    light: Illumination,
    shadow_mode: int,
    heights: wp.array(dtype=wp.float32),
    buffer: GBuffer,
    sample: int,
    face: Face,
    nearness: float,
    direction: wp.vec3,
):
    """Linear light of a sample that shows a face. `direction`: of the ray, with length 1 along the camera's axis."""
    depth = 1.0 / nearness
    point = light.eye + direction * depth
    normal, color = surface(meshes, textures, face, point, light.spread * depth)
    facing = wp.dot(normal, light.toward)
    result = color * (light.ambient * (0.75 + 0.25 * normal[2]))
    if facing > 0.0:
        arriving = facing
        if shadow_mode == SHADOW_MAP:
            arriving *= light_from_map(light.shadow, heights, point, normal)
        elif shadow_mode == SHADOW_RAYS:
            arriving *= read(buffer.light, sample)
        if face.gloss > 0.0:
            shine = SHINE * face.gloss * highlight(normal, light.toward, direction)
            color += wp.vec3(shine, shine, shine)
        result += wp.cw_mul(color, light.sun) * arriving
    return result


@wp.func
def pixel_light(
    scene: Scene,
    light: Illumination,
    buffer: GBuffer,
    grid: SampleGrid,
    first_sample: int,
    world: int,
    start: wp.vec3,
    slope_x: wp.vec3,
    slope_y: wp.vec3,
    far: float,
):
    """Mean light of a pixel's samples; those on its border count half, as they belong to two pixels.

    `first_sample`: at the corner of the pixel, seen along `start`.
    """
    total = wp.vec3(0.0)
    step = grid.step
    for j in range(step + 1):
        for i in range(step + 1):
            weight = wp.where(i == 0 or i == step, 0.5, 1.0) * wp.where(j == 0 or j == step, 0.5, 1.0)
            sample = first_sample + j * grid.width + i
            direction = start + slope_x * float(i) + slope_y * float(j)
            nearness = read(buffer.nearness, sample)
            visible = read_int64(buffer.visibility, sample)
            seen = wp.vec3(0.0)
            if visible == NOTHING or nearness * far < 1.0:
                seen = background(light, direction)
            else:
                face = face_of(
                    scene.meshes, scene.placements, world * scene.num_instances, visible, scene.textures.count
                )
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
            # bright samples are cut to what a picture can show, else one highlight would fill the pixel
            total += wp.min(seen, wp.vec3(1.2)) * weight
    return total * (1.0 / float(step * step))
