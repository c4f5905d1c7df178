"""Procedural textures that tile without a seam: periodic noise, the same picture for a name and a seed anywhere."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from simgen.errors import BadInput, unknown


def texture(name: str, seed: int = 0, size: int = 256) -> np.ndarray:
    """Returns a seamless picture; read-only and shared between calls.

    Args:
        name: One of `TEXTURES`.
        seed: Another seed is another piece of the same material.
        size: Side in pixels, 16 .. 4096. Row 0 is v = 0, column 0 is u = 0; the grain of wood and metal runs along u.

    Returns:
        sRGB. Shape: (size, size, 3), uint8.

    Raises:
        BadInput: Unknown name or a size out of range.
    """
    if name not in _PAINTERS:
        raise unknown("texture", name, _PAINTERS)
    if not 16 <= size <= 4096:
        raise BadInput(f"texture size must be 16 .. 4096 pixels, not {size}.")
    return _paint(name, int(seed), int(size))


@lru_cache(maxsize=128)
def _paint(name: str, seed: int, size: int) -> np.ndarray:
    rng = np.random.default_rng([zlib.crc32(name.encode()), abs(seed), int(seed < 0)])
    picture = np.clip(np.round(_PAINTERS[name](rng, size) * 255.0), 0, 255).astype(np.uint8)
    picture.setflags(write=False)
    return picture


def periodic_noise(rng: np.random.Generator, size: int, across: int, down: int) -> np.ndarray:
    """Draws gradient noise that repeats at the borders (Perlin, "Improving Noise", 2002).

    Args:
        rng: Source of the gradients.
        size: Side in pixels.
        across: Cells along u (columns).
        down: Cells along v (rows).

    Returns:
        Values of about -0.7 .. 0.7. Shape: (size, size).
    """
    angles = rng.uniform(0.0, 2 * np.pi, (down, across))
    u, v = (np.arange(size) + 0.5) * across / size, (np.arange(size) + 0.5) * down / size
    column, row = np.floor(u).astype(int), np.floor(v).astype(int)
    x, y = (u - column)[None, :], (v - row)[:, None]
    fade_x, fade_y = x**3 * (x * (6 * x - 15) + 10), y**3 * (y * (6 * y - 15) + 10)

    def corner(step_x: int, step_y: int) -> np.ndarray:
        angle = angles[np.ix_((row + step_y) % down, (column + step_x) % across)]
        return np.cos(angle) * (x - step_x) + np.sin(angle) * (y - step_y)

    upper = corner(0, 0) * (1 - fade_x) + corner(1, 0) * fade_x
    lower = corner(0, 1) * (1 - fade_x) + corner(1, 1) * fade_x
    return upper * (1 - fade_y) + lower * fade_y


def clouds(
    rng: np.random.Generator, size: int, across: int, down: int, octaves: int, falloff: float = 0.5
) -> np.ndarray:
    """Adds octaves of periodic noise. Returns values of standard deviation 1. Shape: (size, size)."""
    total = np.zeros((size, size))
    for octave in range(octaves):
        cells_across, cells_down = across << octave, down << octave
        if max(cells_across, cells_down) > size // 2:
            break
        total += falloff**octave * periodic_noise(rng, size, cells_across, cells_down)
    return total / max(float(total.std()), 1e-9)


def _mix(first: np.ndarray, second: np.ndarray, amount: np.ndarray) -> np.ndarray:
    amount = np.clip(amount, 0.0, 1.0)[..., None]
    return first * (1.0 - amount) + second * amount


def _smooth(low: float, high: float, value: np.ndarray) -> np.ndarray:
    fraction = np.clip((value - low) / (high - low), 0.0, 1.0)
    return fraction * fraction * (3 - 2 * fraction)


def _grain(rng: np.random.Generator, size: int, rings: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns the depth within a year ring (0..1, dark late wood near 1) and fine fibres (standard deviation 1)."""
    v = (np.arange(size) / size)[:, None]
    warp = 0.42 * clouds(rng, size, 1, 2, 2, 0.4) + 0.07 * clouds(rng, size, 2, 12, 3)
    phase = rings * v + warp
    late = _smooth(0.15, 0.95, 0.5 + 0.5 * np.sin(2 * np.pi * phase)) ** 1.6
    fibres = clouds(rng, size, 4, 64, 2, 0.7)
    return late, fibres


def _wood(rng: np.random.Generator, size: int) -> np.ndarray:
    late, fibres = _grain(rng, size, 9)
    light, dark = np.array([0.83, 0.66, 0.46]), np.array([0.66, 0.47, 0.29])
    picture = _mix(light, dark, 0.55 * late)
    pores = _smooth(1.2, 2.4, clouds(rng, size, 8, 96, 1))
    tone = 1.0 + 0.022 * fibres + 0.02 * clouds(rng, size, 2, 3, 3)
    return picture * (tone - 0.16 * pores)[..., None]


def _planks(rng: np.random.Generator, size: int) -> np.ndarray:
    boards = 4
    late, fibres = _grain(rng, size, 12)
    v, u = np.meshgrid(np.arange(size) / size, np.arange(size) / size, indexing="ij")
    board = np.minimum((v * boards).astype(int), boards - 1)
    shift = (rng.permutation(boards) * size / boards + rng.integers(0, size // 8, boards)).astype(int)
    columns = (np.arange(size)[None, :] + shift[board[:, :1]]) % size
    rows = np.arange(size)[:, None]
    late, fibres = late[rows, columns], fibres[rows, columns]
    tones = rng.permutation(np.linspace(-0.11, 0.09, boards))[board]
    light, dark = np.array([0.74, 0.55, 0.36]), np.array([0.55, 0.37, 0.22])
    picture = _mix(light, dark, 0.5 * late) * (1.0 + tones + 0.03 * fibres)[..., None]
    ends = shift[board] / size
    gap = np.minimum(_distance(v * boards) / boards, _distance(u + ends))
    return picture * (0.42 + 0.58 * _smooth(0.0, 0.006, gap))[..., None]


def _distance(value: np.ndarray) -> np.ndarray:
    """Returns how far each value is from the nearest whole number."""
    return np.abs(value - np.round(value))


def _checker(rng: np.random.Generator, size: int) -> np.ndarray:
    cell = np.arange(size) * 2 // size
    squares = (cell[:, None] + cell[None, :]) % 2
    speckle = 0.012 * clouds(rng, size, 4, 4, 4)
    light, dark = np.array([0.86, 0.86, 0.85]), np.array([0.36, 0.39, 0.43])
    return _mix(light, dark, squares.astype(float)) + speckle[..., None]


def _tiles(rng: np.random.Generator, size: int) -> np.ndarray:
    count = 4
    v, u = np.meshgrid((np.arange(size) + 0.5) / size, (np.arange(size) + 0.5) / size, indexing="ij")
    tones = rng.uniform(-0.025, 0.025, (count, count))
    tone = tones[(v * count).astype(int), (u * count).astype(int)] + 0.008 * clouds(rng, size, 4, 4, 5)
    joint = np.minimum(_distance(u * count), _distance(v * count)) / count
    tile = np.array([0.80, 0.81, 0.81]) + tone[..., None]
    return _mix(np.array([0.58, 0.58, 0.57]), tile, _smooth(0.003, 0.007, joint))


def _concrete(rng: np.random.Generator, size: int) -> np.ndarray:
    stains = clouds(rng, size, 2, 2, 4, 0.55)
    sand = clouds(rng, size, 48, 48, 2, 0.8)
    holes = _smooth(2.1, 2.9, clouds(rng, size, 24, 24, 1))
    tone = 0.60 + 0.030 * stains + 0.016 * sand - 0.13 * holes
    return tone[..., None] * np.array([1.0, 0.995, 0.975])


def _marble(rng: np.random.Generator, size: int) -> np.ndarray:
    v, u = np.meshgrid(np.arange(size) / size, np.arange(size) / size, indexing="ij")
    warp = clouds(rng, size, 1, 1, 6, 0.5)
    veins = 1.0 - np.abs(np.sin(np.pi * (u + 2 * v + 0.38 * warp)))
    thin = 1.0 - np.abs(np.sin(np.pi * (2 * u - v + 0.45 * clouds(rng, size, 2, 2, 5, 0.45))))
    amount = 0.75 * _smooth(0.72, 1.0, veins) ** 2 + 0.35 * _smooth(0.88, 1.0, thin) ** 2
    base = np.array([0.93, 0.92, 0.90]) + 0.012 * clouds(rng, size, 3, 3, 4)[..., None]
    return _mix(base, np.array([0.47, 0.48, 0.51]), amount * (0.6 + 0.25 * clouds(rng, size, 2, 2, 3)))


def _noise(rng: np.random.Generator, size: int) -> np.ndarray:
    tone = 0.72 + 0.045 * clouds(rng, size, 4, 4, 6, 0.6)
    return np.repeat(tone[..., None], 3, axis=2)


def _metal(rng: np.random.Generator, size: int) -> np.ndarray:
    scratches = clouds(rng, size, 1, size // 4, 2, 0.8) + 0.8 * clouds(rng, size, 3, size // 4, 1)
    sheen = clouds(rng, size, 1, 4, 2)
    tone = 0.66 + 0.035 * scratches + 0.025 * sheen
    return tone[..., None] * np.array([0.985, 1.0, 1.02])


def _fabric(rng: np.random.Generator, size: int) -> np.ndarray:
    threads = 2 * min(16, size // 16)
    v, u = np.meshgrid((np.arange(size) + 0.5) / size, (np.arange(size) + 0.5) / size, indexing="ij")
    x, y = u * threads, v * threads
    warp_on_top = (x.astype(int) + y.astype(int)) % 2 == 0
    across, along = np.where(warp_on_top, x, y) % 1.0, np.where(warp_on_top, y, x) % 1.0
    height = np.sin(np.pi * across) ** 0.5 * (0.75 + 0.25 * np.sin(np.pi * along))
    uneven = 0.02 * (clouds(rng, size, 4, 32, 2) + clouds(rng, size, 32, 4, 2))
    tone = 0.58 + 0.24 * height + uneven + 0.012 * clouds(rng, size, 2, 2, 3)
    weft = np.array([0.98, 0.99, 1.02]) * np.ones((size, size, 1))
    return tone[..., None] * np.where(warp_on_top[..., None], np.array([1.03, 1.0, 0.95]), weft)


def _cardboard(rng: np.random.Generator, size: int) -> np.ndarray:
    flutes = np.sin(2 * np.pi * 24 * np.arange(size) / size)[:, None]
    fibres = clouds(rng, size, 24, 48, 2)
    tone = 1.0 + 0.012 * flutes + 0.02 * fibres + 0.02 * clouds(rng, size, 2, 2, 4)
    return tone[..., None] * np.array([0.75, 0.59, 0.42])


_PAINTERS: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "wood": _wood,
    "planks": _planks,
    "checker": _checker,
    "tiles": _tiles,
    "concrete": _concrete,
    "marble": _marble,
    "noise": _noise,
    "metal": _metal,
    "fabric": _fabric,
    "cardboard": _cardboard,
}
TEXTURES: tuple[str, ...] = tuple(_PAINTERS)
