"""Filling one triangle on the screen: the inner loop of the rasteriser."""

from __future__ import annotations

import warp as wp

from simgen.world.engine.newton.render.dense import read, write, write_int64

WIDE = wp.constant(8)  # from this many columns on it pays to find where each row enters and leaves the triangle
NOTHING = wp.constant(wp.int64(0))  # in `visibility`: the sample shows the background
TOLERANCE = wp.constant(-1.0e-6)  # in barycentric units: closes cracks between neighbours, far less than a pixel

# The compiler's vectorizer makes these branchy loops slower: it packs scalars that are not needed together.
OPTIONS = {
    "enable_backward": False,
    "cpu_compiler_flags": "-march=native -mllvm=-inline-threshold=9000"
    " -mllvm=-inline-cold-callsite-threshold=3000 -fno-slp-vectorize -ffp-contract=fast",
}
wp.set_module_options(OPTIONS)


@wp.func
def pack(instance: int, face: int):
    """One number, not 0, for what a sample shows: the instance and the face's place in the pool."""
    return (wp.int64(instance + 1) << wp.int64(32)) | wp.int64(face)


@wp.func
def unpack_instance(visible: wp.int64):
    return int(visible >> wp.int64(32)) - 1


@wp.func
def unpack_face(visible: wp.int64):
    return int(visible & wp.int64(0x7FFFFFFF))


@wp.func
def smaller(a: float, b: float):
    """The minimum without `wp.min`'s care for NaN, which costs several instructions."""
    return wp.where(a < b, a, b)


@wp.func
def larger(a: float, b: float):
    """The maximum without `wp.max`'s care for NaN."""
    return wp.where(a > b, a, b)


@wp.func
def cell_of(point: wp.vec3, width: int, height: int):
    """Column and row of the sample left of and above a point; -1 before the first, at most the last."""
    # clamped as a number, since a far point does not fit an integer; truncation is floor for what is not negative
    column = int(smaller(larger(point[0], -1.0), float(width - 1)) + 1.0) - 1
    row = int(smaller(larger(point[1], -1.0), float(height - 1)) + 1.0) - 1
    return wp.vec2i(column, row)


@wp.func
def screen_box(a: wp.vec2i, b: wp.vec2i, c: wp.vec2i):
    """The samples that a triangle can cover, from its corners' cells: first and last column, first and last row.

    There are none if first > last. Most triangles of a far robot fall between the samples and end here.
    """
    return wp.vec4i(
        wp.min(wp.min(a[0], b[0]), c[0]) + 1,
        wp.max(wp.max(a[0], b[0]), c[0]),
        wp.min(wp.min(a[1], b[1]), c[1]) + 1,
        wp.max(wp.max(a[1], b[1]), c[1]),
    )


@wp.func
def span_start(value: float, slope: float, first: float):
    """Offset from which `value + slope * offset >= 0` may hold, for a rising edge function; else `first`."""
    if slope > 0.0:
        return larger(first, -value / slope)
    return first


@wp.func
def span_end(value: float, slope: float, last: float):
    """Offset up to which `value + slope * offset >= 0` may hold, for a falling edge function; else `last`."""
    if slope < 0.0:
        return smaller(last, -value / slope)
    return last


@wp.func
def fill_triangle(
    a: wp.vec3,
    b: wp.vec3,
    c: wp.vec3,
    box: wp.vec4i,
    base: int,
    width: int,
    visible: wp.int64,
    nearness: wp.array(dtype=wp.float32),
    visibility: wp.array(dtype=wp.int64),
):
    """Write a triangle where it is nearer than what is there.

    Args:
        a: First corner: column, row (sample centres at whole numbers) and nearness (larger = nearer, linear on the
            screen: 1/z). Likewise b and c.
        box: From `screen_box`.
        base: Where the picture starts in the arrays.
        width: Of the picture [samples].
        visible: What to write into `visibility` beside the nearness; nothing is written if that has length 1.
    """
    scale = 1.0 / ((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]))
    b_dx = (c[1] - a[1]) * scale
    c_dx = (a[1] - b[1]) * scale
    b_dy = (a[0] - c[0]) * scale
    c_dy = (b[0] - a[0]) * scale
    ab_nearness = b[2] - a[2]
    ac_nearness = c[2] - a[2]
    x = float(box[0]) - a[0]
    count = box[1] - box[0]
    with_ids = visibility.shape[0] > 1
    row = int(box[2])
    while row <= box[3]:
        y = float(row) - a[1]
        b_row = x * b_dx + y * b_dy
        c_row = x * c_dx + y * c_dy
        offset = int(0)
        end = int(count)
        if count >= WIDE:
            a_row = 1.0 - b_row - c_row
            a_dx = -b_dx - c_dx
            last = float(count)
            lowest = span_start(a_row, a_dx, span_start(b_row, b_dx, span_start(c_row, c_dx, 1.0)))
            highest = span_end(a_row, a_dx, span_end(b_row, b_dx, span_end(c_row, c_dx, last)))
            offset = int(smaller(lowest, last + 2.0)) - 1
            end = wp.min(count, int(larger(highest, -1.0)) + 1)
        pixel = base + row * width + box[0]
        while offset <= end:
            weight_b = b_row + float(offset) * b_dx
            weight_c = c_row + float(offset) * c_dx
            if smaller(smaller(weight_b, weight_c), 1.0 - weight_b - weight_c) >= TOLERANCE:
                value = a[2] + weight_b * ab_nearness + weight_c * ac_nearness
                if value > read(nearness, pixel + offset):
                    write(nearness, pixel + offset, value)
                    if with_ids:
                        write_int64(visibility, pixel + offset, visible)
            offset += 1
        row += 1
