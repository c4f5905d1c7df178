"""Parquet files: whole columns of small ones, and rows of large ones, a row group at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simgen.data.import_.base import Unusable
from simgen.errors import BadInput

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:  # not everybody needs it
    raise BadInput("LeRobot datasets need pyarrow: pip install 'simgen-toolkit[lerobot]'.") from error


def read_columns(path: Path, needed: Sequence[str], others: Sequence[str] | None) -> dict[str, list[Any]]:
    """Reads columns of a small file as Python values.

    Args:
        needed: columns of whole or real numbers that must be there, in every row.
        others: further ones, if they are there (else empty lists of the same length); None: all.

    Raises:
        BadInput: names the file, and the column that is missing or wrong.
    """
    try:
        with pq.ParquetFile(path) as file:
            there = file.schema_arrow.names
            missing = [name for name in needed if name not in there]
            if missing:
                raise BadInput(f"{path}: has no column {missing[0]!r}. Available: {', '.join(sorted(there)[:30])}.")
            wanted = [*needed, *(name for name in (there if others is None else others) if name not in needed)]
            table = file.read(columns=[name for name in wanted if name in there])
    except (OSError, pa.ArrowException) as error:
        raise BadInput(f"{path}: cannot be read as parquet ({error}).") from None
    columns = {name: table.column(name).to_pylist() if name in there else [None] * table.num_rows for name in wanted}
    for name in needed:
        if not all(isinstance(value, int | float) and value >= 0 for value in columns[name]):
            raise BadInput(f"{path}: column {name!r} has values that are not numbers of at least 0.")
    return columns


class RowReader:
    """Rows of parquet files, read forward: one file is open and one row group in memory."""

    def __init__(self) -> None:
        self._path: Path | None = None
        self._file: Any = None
        self._ends: np.ndarray = np.zeros(0, int)
        self._group: tuple[int, Any] | None = None

    def count(self, path: Path) -> int:
        """Returns the number of rows.

        Raises:
            Unusable: if the file cannot be read.
        """
        self._open(path)
        return int(self._ends[-1]) if len(self._ends) else 0

    def columns(self, path: Path) -> list[str]:
        """Returns the names of the columns."""
        self._open(path)
        return list(self._file.schema_arrow.names)

    def rows(self, path: Path, first: int, count: int, columns: Sequence[str]) -> Any:
        """Returns rows [first, first + count) as an Arrow table.

        Raises:
            Unusable: if they are not there or cannot be read.
        """
        total = self.count(path)
        if first < 0 or first + count > total:
            raise Unusable(f"{path}: has {total} rows; rows {first} to {first + count - 1} are needed.")
        parts = []
        group = int(np.searchsorted(self._ends, first, side="right"))
        while count > 0:
            start = int(self._ends[group - 1]) if group else 0
            table = self._row_group(group, columns)
            part = table.slice(first - start, count)
            parts.append(part)
            first, count, group = first + part.num_rows, count - part.num_rows, group + 1
        return pa.concat_tables(parts)

    def _open(self, path: Path) -> None:
        if path == self._path:
            return
        self.close()
        if not path.is_file():
            raise Unusable(f"{path}: is missing.")
        try:
            self._file = pq.ParquetFile(path)
        except (OSError, pa.ArrowException) as error:
            raise Unusable(f"{path}: cannot be read as parquet; is it cut off? ({error})") from None
        groups = self._file.metadata
        sizes = [groups.row_group(number).num_rows for number in range(groups.num_row_groups)]
        self._ends = np.cumsum(sizes, dtype=np.int64)
        self._path = path

    def _row_group(self, number: int, columns: Sequence[str]) -> Any:
        if self._group is None or self._group[0] != number:
            try:
                self._group = number, self._file.read_row_group(number, columns=list(columns))
            except (OSError, pa.ArrowException) as error:
                raise Unusable(f"{self._path}: cannot be read ({error}).") from None
        return self._group[1]

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
        self._path, self._file, self._group = None, None, None


def numbers_of(column: Any, shape: Sequence[int], where: str) -> np.ndarray:
    """Returns a column of numbers, or of lists of them, as an array. Shape: (rows, *shape).

    Raises:
        Unusable: if it holds something else, or another shape.
    """
    values = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    rows = len(values)
    while isinstance(values, pa.ChunkedArray):
        values = values.chunk(0) if values.num_chunks else pa.array([], values.type)
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    while (
        pa.types.is_list(values.type) or pa.types.is_large_list(values.type) or pa.types.is_fixed_size_list(values.type)
    ):
        if values.null_count:
            raise Unusable(f"{where}: has rows without a value.")
        values = values.flatten()
    if values.null_count:
        raise Unusable(f"{where}: has rows without a value.")
    kind = values.type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_boolean(kind)):
        raise Unusable(f"{where}: holds {kind}, not numbers.")
    array = values.to_numpy(zero_copy_only=False)
    wanted = (rows, *shape)
    if array.size != int(np.prod(wanted)):
        raise Unusable(f"{where}: holds {array.size} numbers for {rows} rows of shape {list(shape)}.")
    return array.reshape(wanted)
