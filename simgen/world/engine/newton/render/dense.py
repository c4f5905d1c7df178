"""Reading and writing dense one-dimensional arrays at an index that is known to be in range.

Warp's own indexing allows strides and negative indices; in the innermost loops on the CPU that costs a third of the
time. Nothing is checked here: only for indices that were computed from the arrays' own sizes.
"""

from __future__ import annotations

import warp as wp

READ = "return values.data[index];"
WRITE = "values.data[index] = value;"


@wp.func_native(READ)
def read(values: wp.array(dtype=wp.float32), index: int) -> wp.float32: ...


@wp.func_native(WRITE)
def write(values: wp.array(dtype=wp.float32), index: int, value: wp.float32): ...


@wp.func_native(READ)
def read_int(values: wp.array(dtype=wp.int32), index: int) -> wp.int32: ...


@wp.func_native(READ)
def read_int64(values: wp.array(dtype=wp.int64), index: int) -> wp.int64: ...


@wp.func_native(WRITE)
def write_int64(values: wp.array(dtype=wp.int64), index: int, value: wp.int64): ...


@wp.func_native(READ)
def read_vec3(values: wp.array(dtype=wp.vec3), index: int) -> wp.vec3: ...


@wp.func_native(WRITE)
def write_vec3(values: wp.array(dtype=wp.vec3), index: int, value: wp.vec3): ...


@wp.func_native(READ)
def read_vec3i(values: wp.array(dtype=wp.vec3i), index: int) -> wp.vec3i: ...


@wp.func_native(READ)
def read_byte(values: wp.array(dtype=wp.uint8), index: int) -> wp.uint8: ...


@wp.func_native(WRITE)
def write_rgb(values: wp.array(dtype=wp.vec3ub), index: int, value: wp.vec3ub): ...
