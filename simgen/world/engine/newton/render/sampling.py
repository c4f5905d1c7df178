"""Where the samples of a picture lie: one in the middle of each pixel, or a finer grid that is shared by neighbours.

With s > 1 samples per axis the grid has s steps per pixel and both borders: (W s + 1) x (H s + 1) samples. A pixel is
the mean of its (s + 1)^2 samples, those on its border counted half; sample s / 2 is exactly its middle, so depth and
segmentation do not depend on s, and the colours are centred on them.
"""

from __future__ import annotations

import warp as wp

from simgen.errors import SimgenError

SAMPLES = (1, 2, 4)


@wp.struct
class SampleGrid:
    """Sample (column, row) lies at ((column + shift) / step, (row + shift) / step) [pixel]."""

    width: wp.int32
    height: wp.int32
    step: wp.int32
    shift: wp.float32


def sample_grid(width: int, height: int, samples: int) -> SampleGrid:
    """The grid for a picture of width x height pixels with `samples` per axis."""
    if samples not in SAMPLES:
        raise SimgenError(f"samples per axis must be one of {SAMPLES}, not {samples}")
    grid = SampleGrid()
    border = 0 if samples == 1 else 1
    grid.width, grid.height = width * samples + border, height * samples + border
    grid.step, grid.shift = samples, 0.5 if samples == 1 else 0.0
    return grid


@wp.func
def sample_lens(intrinsics: wp.vec4, grid: SampleGrid):
    """Intrinsics (fx, fy, cx, cy) in samples, with sample centres at whole numbers."""
    step = float(grid.step)
    return wp.vec4(
        intrinsics[0] * step, intrinsics[1] * step, intrinsics[2] * step - grid.shift, intrinsics[3] * step - grid.shift
    )
