"""Small HDF5 sources, written with h5py by the published layouts of ManiSkill and robomimic, without simgen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np


def camera_arrays(length: int, rng: np.random.Generator, height: int = 24, width: int = 32) -> dict[str, np.ndarray]:
    """Colour, depth [mm], instance ids and the matrix of one camera; `length` rows."""
    matrix = np.array([[30, 0, width / 2], [0, 30, height / 2], [0, 0, 1]], np.float32)
    return {
        "sensor_data/base_camera/rgb": rng.integers(0, 256, (length, height, width, 3), np.uint8),
        "sensor_data/base_camera/depth": rng.integers(0, 2000, (length, height, width, 1), np.int16),
        "sensor_data/base_camera/segmentation": rng.integers(0, 4, (length, height, width, 1), np.int16),
        "sensor_param/base_camera/intrinsic_cv": np.repeat(matrix[None], length, axis=0),
        "sensor_param/base_camera/extrinsic_cv": np.repeat(np.eye(3, 4, dtype=np.float32)[None], length, axis=0),
    }


def states(length: int, rng: np.random.Generator, joints: int = 9) -> dict[str, np.ndarray]:
    """ManiSkill's env_states: actors with 13 columns, articulations with 13 and two per joint."""
    actor = rng.standard_normal((length, 13)).astype(np.float32)
    actor[:, 3:7] /= np.linalg.norm(actor[:, 3:7], axis=1, keepdims=True)
    robot = np.concatenate([actor, rng.standard_normal((length, 2 * joints)).astype(np.float32)], axis=1)
    return {"actors/cube": actor, "articulations/panda": robot}


def maniskill_obs(mode: str, length: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The arrays of "obs" by observation mode; "" is the path of obs itself."""
    if mode == "none":
        return {}
    if mode == "state":
        return {"": rng.standard_normal((length, 42)).astype(np.float32)}
    agent = {
        "agent/qpos": rng.standard_normal((length, 9), np.float32),
        "agent/qvel": rng.standard_normal((length, 9), np.float32),
    }
    extra = {
        "extra/is_grasped": rng.integers(0, 2, length).astype(bool),
        "extra/tcp_pose": states(length, rng)["actors/cube"][:, :7],
    }
    if mode == "state_dict":
        return agent | extra
    if mode == "pointcloud":
        cloud = {
            "pointcloud/xyzw": rng.standard_normal((length, 50, 4)).astype(np.float32),
            "pointcloud/rgb": rng.integers(0, 256, (length, 50, 3), np.uint8),
            "pointcloud/segmentation": rng.integers(0, 4, (length, 50, 1)).astype(np.int16),
        }
        return agent | extra | cloud
    if mode == "flattened":  # FlattenRGBDObservationWrapper with two cameras
        return {
            "rgb": rng.integers(0, 256, (length, 24, 32, 6), np.uint8),
            "state": rng.standard_normal((length, 20), np.float32),
        }
    return agent | extra | camera_arrays(length, rng)


def maniskill_arrays(mode: str, number: int, length: int) -> dict[str, np.ndarray]:
    """The arrays of an episode by their paths; the one with number 1 fails."""
    rng = np.random.default_rng(number)
    last = np.arange(length) == length - 1
    arrays: dict[str, np.ndarray] = {
        "actions": rng.standard_normal((length, 8)).astype(np.float32),
        "terminated": last,
        "truncated": np.zeros(length, bool),
        "success": last & (number != 1),
        "rewards": rng.random(length).astype(np.float32),
    }
    arrays |= {f"env_states/{path}": array for path, array in states(length + 1, rng).items()}
    obs = maniskill_obs(mode, length + 1, rng)
    return arrays | {f"obs/{path}" if path else "obs": array for path, array in obs.items()}


def write_maniskill(
    folder: Path,
    mode: str = "rgb+depth+segmentation",
    lengths: Sequence[int] = (4, 6),
    name: str = "trajectory",
    **changes: Any,
) -> list[dict[str, np.ndarray]]:
    """Writes an .h5 and a .json file as RecordEpisode does; returns the arrays of each episode by their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written, listed = [], []
    with h5py.File(folder / f"{name}.h5", "w") as file:
        for number, length in enumerate(lengths):
            arrays = maniskill_arrays(mode, number, length)
            group = file.create_group(f"traj_{number}")
            for path, array in arrays.items():
                group.create_dataset(path, data=array, compression="gzip" if array.ndim == 4 else None)
            written.append(arrays)
            listed.append(
                {
                    "episode_id": number,
                    "episode_seed": 100 + number,
                    "control_mode": "pd_joint_delta_pos",
                    "elapsed_steps": length,
                    "reset_kwargs": {"seed": 100 + number},
                    "success": number != 1,
                }
            )
    record = {
        "env_info": {
            "env_id": "PickCube-v1",
            "env_kwargs": {"obs_mode": mode, "control_mode": "pd_joint_delta_pos", "sim_config": {"control_freq": 25}},
            "max_episode_steps": 50,
        },
        "commit_info": None,
        "source_type": "motionplanning",
        "source_desc": "by hand",
        "episodes": listed,
        **changes,
    }
    (folder / f"{name}.json").write_text(json.dumps(record))
    return written


def write_robomimic(
    path: Path, lengths: Sequence[int] = (4, 6), next_obs: bool = True, images: bool = True, **kwargs: Any
) -> list[dict[str, np.ndarray]]:
    """Writes a file as robomimic's dataset_states_to_obs.py does; returns T+1 observations and what has T rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = []
    with h5py.File(path, "w") as file:
        data = file.create_group("data")
        for number, length in enumerate(lengths):
            rng = np.random.default_rng(number)
            obs = {
                "robot0_joint_pos": rng.standard_normal((length + 1, 7)),
                "robot0_eef_pos": rng.standard_normal((length + 1, 3)),
                "object": rng.standard_normal((length + 1, 10)),
            }
            if images:
                obs["agentview_image"] = rng.integers(0, 256, (length + 1, 20, 30, 3), np.uint8)
            steps = {
                "actions": rng.uniform(-1, 1, (length, 7)),
                "rewards": (np.arange(length) == length - 1).astype(np.float64),
                "dones": (np.arange(length) == length - 1).astype(np.int64),
                "states": rng.standard_normal((length, 32)),
            }
            demo = data.create_group(f"demo_{number}")
            demo.attrs["num_samples"] = length
            demo.attrs["model_file"] = "<mujoco/>"
            for name, array in steps.items():
                demo.create_dataset(name, data=array)
            for name, array in obs.items():
                demo.create_dataset(f"obs/{name}", data=array[:-1])
                if next_obs:
                    demo.create_dataset(f"next_obs/{name}", data=array[1:])
            written.append(obs | steps)
        data.attrs["total"] = sum(lengths)
        env = {
            "robots": ["Panda"],
            "control_freq": 25,
            "reward_shaping": False,
            "controller_configs": {"type": "OSC_POSE"},
        }
        data.attrs["env_args"] = json.dumps(
            {"env_name": "Lift", "env_version": "1.4.1", "type": 1, "env_kwargs": {**env, **kwargs}}
        )
        file.create_dataset("mask/train", data=np.array([b"demo_0"]))
        file.create_dataset("mask/valid", data=np.array([b"demo_1"]))
    return written
