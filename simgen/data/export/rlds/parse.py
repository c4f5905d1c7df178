"""tf.train.Example read by protobuf's own parser, with a description of the messages made here."""

from __future__ import annotations

from functools import cache
from typing import Any


@cache
def _message() -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    kinds = descriptor_pb2.FieldDescriptorProto
    file = descriptor_pb2.FileDescriptorProto(name="simgen_example.proto", package="simgen", syntax="proto3")

    def message(name: str, *fields: tuple[str, int, int, bool, str]) -> None:
        made = file.message_type.add(name=name)
        for field, number, kind, many, of in fields:
            label = kinds.LABEL_REPEATED if many else kinds.LABEL_OPTIONAL
            added = made.field.add(name=field, number=number, type=kind, label=label)  # type: ignore[arg-type]
            if of:
                added.type_name = of

    message("BytesList", ("value", 1, kinds.TYPE_BYTES, True, ""))
    message("FloatList", ("value", 1, kinds.TYPE_FLOAT, True, ""))
    message("Int64List", ("value", 1, kinds.TYPE_INT64, True, ""))
    lists = (("bytes_list", 1, "BytesList"), ("float_list", 2, "FloatList"), ("int64_list", 3, "Int64List"))
    message("Feature", *((name, number, kinds.TYPE_MESSAGE, False, f".simgen.{of}") for name, number, of in lists))
    message(
        "Entry", ("key", 1, kinds.TYPE_STRING, False, ""), ("value", 2, kinds.TYPE_MESSAGE, False, ".simgen.Feature")
    )
    message("Features", ("feature", 1, kinds.TYPE_MESSAGE, True, ".simgen.Entry"))  # a map is a list of entries
    message("Example", ("features", 1, kinds.TYPE_MESSAGE, False, ".simgen.Features"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("simgen.Example"))


def parsed(payload: bytes) -> dict[str, list[Any]]:
    """Returns the lists of an example by name."""
    found = _message().FromString(payload)
    return {entry.key: list(_values(entry.value)) for entry in found.features.feature}


def _values(feature: Any) -> Any:
    for name in ("bytes_list", "float_list", "int64_list"):
        if feature.HasField(name):
            return getattr(feature, name).value
    return []
