"""Episodes that look like recorded ones and depend on phase and index only; as a script, a writer to be killed."""

from __future__ import annotations

import sys
import time

import numpy as np

from simgen.data import DatasetWriter, Episode

SPEC = {"name": "pick_cube", "robot": {"use": "panda", "control": "pd_joint_delta_pos"}, "episode": {"max_steps": 50}}
SEGMENTATION = {1: {"name": "panda", "class": "robot", "body": "panda_hand"}, 3: {"name": "cube", "class": "cube"}}


def make_episode(index: int, phase: str = "random", length: int = 6, size: int = 16) -> Episode:
    """One camera with `size` x `size` pixels, a robot with 9 joints, one actor."""
    rng = np.random.default_rng([index, len(phase)])
    rows, columns = np.mgrid[0:size, 0:size]
    offset = np.arange(length + 1)[:, None, None]
    box = (abs(rows - size // 2) < size // 6) & (abs(columns - size // 4 - offset % (size // 2)) < size // 6)
    shade = 90 + rows // 4 + columns // 8 + rng.integers(20)
    rgb = np.where(box[..., None], np.array([200, 30, 40]) + (rows[..., None] // 8), shade[..., None])
    depth = np.where(box, 700 + rows // 2, 900 + 2 * rows)
    quaternion = rng.standard_normal((length + 1, 4))
    actor = rng.standard_normal((length + 1, 13))
    actor[:, 3:7] = quaternion / np.linalg.norm(quaternion, axis=1, keepdims=True)
    articulation = np.concatenate([actor, rng.standard_normal((length + 1, 18))], axis=1)
    success = np.arange(length) == length - 1
    arrays = {
        "obs/agent/qpos": rng.standard_normal((length + 1, 9), dtype=np.float32),
        "obs/agent/qvel": rng.standard_normal((length + 1, 9), dtype=np.float32),
        "obs/extra/tcp_pose": actor[:, :7].astype(np.float32),
        "obs/sensor_param/base/intrinsic_cv": np.tile(np.eye(3, dtype=np.float32), (length + 1, 1, 1)),
        "obs/sensor_data/base/rgb": rgb.astype(np.uint8),
        "obs/sensor_data/base/depth": depth.astype(np.int16)[..., None],
        "obs/sensor_data/base/segmentation": np.where(box, 3, 0).astype(np.int16)[..., None],
        "actions": rng.uniform(-1, 1, (length, 8)).astype(np.float32),
        "terminated": success,
        "truncated": np.zeros(length, bool),
        "success": success,
        "rewards": rng.random(length).astype(np.float32),
        "env_states/actors/cube": actor.astype(np.float32),
        "env_states/articulations/panda": articulation.astype(np.float32),
    }
    return Episode(
        index=index,
        seed=1000 + index,
        phase=phase,
        task="pick_cube",
        instruction="pick up the red cube",
        success=bool(index % 3),
        reward_sum=float(arrays["rewards"].sum()),
        length=length,
        arrays=arrays,
        randomisation={"cube.mass": rng.random(), "cube.color": (0.5, np.float32(0.25), 1)},
        segmentation_ids=SEGMENTATION,
        flags=[] if index % 3 else ["failure"],
    )


SCHEDULE = [("random", index) for index in range(20)] + [("teacher", index) for index in range(16)]


def write_missing(path: str, pause: float = 0.0) -> None:
    """Writes what the schedule still lacks, out of order; every fifth attempt of the teacher gives no episode."""
    with DatasetWriter(
        path, SPEC, episodes_per_shard=4, processes=2, resume=True, phases=["random", "teacher"]
    ) as writer:
        for phase, index in sorted(SCHEDULE, key=lambda key: (key[0], key[1] ^ 3)):
            if (phase, index) in writer.finished or (phase, index) in writer.discarded:
                continue
            if phase == "teacher" and index % 5 == 4:
                writer.discard(phase, index, 1000 + index, "failure")
            else:
                writer.write(make_episode(index, phase, length=3 + index % 4, size=32))
            time.sleep(pause)


if __name__ == "__main__":
    sys.stdout.write("started\n")
    sys.stdout.flush()
    write_missing(sys.argv[1], float(sys.argv[2]))
