"""TFRecord files and the tf.train.Example in them, as bytes.

Source: tensorflow/core/lib/io/record_writer.h (framing, masked CRC32C) and
tensorflow/core/example/{example,feature}.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from simgen.errors import SimgenError

Values = Sequence[bytes] | np.ndarray
_MASK = 0xA282EAD8
_BYTES, _FLOATS, _INTS = 1, 2, 3  # fields of tensorflow.Feature


def record(payload: bytes) -> Iterator[bytes]:
    """Yields a record: length, its checksum, the payload, its checksum."""
    length = struct.pack("<Q", len(payload))
    yield length + _checksum(length)
    yield payload
    yield _checksum(payload)


def records(path: Path) -> Iterator[bytes]:
    """Yields the payloads of a file.

    Raises:
        SimgenError: it is cut off, or a checksum does not fit.
    """
    with open(path, "rb") as file:
        while head := file.read(12):
            (size,) = struct.unpack("<Q", head[:8].ljust(8, b"\0"))
            if head[8:] != _checksum(head[:8]):
                raise SimgenError(f"{path}: the length of a record is damaged.")
            payload, end = file.read(size), file.read(4)
            if len(payload) != size or end != _checksum(payload):
                raise SimgenError(f"{path}: a record is damaged.")
            yield payload


def example(features: Mapping[str, Values]) -> bytes:
    """Returns a tf.train.Example: bytes, float32 and whole numbers become the three kinds of lists."""
    entries = []
    for name in sorted(features):
        entry = _field(1, name.encode()) + _field(2, _feature(features[name]))
        entries.append(_field(1, entry))
    return _field(1, b"".join(entries))


def _feature(values: Values) -> bytes:
    if not isinstance(values, np.ndarray):
        return _field(_BYTES, b"".join(_field(1, value) for value in values))
    if values.dtype.kind == "f":
        return _field(_FLOATS, _field(1, values.astype("<f4").tobytes()))
    return _field(_INTS, _field(1, b"".join(_varint(int(value) & 0xFFFFFFFFFFFFFFFF) for value in values.reshape(-1))))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _checksum(content: bytes) -> bytes:
    import google_crc32c  # extra [rlds]

    crc = google_crc32c.value(content)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)
