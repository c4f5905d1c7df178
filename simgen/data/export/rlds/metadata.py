"""The JSON files that make a folder of TFRecords a dataset of TensorFlow Datasets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from simgen.data.export.rlds.steps import Field
from simgen.data.export.shards import Shard

VERSION = "1.0.0"
_FEATURES = "tensorflow_datasets.core.features"
_METADATA = {"file_path": "text", "episode_id": "int64", "seed": "int64", "phase": "text", "task": "text",
             "success": "bool", "control_hz": "float32"}  # fmt: skip


def features_json(fields: Sequence[Field]) -> dict[str, Any]:
    """Returns features.json: `FeaturesDict.to_json` of TFDS 4.9."""
    step: dict[str, Any] = {}
    for field in fields:
        *parents, name = field.key.split("/")
        place = step
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = _leaf(field.kind, field.dtype, field.shape)
    step["language_instruction"] = _leaf("text", "string", ())
    steps = {
        "pythonClassName": f"{_FEATURES}.dataset_feature.Dataset",
        "sequence": {"feature": _dict(step), "length": "-1"},
    }
    about = {name: _leaf("text" if kind == "text" else "tensor", kind, ()) for name, kind in _METADATA.items()}
    return _dict({"steps": steps, "episode_metadata": about})


def _dict(content: dict[str, Any]) -> dict[str, Any]:
    features = {name: value if "pythonClassName" in value else _dict(value) for name, value in sorted(content.items())}
    return {"pythonClassName": f"{_FEATURES}.features_dict.FeaturesDict", "featuresDict": {"features": features}}


def _leaf(kind: str, dtype: str, shape: tuple[int, ...]) -> dict[str, Any]:
    sides = {"dimensions": [str(side) for side in shape]} if shape else {}
    if kind == "text":
        return {"pythonClassName": f"{_FEATURES}.text_feature.Text", "text": {}}
    if kind == "image":
        image = {"shape": sides, "dtype": dtype, "encodingFormat": "png"}
        return {"pythonClassName": f"{_FEATURES}.image_feature.Image", "image": image}
    tensor = {"shape": sides, "dtype": dtype, "encoding": "none"}
    name = "tensor_feature.Tensor" if shape else "scalar.Scalar"
    return {"pythonClassName": f"{_FEATURES}.{name}", "tensor": tensor}


def info_json(name: str, description: str, shards: Sequence[Shard]) -> dict[str, Any]:
    """Returns dataset_info.json."""
    split = {
        "name": "train",
        "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
        "numBytes": str(sum(shard.bytes for shard in shards)),
        "shardLengths": [str(shard.count) for shard in shards],
    }
    return {
        "name": name,
        "version": VERSION,
        "description": description,
        "fileFormat": "tfrecord",
        "moduleName": "simgen",
        "releaseNotes": {VERSION: "Exported by simgen."},
        "splits": [split],
    }
