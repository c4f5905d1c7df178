"""Textures that are computed: seamless sRGB pictures for tables, floors and objects."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from simgen.errors import SimgenError, nearest
from simgen.world.engine.newton.render.color import srgb_from_linear


def noise(size: int, cells: tuple[int, int], rng: np.random.Generator, octaves: int = 4) -> np.ndarray:
    """Smooth noise that repeats, -1..1.

    Args:
        size: Of the square picture [pixel].
        cells: Bumps along x and y of the coarsest octave; each next has twice as many and half the height.
        rng: Source of randomness.
        octaves: How many.

    Returns:
        Shape: (size, size), indexed by y, x.
    """
    total = np.zeros((size, size))
    for octave in range(octaves):
        columns, rows = (min(size, c << octave) for c in cells)
        grid = rng.uniform(-1, 1, (rows, columns))
        for axis, count in ((0, rows), (1, columns)):
            at = np.arange(size) * count / size
            low = at.astype(int)
            part = at - low
            part = part * part * (3 - 2 * part)
            part = part[:, None] if axis == 0 else part[None, :]
            grid = grid.take(low, axis) * (1 - part) + grid.take((low + 1) % count, axis) * part
        total += grid / 2**octave
    return total / np.abs(total).max()


def wood(size: int = 512, seed: int = 0) -> np.ndarray:
    """Oak planks along x, four across a repeat."""
    rng = np.random.default_rng(seed)
    y = np.arange(size)[:, None] / size
    plank = np.minimum((y * 4).astype(int), 3) * np.ones((1, size), int)
    shade = rng.uniform(-0.5, 0.5, 4)[plank]
    x_shift = rng.integers(0, size, 4)[plank]
    columns = (np.arange(size)[None, :] + x_shift) % size
    rows = np.arange(size)[:, None] * np.ones((1, size), int)
    flow = noise(size, (2, 12), rng, 3)[rows, columns]
    rings = np.sin(2 * np.pi * (y * 22 + flow * 1.6))
    fibre = noise(size, (6, 160), rng, 2)[rows, columns]
    value = 0.35 * shade + 0.22 * rings + 0.3 * fibre + 0.25 * flow
    dark, light = np.array([0.22, 0.105, 0.04]), np.array([0.56, 0.34, 0.165])
    color = dark + (light - dark) * np.clip(0.55 + 0.5 * value, 0, 1)[..., None]
    seam = np.minimum((y * 4) % 1, 1 - (y * 4) % 1) * size / 4
    return _bytes(color * (0.55 + 0.45 * np.clip(seam / 1.6, 0, 1))[..., None])


def tiles(size: int = 512, seed: int = 0) -> np.ndarray:
    """Four large grey floor tiles with thin joints, faintly clouded."""
    rng = np.random.default_rng(seed)
    at = np.arange(size) / size
    cell = np.minimum((at * 2).astype(int), 1)
    shade = rng.uniform(-1, 1, (2, 2))[cell[:, None], cell[None, :]]
    value = 0.5 + 0.02 * shade + 0.03 * noise(size, (6, 6), rng) + 0.012 * rng.standard_normal((size, size))
    edge = np.minimum((at * 2) % 1, 1 - (at * 2) % 1) * size / 2
    joint = np.clip(np.minimum(edge[:, None], edge[None, :]) / 2.0, 0, 1)
    return _bytes(value[..., None] * np.array([0.96, 1.0, 1.04]) * (0.72 + 0.28 * joint)[..., None])


def concrete(size: int = 512, seed: int = 0) -> np.ndarray:
    """Clouded grey with pores."""
    rng = np.random.default_rng(seed)
    value = 0.42 + 0.07 * noise(size, (3, 3), rng, 6) + 0.02 * rng.standard_normal((size, size))
    value -= 0.12 * (noise(size, (64, 64), rng, 2) > 0.72)
    return _bytes(value[..., None] * np.array([1.0, 0.99, 0.96]))


def checker(size: int = 512, seed: int = 0) -> np.ndarray:
    """Two by two fields, light and mid grey; the seed does nothing."""
    cell = (np.arange(size) * 2 // size) % 2
    field = (cell[:, None] + cell[None, :]) % 2
    return _bytes(np.where(field, 0.75, 0.28)[..., None] * np.ones(3))


def fabric(size: int = 512, seed: int = 0) -> np.ndarray:
    """A plain weave, white: give the instance its colour."""
    rng = np.random.default_rng(seed)
    at = np.arange(size) / size * 2 * np.pi * 32
    weave = np.sin(at)[:, None] * np.sin(at)[None, :]
    value = 0.8 + 0.1 * weave + 0.08 * noise(size, (48, 48), rng, 2)
    return _bytes(value[..., None] * np.ones(3))


def speckle(size: int = 512, seed: int = 0) -> np.ndarray:
    """White with fine dark grains, as laminate: give the instance its colour."""
    rng = np.random.default_rng(seed)
    value = 0.86 + 0.05 * noise(size, (128, 128), rng, 2)
    value -= 0.3 * (rng.random((size, size)) < 0.01)
    return _bytes(value[..., None] * np.ones(3))


PATTERNS: dict[str, Callable[[int, int], np.ndarray]] = {
    "wood": wood,
    "tiles": tiles,
    "concrete": concrete,
    "checker": checker,
    "fabric": fabric,
    "speckle": speckle,
}


def pattern(name: str, size: int = 512, seed: int = 0) -> np.ndarray:
    """A texture by name. Shape: (size, size, 3), uint8.

    Raises:
        SimgenError: there is none of that name.
    """
    if name not in PATTERNS:
        raise SimgenError(f"unknown texture '{name}'{nearest(name, PATTERNS)}; there are {', '.join(PATTERNS)}")
    return PATTERNS[name](size, seed)


def _bytes(linear: np.ndarray) -> np.ndarray:
    return np.rint(srgb_from_linear(linear) * 255).astype(np.uint8)
