"""From linear light to the bytes of a picture, by table: powers are too slow to compute per pixel on a CPU."""

from __future__ import annotations

import numpy as np
import warp as wp

from simgen.world.engine.appearance import tone
from simgen.world.engine.newton.render.dense import read_byte
from simgen.world.engine.newton.render.row import FIELDS, Row
from simgen.world.scene.color import linear_to_srgb

ENTRIES = 8192
TABLE_SIZE = wp.constant(ENTRIES)
BRIGHTEST = 2.0  # the tone table reaches up to here


def color_tables(device: str | wp.Device | None = None) -> wp.array:
    """Two tables of bytes, one after the other: sRGB of linear 0..1, and sRGB of the tone of linear 0..2."""
    steps = np.linspace(0.0, 1.0, ENTRIES)
    rows = np.stack([linear_to_srgb(steps), linear_to_srgb(tone(steps * BRIGHTEST))])
    return wp.array(np.rint(rows.ravel() * 255).astype(np.uint8), dtype=wp.uint8, device=device)


@wp.func
def encode_one(table: wp.array(dtype=wp.uint8), first: int, value: float):
    entry = int(wp.where(value > 0.0, wp.where(value < 1.0, value, 1.0), 0.0) * float(TABLE_SIZE - 1) + 0.5)
    return read_byte(table, first + entry)


@wp.func
def encode_albedo(table: wp.array(dtype=wp.uint8), color: wp.vec3):
    """Bytes of a linear colour 0..1."""
    return wp.vec3ub(encode_one(table, 0, color[0]), encode_one(table, 0, color[1]), encode_one(table, 0, color[2]))


@wp.func_native(
    FIELDS
    + """
    const unsigned char* const tone = table.data + ENTRIES;
    for (int i = 0; i < count; ++i) {
        const float light[3] = {mean_red[i], mean_green[i], mean_blue[i]};
        unsigned char* const pixel = (unsigned char*)(rgb.data + target + i);
        for (int k = 0; k < 3; ++k) {
            const float entry = light[k] * ((ENTRIES - 1) / BRIGHTESTf) + 0.5f;
            pixel[k] = tone[(int)(entry > 0.0f ? entry < ENTRIES - 1 ? entry : ENTRIES - 1 : 0)];
        }
    }
""".replace("ENTRIES", str(ENTRIES)).replace("BRIGHTEST", str(BRIGHTEST))
)
def encode_means(
    table: wp.array(dtype=wp.uint8), row: Row, start: int, count: int, rgb: wp.array(dtype=wp.vec3ub), target: int
):
    """Write the bytes of the light of `count` pixels, through the tone curve."""
    ...
