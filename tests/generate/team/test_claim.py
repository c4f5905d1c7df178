"""Who writes a dataset at a URL: a second run is refused, one that is gone is followed at once or soon."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from simgen.errors import SimgenError
from simgen.generate.team import claim as module
from simgen.generate.team.claim import CLAIM, Claim

_OWNER = """
import sys, time
from simgen.generate.team.claim import Claim
Claim(sys.argv[1]).take()
print("mine", flush=True)
time.sleep(600)
"""


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(module, "_SETTLING", 0.05)
    return f"file://{tmp_path}"


@pytest.fixture
def owner(url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that has claimed the dataset."""
    process = subprocess.Popen([sys.executable, "-c", _OWNER, url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "mine\n"
    yield process
    process.kill()
    process.communicate()


def wait_for(condition: Callable[[], object]) -> None:
    """Waits until a condition holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_at_a_time(url: str, tmp_path: Path) -> None:
    first = Claim(url)
    first.take()
    with pytest.raises(SimgenError, match=rf"another run is writing this dataset \(process {os.getpid()} on .*since"):
        Claim(url).take()
    first.require()
    first.release()
    first.release()
    assert not list(tmp_path.iterdir())
    second = Claim(url)
    second.take()
    first.release()
    assert (tmp_path / CLAIM).exists(), "what is another's stays"
    second.release()


def test_a_killed_owner_on_this_machine_is_followed_at_once(
    url: str, owner: subprocess.Popen[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SimgenError, match=f"process {owner.pid} on"):
        Claim(url).take()
    owner.send_signal(signal.SIGKILL)
    wait_for(lambda: module.process_begun(owner.pid) is None)
    second = Claim(url)
    second.take()
    second.require()
    assert f"goes on in the place of a run that is gone (process {owner.pid}" in caplog.text
    second.release()


def test_an_owner_on_another_machine_is_known_by_its_renewals(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "RENEWAL", 0.1)
    first = Claim(url)
    first.take()
    monkeypatch.setattr(module, "this_machine", lambda: "another")
    with pytest.raises(SimgenError, match=r"another run is writing .*which is alive\)\. Wait for its end, or end it"):
        Claim(url).take()
    assert "waiting for a sign of life, at most 90 s. If it is gone for certain, remove writer.json" in caplog.text
    left = (tmp_path / CLAIM).read_bytes()
    first.release()
    (tmp_path / CLAIM).write_bytes(left)  # as if it had been killed
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    second = Claim(url)
    second.take()
    second.require()
    second.release()


@pytest.mark.parametrize("left", [b"", b'{"owner": "som', b"[]"])
def test_a_claim_that_was_cut_off_is_waited_for(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: bytes
) -> None:
    (tmp_path / CLAIM).write_bytes(left)
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    claim = Claim(url)
    claim.take()
    assert json.loads((tmp_path / CLAIM).read_bytes())["process"] == os.getpid()
    claim.release()


def test_an_owner_notices_that_it_was_followed(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEWAL", 0.05)
    first = Claim(url)
    first.take()
    values = json.loads((tmp_path / CLAIM).read_bytes())
    other = json.dumps(values | {"owner": "other", "host": "elsewhere"}).encode()

    def lost() -> bool:
        (tmp_path / CLAIM).write_bytes(other)  # a renewal under way may have undone it
        return first._problem is not None

    wait_for(lost)
    with pytest.raises(SimgenError, match=r"another run has taken this dataset over \(.* on elsewhere.*--resume goes"):
        first.require()
    first.release()
    assert (tmp_path / CLAIM).read_bytes() == other


def test_an_owner_that_reaches_the_url_no_more_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setattr(module, "RENEWAL", 0.05)
    monkeypatch.setattr(module, "PATIENCE", 0.3)
    first = Claim(url)
    first.take()
    monkeypatch.setattr(first._files, "read", lambda name: (_ for _ in ()).throw(SimgenError("no network")))
    wait_for(lambda: first._problem is not None)
    with pytest.raises(SimgenError, match=r"cannot be reached any more \(no network\)"):
        first.require()
    first.release()


def test_jumps_of_the_clock_decide_nothing(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEWAL", 0.05)
    jumps = iter(range(0, 10**9, 10**5))
    monkeypatch.setattr(time, "time", lambda: 1e9 - next(jumps))
    first = Claim(url)
    first.take()
    renewals = first._renewals
    wait_for(lambda: first._renewals > renewals + 3)
    first.require()
    with pytest.raises(SimgenError, match="another run is writing"):
        Claim(url).take()
    first.release()
