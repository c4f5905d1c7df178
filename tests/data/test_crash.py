"""Killed writers, full disks and damaged files."""

from __future__ import annotations

import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import psutil
import pytest
from synthetic_episodes import SCHEDULE, SPEC, make_episode, write_missing

from simgen.data import DatasetWriter, check_dataset, open_dataset, rebuild_index
from simgen.errors import SimgenError

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).with_name("synthetic_episodes.py")


def contents(path: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (path / "shards").iterdir()}


def shared_memory() -> set[str]:
    return set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()


def start_and_kill(path: Path, after: float, with_encoders: bool) -> None:
    """Runs the writer script and kills it `after` seconds from its start, with or without its encoders."""
    process = subprocess.Popen([sys.executable, str(SCRIPT), str(path), "0.03"], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(after)
    encoders = psutil.Process(process.pid).children() if process.poll() is None else []
    for victim in encoders if with_encoders else []:
        victim.kill()
    process.kill()
    process.wait()
    process.stdout.close()
    gone, alive = psutil.wait_procs(encoders, timeout=20)
    assert not alive


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dataset of an uninterrupted run."""
    path = tmp_path_factory.mktemp("whole")
    write_missing(str(path))
    return path


def test_kill_and_resume_gives_the_dataset_of_an_uninterrupted_run(tmp_path: Path, whole: Path) -> None:
    before = shared_memory()
    rng = random.Random(3)
    for attempt in range(4):
        start_and_kill(tmp_path / "killed", after=rng.uniform(0.2, 1.2), with_encoders=attempt % 2 == 1)
    write_missing(str(tmp_path / "killed"))
    assert contents(tmp_path / "killed") == contents(whole)
    assert (tmp_path / "killed/episodes.jsonl").read_bytes() == (whole / "episodes.jsonl").read_bytes()
    assert check_dataset(tmp_path / "killed").problems == []
    discarded = sum(phase == "teacher" and index % 5 == 4 for phase, index in SCHEDULE)
    assert len(open_dataset(tmp_path / "killed")) == len(SCHEDULE) - discarded
    assert shared_memory() <= before


@pytest.mark.parametrize("moment", ["before record", "before cleaning", "while unsealing", "temporary files"])
def test_resume_after_a_crash_between_two_steps(tmp_path: Path, whole: Path, moment: str) -> None:
    """Sets up by hand what each step of the protocol can leave behind."""
    shutil.copytree(whole, tmp_path, dirs_exist_ok=True)
    shards, staging = tmp_path / "shards", tmp_path / ".staging"
    staging.mkdir()
    if moment == "before record":
        (shards / "shard-000001.json").unlink()
    elif moment == "temporary files":
        (shards / ".shard-000009.h5.tmp").write_bytes(b"x")
        (staging / ".random-00000001.arrays.tmp").write_bytes(b"x")
        (staging / "random-00000100.arrays").write_bytes(b"no json beside it")
    else:
        from simgen.data.staging import stage_episode

        for index in range(4) if moment == "before cleaning" else (0, 2):
            stage_episode(tmp_path, make_episode(index, "random", length=3 + index % 4, size=32), "blosc2", None)
        (staging / "random-00000002.arrays").write_bytes(b"damaged")
    write_missing(str(tmp_path))
    assert contents(tmp_path) == contents(whole)
    assert not staging.exists()


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A directory that takes 400 kB in all, or, where nothing can be mounted, 100 kB in a file."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=400k", "none", str(folder)]
    if subprocess.run(command, capture_output=True).returncode == 0:
        yield folder
        subprocess.run(["umount", "-l", str(folder)], check=True)
        return
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    yield folder
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def fill(path: Path) -> None:
    with DatasetWriter(path, SPEC, episodes_per_shard=2, codec="raw") as writer:
        for index in range(60):
            writer.write(make_episode(index, size=16 if index < 2 else 32 + index))


def test_full_disk_keeps_what_is_finished(tiny_disk: Path) -> None:
    path = tiny_disk / "dataset"
    with pytest.raises(SimgenError, match=r"no space left \(.*continue with --resume"):
        fill(path)
    kept = open_dataset(path)
    assert len(kept) >= 2
    assert [episode.seed for episode in kept] == [1000 + index for index in range(len(kept))]
    for episode in kept:
        episode.read()
    assert all("sha256" not in problem for problem in check_dataset(path).problems)
    assert not list(path.rglob("*.tmp"))


@pytest.fixture(scope="module")
def two_shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Episodes 0 to 3 and 4 to 5, with compressed images."""
    path = tmp_path_factory.mktemp("two")
    with DatasetWriter(path, SPEC, episodes_per_shard=4) as writer:
        for index in range(6):
            writer.write(make_episode(index, length=40, size=32))
    assert check_dataset(path).problems == []
    return path


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1000)


def flip_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    with h5py.File(path) as file:
        place = file["traj_5/obs/sensor_data/base/rgb"].id.get_chunk_info(0)
    content[place.byte_offset + place.size // 2] ^= 0x55
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        (truncate, r"shard-000001\.h5: \d+ bytes instead of \d+; `simgen generate \.\.\. --resume`"),
        (flip_byte, r"random episode 5: .*(cannot be decoded|sha256 differs)"),
        (Path.unlink, r"shard-000001\.h5: the file is missing"),
        (lambda path: path.with_suffix(".json").unlink(), r"shard-000001\.h5: has no commit record"),
        (lambda path: path.with_suffix(".json").write_text("{"), r"shard-000001\.json.*cannot be read as JSON"),
    ],
)
def test_damage_is_found_and_repaired_by_resume(
    tmp_path: Path, two_shards: Path, damage: Callable[[Path], None], found: str
) -> None:
    path = shutil.copytree(two_shards, tmp_path / "damaged")
    record = path / "shards" / "shard-000001.json"
    damage(record.with_suffix(".h5"))
    report = check_dataset(path)
    assert not report.ok
    assert any(re.search(found, problem) for problem in report.problems), report.problems
    if record.exists() and record.read_text() == "{":
        with pytest.raises(SimgenError, match="remove it"):
            DatasetWriter(path, SPEC, resume=True)
        record.unlink()
    with DatasetWriter(path, SPEC, resume=True) as writer:
        assert writer.finished == {("random", index) for index in range(4)}
        for index in (4, 5):
            writer.write(make_episode(index, length=40, size=32))
    assert contents(path) == contents(two_shards)
    assert check_dataset(path).problems == []


def test_reading_a_truncated_or_foreign_shard_names_it(write_dataset: Callable[..., Path]) -> None:
    path = write_dataset()
    shard = path / "shards" / "shard-000001.h5"
    truncate(shard)
    dataset = open_dataset(path)
    assert dataset[0].actions.shape == (6, 8)
    with pytest.raises(SimgenError, match=r"shard-000001\.h5: cannot be read .*--resume"):
        dataset[5].read()
    shard.write_text("not HDF5")
    with pytest.raises(SimgenError, match=r"shard-000001\.h5: cannot be read"):
        open_dataset(path)[5].obs["agent/qpos"][0]


def test_index_and_newer_formats(write_dataset: Callable[..., Path]) -> None:
    path = write_dataset()
    index = (path / "episodes.jsonl").read_bytes()
    (path / "episodes.jsonl").unlink()
    assert any("episodes.jsonl" in problem for problem in check_dataset(path).problems)
    rebuild_index(path)
    assert (path / "episodes.jsonl").read_bytes() == index
    manifest = path / "dataset.json"
    manifest.write_text(manifest.read_text().replace('"format_version": 1', '"format_version": 99'))
    for use in (open_dataset, check_dataset, lambda path: DatasetWriter(path, SPEC, resume=True)):
        with pytest.raises(SimgenError, match="format version 99.*Update simgen"):
            use(path)
