"""Kills `simgen generate` at random moments, resumes it, and compares the result with that of an uninterrupted run.

    python examples/02_kill_and_resume.py --kills 20

Prints what it found and writes it to examples/results/kill_and_resume.json. The exit status is 1 if the two datasets
differ in any episode, or in the hash of what it holds.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import simgen
from simgen.data import check_dataset

RESULT = Path(__file__).parent / "results" / "kill_and_resume.json"
SMALL = ["--set", "cameras.base.size=[32, 32]", "--set", "render.triangles_per_link=200"]


def start(arguments: list[str], path: Path) -> subprocess.Popen[bytes]:
    """Starts the command in a process of its own; it goes on with whatever is at `path`."""
    command = [sys.executable, "-m", "simgen.cli", "generate", *arguments, "--out", str(path), "--resume"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def finished(path: Path) -> int:
    """Counts the attempts that are finished: in shards, or waiting for the rest of theirs."""
    records = [json.loads(record.read_text()) for record in (path / "shards").glob("*.json")]
    sealed = sum(len(record["episodes"]) + len(record["shard"]["discarded"]) for record in records)
    return sealed + len(list((path / ".staging").glob("*.json")))


def run_uninterrupted(arguments: list[str], path: Path) -> tuple[float, float]:
    """Returns the seconds until the first episode was finished, and from then to the end."""
    process, begun, first = start(arguments, path), time.monotonic(), None
    while process.poll() is None:
        if first is None and finished(path):
            first = time.monotonic()
        time.sleep(0.05)
    assert process.returncode == 0, "the uninterrupted run failed"
    first = first or time.monotonic()
    return first - begun, time.monotonic() - first


def run_and_kill(arguments: list[str], path: Path, begun: bool, seconds: float) -> bool:
    """Kills a run so many seconds after its start or, if `begun`, after the next attempt is finished.

    Returns False if the run ended by itself before.
    """
    before, process = finished(path), start(arguments, path)
    while begun and process.poll() is None and finished(path) == before:
        time.sleep(0.02)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True
    assert process.returncode == 0, "a run failed instead of being killed"
    return False


def hashes(path: Path) -> dict[str, str]:
    """Returns the hash of each episode's content."""
    return {f"{episode.phase} {episode.index}": episode.sha256 for episode in simgen.open_dataset(path)}


def compare(arguments: list[str], kills: int, seed: int, folder: Path) -> dict[str, object]:
    """Makes the dataset twice, once with kills, and says whether both are the same."""
    whole, cut, rng = folder / "whole", folder / "cut", random.Random(seed)
    warm_up, work = run_uninterrupted(arguments, whole)
    print(f"uninterrupted: {len(hashes(whole))} episodes, {warm_up:.1f} s to the first and {work:.1f} s for the rest")
    done, moments = 0, []
    while done < kills:
        # A quarter while a run starts, the others while it works; all of them together do not reach the end.
        begun = rng.random() > 0.25
        seconds = rng.uniform(0.0, 0.8 * work / kills if begun else warm_up)
        if not run_and_kill(arguments, cut, begun, seconds):
            break
        done += 1
        moments.append(finished(cut))
        what = "after it had begun to write" if begun else "after its start"
        print(f"kill {done}, {seconds:.1f} s {what}: {moments[-1]} attempts are finished")
    assert start(arguments, cut).wait() == 0, "the last run failed"
    identical = hashes(cut) == hashes(whole) and not check_dataset(cut).problems
    manifest = json.loads((cut / "dataset.json").read_text())
    return {
        "kills": done,
        "finished_attempts_at_kill": moments,
        "episodes": len(hashes(cut)),
        "identical": identical,
        "date": datetime.date.today().isoformat(),
        "versions": manifest["versions"],
    }


def main() -> int:
    """Runs the comparison and writes its result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="pick_cube")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--episodes", type=int, default=100, help="of each phase")
    parser.add_argument("--num-envs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0, help="of the moments and of the dataset")
    parser.add_argument("--result", type=Path, default=RESULT)
    chosen = parser.parse_args()
    counts = {"--random": chosen.episodes, "--teacher": chosen.episodes, "--num-envs": chosen.num_envs}
    arguments = [chosen.task, "--seed", str(chosen.seed), *SMALL]
    arguments += [text for name, value in counts.items() for text in (name, str(value))]
    with tempfile.TemporaryDirectory() as folder:
        result = compare(arguments, chosen.kills, chosen.seed, Path(folder))
    chosen.result.parent.mkdir(parents=True, exist_ok=True)
    chosen.result.write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result))
    return 0 if result["identical"] else 1


if __name__ == "__main__":
    sys.exit(main())
