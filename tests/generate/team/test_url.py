"""Datasets on a file server: whole shards are brought there, and a later run goes on with what is there."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer
from small_tasks import COIN, contents

from simgen.data import check_dataset
from simgen.errors import BadInput, SimgenError
from simgen.generate import GenerateOptions, generate
from simgen.generate.team.target import Target
from simgen.spec import load_task

pytestmark = pytest.mark.slow
OPTIONS = GenerateOptions(random=70, teacher=6, num_envs=8, seed=3)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """An FTP server on this machine; its URL and the folder that it serves."""
    monkeypatch.setenv("SIMGEN_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "served"
    folder.mkdir()
    authorizer = DummyAuthorizer()
    authorizer.add_user("me", "secret", str(folder), perm="elradfmwMT")
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
    ftp = ThreadedFTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=ftp.serve_forever, kwargs={"timeout": 0.1}, daemon=True)
    thread.start()
    yield f"ftp://me:secret@127.0.0.1:{ftp.address[1]}", folder
    ftp.close_all()
    thread.join(30)


def test_files_go_there_and_back(server: tuple[str, Path]) -> None:
    url, folder = server
    target = Target(f"{url}/data/set")
    assert target.sizes() == {}
    target.make()
    target.write("dataset.json", b"{}")
    assert (folder / "data" / "set" / "dataset.json").read_bytes() == b"{}"
    assert target.read("dataset.json") == b"{}"
    assert target.sizes()["dataset.json"] == 2
    target.remove("dataset.json")
    target.remove("dataset.json")
    assert "dataset.json" not in target.sizes()


def test_a_server_that_is_not_there_is_named(server: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = server
    with pytest.raises(SimgenError, match="cannot be reached"):
        generate(load_task(COIN), f"ftp://127.0.0.1:1/{tmp_path.name}", replace(OPTIONS, workers=1))
    (folder / "photos").mkdir()
    (folder / "photos" / "me.png").write_text("")
    with pytest.raises(BadInput, match=r"/photos: is not empty and holds no simgen dataset \(me.png"):
        generate(load_task(COIN), f"{url}/photos", replace(OPTIONS, workers=1))


def test_a_dataset_grows_on_a_server(server: tuple[str, Path], tmp_path: Path) -> None:
    url, folder = server
    out, local, task = f"{url}/team/coins", folder / "team" / "coins", load_task(COIN)
    generate(task, tmp_path / "whole", OPTIONS)
    generate(task, out, replace(OPTIONS, random=30, workers=1))
    assert len(contents(local)) == 36
    assert check_dataset(local).problems == []
    with pytest.raises(BadInput, match="/team/coins: already holds a dataset; continue it with --resume"):
        generate(task, out, replace(OPTIONS, workers=1))
    with pytest.raises(BadInput, match=r"/team/coins: the spec has changed.*\n.*generation\.seed: 3 in the dataset, 4"):
        generate(task, out, replace(OPTIONS, workers=1, resume=True, seed=4))
    record = local / "shards" / "shard-100000.json"
    record.write_text(record.read_text()[:100])  # an upload that was cut off
    generate(task, out, replace(OPTIONS, workers=2, resume=True))
    assert contents(local) == contents(tmp_path / "whole")
    assert (local / "episodes.jsonl").read_bytes() == (tmp_path / "whole" / "episodes.jsonl").read_bytes()
    assert check_dataset(local).problems == []
    assert sorted(path.name for path in local.iterdir()) == ["dataset.json", "episodes.jsonl", "shards"]
    assert json.loads((local / "dataset.json").read_text())["feature_notes"]["actions"]["low"] == [-1.0] * 8
    assert not list((tmp_path / "cache" / "scratch").rglob("*.h5")), "nothing is left on this machine"
