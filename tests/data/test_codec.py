"""Chunks that are compressed apart from the file that they end in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import h5py
import hdf5plugin
import numpy as np
import pytest
from h5py import h5s  # pyright: ignore[reportAttributeAccessIssue]

from simgen.data.codec import (
    CODECS,
    SMALL,
    GroupWriter,
    chunk_filters,
    declare,
    encode,
    filters_of,
    read_arrays,
    scratch_file,
)
from simgen.data.filters import apply

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 256, (19, 64, 64, 3), dtype=np.uint8)
STILL = np.repeat(NOISE[:1], 19, axis=0)
STILL[:, 10:20, 10:20] = NOISE[:, 10:20, 10:20]
ARRAYS = {
    "moving": NOISE,
    "still": STILL,
    "black": np.zeros_like(NOISE),
    "one frame": NOISE[:1].repeat(4, axis=1),
    "depth": (900 + NOISE[..., :1].astype(np.int16)).repeat(2, axis=2),
    "flow": RNG.standard_normal((19, 32, 32, 2), dtype=np.float32),
    "states": RNG.standard_normal((900, 31)),
    "flags": RNG.random((50_000,)) < 0.5,
    "map": np.ones((300, 200), np.uint8),
}


def stored(arrays: dict[str, np.ndarray], codec: str) -> tuple[dict[str, np.ndarray], int]:
    """What a file gives back, and the bytes of its chunks."""
    size = 0
    with scratch_file() as file:
        writer = GroupWriter(file.create_group("trajectory"))
        for path, array in arrays.items():
            layout, parts = encode(array, codec)
            assert encode(array, codec) == (layout, parts)
            writer.write(path, layout, parts, codec)
            size += sum(layout.sizes)
        return read_arrays(file["trajectory"]), size  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("codec", CODECS)
def test_every_kind_of_array_comes_back(codec: str) -> None:
    found, _ = stored({f"obs/{name}/x": array for name, array in ARRAYS.items()}, codec)
    assert len(found) == len(ARRAYS)
    for name, array in ARRAYS.items():
        assert array.nbytes > SMALL
        assert found[f"obs/{name}/x"].dtype == array.dtype
        np.testing.assert_array_equal(found[f"obs/{name}/x"], array)


def test_a_camera_that_stands_still_is_stored_by_what_changes() -> None:
    assert chunk_filters("blosc2", STILL[:16]) != chunk_filters("blosc2", NOISE[:16])
    assert stored({"x": STILL}, "blosc2")[1] < 0.3 * STILL.nbytes
    assert stored({"x": STILL[::-1].copy()}, "blosc2")[1] < 0.3 * STILL.nbytes


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != "raw"])
@pytest.mark.parametrize("name", ["moving", "still", "depth", "flow", "states"])
def test_a_chunk_is_what_hdf5_itself_would_write(codec: str, name: str) -> None:
    block = ARRAYS[name][:16]
    filters = filters_of(codec, block.dtype, block.shape, still=name == "still")
    with scratch_file() as file:
        dataset = declare(file.id, "chunk", block.dtype, (block.size,), (block.size,), filters)
        dataset.write(h5s.ALL, h5s.ALL, block.reshape(-1))
        assert dataset.read_direct_chunk((0,)) == (0, apply(filters, block))
        np.testing.assert_array_equal(h5py.Dataset(dataset)[()], block.reshape(-1))


def test_chunks_are_compressed_where_the_filters_were_left_to_others() -> None:
    """Modules of clusters and conda set HDF5_PLUGIN_PATH, and hdf5plugin then does not register its filters."""
    folder = Path(hdf5plugin.__file__).parent / "plugins"
    script = (
        "import numpy; from simgen.data.codec import encode; "
        "print(encode(numpy.zeros((99, 999), 'u1'), 'blosc2')[0].sizes)"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env=os.environ | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for more in ({}, {"HDF5_PLUGIN_PATH": str(folder)})
    ]
    assert outputs[0] == outputs[1] != ""
