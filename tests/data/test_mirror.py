"""Datasets at a URL: what of them can be read there, with what result, and what is said where they cannot be read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import fsspec
import pytest
from file_server import served

from simgen.cli import main
from simgen.data import check_dataset, dataset_info, open_dataset
from simgen.data.mirror import readable
from simgen.errors import BadInput, SimgenError
from simgen.view.report import write_report


@pytest.fixture
def dataset(write_dataset: Callable[..., Path]) -> Path:
    """Six episodes in two shards."""
    return write_dataset()


@pytest.fixture(params=["file", "memory", "ftp"])
def url(request: pytest.FixtureRequest, dataset: Path) -> Iterator[str]:
    """Where the dataset can be read."""
    if request.param == "file":
        yield f"file://{dataset}"
    elif request.param == "memory":
        memory = fsspec.filesystem("memory")
        memory.put(str(dataset), "/lab/dataset", recursive=True)
        yield "memory://lab/dataset"
        memory.rm("/lab", recursive=True)
    else:
        with served(dataset.parent) as server:
            yield f"{server}/{dataset.name}"


def test_a_url_says_what_its_directory_says(
    url: str, dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert dataset_info(url) == dataset_info(dataset)
    assert check_dataset(url) == check_dataset(url, deep=False) == check_dataset(dataset)
    with readable(url) as source, open_dataset(source.root) as mirrored:
        assert len(mirrored) == 6
        file = mirrored[0].file
        assert file.stat().st_size == (dataset / "shards" / file.name).stat().st_size
        with pytest.raises(SimgenError, match="cannot be read"):
            mirrored[0].read()
        with source.fetched(file.name):
            assert mirrored[0].read().arrays.keys() == open_dataset(dataset)[0].arrays.keys()
        assert file.read_bytes().strip(b"\0") == b"", "one shard at a time takes room"
    assert not list((tmp_path / "temporary").iterdir())


def test_damage_at_a_url_is_found(dataset: Path) -> None:
    whole = check_dataset(dataset)
    first, second = sorted((dataset / "shards").glob("*.h5"))
    content = bytearray(first.read_bytes())
    content[len(content) // 2] ^= 1
    first.write_bytes(content)
    second.unlink()
    url = f"file://{dataset}"
    assert check_dataset(url).problems == check_dataset(dataset).problems
    assert any(first.name in problem for problem in check_dataset(url).problems)
    assert [second.name in problem for problem in check_dataset(url, deep=False).problems] == [True]
    assert check_dataset(url).episodes == whole.episodes


def test_commands_take_urls(dataset: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with served(dataset.parent) as server:
        assert main(["info", f"{server}/{dataset.name}", "--json"]) == 0
        assert json.loads(capfd.readouterr().out.splitlines()[-1])["episodes"] == 6
        assert main(["check", f"{server}/{dataset.name}", "--json"]) == 0
        assert json.loads(capfd.readouterr().out.splitlines()[-1])["ok"] is True
        shutil.rmtree(dataset / "shards")
        (dataset / "shards").mkdir()
        assert main(["check", f"{server}/{dataset.name}"]) == 1
        assert main(["info", f"{server}/nothing"]) == 2
        assert "/nothing: is not a simgen dataset" in capfd.readouterr().err
        assert main(["report", f"{server}/{dataset.name}"]) == 2
        assert "is a URL, from which" in capfd.readouterr().err


@pytest.mark.parametrize("use", [open_dataset, write_report])
def test_what_needs_a_directory_says_how_to_get_one(use: Callable[[str], object], url: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"is a URL, from which .* bring the dataset into a directory: .*") as said:
        use(url)
    copying = str(said.value).rpartition("directory: ")[2].rstrip(".")
    exec(copying, {"fsspec": fsspec, "URL": url, "DIR": str(tmp_path / "copy")})
    assert len(open_dataset(tmp_path / "copy")) == 6


@pytest.mark.parametrize(
    ("url", "kind", "message"),
    [
        ("ftb://host/data", BadInput, r"ftb://host/data: unknown protocol 'ftb'; did you mean 'ftp'"),
        ("s3://bucket/data", BadInput, "s3://bucket/data: .*s3fs"),
        ("ftp://127.0.0.1:1/data", SimgenError, "ftp://127.0.0.1:1/data: cannot be reached"),
        ("memory://nothing", BadInput, "memory://nothing: is not a simgen dataset"),
    ],
)
def test_a_url_that_cannot_be_read_is_named(url: str, kind: type[SimgenError], message: str) -> None:
    with pytest.raises(kind, match=message):
        dataset_info(url)
