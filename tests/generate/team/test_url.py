"""Datasets on a file server: whole shards are brought there, and a later run goes on with what is there."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from file_server import served
from small_tasks import COIN, contents

from simgen.data import check_dataset
from simgen.data.files import write_json
from simgen.data.staging import stage_discard
from simgen.data.target import Target
from simgen.errors import BadInput, SimgenError
from simgen.generate import GenerateOptions, generate
from simgen.generate.team import claim
from simgen.generate.team.claim import CLAIM
from simgen.generate.team.remote import RemoteDataset
from simgen.spec import load_task

pytestmark = pytest.mark.slow
OPTIONS = GenerateOptions(random=70, teacher=6, num_envs=8, seed=3)


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """An FTP server on this machine; its URL and the folder that it serves."""
    monkeypatch.setenv("SIMGEN_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "served"
    folder.mkdir()
    with served(folder) as url:
        yield url, folder


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


def begin_another_run(folder: Path, out: str) -> subprocess.Popen[bytes]:
    """Starts a run in a process of its own, as somebody else would."""
    write_json(folder / "coin.yaml", COIN)
    command = [sys.executable, "-m", "simgen.cli", "generate", str(folder / "coin.yaml"), "--out", out, "--resume"]
    command += ["--random", "70", "--teacher", "6", "--num-envs", "8", "--seed", "3", "--workers", "1"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(condition: Callable[[], object], process: subprocess.Popen[bytes]) -> None:
    """Waits until a condition holds, which the process has to bring about."""
    deadline = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, "it has ended"
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_staged_here_counts_before_any_shard_is_there(
    server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "_SETTLING", 0.01)

    def opened(resume: bool) -> RemoteDataset:
        return RemoteDataset(
            f"{server[0]}/set", {"name": "coin"}, codec=None, resume=resume, phases=["random"], engine="newton",
            command=None, shared=True,
        )  # fmt: skip

    first = opened(resume=False)
    stage_discard(first.site, {"phase": "random", "index": 5, "seed": 1, "reason": "failure"})
    first.release()  # without `close`: as after a kill
    with pytest.raises(BadInput, match="/set: already holds a dataset; continue it with --resume"):
        opened(resume=False)
    second = opened(resume=True)
    assert list(second.found.discarded) == [("random", 5)]
    second.close(None)
    second.release()
    assert sorted(path.name for path in (server[1] / "set").iterdir()) == ["dataset.json", "episodes.jsonl", "shards"]


def test_a_server_that_takes_nothing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("simgen.data.target._PAUSE", 0.01)
    (tmp_path / "served").mkdir()
    with (
        served(tmp_path / "served", permissions="elr") as url,
        pytest.raises(SimgenError, match=r"/set: .*550 Not enough privileges.*Everything that was finished is kept"),
    ):
        generate(load_task(COIN), f"{url}/set", replace(OPTIONS, workers=1))
    assert not list((tmp_path / "served").iterdir())


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
    first = begin_another_run(tmp_path, out)
    wait_for((local / CLAIM).exists, first)
    with pytest.raises(SimgenError, match=rf"/team/coins: another run is writing .*process {first.pid} on .*since"):
        generate(task, out, replace(OPTIONS, workers=1, resume=True))
    first.kill()
    first.wait()
    assert (local / CLAIM).exists(), "it has had no time to give the dataset up"
    record = local / "shards" / "shard-100000.json"
    record.write_text(record.read_text()[:100])  # an upload that was cut off
    generate(task, out, replace(OPTIONS, workers=2, resume=True))
    assert contents(local) == contents(tmp_path / "whole")
    assert (local / "episodes.jsonl").read_bytes() == (tmp_path / "whole" / "episodes.jsonl").read_bytes()
    assert check_dataset(local).problems == []
    assert sorted(path.name for path in local.iterdir()) == ["dataset.json", "episodes.jsonl", "shards"]
    assert json.loads((local / "dataset.json").read_text())["feature_notes"]["actions"]["low"] == [-1.0] * 8
    assert not list((tmp_path / "cache" / "scratch").rglob("*.h5")), "nothing is left on this machine"
