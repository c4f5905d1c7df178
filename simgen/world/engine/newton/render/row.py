"""The samples of one row on their way to a picture, field by field, and loops over them that become SIMD code.

Such a loop must be free of branches and calls, must write to places that it does not read elsewhere, and the compiler
must be told so. Warp's Python cannot say that, so these loops are C++; on a GPU, where a row is one pixel, each runs
once.
"""

from __future__ import annotations

import warp as wp

NUM_FIELDS = 11
# Before the `for` of a loop whose turns are independent of each other.
SIMD = """
#if !defined(__CUDA_ARCH__)
#pragma clang loop vectorize(assume_safety) vectorize_width(8) interleave(disable)
#endif
"""
# The fields of a row as C++ pointers to the sample with number `start`.
FIELDS = """
    float* const normal_x = row.values.data + start;
    float* const normal_y = normal_x + row.length;
    float* const normal_z = normal_y + row.length;
    float* const red = normal_z + row.length;
    float* const green = red + row.length;
    float* const blue = green + row.length;
    float* const gloss = blue + row.length;
    float* const arriving = gloss + row.length;
    float* const mean_red = arriving + row.length;
    float* const mean_green = mean_red + row.length;
    float* const mean_blue = mean_green + row.length;
"""


@wp.struct
class Row:
    """Work space for rows of samples.

    Per sample: normal (any length), colour (the surface's, then the light that it sends), gloss and how much of the
    light arrives; per pixel: the mean of its samples.
    """

    values: wp.array(dtype=wp.float32)
    length: wp.int32  # samples that a field has room for
    stride: wp.int32  # from one thread's fields to the next; 0 on the CPU, where one thread runs after the other


def allocate_row(num_threads: int, length: int, device: wp.Device) -> Row:
    """Work space for so many threads with rows of up to `length` samples."""
    row = Row()
    size = NUM_FIELDS * length
    row.values = wp.zeros(size if device.is_cpu else size * num_threads, dtype=wp.float32, device=device)
    row.length, row.stride = length, 0 if device.is_cpu else size
    return row


@wp.func_native(
    FIELDS
    + """
    normal_x[0] = normal[0];
    normal_y[0] = normal[1];
    normal_z[0] = normal[2];
"""
)
def write_normal(row: Row, start: int, normal: wp.vec3): ...


@wp.func_native(
    FIELDS
    + """
    red[0] = color[0];
    green[0] = color[1];
    blue[0] = color[2];
"""
)
def write_color(row: Row, start: int, color: wp.vec3): ...


@wp.func_native(
    "return wp::vec3(row.values.data[start], row.values.data[start + row.length], "
    "row.values.data[start + 2 * row.length]);"
)
def read_normal(row: Row, start: int) -> wp.vec3: ...


@wp.func_native(
    "const float* const red = row.values.data + start + 3 * row.length;"
    "return wp::vec3(red[0], red[row.length], red[2 * row.length]);"
)
def read_color(row: Row, start: int) -> wp.vec3: ...


@wp.func_native(
    FIELDS
    + """
    const float x = normal[0], y = normal[1], z = normal[2], r = color[0], g = color[1], b = color[2];
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) {
        normal_x[i] = x;
        normal_y[i] = y;
        normal_z[i] = z;
        red[i] = r;
        green[i] = g;
        blue[i] = b;
        gloss[i] = shine;
    }
"""
)
def fill(row: Row, start: int, count: int, normal: wp.vec3, color: wp.vec3, shine: float):
    """Gives `count` samples the same normal, colour and gloss."""
    ...


@wp.func_native(
    FIELDS
    + SIMD
    + """
    for (int i = 0; i < count; ++i) {
        mean_red[i] = 0.0f;
        mean_green[i] = 0.0f;
        mean_blue[i] = 0.0f;
    }
"""
)
def clear_mean(row: Row, start: int, count: int):
    """Sets the means of `count` pixels to 0."""
    ...


@wp.func_native(
    FIELDS
    + """
    const auto add = [=](int i, int sample) {
        mean_red[i] += weight * (red[sample] < limit ? red[sample] : limit);
        mean_green[i] += weight * (green[sample] < limit ? green[sample] : limit);
        mean_blue[i] += weight * (blue[sample] < limit ? blue[sample] : limit);
    };
    if (step > 1) {
        for (int i = 0; i < count; ++i) add(i, i * step + offset);
        return;
    }
"""
    + SIMD
    + """
    for (int i = 0; i < count; ++i) add(i, i);
"""
)
def add_to_mean(row: Row, start: int, offset: int, count: int, step: int, weight: float, limit: float):
    """Adds to each of `count` pixels the light, up to `limit`, of one of its samples; `step` samples per pixel."""
    ...
