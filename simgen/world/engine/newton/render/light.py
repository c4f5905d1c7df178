"""One directional light, an ambient sky and a background per world."""

from __future__ import annotations

import torch
import warp as wp


@wp.struct
class LightArrays:
    """What kernels see of the lights."""

    direction: wp.array(dtype=wp.vec3)
    intensity: wp.array(dtype=wp.float32)
    color: wp.array(dtype=wp.vec3)
    ambient: wp.array(dtype=wp.float32)
    background_low: wp.array(dtype=wp.vec3)
    background_high: wp.array(dtype=wp.vec3)


class LightBatch:
    """E lights; every array has a torch view of the same memory in `views`.

    Views (E, ...): direction (3; towards the light source, any length but 0), intensity, color (3; linear), ambient
    (light from the sky above; what faces down gets half of it), background_low, background_high (3; linear colour
    where a ray that hits nothing goes down and up; in between it is mixed).
    """

    def __init__(self, num_worlds: int, device: str | wp.Device | None = None) -> None:
        arrays = self.arrays = LightArrays()
        arrays.direction = wp.full(num_worlds, wp.vec3(0.45, 0.3, 0.84), dtype=wp.vec3, device=device)
        arrays.intensity = wp.full(num_worlds, 0.75, dtype=wp.float32, device=device)
        arrays.color = wp.full(num_worlds, wp.vec3(1.0, 0.98, 0.94), dtype=wp.vec3, device=device)
        arrays.ambient = wp.full(num_worlds, 0.35, dtype=wp.float32, device=device)
        arrays.background_low = wp.full(num_worlds, wp.vec3(0.55, 0.59, 0.63), dtype=wp.vec3, device=device)
        arrays.background_high = wp.full(num_worlds, wp.vec3(0.72, 0.8, 0.88), dtype=wp.vec3, device=device)
        names = ("direction", "intensity", "color", "ambient", "background_low", "background_high")
        self.views: dict[str, torch.Tensor] = {name: wp.to_torch(getattr(arrays, name)) for name in names}
