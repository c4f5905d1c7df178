"""Where features go by their names: LeRobot's own, and those that a simgen export gives its arrays."""

from __future__ import annotations

from typing import Any

import pytest

from simgen.data.import_.lerobot.info import Info
from simgen.data.import_.lerobot.mapping import place_features


def placed(**features: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    """Path(s) by the key of a feature, "-" where it is left out."""
    info = Info.model_validate(
        {
            "codebase_version": "v3.0",
            "fps": 30,
            "total_episodes": 1,
            "total_frames": 1,
            "data_path": "x",
            "features": {key.replace("__", "."): value for key, value in features.items()},
        }
    )
    mapped = place_features(info)
    paths: dict[str, tuple[str, ...]] = {}
    for one in mapped.placed:
        paths[one.key] = (*paths.get(one.key, ()), one.path)
    return paths | dict.fromkeys(mapped.left_out, ("-",))


def numbers(*shape: int, dtype: str = "float32", names: Any = None) -> dict[str, Any]:
    return {"dtype": dtype, "shape": list(shape), "names": names}


def test_a_vector_of_joints_and_more_is_taken_apart() -> None:
    names = ["qpos.j1", "qpos.j2", "qvel.j1", "qvel.j2", "tcp_pose.0", "tcp_pose.1", "tcp_pose.2"]
    state = numbers(7, names=names)
    found = placed(observation__state=state)
    assert found == {"observation.state": ("obs/agent/qpos", "obs/agent/qvel", "obs/extra/tcp_pose")}
    lerobots = numbers(2, names={"motors": ["main_shoulder_pan", "gripper.pos"]})
    assert placed(observation__state=lerobots) == {"observation.state": ("obs/extra/state",)}


@pytest.mark.parametrize(
    ("key", "feature", "path"),
    [
        ("observation__images__top", numbers(480, 640, 3, dtype="video"), "obs/sensor_data/top/rgb"),
        ("observation__image", numbers(3, 96, 96, dtype="image"), "obs/sensor_data/image/rgb"),
        ("observation__base_depth", numbers(64, 64, dtype="int16"), "obs/sensor_data/base/depth"),
        ("observation__base_segmentation", numbers(64, 64, dtype="int16"), "obs/sensor_data/base/segmentation"),
        ("observation__base_normals", numbers(64, 64, 3, dtype="float32"), "obs/sensor_data/base/normals"),
        ("observation__images__base_albedo", numbers(64, 64, 3, dtype="video"), "obs/sensor_data/base/albedo"),
        ("observation__environment_state", numbers(10), "obs/extra/environment_state"),
        ("observation__depth_of_water", numbers(1), "obs/extra/depth_of_water"),
        ("privileged__cube_pose", numbers(7), "obs/privileged/cube_pose"),
        ("camera__base__intrinsic_cv", numbers(3, 3), "obs/sensor_param/base/intrinsic_cv"),
        ("env_states__actors__cube", numbers(13), "env_states/actors/cube"),
        ("action", numbers(7), "actions"),
        ("executed_action", numbers(7), "executed_actions"),
        ("end_effector_action", numbers(7), "actions_ee"),
        ("next__reward", numbers(1), "rewards"),
        ("next__done", numbers(1, dtype="bool"), "terminated"),
        ("complementary_info__is_intervention", numbers(1, dtype="bool"), "extra/complementary_info_is_intervention"),
        ("language", {"dtype": "string", "shape": [1]}, "-"),
    ],
)
def test_names_and_shapes_decide_the_path(key: str, feature: dict[str, Any], path: str) -> None:
    assert list(placed(**{key: feature}).values()) == [(path,)]


def test_done_makes_room_for_terminated_and_nothing_is_overwritten() -> None:
    flag = numbers(1, dtype="bool")
    found = placed(next__done=flag, next__terminated=flag, next__truncated=flag, terminated=flag)
    assert found == {
        "next.done": ("extra/done",),
        "next.terminated": ("terminated",),
        "next.truncated": ("truncated",),
        "terminated": ("-",),
    }
