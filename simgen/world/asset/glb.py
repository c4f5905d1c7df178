"""Triangle meshes in GLB files, exactly: positions, normals and linear colours as 32-bit floats.

The files are glTF 2.0, so that other programs show them: a node turns them from simgen's z up to glTF's y up. Only
files written here are read here; what users bring goes through `simgen.world.scene.mesh.read`.
Reference: https://registry.khronos.org/glTF/specs/2.0/glTF-2.0.html
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simgen.errors import BadInput
from simgen.world.scene.model import TriangleMesh

_MAGIC, _JSON, _BINARY = 0x46546C67, 0x4E4F534A, 0x004E4942
_FLOAT, _UINT = 5126, 5125
_FIELDS = {"POSITION": "vertices", "NORMAL": "normals", "COLOR_0": "colors"}
_TURNED = [-0.70710678, 0.0, 0.0, 0.70710678]  # z up to y up, xyzw as glTF has it


def write_glb(path: Path, meshes: Sequence[TriangleMesh]) -> None:
    """Writes meshes in a file, in this order."""
    chunks: list[bytes] = []
    views: list[dict[str, Any]] = []
    accessors: list[dict[str, Any]] = []

    def add(array: np.ndarray, target: int) -> int:
        whole = np.ascontiguousarray(array)
        offset = sum(len(chunk) for chunk in chunks)
        chunks.append(whole.tobytes())
        views.append({"buffer": 0, "byteOffset": offset, "byteLength": whole.nbytes, "target": target})
        accessor: dict[str, Any] = {"bufferView": len(views) - 1, "type": "SCALAR" if whole.ndim == 1 else "VEC3"}
        accessor |= {"componentType": _UINT if whole.dtype == np.uint32 else _FLOAT, "count": len(whole)}
        if whole.ndim == 2:
            accessor |= {"min": whole.min(axis=0).tolist(), "max": whole.max(axis=0).tolist()}
        accessors.append(accessor)
        return len(accessors) - 1

    described = []
    for mesh in meshes:
        fields = {name: getattr(mesh, attribute) for name, attribute in _FIELDS.items()}
        attributes = {name: add(array, 34962) for name, array in fields.items() if array is not None}
        indices = add(mesh.faces.astype(np.uint32).reshape(-1), 34963)
        described.append({"primitives": [{"attributes": attributes, "indices": indices, "material": 0}]})
    count = len(meshes)
    content = {
        "asset": {"version": "2.0", "generator": "simgen"},
        "scene": 0,
        "scenes": [{"nodes": [count]}],
        "nodes": [*({"mesh": index} for index in range(count)), {"rotation": _TURNED, "children": list(range(count))}],
        "meshes": described,
        "materials": [{"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.6}}],
        "accessors": accessors,
        "bufferViews": views,
        "buffers": [{"byteLength": sum(len(chunk) for chunk in chunks)}],
    }
    text = json.dumps(content, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    binary = b"".join(chunks)
    binary += b"\0" * (-len(binary) % 4)
    header = struct.pack("<III", _MAGIC, 2, 12 + 8 + len(text) + 8 + len(binary))
    parts = (header, struct.pack("<II", len(text), _JSON), text, struct.pack("<II", len(binary), _BINARY), binary)
    path.write_bytes(b"".join(parts))


def read_glb(path: Path) -> list[TriangleMesh]:
    """Reads the meshes of a file of `write_glb`, in their order.

    Raises:
        BadInput: Not there, or not such a file.
    """
    try:
        data = path.read_bytes()
        length = struct.unpack_from("<I", data, 12)[0]
        content, binary = json.loads(data[20 : 20 + length]), data[28 + length :]
        return [_mesh(each["primitives"][0], content, binary) for each in content["meshes"]]
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); add the asset again.") from error
    except (struct.error, ValueError, LookupError, TypeError) as error:
        raise BadInput(f"{path}: is broken ({error}); add the asset again with --replace.") from error


def _mesh(primitive: dict[str, Any], content: dict[str, Any], binary: bytes) -> TriangleMesh:
    arrays = {
        attribute: _array(content, binary, primitive["attributes"][name], "<f4").reshape(-1, 3)
        for name, attribute in _FIELDS.items()
        if name in primitive["attributes"]
    }
    faces = _array(content, binary, primitive["indices"], "<u4").astype(np.int32).reshape(-1, 3)
    return TriangleMesh(arrays["vertices"], faces, arrays["normals"], arrays.get("colors"))


def _array(content: dict[str, Any], binary: bytes, index: int, dtype: str) -> np.ndarray:
    accessor = content["accessors"][index]
    view = content["bufferViews"][accessor["bufferView"]]
    count = view["byteLength"] // 4
    return np.frombuffer(binary, dtype, count, view["byteOffset"]).copy()
