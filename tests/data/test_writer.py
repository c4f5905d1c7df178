"""The writer: order, phases, discarded attempts, refusals, and processes that die."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
import pytest
from ctrl_c import heed_ctrl_c
from synthetic_episodes import SPEC, make_episode

from simgen.data import DatasetWriter, check_dataset, dataset_info, open_dataset
from simgen.errors import BadInput, SimgenError


def hashes(path: Path) -> dict[tuple[str, int], str]:
    return {(episode.phase, episode.index): episode.sha256 for episode in open_dataset(path)}


def write_all(writer: DatasetWriter, indices: Iterable[int]) -> None:
    for index in indices:
        writer.write(make_episode(index))


def test_hashes_do_not_depend_on_codec_shard_size_order_or_processes(write_dataset: Callable[..., Path]) -> None:
    episodes = [make_episode(index, length=1 + index) for index in range(7)]
    reference = hashes(write_dataset("reference", episodes))
    assert len(reference) == 7
    assert hashes(write_dataset("gzip", episodes[::-1], codec="gzip", episodes_per_shard=3, processes=2)) == reference
    assert hashes(write_dataset("raw", episodes[3:] + episodes[:3], codec="raw", queue_size=1)) == reference
    assert hashes(write_dataset("zstd", episodes, codec="zstd", episodes_per_shard=100)) == reference


def test_shard_names_follow_phase_and_index_and_records_carry_maniskill_keys(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, SPEC, episodes_per_shard=2, phases=["random", "teacher"]) as writer:
        for index in (4, 0, 1):
            writer.write(make_episode(index, "teacher"))
        writer.write(make_episode(3, "random"))
        writer.discard("random", 2, seed=7, reason="overflow")
    names = sorted(path.name for path in (tmp_path / "shards").glob("*.h5"))
    assert names == ["shard-000001.h5", "shard-100000.h5", "shard-100002.h5"]
    record = json.loads((tmp_path / "shards" / "shard-000001.json").read_text())
    assert record["env_info"]["env_id"] == "pick_cube"
    assert record["env_info"]["max_episode_steps"] == 50
    assert record["shard"]["discarded"] == [{"phase": "random", "index": 2, "seed": 7, "reason": "overflow"}]
    (entry,) = record["episodes"]
    expected = {
        "episode_id": 3,
        "episode_seed": 1003,
        "control_mode": "pd_joint_delta_pos",
        "elapsed_steps": 6,
        "reset_kwargs": {"seed": 1003},
        "success": False,
    }
    assert {key: entry[key] for key in expected} == expected
    assert check_dataset(tmp_path).problems == []
    assert not (tmp_path / ".staging").exists()


def test_info_counts_attempts(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, SPEC, episodes_per_shard=2, engine="newton") as writer:
        writer.write(make_episode(1, "teacher"))
        for index in (0, 2, 3):
            writer.discard("teacher", index, seed=index, reason="failure")
    info = dataset_info(tmp_path)
    assert info["episodes"] == 1
    assert info["frames"] == 6
    assert info["tasks"] == {"pick_cube": 1}
    assert info["success_rate"] == 1.0
    teacher = {"episodes": 1, "attempts": 4, "discarded": 3, "success_rate": 0.25, "frames": 6}
    assert info["phases"] == {"teacher": teacher}
    assert info["cameras"]["base"] == {"rgb": [16, 16, 3], "depth": [16, 16, 1], "segmentation": [16, 16, 1]}
    assert info["format_version"] == 1
    assert info["bytes"] == sum(path.stat().st_size for path in (tmp_path / "shards").glob("*.h5"))


def test_resume_reports_what_is_there_and_fills_incomplete_shards(tmp_path: Path) -> None:
    def write(path: Path, indices: list[int], resume: bool = False) -> None:
        with DatasetWriter(path, SPEC, episodes_per_shard=4, resume=resume) as writer:
            for index in indices:
                writer.write(make_episode(index))

    write(tmp_path / "whole", list(range(6)))
    write(tmp_path / "parts", [1, 5])
    with DatasetWriter(tmp_path / "parts", SPEC, resume=True) as writer:
        assert writer.finished == {("random", 1), ("random", 5)}
        writer.discard("random", 9, seed=9, reason="failure")
    with DatasetWriter(tmp_path / "parts", SPEC, resume=True) as writer:
        assert writer.discarded.keys() == {("random", 9)}
    write(tmp_path / "parts", [3, 0, 4, 2], resume=True)
    assert hashes(tmp_path / "parts") == hashes(tmp_path / "whole")
    assert check_dataset(tmp_path / "parts").problems == []
    for name in ("shard-000000.h5", "shard-000001.h5"):
        assert (tmp_path / "parts" / "shards" / name).read_bytes() == (tmp_path / "whole/shards" / name).read_bytes()


def test_the_record_names_what_the_cameras_record(tmp_path: Path) -> None:
    def recorded(name: str, *outputs: list[str]) -> str:
        cameras = {f"camera_{number}": {"outputs": names} for number, names in enumerate(outputs)}
        with DatasetWriter(tmp_path / name, {**SPEC, "cameras": cameras}) as writer:
            writer.write(make_episode(0))
        record = json.loads((tmp_path / name / "shards" / "shard-000000.json").read_text())
        return record["env_info"]["env_kwargs"]["obs_mode"]

    assert recorded("none") == "state"
    assert recorded("one", ["rgb"]) == "rgb"
    assert recorded("two", ["segmentation", "rgb"], ["normals", "depth"]) == "rgb+depth+segmentation+normal"


def test_a_dataset_without_episodes_is_begun_anew(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, {**SPEC, "name": "wrong"}, codec="gzip"):
        pass
    with DatasetWriter(tmp_path, SPEC) as writer:
        writer.discard("random", 0, seed=9, reason="failure")
    assert open_dataset(tmp_path).spec == SPEC
    with pytest.raises(BadInput, match="already holds a dataset"):
        DatasetWriter(tmp_path, SPEC)


def test_what_is_known_late_is_described_late(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, SPEC, features={"rewards": {"unit": "points"}}) as writer:
        writer.describe({"actions": {"low": [-1.0] * 8}})
        writer.write(make_episode(0))
    features = open_dataset(tmp_path).features
    assert (features["rewards"]["unit"], features["actions"]["low"]) == ("points", [-1.0] * 8)


def test_refusals(tmp_path: Path, write_dataset: Callable[..., Path]) -> None:
    path = write_dataset()
    with pytest.raises(BadInput, match="already holds a dataset"):
        DatasetWriter(path, SPEC)
    changed = {**SPEC, "episode": {"max_steps": 60}, "reward": [1.0]}
    with pytest.raises(BadInput, match=r"episode\.max_steps: 50 in the dataset, 60 now\n  reward\[0\]: absent .* 1\.0"):
        DatasetWriter(path, changed, resume=True)
    with pytest.raises(BadInput, match="begun with codec blosc2; it cannot go on with gzip"):
        DatasetWriter(path, SPEC, resume=True, codec="gzip")
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").touch()
    for target in (tmp_path / "photos", tmp_path / "photos" / "cat.png"):
        with pytest.raises(BadInput, match=r"cat\.png"):
            DatasetWriter(target, SPEC, resume=True)
    with pytest.raises(BadInput, match="did you mean 'blosc2'"):
        DatasetWriter(tmp_path / "new", SPEC, codec="blosc")
    assert not (tmp_path / "new").exists()


def test_one_writer_at_a_time_and_each_episode_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simgen.data.files.lock_directory.__defaults__", (0.1,))
    with DatasetWriter(tmp_path, SPEC) as writer:
        writer.write(make_episode(0))
        with pytest.raises(SimgenError, match="was written before"):
            writer.write(make_episode(0))
        with pytest.raises(SimgenError, match="another process is writing"):
            DatasetWriter(tmp_path, SPEC, resume=True)
        wrong = make_episode(1)
        wrong.arrays["rewards"] = wrong.arrays["rewards"].astype("f8")
        with pytest.raises(SimgenError, match="'rewards' has type float64; the dataset has float32"):
            writer.write(wrong)
        writer.write(make_episode(1))
    assert len(open_dataset(tmp_path)) == 2


def test_dead_encoder_is_noticed_and_finished_episodes_are_kept(tmp_path: Path) -> None:
    writer = DatasetWriter(tmp_path, SPEC, episodes_per_shard=2, processes=2, queue_size=2)
    write_all(writer, range(5))
    writer.flush()
    os.kill(writer.encoder_pids[0], signal.SIGKILL)
    with pytest.raises(SimgenError, match=r"encoder process died \(signal SIGKILL"):
        write_all(writer, range(5, 50))
    writer.close()
    assert len(open_dataset(tmp_path)) >= 4
    with DatasetWriter(tmp_path, SPEC, resume=True) as writer:
        assert {("random", index) for index in range(5)} <= writer.finished
    assert check_dataset(tmp_path).problems == []


def test_stuck_writer_leaves_no_process(tmp_path: Path) -> None:
    writer = DatasetWriter(tmp_path, SPEC, processes=2)
    pids = writer.encoder_pids
    assert all(psutil.pid_exists(pid) for pid in pids)
    del writer
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_encoders_load_no_simulator_and_ignore_ctrl_c(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, SPEC) as writer:
        writer.write(make_episode(0))
        writer.flush()
        (pid,) = writer.encoder_pids
        os.kill(pid, signal.SIGINT)
        maps = Path(f"/proc/{pid}/maps").read_text() if Path("/proc").is_dir() else ""
        assert not any(name in maps for name in ("libtorch", "warp", "sapien"))
        writer.write(make_episode(1))
    assert len(open_dataset(tmp_path)) == 2


INTERRUPTED = """
import sys, time
sys.path.insert(0, {folder!r})
from synthetic_episodes import SPEC, make_episode
from simgen.data import DatasetWriter
with DatasetWriter({path!r}, SPEC, processes=2) as writer:
    for index in range(10**6):
        writer.write(make_episode(index))
        if index == 20:
            print("written", writer.encoder_pids, flush=True)
"""


def test_ctrl_c_keeps_everything_and_leaves_no_process(tmp_path: Path) -> None:
    path = tmp_path / "dataset"
    code = INTERRUPTED.format(folder=str(Path(__file__).parent), path=str(path))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
        preexec_fn=heed_ctrl_c,
    )
    assert process.stdout is not None
    pids = json.loads(process.stdout.readline().removeprefix("written "))
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert "KeyboardInterrupt" in errors
    assert "SimgenError" not in errors
    assert not any(psutil.pid_exists(pid) for pid in pids)
    indices = [episode.index for episode in open_dataset(path)]
    assert indices == list(range(len(indices)))
    assert len(indices) > 20
    assert check_dataset(path).problems == []


def test_writing_waits_only_when_the_queue_is_full(tmp_path: Path) -> None:
    with DatasetWriter(tmp_path, SPEC, queue_size=2) as writer:
        writer.write(make_episode(0))
        writer.flush()
        (pid,) = writer.encoder_pids
        os.kill(pid, signal.SIGSTOP)
        while psutil.Process(pid).status() != psutil.STATUS_STOPPED:
            time.sleep(0.01)
        continued = threading.Event()
        go_on = lambda: (continued.set(), os.kill(pid, signal.SIGCONT))  # noqa: E731
        late, soon = threading.Timer(60.0, go_on), threading.Timer(0.5, go_on)
        late.start()
        writer.write(make_episode(1))
        writer.write(make_episode(2))
        assert not continued.is_set(), "the queue takes two episodes"
        late.cancel()
        soon.start()
        writer.write(make_episode(3))
        assert continued.is_set(), "the third has to wait"
        soon.join()
    assert len(open_dataset(tmp_path)) == 4


def queue_bytes() -> dict[int, int]:
    """Sizes of the blocks of shared memory that this process holds for episodes, by inode."""
    blocks: dict[int, int] = {}
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if os.readlink(link).startswith("/memfd:simgen-episode"):
                blocks[link.stat().st_ino] = link.stat().st_size
    return blocks


def test_the_queue_takes_no_more_memory_than_its_length_in_episodes(tmp_path: Path) -> None:
    before = queue_bytes()  # of writers of other tests that nobody has collected yet
    longest = sum(array.nbytes for array in make_episode(0, length=40).arrays.values())
    with DatasetWriter(tmp_path, SPEC, processes=2, queue_size=3) as writer:
        for index in range(60):
            writer.write(make_episode(index, length=1 + index % 40))
            sizes = [size for inode, size in queue_bytes().items() if inode not in before]
            assert len(sizes) == 3
            assert max(sizes) < 1.5 * longest
    assert queue_bytes().keys() <= before.keys()
    assert len(open_dataset(tmp_path)) == 60
