"""Which path the features of a LeRobot dataset get, by their names: LeRobot's own, and those that our export gives."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

from simgen.data.import_.base import safe_name
from simgen.data.import_.lerobot.info import Feature, Info
from simgen.paths import assets_dir

OBSERVATION = "observation."
# What these hold is in our units if it has these names.
OUR_UNITS = ("obs/agent/", "obs/privileged/", "obs/sensor_param/", "env_states/")
Kind = Literal["video", "image", "depth video", "depth image", "numbers", "depth", "pixels"]
_STEPS = {
    "action": "actions",
    "executed_action": "executed_actions",
    "end_effector_action": "actions_ee",
    "reward": "rewards",
    "next.reward": "rewards",
    "terminated": "terminated",
    "next.terminated": "terminated",
    "truncated": "truncated",
    "next.truncated": "truncated",
    "success": "success",
    "next.success": "success",
    "fail": "fail",
    "next.fail": "fail",
}
_DONE = ("next.done", "done")  # means an end of any kind, so terminated goes before it
_TERMINATED = ("next.terminated", "terminated")
_STATES = {
    "privileged.": "obs/privileged/",
    "camera.": "obs/sensor_param/",
    "env_states.": "env_states/",
}
_OUTPUTS = ("segmentation", "normals", "albedo", "optical_flow", "scene_flow", "pointcloud")


@dataclass(frozen=True)
class Part:
    """Columns of a vector that are an array of their own."""

    path: str
    columns: slice
    names: list[str] | None


def kind_of(key: str, feature: Feature) -> Kind | None:
    """Returns how a feature is stored; None for what holds no numbers."""
    if feature.dtype == "video":
        return "depth video" if feature.is_depth else "video"
    if feature.dtype == "image":
        return "depth image" if feature.is_depth else "image"
    if not feature.dtype.startswith(("float", "int", "uint", "bool")):
        return None
    is_image = feature.size is not None and len(feature.shape) in (2, 3) and min(feature.size) > 1
    if not is_image or not key.startswith(OBSERVATION):
        return "numbers"
    if "depth" in key:
        return "depth"
    return "pixels" if key.endswith(_OUTPUTS) else "numbers"


def path_of(key: str, kind: Kind, feature: Feature, info: Info) -> str:
    """Returns the path of a feature in an episode."""
    name = key.removeprefix(OBSERVATION)
    if kind != "numbers":
        return _image_path(name.removeprefix("images."), kind)
    if key in _DONE:
        return "extra/done" if any(other in info.features for other in _TERMINATED) else "terminated"
    for prefix, folder in _STATES.items():
        if key.startswith(prefix):
            return folder + "/".join(map(safe_name, key.removeprefix(prefix).split(".", 1)))
    if not key.startswith(OBSERVATION):
        return _STEPS.get(key) or f"extra/{safe_name(key)}"
    if name in ("state", "velocity") and _is_joints(feature, info.robot_type):
        return "obs/agent/qpos" if name == "state" else "obs/agent/qvel"
    return f"obs/extra/{safe_name(name)}"


def _image_path(name: str, kind: Kind) -> str:
    output = "depth" if kind.startswith("depth") else next((one for one in _OUTPUTS if name.endswith(f"_{one}")), "rgb")
    camera = name
    if output != "rgb":
        camera = name.removesuffix(output).rstrip("._-/") or name
    return f"obs/sensor_data/{safe_name(camera)}/{output}"


def columns_by_name(names: list[str]) -> list[Part]:
    """Returns the parts of a vector whose columns are called qpos.JOINT, qvel.JOINT, tcp_pose.0, ...; [] for others."""
    heads = [name.partition(".")[0] for name in names]
    if "qpos" not in heads or not all("." in name for name in names):
        return []
    parts, start = [], 0
    for head, group in itertools.groupby(heads):
        stop = start + len(list(group))
        columns = [name.partition(".")[2] for name in names[start:stop]]
        numbered = columns == [str(number) for number in range(stop - start)]
        folder = "obs/agent" if head in ("qpos", "qvel") else "obs/extra"
        parts.append(Part(f"{folder}/{safe_name(head)}", slice(start, stop), None if numbered else columns))
        start = stop
    return parts if len({part.path for part in parts}) == len(parts) else []


def _is_joints(feature: Feature, robot_type: str | None) -> bool:
    """Whether the columns are the joints of a robot that we know, by their names: then they are in our units.

    LeRobot's own robots measure in degrees or in per cent of the range; their joints are called `shoulder_pan.pos`.
    """
    names = feature.column_names
    if not robot_type or names is None or not (assets_dir() / "robots" / f"{safe_name(robot_type)}.yaml").is_file():
        return False
    from simgen.world.robot.card import load_card  # torch, which other sources do without

    return names == list(load_card(robot_type).joint_names)
