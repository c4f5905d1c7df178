"""What is drawn where: a table of E worlds x I instances in Warp arrays that may be rewritten at any reset."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import warp as wp

from simgen.errors import SimgenError

HIDDEN = -1
NO_TEXTURE = -1
FIXED = -1


@wp.struct
class InstanceArrays:
    """What kernels see of an instance table."""

    mesh: wp.array2d(dtype=wp.int32)
    body: wp.array(dtype=wp.int32)
    transform: wp.array2d(dtype=wp.transform)
    scale: wp.array2d(dtype=wp.vec3)
    color: wp.array2d(dtype=wp.vec3)
    gloss: wp.array2d(dtype=wp.float32)
    texture: wp.array2d(dtype=wp.int32)
    texture_scale: wp.array2d(dtype=wp.float32)
    segmentation: wp.array2d(dtype=wp.int32)
    casts_shadow: wp.array(dtype=wp.int32)


class InstanceTable:
    """E worlds with I instances each. Every array has a torch view of the same memory in `views`.

    The topology is the same in all worlds (`body`, `casts_shadow`); all else may differ per world and be written in
    place between renderings, e.g. `table.views["color"][env_ids, 3] = red`.

    Args:
        bodies: Per instance the index in the world's body table, -1 = fixed in the world. Length: I.
        num_worlds: E.
        device: Warp device.
        casts_shadow: Per instance; ground and table need not. Default: all do. Length: I.

    Views (E, I, ...): mesh (id in the pool, -1 hidden), transform (mesh -> body: position [m] + quaternion **xyzw**, as
    Warp's), scale (3; negative = mirrored), color (3; linear 0..1), gloss (0 matt .. 1 polished), texture (-1 none),
    texture_scale [m per repeat], segmentation (id, 0 = nothing).
    """

    def __init__(
        self,
        bodies: Sequence[int],
        num_worlds: int,
        device: str | wp.Device | None = None,
        casts_shadow: Sequence[bool] | None = None,
    ) -> None:
        shape = (num_worlds, len(bodies))
        if min(shape) < 1:
            raise SimgenError(f"an instance table needs at least one world and one instance, not {shape}")
        if casts_shadow is not None and len(casts_shadow) != len(bodies):
            raise SimgenError(f"casts_shadow has {len(casts_shadow)} entries for {len(bodies)} instances")
        self.num_worlds, self.num_instances = shape
        casts = [True] * len(bodies) if casts_shadow is None else casts_shadow
        arrays = self.arrays = InstanceArrays()
        arrays.body = wp.array(np.asarray(bodies, np.int32), dtype=wp.int32, device=device)
        arrays.casts_shadow = wp.array(np.asarray(casts, np.int32), dtype=wp.int32, device=device)
        arrays.mesh = wp.full(shape, HIDDEN, dtype=wp.int32, device=device)
        arrays.transform = wp.full(shape, wp.transform_identity(), dtype=wp.transform, device=device)
        arrays.scale = wp.full(shape, wp.vec3(1.0), dtype=wp.vec3, device=device)
        arrays.color = wp.full(shape, wp.vec3(0.7), dtype=wp.vec3, device=device)
        arrays.gloss = wp.full(shape, 0.0, dtype=wp.float32, device=device)
        arrays.texture = wp.full(shape, NO_TEXTURE, dtype=wp.int32, device=device)
        arrays.texture_scale = wp.full(shape, 1.0, dtype=wp.float32, device=device)
        arrays.segmentation = wp.zeros(shape, dtype=wp.int32, device=device)
        per_world = ("mesh", "transform", "scale", "color", "gloss", "texture", "texture_scale", "segmentation")
        self.views: dict[str, torch.Tensor] = {name: wp.to_torch(getattr(arrays, name)) for name in per_world}
