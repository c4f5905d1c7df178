"""Plants faults into real episodes and counts how many of them `simgen curate` finds, and how many episodes it wrongs.

    python examples/14_curation_faults.py --work /tmp/faults

The thresholds are the defaults of `simgen curate`, chosen on the seeds 1, 2, 3, 11 and 12; here they meet another.
Each type of fault is planted in every third episode of datasets that are generated first; the others stay as they are.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from simgen.data import DatasetWriter, Episode, open_dataset
from simgen.data.curate import CurateConfig, curate_dataset
from simgen.machine import commit, versions

RESULT = Path(__file__).parent / "results" / "curation_faults.json"
SEEDS, TASKS = (21,), ("pick_cube", "push_cube", "stack_cube")
RGB, SEGMENTATION, STATES = "obs/sensor_data/base/rgb", "obs/sensor_data/base/segmentation", "env_states/actors/cube"


def _cube(episode: Episode) -> np.ndarray:
    """A copy of the cube's states: position, quaternion, velocity, angular velocity."""
    return episode.arrays[STATES].copy()


def _when(episode: Episode, rng: np.random.Generator, frames: int) -> int:
    """A frame after which so many others follow."""
    return int(rng.integers(2, max(3, episode.length - frames)))


def penetration(episode: Episode, rng: np.random.Generator, _other: Episode) -> Episode:
    """The cube sinks 10 to 25 mm into what it rests on, for at least a quarter of a second."""
    cube, frames = _cube(episode), int(rng.integers(5, 20))
    rest = cube[0, 2]
    first = next((k for k in range(2, len(cube) - frames) if (abs(cube[k : k + frames, 2] - rest) < 0.002).all()), 0)
    depth = rng.uniform(0.010, 0.025)
    cube[first : first + frames, 2] -= depth + 0.001  # what soft contacts have already does not count
    return _with(episode, {STATES: cube})


def explosion(episode: Episode, rng: np.random.Generator, _other: Episode) -> Episode:
    """The cube shoots off at 12 to 60 m/s; positions and velocities agree."""
    cube, first = _cube(episode), _when(episode, rng, 4)
    direction = rng.standard_normal(3)
    direction[2] = abs(direction[2])
    velocity = direction / np.linalg.norm(direction) * rng.uniform(12, 60)
    times = np.arange(len(cube) - first)[:, None] / 20
    cube[first:, :3] = cube[first, :3] + times * velocity
    cube[first:, 7:10] = velocity
    return _with(episode, {STATES: cube})


def teleport(episode: Episode, rng: np.random.Generator, _other: Episode) -> Episode:
    """The cube is 10 to 40 cm elsewhere from one frame to the next, and stays there."""
    cube, first = _cube(episode), _when(episode, rng, 2)
    angle = rng.uniform(0, 2 * np.pi)
    cube[first:, :2] += rng.uniform(0.1, 0.4) * np.array([np.cos(angle), np.sin(angle)])
    return _with(episode, {STATES: cube})


def energy(episode: Episode, rng: np.random.Generator, _other: Episode) -> Episode:
    """The cube hops 5 to 30 cm up by itself, where the robot is far away, and falls as gravity says."""
    cube, start = _cube(episode), rng.uniform(1.0, 2.4)
    tool = episode.arrays["obs/extra/tcp_pose"][:, :3]
    frames = int(np.ceil(2 * start / 9.81 * 20))
    far = np.linalg.norm(tool - cube[:, :3], axis=1) > 0.3
    first = next((k for k in range(2, len(cube) - frames) if far[k : k + frames].all()), None)
    if first is None:  # the robot stays near: the whole scene is as before, with the cube beside the robot's reach
        cube[:, 1] += 0.55
        first = _when(episode, rng, frames)
    times = np.arange(len(cube) - first) / 20
    height = np.maximum(start * times - 4.905 * times**2, 0)
    cube[first:, :2] = cube[first, :2]
    cube[first:, 2] = cube[first, 2] + height
    cube[first:, 7:13] = 0
    cube[first:, 9] = np.where(height > 0, start - 9.81 * times, 0)
    cube[first, 9] = start
    return _with(episode, {STATES: cube})


def overflow(episode: Episode, _rng: np.random.Generator, _other: Episode) -> Episode:
    """The engine had no room for all contacts, and flags it."""
    return dataclasses.replace(episode, flags=[*episode.flags, "overflow"])


def duplicate(episode: Episode, rng: np.random.Generator, _other: Episode) -> Episode:
    """The episode once more, with other noise: half a millimetre, a thousandth of the actions, grainy pictures."""
    arrays = {}
    for path in (STATES, "obs/agent/qpos", "env_states/articulations/panda"):
        arrays[path] = (episode.arrays[path] + rng.normal(0, 3e-4, episode.arrays[path].shape)).astype(np.float32)
    arrays["actions"] = (episode.arrays["actions"] + rng.normal(0, 1e-3, episode.arrays["actions"].shape)).astype("f4")
    noisy = episode.arrays[RGB] * rng.uniform(0.95, 1.05) + rng.normal(0, 2.0, episode.arrays[RGB].shape)
    return _with(episode, {**arrays, RGB: np.clip(noisy, 0, 255).astype(np.uint8)})


def occlusion(episode: Episode, _rng: np.random.Generator, _other: Episode) -> Episode:
    """Something stands before the cube all the time."""
    images = episode.arrays[SEGMENTATION].copy()
    numbers = [number for number, entry in episode.segmentation_ids.items() if entry["name"] == "cube"]
    images[np.isin(images, numbers)] = next(iter(episode.segmentation_ids))
    return _with(episode, {SEGMENTATION: images})


def saturation(episode: Episode, rng: np.random.Generator, _other: Episode) -> Episode:
    """A controller asks for far more than it gets: nearly all actions are cut off at their limits."""
    pushed = np.sign(episode.arrays["actions"] + rng.normal(0, 0.05, episode.arrays["actions"].shape))
    rare = rng.random(pushed.shape) < 0.08
    return _with(episode, {"actions": np.where(rare, episode.arrays["actions"], pushed).astype(np.float32)})


def static(episode: Episode, rng: np.random.Generator, _other: Episode) -> Episode:
    """The camera freezes in the first third, apart from the noise of its sensor, while the robot goes on."""
    images = episode.arrays[RGB].copy()
    first = int(rng.integers(0, episode.length // 3))
    noise = rng.normal(0, 1.0, (len(images) - first, *images.shape[1:]))
    images[first:] = np.clip(images[first] + noise, 0, 255).astype(np.uint8)
    return _with(episode, {RGB: images})


def cut(episode: Episode, rng: np.random.Generator, other: Episode) -> Episode:
    """From some frame on the pictures are those of another episode, from its middle on."""
    images, shown = episode.arrays[RGB].copy(), other.arrays[RGB]
    first = _when(episode, rng, 4)
    start = int(rng.integers(0, max(1, len(shown) // 2)))
    rows = np.minimum(start + np.arange(len(images) - first), len(shown) - 1)
    images[first:] = shown[rows]
    return _with(episode, {RGB: images})


FAULTS = (
    penetration, explosion, teleport, overflow, energy, duplicate, occlusion, saturation, static, cut,
)  # fmt: skip


def _with(episode: Episode, arrays: dict[str, np.ndarray]) -> Episode:
    arrays = {path: array.astype(episode.arrays[path].dtype) for path, array in arrays.items()}
    return dataclasses.replace(episode, arrays={**episode.arrays, **arrays})


def generate(task: str, seed: int, folder: Path, episodes: int) -> Path:
    """Generates a dataset of real episodes unless it is there."""
    out = folder / f"{task}_{seed}"
    if not (out / "dataset.json").exists():
        command = [sys.executable, "-m", "simgen.cli", "generate", task, "--out", str(out), "--seed", str(seed)]
        command += ["--random", str(episodes), "--teacher", str(episodes), "--num-envs", str(episodes)]
        subprocess.run([*command, "--set", "cameras.base.size=[64,64]"], check=True)
    return out


def plant(source: Path, out: Path, rng: np.random.Generator) -> Counter[str]:
    """Writes the episodes of a dataset, and after them copies with faults; returns how many of each type."""
    planted: Counter[str] = Counter()
    with open_dataset(source) as dataset:
        phases = [*dataset.manifest["phases"], *(f"{fault.__name__}_fault" for fault in FAULTS)]
        with DatasetWriter(out, dataset.spec, phases=phases, engine=dataset.manifest["engine"]) as writer:
            writer.describe(dataset.manifest["feature_notes"])
            for view in dataset:
                writer.write(view.read())
            for place, fault in enumerate(FAULTS):
                for number in range(place % 3, len(dataset), 3):
                    episode, other = dataset[number].read(), dataset[(number + 7) % len(dataset)].read()
                    broken = fault(episode, rng, other)
                    writer.write(dataclasses.replace(broken, phase=f"{fault.__name__}_fault", index=number))
                    planted[fault.__name__] += 1
    return planted


def count(decisions: Path) -> tuple[Counter[str], Counter[str], int]:
    """Returns faults found and false alarms by type, and how many sound episodes there were."""
    found: Counter[str] = Counter()
    false: Counter[str] = Counter()
    sound = 0
    for line in decisions.read_text().splitlines():
        decision = json.loads(line)
        kind = decision["phase"].removesuffix("_fault")
        if kind != decision["phase"]:
            found[kind] += kind in decision["reasons"]
            continue
        sound += 1
        false.update(decision["reasons"])
        false["any"] += bool(decision["reasons"])
    return found, false, sound


def main() -> None:
    """Measures, prints and records."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for the datasets")
    parser.add_argument("--episodes", type=int, default=24, help="of each phase, task and seed")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    planted: Counter[str] = Counter()
    found: Counter[str] = Counter()
    false: Counter[str] = Counter()
    sound, rng = 0, np.random.default_rng(0)
    for task in TASKS:
        for seed in arguments.seeds:
            source = generate(task, seed, arguments.work, arguments.episodes)
            faulty = arguments.work / f"{task}_{seed}_faulty"
            if faulty.exists():
                raise SystemExit(f"{faulty} is there already; remove it first")
            planted += plant(source, faulty, rng)
            result = curate_dataset(faulty, faulty.with_name(f"{faulty.name}_judged"), dry_run=True)
            assert result.decisions is not None
            new_found, new_false, new_sound = count(result.decisions)
            found, false, sound = found + new_found, false + new_false, sound + new_sound
    record = {
        "date": datetime.date.today().isoformat(),
        "commit": commit(),
        "versions": versions(),
        "command": "python examples/14_curation_faults.py",
        "tasks": TASKS,
        "seeds_of_thresholds": [1, 2, 3, 11, 12],
        "seeds": list(arguments.seeds),
        "thresholds": CurateConfig().written(),
        "sound_episodes": sound,
        "wronged": false["any"],
        "wronged_share": false["any"] / sound,
        "faults": {
            name: {"planted": planted[name], "found": found[name], "share": found[name] / planted[name],
                   "false_alarms": false[name], "false_share": false[name] / sound}
            for name in planted
        },
    }  # fmt: skip
    for name, numbers in record["faults"].items():
        print(f"{name:12} found {numbers['found']} of {numbers['planted']}, false {numbers['false_alarms']} of {sound}")
    print(f"sound episodes that were dropped: {false['any']} of {sound}")
    arguments.out.parent.mkdir(exist_ok=True)
    arguments.out.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
