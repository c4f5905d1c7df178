"""Metadata that are damaged in any way give a message, never a traceback."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from hdf5_files import write_maniskill, write_robomimic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lerobot_files import write_v2, write_v3

from simgen.data.import_.base import ImportOptions, Unusable
from simgen.data.import_.registry import importers
from simgen.errors import BadInput

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
many = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("sources")
    write_v3(root / "v3", lengths=(3, 3))
    write_v2(root / "v2", lengths=(3, 3))
    write_maniskill(root / "maniskill", "state")
    write_robomimic(root / "robomimic/demo.hdf5", images=False)
    return {name: root / name for name in ("v3", "v2", "maniskill", "robomimic")}


def try_all(name: str, path: Path) -> None:
    """Opens a source, asks what is wrong, and reads it all; only messages for people may come out."""
    message = None
    with contextlib.ExitStack() as stack:
        try:
            source = importers()[name].open(path, ImportOptions(skip_bad=True))
            stack.callback(source.close)
        except BadInput as error:
            message = str(error)
        else:
            for number in range(min(source.info.episodes, 5)):
                if source.problem(number) is None:
                    with contextlib.suppress(Unusable):
                        source.read(number)
    assert message is None or str(path) in message


def places(value: Any, path: tuple = ()) -> list[tuple]:
    """The paths of everything inside nested dicts and lists."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def replaced(value: Any, path: tuple, new: Any) -> Any:
    if not path:
        return new
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = replaced(value[path[0]], path[1:], new)
    return changed


@pytest.mark.parametrize(
    ("source", "importer", "file"),
    [
        ("v3", "lerobot", "meta/info.json"),
        ("v2", "lerobot", "meta/info.json"),
        ("maniskill", "maniskill", "trajectory.json"),
    ],
)
@many
@given(data=st.data())
def test_any_value_in_the_json_may_be_wrong(
    source: str, importer: str, file: str, data: st.DataObject, sources: dict[str, Path], tmp_path: Path
) -> None:
    original = (sources[source] / file).read_bytes()
    values = json.loads(original)
    place = data.draw(st.sampled_from(places(values)))
    changed = replaced(values, place, data.draw(JSON))
    try:
        (sources[source] / file).write_text(json.dumps(changed))
        try_all(importer, sources[source])
    finally:
        (sources[source] / file).write_bytes(original)


@pytest.mark.parametrize(
    ("source", "importer", "file"),
    [
        ("v3", "lerobot", "meta/tasks.parquet"),
        ("v3", "lerobot", "meta/episodes/chunk-000/file-000.parquet"),
        ("v3", "lerobot", "data/chunk-000/file-000.parquet"),
        ("v2", "lerobot", "meta/episodes.jsonl"),
        ("v2", "lerobot", "meta/tasks.jsonl"),
        ("maniskill", "maniskill", "trajectory.h5"),
        ("robomimic", "robomimic", "demo.hdf5"),
    ],
)
@settings(many, max_examples=12)
@given(cut=st.floats(0, 1), flips=st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=4))
def test_any_byte_of_a_file_may_be_wrong(
    source: str, importer: str, file: str, cut: float, flips: list[tuple[float, int]], sources: dict[str, Path]
) -> None:
    path = sources[source] / file
    original = path.read_bytes()
    content = bytearray(original[: max(1, round(cut * len(original)))])
    for place, value in flips:
        content[int(place * len(content))] = value
    try:
        path.write_bytes(content)
        try_all(importer, sources[source])
    finally:
        path.write_bytes(original)


def test_the_undamaged_sources_are_read(sources: dict[str, Path], tmp_path: Path) -> None:
    for name, importer in (
        ("v3", "lerobot"),
        ("v2", "lerobot"),
        ("maniskill", "maniskill"),
        ("robomimic", "robomimic"),
    ):
        source = importers()[importer].open(Path(shutil.copytree(sources[name], tmp_path / name)), ImportOptions())
        assert source.problem(1) is None
        assert source.read(1).steps >= 3
        source.close()
