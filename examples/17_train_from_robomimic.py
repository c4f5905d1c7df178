"""Trains robomimic's behaviour cloning on an export; run it where robomimic is installed.

    simgen export DIR --to robomimic --phase teacher --success --out OUT
    python examples/17_train_from_robomimic.py OUT/demos.hdf5 --steps 200

It prints the loss on mask/train and mask/valid before and after, as JSON.
"""

from __future__ import annotations

import argparse
import json

import h5py
import robomimic
import robomimic.utils.file_utils as FileUtils
import robomimic.utils.obs_utils as ObsUtils
import torch
from robomimic.algo import algo_factory
from robomimic.config import config_factory
from robomimic.utils.dataset import SequenceDataset
from torch.utils.data import DataLoader

WANTED = ("robot0_eef_pos", "robot0_eef_quat", "robot0_joint_pos", "robot0_gripper_qpos", "object", "goal_position")


def demos(path: str, keys: list[str], mask: str) -> SequenceDataset:
    """The demonstrations of a mask, in memory."""
    return SequenceDataset(
        hdf5_path=path, obs_keys=keys, dataset_keys=("actions", "rewards", "dones"), hdf5_cache_mode="low_dim",
        hdf5_use_swmr=False, seq_length=1, filter_by_attribute=mask, load_next_obs=False,
    )  # fmt: skip


def loss(model, loader: DataLoader) -> float:
    """Mean loss over a data set, without training."""
    model.set_eval()
    found = []
    with torch.no_grad():
        for batch in loader:
            ready = model.postprocess_batch_for_training(model.process_batch_for_training(batch), None)
            found.append(float(model.train_on_batch(ready, 0, validate=True)["losses"]["action_loss"]))
    return sum(found) / len(found)


def main() -> None:
    """Trains and prints what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hdf5")
    parser.add_argument("--steps", type=int, default=200)
    arguments = parser.parse_args()
    torch.manual_seed(0)
    with h5py.File(arguments.hdf5, "r") as file:
        keys = [key for key in WANTED if key in file["data/demo_0/obs"]]
    config = config_factory("bc")
    with config.values_unlocked():
        config.observation.modalities.obs.low_dim = keys
        config.experiment.rollout.enabled = False  # the tasks are simulated by simgen, not by robomimic
    ObsUtils.initialize_obs_utils_with_config(config)
    shapes = FileUtils.get_shape_metadata_from_dataset(arguments.hdf5, all_obs_keys=keys)
    model = algo_factory("bc", config, shapes["all_shapes"], shapes["ac_dim"], torch.device("cpu"))
    train, valid = (demos(arguments.hdf5, keys, mask) for mask in ("train", "valid"))
    loaders = {"train": DataLoader(train, 64, shuffle=True, drop_last=True), "valid": DataLoader(valid, 64)}
    before = {name: loss(model, loader) for name, loader in loaders.items()}
    model.set_train()
    step = 0
    while step < arguments.steps:
        for batch in loaders["train"]:
            ready = model.postprocess_batch_for_training(model.process_batch_for_training(batch), None)
            model.train_on_batch(ready, 0)
            step += 1
            if step == arguments.steps:
                break
    after = {name: loss(model, loader) for name, loader in loaders.items()}
    print(json.dumps({
        "robomimic": robomimic.__version__, "torch": torch.__version__, "observations": keys, "steps": step,
        "samples": {"train": len(train), "valid": len(valid)}, "loss_before": before, "loss_after": after,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
