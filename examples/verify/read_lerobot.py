"""Compares every frame that LeRobot reads with the same episodes in ManiSkill's format; prints the differences."""

from __future__ import annotations

import json
import sys

import h5py
import lerobot
import numpy as np
from lerobot.datasets.lerobot_dataset import LeRobotDataset

COLUMNS = {"action": "actions", "next.reward": "rewards", "end_effector_action": "actions_ee"}
STATES = ("agent/qpos", "agent/qvel")  # the first columns of observation.state


def main() -> None:
    """Reads all; exact columns must be equal, pictures are measured."""
    dataset = LeRobotDataset("local/export", root=sys.argv[1])
    worst: dict[str, float] = {}
    with h5py.File(sys.argv[2], "r") as file:
        start = 0
        for number in range(dataset.num_episodes):
            group = file[f"traj_{number}"]
            length = len(group["actions"])
            wanted = {key: group[name][()] for key, name in COLUMNS.items() if name in group}
            state = np.concatenate([group[f"obs/{name}"][:length] for name in STATES], axis=1)
            images = {name: {out: array[:length] for out, array in group[f"obs/sensor_data/{name}"].items()}
                      for name in group.get("obs/sensor_data", {})}  # fmt: skip
            for step in range(length):
                frame = dataset[start + step]
                differences = {key: np.abs(frame[key].numpy() - rows[step]).max() for key, rows in wanted.items()}
                seen = frame["observation.state"].numpy()[: state.shape[1]]
                differences["observation.state"] = np.abs(seen - state[step]).max()
                for camera, arrays in images.items():
                    differences |= pictures(frame, camera, {out: array[step] for out, array in arrays.items()})
                for key, value in differences.items():
                    worst[key] = max(worst.get(key, 0.0), float(value))
            start += length
    assert start == dataset.num_frames, (start, dataset.num_frames)
    exact = [key for key in worst if "images" not in key]
    assert all(worst[key] == 0 for key in exact), worst
    print(json.dumps({"lerobot": lerobot.__version__, "episodes": dataset.num_episodes, "frames": start, **worst}))


def pictures(frame: dict, camera: str, arrays: dict[str, np.ndarray]) -> dict[str, float]:
    """Differences of one moment: colours as mean of 255, depth videos in mm up to 10 m, else the largest."""
    found = {}
    video = f"observation.images.{camera}"
    if "rgb" in arrays:
        shown = frame[video].numpy().transpose(1, 2, 0) * 255
        found[f"{video} (mean of 255)"] = np.abs(shown - arrays["rgb"]).mean()
    if "depth" in arrays:
        depth = arrays["depth"][..., 0].astype(float)
        if f"{video}_depth" in frame:
            known = (depth >= 10) & (depth <= 10_000)
            shown = frame[f"{video}_depth"].numpy()[0]
            found[f"{video}_depth (mm)"] = np.abs(shown - depth)[known].max(initial=0.0)
        else:
            found[f"{camera}_depth"] = np.abs(frame[f"observation.{camera}_depth"].numpy() - depth).max()
    if "segmentation" in arrays:
        shown = frame[f"observation.{camera}_segmentation"].numpy()
        found[f"{camera}_segmentation"] = np.abs(shown - arrays["segmentation"][..., 0]).max()
    return found


if __name__ == "__main__":
    main()
