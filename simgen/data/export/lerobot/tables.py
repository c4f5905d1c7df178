"""Tables of LeRobot: columns of an episode as Arrow arrays, in the types that its reader expects of each shape."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from simgen.data.export.lerobot.features import Feature
from simgen.data.export.selection import ExportEpisode
from simgen.data.import_.lerobot.parquet import pa, pq  # says what to install where pyarrow is missing

COMPRESSION = "zstd"


def episode_table(features: Iterable[Feature], episode: ExportEpisode, counted: Mapping[str, np.ndarray]) -> Any:
    """Returns the rows of an episode: what is no video, then what counts frames."""
    columns: dict[str, Any] = {}
    for feature in features:
        if feature.kind == "image":
            columns[feature.key] = _pictures(feature.rows(episode))
        elif not feature.is_video:
            columns[feature.key] = _column(feature.rows(episode))
    return pa.table(columns | {name: pa.array(values) for name, values in counted.items()})


def _column(rows: np.ndarray) -> Any:
    """Numbers by their shape: (1,) is a value, (n,) a list of fixed length, more axes are nested lists."""
    flat = pa.array(np.ascontiguousarray(rows).reshape(-1))
    shape = rows.shape[1:]
    if shape == (1,):
        return flat
    if len(shape) == 1:
        return pa.FixedSizeListArray.from_arrays(flat, shape[0])
    for axis in range(len(shape) - 1, -1, -1):
        count = len(rows) * int(np.prod(shape[:axis], dtype=np.int64))
        offsets = pa.array(np.arange(count + 1, dtype=np.int32) * shape[axis])
        flat = pa.ListArray.from_arrays(offsets, flat)
    return flat


def _pictures(frames: np.ndarray) -> Any:
    """PNG files, as Hugging Face's `Image` stores them."""
    contents = []
    for frame in frames:
        buffer = io.BytesIO()
        Image.fromarray(frame).save(buffer, format="PNG")
        contents.append({"bytes": buffer.getvalue(), "path": None})
    return pa.array(contents, type=pa.struct([("bytes", pa.binary()), ("path", pa.string())]))


def write_table(path: Path, table: Any) -> None:
    """Writes a table as one row group."""
    pq.write_table(table, path, compression=COMPRESSION, row_group_size=max(1, table.num_rows))


def join_tables(path: Path, parts: Sequence[Path]) -> None:
    """Puts tables behind each other, a row group each; one is in memory at a time."""
    with pq.ParquetFile(parts[0]) as first:
        schema = first.schema_arrow
    with pq.ParquetWriter(path, schema, compression=COMPRESSION) as writer:
        for part in parts:
            writer.write_table(pq.read_table(part))


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]], rows_at_once: int = 1000) -> None:
    """Writes dictionaries with the same keys and types as a table, some at a time."""
    writer, waiting = None, []

    def flush() -> None:
        nonlocal writer
        table = pa.Table.from_pylist(waiting, schema=None if writer is None else writer.schema)
        writer = writer or pq.ParquetWriter(path, table.schema, compression=COMPRESSION)
        writer.write_table(table)
        waiting.clear()

    try:
        for row in rows:
            waiting.append(dict(row))
            if len(waiting) == rows_at_once:
                flush()
        if waiting:
            flush()
    finally:
        if writer is not None:
            writer.close()


def write_tasks(path: Path, tasks: Sequence[str]) -> None:
    """Writes the table of instructions, whose index is the instruction, as pandas reads it back."""
    kinds = {"task_index": ("int64", "int64"), "task": ("unicode", "object")}
    columns = [
        {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": dtype, "metadata": None}
        for name, (kind, dtype) in kinds.items()
    ]
    about = {"index_columns": ["task"], "column_indexes": [], "columns": columns, "pandas_version": "2.2.0"}
    table = pa.table({"task_index": pa.array(np.arange(len(tasks))), "task": pa.array(list(tasks), pa.string())})
    pq.write_table(table.replace_schema_metadata({"pandas": json.dumps(about)}), path)
