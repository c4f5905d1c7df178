"""Filling one triangle on the screen: the inner loop of the rasteriser."""

from __future__ import annotations

import platform

import warp as wp

from simgen.world.engine.newton.render.dense import read, write, write_int64
from simgen.world.engine.newton.render.row import SIMD

WIDE = wp.constant(8)  # from this many columns on it pays to find where each row enters and leaves the triangle
NOTHING = wp.constant(wp.int64(0))  # in `visibility`: the sample shows the background
NEAREST = wp.constant(3.0e38)
TOLERANCE = wp.constant(-1.0e-6)  # in barycentric units: closes cracks between neighbours, far less than a pixel

# The compiler would pack scalars that are not needed together (SLP), and take the SIMD loops' indices apart for table
# look-ups; told that gathering is fast, it does not.
_GATHER = " -target-feature +fast-gather" if platform.machine() in ("x86_64", "AMD64") else ""
OPTIONS = {
    "enable_backward": False,
    "cpu_compiler_flags": "-march=native -mllvm=-inline-threshold=9000"
    " -mllvm=-inline-cold-callsite-threshold=3000 -fno-slp-vectorize -ffp-contract=fast" + _GATHER,
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


@wp.struct
class Picture:
    """Where triangles are drawn: one world's part of the arrays of a pass."""

    nearness: wp.array(dtype=wp.float32)
    visibility: wp.array(dtype=wp.int64)  # of length 1: not wanted
    first: wp.int32  # sample
    width: wp.int32
    height: wp.int32


@wp.func
def cell_of(point: wp.vec3, width: int, height: int):
    """The sample left of and above a point: column + 1 in the lower 16 bits and row + 1 above; 0: before the first."""
    # clamped as a number, since a far point does not fit an integer; truncation is floor for what is not negative
    column = int(smaller(larger(point[0], -1.0), float(width - 1)) + 1.0)
    row = int(smaller(larger(point[1], -1.0), float(height - 1)) + 1.0)
    return column | (row << 16)


@wp.func
def screen_box(a: int, b: int, c: int):
    """The samples that a triangle can cover, from its corners' cells: first and last column, first and last row.

    There are none if first > last. Most triangles of a far robot fall between the samples and end here.
    """
    columns = wp.vec3i(a & 0xFFFF, b & 0xFFFF, c & 0xFFFF)
    rows = wp.vec3i((a >> 16) & 0xFFFF, (b >> 16) & 0xFFFF, (c >> 16) & 0xFFFF)
    return wp.vec4i(wp.min(columns), wp.max(columns) - 1, wp.min(rows), wp.max(rows) - 1)


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


@wp.struct
class Span:
    """A triangle along a row of samples: what grows by how much from one to the next."""

    weight: wp.vec3  # of the corners a, b and c
    weight_step: wp.vec3
    least: wp.float32  # the triangle is where no weight is less
    nearness: wp.float32
    nearness_step: wp.float32
    limit: wp.float32  # nothing is nearer


@wp.func_native(
    """
    float* const nearest = picture.nearness.data + first;
    const float a = span.weight[0], b = span.weight[1], c = span.weight[2];
    const float a_step = span.weight_step[0], b_step = span.weight_step[1], c_step = span.weight_step[2];
    const float nearness = span.nearness, nearness_step = span.nearness_step, limit = span.limit, least = span.least;
    const auto look = [=](int i, float& value) {
        const float at = (float)i, weight_a = a + at * a_step, weight_b = b + at * b_step, weight_c = c + at * c_step;
        const float lower = weight_b < weight_c ? weight_b : weight_c;
        value = nearness + at * nearness_step;
        return ((lower < weight_a ? lower : weight_a) >= least) & (value > nearest[i]) & (value <= limit);
    };
    if (picture.visibility.shape.dims[0] == 1) {
"""
    + SIMD
    + """
        for (int i = start; i <= end; ++i) {
            float value;
            const bool is_nearer = look(i, value);
            nearest[i] = is_nearer ? value : nearest[i];
        }
        return;
    }
    auto* const seen = picture.visibility.data + first;
"""
    + SIMD
    + """
    for (int i = start; i <= end; ++i) {
        float value;
        const bool is_nearer = look(i, value);
        nearest[i] = is_nearer ? value : nearest[i];
        seen[i] = is_nearer ? visible : seen[i];
    }
"""
)
def fill_samples(picture: Picture, span: Span, first: int, start: int, end: int, visible: wp.int64):
    """Write a triangle to the samples from `first + start` to `first + end`; `span` holds at `first`."""
    ...


@wp.func
def fill_span(picture: Picture, span: Span, first: int, last: int, visible: wp.int64):
    """Write a triangle to the samples from `first` to `first + last` that it covers."""
    value = span.weight
    step = span.weight_step
    end = float(last)
    lowest = span_start(value[0], step[0], span_start(value[1], step[1], span_start(value[2], step[2], 1.0)))
    highest = span_end(value[0], step[0], span_end(value[1], step[1], span_end(value[2], step[2], end)))
    start = int(smaller(lowest, end + 2.0)) - 1
    fill_samples(picture, span, first, start, wp.min(last, int(larger(highest, -1.0)) + 1), visible)


@wp.struct
class Plane:
    """A triangle on the screen: its corner a, and how the weights of its corners b and c grow."""

    corner: wp.vec3  # column, row, nearness
    dx: wp.vec2  # of the weights of b and c, per column
    dy: wp.vec2  # per row
    more: wp.vec2  # how much nearer than a b and c are


@wp.func
def fill_few(picture: Picture, plane: Plane, first: int, end: int, b: float, c: float, visible: wp.int64):
    """Write a triangle to the samples from `first` to `first + end`, so few that looking at each costs least."""
    with_ids = picture.visibility.shape[0] > 1
    offset = int(0)
    while offset <= end:
        weight_b = b + float(offset) * plane.dx[0]
        weight_c = c + float(offset) * plane.dx[1]
        if smaller(smaller(weight_b, weight_c), 1.0 - weight_b - weight_c) >= TOLERANCE:
            value = plane.corner[2] + weight_b * plane.more[0] + weight_c * plane.more[1]
            if value > read(picture.nearness, first + offset):
                write(picture.nearness, first + offset, value)
                if with_ids:
                    write_int64(picture.visibility, first + offset, visible)
        offset += 1


@wp.func
def fill_triangle(a: wp.vec3, b: wp.vec3, c: wp.vec3, box: wp.vec4i, visible: wp.int64, picture: Picture):
    """Write a triangle where it is nearer than what is there.

    Args:
        a: First corner: column, row (sample centres at whole numbers) and nearness (larger = nearer, linear on the
            screen: 1/z). Likewise b and c.
        box: From `screen_box`.
        visible: What to write into `visibility`.
        picture: Where to.
    """
    scale = 1.0 / ((b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]))
    plane = Plane()
    plane.corner = a
    plane.dx = wp.vec2((c[1] - a[1]) * scale, (a[1] - b[1]) * scale)
    plane.dy = wp.vec2((a[0] - c[0]) * scale, (b[0] - a[0]) * scale)
    plane.more = wp.vec2(b[2] - a[2], c[2] - a[2])
    x = float(box[0]) - a[0]
    count = box[1] - box[0]
    row = int(box[2])
    while row <= box[3]:
        y = float(row) - a[1]
        b_row = x * plane.dx[0] + y * plane.dy[0]
        c_row = x * plane.dx[1] + y * plane.dy[1]
        first = picture.first + row * picture.width + box[0]
        if count < WIDE:
            fill_few(picture, plane, first, count, b_row, c_row, visible)
        else:
            span = Span()
            span.weight = wp.vec3(1.0 - b_row - c_row, b_row, c_row)
            span.weight_step = wp.vec3(-plane.dx[0] - plane.dx[1], plane.dx[0], plane.dx[1])
            span.nearness = a[2] + b_row * plane.more[0] + c_row * plane.more[1]
            span.nearness_step = wp.dot(plane.dx, plane.more)
            span.least = TOLERANCE
            span.limit = NEAREST
            fill_span(picture, span, first, count, visible)
        row += 1
