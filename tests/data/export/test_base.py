"""What all exports share: selection, resuming after a kill, what may be overwritten, the card."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from export_datasets import export_episode, write_export_dataset

from simgen.cli import main
from simgen.data import open_dataset
from simgen.data.export import ExportOptions, export_dataset
from simgen.errors import BadInput, SimgenError


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_export_dataset(tmp_path_factory.mktemp("source") / "dataset")


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_maniskill_files_hold_what_was_recorded_and_its_loader_reads_them(source: Path, tmp_path: Path) -> None:
    from mani_skill.trajectory.dataset import ManiSkillTrajectoryDataset

    export_dataset(source, tmp_path / "out", ExportOptions("maniskill"))
    dataset = open_dataset(source)
    with h5py.File(tmp_path / "out/trajectory.h5") as file:
        for number, episode in enumerate(dataset):
            np.testing.assert_array_equal(file[f"traj_{number}/actions"][()], episode.actions)
            np.testing.assert_array_equal(file[f"traj_{number}/obs/sensor_data/base/rgb"][()], episode.rgb("base")[()])
    loaded = ManiSkillTrajectoryDataset(str(tmp_path / "out/trajectory.h5"))
    assert len(loaded) == sum(episode.length for episode in dataset)
    np.testing.assert_array_equal(loaded[0]["action"], dataset[0].actions[0])


def test_chosen_episodes_cameras_and_sizes(source: Path, tmp_path: Path) -> None:
    options = ExportOptions(
        "maniskill", phase="teacher", cameras=("wrist",), outputs=("rgb", "depth"), states=("qpos",), size=(8, 12)
    )
    summary = export_dataset(source, tmp_path / "out", options)
    chosen = open_dataset(source).filter(phase="teacher")
    assert (summary.episodes, summary.frames) == (len(chosen), sum(episode.length for episode in chosen))
    with h5py.File(tmp_path / "out/trajectory.h5") as file:
        group = file["traj_0"]
        assert set(group["obs/sensor_data"]) == {"wrist"}
        assert set(group["obs/sensor_data/wrist"]) == {"rgb", "depth"}
        assert group["obs/sensor_data/wrist/rgb"].shape[1:] == (12, 8, 3)
        assert set(group["obs"]) == {"agent", "sensor_data", "sensor_param"}
        assert set(np.unique(group["obs/sensor_data/wrist/depth"])) <= set(np.unique(chosen[0].depth("wrist")[()]))
        ours, theirs = (camera["obs/sensor_param/wrist/intrinsic_cv"][0] for camera in (group, chosen[0].arrays))
        assert ours[0, 0] == pytest.approx(0.5 * theirs[0, 0])
        assert ours[1, 1] == pytest.approx(0.75 * theirs[1, 1])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"format": "lerobto"}, "lerobot"),
        ({"phase": "teahcer"}, "teacher"),
        ({"task": "nothing"}, "pick_cube"),
        ({"cameras": ("bsae",)}, "base"),
        ({"outputs": ("normals",)}, "rgb"),
        ({"states": ("qpso",)}, "qpos"),
        ({"episodes": "99"}, "99"),
        ({"size": (4, 16)}, "8 to 8192"),
        ({"settings": {"episodes_per_fiel": 3}}, "episodes_per_file"),
        ({"settings": {"episodes_per_file": 0}}, "1 to 100000"),
        ({"actions": "executed_actions"}, "actions_ee"),
    ],
)
def test_what_is_not_there_is_named_before_anything_is_written(
    source: Path, tmp_path: Path, options: dict, words: str
) -> None:
    with pytest.raises(BadInput, match=words):
        export_dataset(source, tmp_path / "out", ExportOptions(**{"format": "maniskill", **options}))
    assert not (tmp_path / "out").exists()


def test_a_finished_export_is_replaced_only_if_asked_and_strangers_stay(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export_dataset(source, out, ExportOptions("maniskill"))
    (out / "notes.txt").write_text("mine")
    with pytest.raises(BadInput, match="--overwrite"):
        export_dataset(source, out, ExportOptions("maniskill"))
    export_dataset(source, out, ExportOptions("robomimic", cameras=("none",), overwrite=True))
    assert (out / "notes.txt").read_text() == "mine"
    assert not (out / "trajectory.h5").exists()
    assert (out / "demos.hdf5").exists()
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.tex").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(BadInput, match="no export of simgen"):
            export_dataset(source, tmp_path / "full", ExportOptions("maniskill", overwrite=overwrite))
    assert (tmp_path / "full/thesis.tex").read_text() == "mine"


KILLED = """
import sys, time
from simgen.data.export import ExportOptions, export_dataset
def slow(what, number, total):
    print(what, number, flush=True)
    time.sleep(0.2)
export_dataset(sys.argv[1], sys.argv[2], ExportOptions(sys.argv[3], cameras=("base",)), slow)
"""


@pytest.mark.slow
@pytest.mark.parametrize("form", ["maniskill", "lerobot-v2.1", "lerobot"])
def test_a_killed_export_goes_on_where_it_was(source: Path, tmp_path: Path, form: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(source), str(tmp_path / "out"), form], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    while process.stdout.readline().split() != ["exported", "3"]:
        assert process.poll() is None
    time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    with pytest.raises(BadInput, match="--phase"):
        export_dataset(source, tmp_path / "out", ExportOptions(form, cameras=("base",), phase="teacher"))
    seen: list[int] = []
    options = ExportOptions(form, cameras=("base",))
    export_dataset(source, tmp_path / "out", options, lambda what, n, _: seen.append(n) if what == "exported" else None)
    assert min(seen) >= 2
    export_dataset(source, tmp_path / "whole", options)
    resumed, whole = files_of(tmp_path / "out"), files_of(tmp_path / "whole")
    assert resumed.keys() == whole.keys()
    data = [name for name in whole if name.endswith((".parquet", ".h5", ".jsonl", "info.json", "stats.json"))]
    assert data
    assert [name for name in data if resumed[name] != whole[name]] == []


def test_the_card_says_what_is_inside_and_its_snippet_runs(source: Path, tmp_path: Path) -> None:
    export_dataset(source, tmp_path / "out", ExportOptions("maniskill"))
    card = (tmp_path / "out/README.md").read_text()
    for words in (
        "5 (3 random, 2 teacher)",
        "20 Hz",
        "panda",
        "Apache-2.0",
        "mm, planar",
        "pick up the red cube",
        "1000",
    ):
        assert words in card
    snippet = card.split("```python\n")[1].split("```")[0]
    done = subprocess.run(
        [sys.executable, "-c", snippet], cwd=tmp_path / "out", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-1] == "torch.Size([8])"


def test_a_damaged_dataset_is_no_success(tmp_path: Path) -> None:
    path = write_export_dataset(tmp_path / "dataset", [export_episode(0)])
    shard = next((path / "shards").glob("*.h5"))
    content = bytearray(shard.read_bytes())
    content[len(content) // 2 :] = bytes(len(content) - len(content) // 2)
    shard.write_bytes(content)
    with pytest.raises((SimgenError, OSError, RuntimeError, KeyError)):
        export_dataset(path, tmp_path / "out", ExportOptions("maniskill"))
    assert not (tmp_path / "out/simgen_export.json").exists()


def test_the_command_prints_its_keys_and_lists_its_formats(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", str(source), "--to", "maniskill", "--out", str(tmp_path / "out"), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"format", "episodes", "frames", "bytes", "verified_with"} <= set(shown)
    assert shown["bytes"] == sum(
        len(content) for name, content in files_of(tmp_path / "out").items() if name != "simgen_export.json"
    )
    assert main(["export", "--formats", "--json"]) == 0
    formats = {row["name"] for row in json.loads(capsys.readouterr().out.splitlines()[-1])["formats"]}
    assert {"lerobot", "lerobot-v2.1", "maniskill", "rlds", "robomimic", "rerun", "webdataset"} <= formats


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["export"], "DIR"),
        (["export", "SOURCE", "--to", "maniskil", "--out", "OUT"], "maniskill"),
        (["export", "/nowhere", "--to", "maniskill", "--out", "OUT"], "/nowhere"),
        (["export", "SOURCE", "--to", "maniskill", "--out", "SOURCE/inside"], "choose another"),
        (["export", "SOURCE", "--to", "maniskill", "--out", "OUT", "--set", "nonsense"], "NAME=VALUE"),
    ],
)
def test_wrong_words_end_with_status_2_and_one_message(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], words: str
) -> None:
    names = {"SOURCE": str(source), "OUT": str(tmp_path / "out")}
    given = [word.replace("SOURCE", names["SOURCE"]) if "SOURCE" in word else names.get(word, word) for word in argv]
    try:
        code = main(given)
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    shown = capsys.readouterr()
    assert words in shown.err + shown.out
    assert "Traceback" not in shown.err
    assert not (tmp_path / "out").exists()
