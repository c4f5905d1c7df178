"""Exports to RLDS: records, the files of a TFDS builder, Open X-Embodiment's fields, and refusals."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from export_datasets import export_episode, write_export_dataset
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from simgen.data import open_dataset
from simgen.data.export import ExportOptions, export_dataset
from simgen.data.export.rlds.parse import parsed
from simgen.data.export.rlds.records import example, record, records
from simgen.errors import BadInput, SimgenError


def test_the_folder_is_a_tfds_builder(tmp_path):
    source = write_export_dataset(tmp_path / "data")
    export_dataset(source, tmp_path / "out", ExportOptions("rlds"))
    folder = tmp_path / "out" / "pick_cube" / "1.0.0"
    info = json.loads((folder / "dataset_info.json").read_text())
    assert info["splits"][0]["shardLengths"] == ["5"]
    assert [path.name for path in folder.glob("*tfrecord*")] == ["pick_cube-train.tfrecord-00000-of-00001"]
    features = json.loads((folder / "features.json").read_text())["featuresDict"]["features"]
    step = features["steps"]["sequence"]["feature"]["featuresDict"]["features"]
    assert {"action", "discount", "reward", "is_first", "is_last", "is_terminal", "language_instruction"} <= set(step)
    images = step["observation"]["featuresDict"]["features"]
    assert {"image", "image_wrist", "depth", "state"} <= set(images)


def test_an_episode_has_the_fields_of_open_x(tmp_path):
    source = write_export_dataset(tmp_path / "data")
    export_dataset(source, tmp_path / "out", ExportOptions("rlds"))
    payloads = list(records(next((tmp_path / "out").rglob("*.tfrecord-*"))))
    with open_dataset(source) as dataset:
        for payload, episode in zip(payloads, dataset, strict=True):
            found, length = parsed(payload), episode.length
            action = np.array(found["steps/action"], np.float32).reshape(length, 7)
            motion = episode.arrays["actions_ee"][()]
            np.testing.assert_array_equal(action[:, :6], motion[:, :6])
            np.testing.assert_array_equal(action[:, 6], (motion[:, 6] > 0).astype(np.float32))  # 1 = open
            assert found["steps/is_first"] == [1] + [0] * (length - 1)
            assert found["steps/is_last"] == [0] * (length - 1) + [1]
            assert found["steps/language_instruction"] == [b"pick up the red cube"] * length
            image = np.asarray(Image.open(io.BytesIO(found["steps/observation/image"][-1])))
            np.testing.assert_array_equal(image, episode.rgb("base")[length - 1])
            depth = np.asarray(Image.open(io.BytesIO(found["steps/observation/depth"][0])))
            np.testing.assert_array_equal(depth, episode.depth("base")[0][..., 0])


def test_a_dataset_without_tool_motion_is_refused(tmp_path):
    episode = export_episode(0)
    bare = {path: array for path, array in episode.arrays.items() if path != "actions_ee"}
    source = write_export_dataset(tmp_path / "data", [replace(episode, arrays=bare)])
    with pytest.raises(BadInput, match=r"actions_ee of 7 columns"):
        export_dataset(source, tmp_path / "out", ExportOptions("rlds"))
    assert not (tmp_path / "out").exists()


NUMBERS = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5).map(lambda values: np.array(values, np.int64))
FLOATS = st.lists(st.floats(width=32, allow_nan=False), max_size=5).map(lambda values: np.array(values, np.float32))


@settings(max_examples=50)
@given(st.dictionaries(st.text(max_size=8), st.lists(st.binary(max_size=9), max_size=4) | NUMBERS | FLOATS, max_size=5))
def test_protobuf_reads_what_is_written(features):
    found = parsed(example(features))
    assert found == {name: list(values) for name, values in features.items()}


def test_a_damaged_record_is_found(tmp_path):
    whole = b"".join(record(b"hello")) + b"".join(record(b"world"))
    path = tmp_path / "file"
    path.write_bytes(whole)
    assert list(records(path)) == [b"hello", b"world"]
    for damaged in (whole.replace(b"world", b"w0rld"), whole[:-1], whole[:-22]):
        path.write_bytes(damaged)
        with pytest.raises(SimgenError, match="damaged"):
            list(records(path))


def test_a_checksum_is_tensorflows(tmp_path):
    """RFC 3720 B.4: CRC32C of 32 zero bytes is 0x8a9136aa; masked as record_writer.h says."""
    crc = 0x8A9136AA
    masked = (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    assert b"".join(record(bytes(32)))[-4:] == masked.to_bytes(4, "little")
