"""Compares every step that TensorFlow Datasets reads with the same episodes in ManiSkill's format."""

from __future__ import annotations

import json
import sys

import h5py
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds


def main() -> None:
    """Reads all; ends with an error at the first difference."""
    builder = tfds.builder_from_directory(sys.argv[1])
    steps = 0
    with h5py.File(sys.argv[2], "r") as file:
        episodes = builder.as_dataset(split="train", read_config=tfds.ReadConfig(interleave_cycle_length=1))
        count = 0
        for episode in episodes:
            count += 1
            group = file[f"traj_{int(episode['episode_metadata']['episode_id'])}"]
            arrays = {name: group[name][()] for name in ("actions", "actions_ee", "rewards")}
            cameras = group.get("obs/sensor_data", {})
            for number, step in enumerate(episode["steps"]):
                expected = arrays["actions_ee"][number].copy()
                expected[6] = (expected[6] + 1) / 2
                np.testing.assert_array_equal(step["action"], expected)
                np.testing.assert_array_equal(step["recorded_actions"], arrays["actions"][number])
                np.testing.assert_array_equal(step["reward"], arrays["rewards"][number])
                for place, camera in enumerate(cameras):
                    ending = f"_{camera}" if place else ""
                    for output, ours in (("image", "rgb"), ("depth", "depth"), ("segmentation", "segmentation")):
                        if ours in cameras[camera]:
                            found = step["observation"][output + ending].numpy()
                            np.testing.assert_array_equal(found, cameras[camera][ours][number])
                assert bool(step["is_first"]) == (number == 0)
                assert bool(step["is_last"]) == (number == len(arrays["actions"]) - 1)
                steps += 1
    versions = {"tensorflow": tf.__version__, "tensorflow-datasets": tfds.__version__}
    print(json.dumps({**versions, "episodes": count, "steps": steps, "differences": 0}))


if __name__ == "__main__":
    main()
