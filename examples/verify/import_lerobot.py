"""Does `simgen import` read what LeRobot itself wrote?

    python examples/verify/import_lerobot.py PYTHON_WITH_LEROBOT

PYTHON_WITH_LEROBOT is the interpreter of an environment with lerobot (0.4 or newer), which cannot share one with
simgen. It records four episodes with LeRobotDataset: AV1 video, images inside the tables, state, action, reward, two
tasks. They are imported here and compared with what was recorded; one JSON object is printed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

import simgen
from simgen.data.import_ import import_dataset

RECORD = """
import sys
import numpy as np
import lerobot
from lerobot.datasets.lerobot_dataset import LeRobotDataset

root, reference = sys.argv[1:]
names = [f"joint_{number}.pos" for number in range(6)]
vector = {"dtype": "float32", "shape": (6,), "names": names}
axes = ["height", "width", "channels"]
features = {
    "observation.state": vector,
    "action": vector,
    "observation.images.front": {"dtype": "video", "shape": (64, 96, 3), "names": axes},
    "observation.images.wrist": {"dtype": "image", "shape": (48, 64, 3), "names": axes},
    "next.reward": {"dtype": "float32", "shape": (1,), "names": None},
}
dataset = LeRobotDataset.create("me/cubes", fps=15, features=features, root=root, robot_type="so101_follower")
frames = []
for episode in range(4):
    rng = np.random.default_rng(episode)
    for step in range(8 + episode):
        front = np.full((64, 96, 3), 20 + 45 * episode + 3 * step, np.uint8)
        frame = {
            "observation.state": rng.standard_normal(6).astype(np.float32),
            "action": rng.standard_normal(6).astype(np.float32),
            "observation.images.front": front,
            "observation.images.wrist": rng.integers(0, 256, (48, 64, 3), dtype=np.uint8),
            "next.reward": np.array([step == 7 + episode], np.float32),
        }
        frames.append(frame)
        dataset.add_frame({**frame, "task": ["pick", "place"][episode % 2]})
    dataset.save_episode()
dataset.finalize()
columns = {key: np.stack([frame[key] for frame in frames]) for key in features}
np.savez(reference, version=lerobot.__version__, **columns)
"""


def main(python: str) -> None:
    """Records with LeRobot, imports, compares and prints."""
    with tempfile.TemporaryDirectory() as folder:
        root, reference, out = (Path(folder) / name for name in ("cubes", "reference.npz", "out"))
        subprocess.run([python, "-c", RECORD, root, reference], check=True, stdout=sys.stderr)
        summary = import_dataset(root, out)
        expected = np.load(reference)
        with simgen.open_dataset(out) as dataset:
            exact, worst = compare(dataset, expected)
    result = {
        "lerobot": str(expected["version"]),
        "codebase_version": summary.version,
        "episodes": summary.episodes,
        "frames": summary.frames,
        "exact": exact,
        "largest_difference_of_av1_video": worst,
    }
    sys.stdout.write(json.dumps(result) + "\n")


def compare(dataset: simgen.data.Dataset, expected: np.lib.npyio.NpzFile) -> tuple[list[str], int]:
    """Names what is equal to the last bit, and how far a grey level of the video is off."""
    same = {"state": True, "action": True, "reward": True, "png images": True, "instruction": True}
    worst, first = 0, 0
    for number, episode in enumerate(dataset):
        rows = slice(first, first + episode.length)
        pairs = {
            "state": (episode.obs["extra/state"][:-1], expected["observation.state"][rows]),
            "action": (episode.actions, expected["action"][rows]),
            "reward": (episode.rewards, expected["next.reward"][rows, 0]),
            "png images": (episode.rgb("wrist")[:-1], expected["observation.images.wrist"][rows]),
            "instruction": (np.array(episode.instruction), np.array(["pick", "place"][number % 2])),
        }
        for name, (ours, theirs) in pairs.items():
            same[name] &= np.array_equal(ours, theirs)
        difference = episode.rgb("front")[:-1].astype(int) - expected["observation.images.front"][rows]
        worst = max(worst, int(np.abs(difference).max()))
        first += episode.length
    return [name for name, equal in same.items() if equal], worst


if __name__ == "__main__":
    main(sys.argv[1])
