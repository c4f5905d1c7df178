"""Records 4 random episodes of every ManiSkill environment that this machine has the files for, and prints a table.

`python examples/05_registered_environments.py` runs them one after the other with RGB + depth + segmentation, checks
what was written, and notes each result at once, so that it can be interrupted and goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console

from simgen.data import check_dataset, dataset_info
from simgen.env.registered.catalogue import Entry, catalogue, missing, missing_packages
from simgen.machine import machine

IMAGES = {"rgb", "depth", "segmentation"}


def record(environment: Entry, arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Generates and checks a dataset of one environment; says what came of it."""
    out = folder / environment.id
    steps = min(arguments.max_steps, environment.max_steps or arguments.max_steps)
    command = [
        sys.executable, "-m", "simgen.cli", "generate", environment.id, "--out", str(out), "--json",
        "--random", str(arguments.episodes), "--num-envs", "2", "--seed", "0",
        "--set", f"episode.max_steps={steps}", "--set", f"images.size=[{arguments.size}, {arguments.size}]",
    ]  # fmt: skip
    started = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=arguments.timeout, check=False)
    except subprocess.TimeoutExpired:
        return {"ok": False, "reason": f"not ready after {arguments.timeout} s"}
    if done.returncode != 0:
        return {"ok": False, "reason": (done.stderr.strip().splitlines() or ["no message"])[-1]}
    seconds = time.perf_counter() - started
    summary, info, checked = json.loads(done.stdout.splitlines()[-1]), dataset_info(out), check_dataset(out)
    outputs = {output for camera in info["cameras"].values() for output in camera}
    lacking = sorted(IMAGES - outputs)
    problems = [*checked.problems, *([f"no {', '.join(lacking)}"] if lacking else [])]
    return {
        "ok": not problems and info["episodes"] == arguments.episodes,
        "reason": "; ".join(map(str, problems)),
        "episodes": info["episodes"],
        "frames": info["frames"],
        "cameras": list(info["cameras"]),
        "steps_per_episode": steps,
        "frames_per_second": round(summary["frames_per_second"] or 0.0, 1),
        "seconds": round(seconds, 1),
    }


def markdown(rows: dict[str, dict[str, Any]]) -> str:
    """Returns the table."""
    lines = ["| environment | episodes | frames | cameras | frames/s | |", "|---|---|---|---|---|---|"]
    for name, row in rows.items():
        cameras = ", ".join(row.get("cameras", []))
        cells = (name, row.get("episodes", ""), row.get("frames", ""), cameras, row.get("frames_per_second", ""))
        lines.append(f"| {' | '.join(map(str, cells))} | {'ok' if row['ok'] else row['reason']} |")
    good = sum(row["ok"] for row in rows.values())
    return "\n".join([*lines, "", f"{good} of {len(rows)} environments gave all episodes."])


def main() -> int:
    """Runs them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--episodes", type=int, default=4, help="of each environment")
    parser.add_argument("--max-steps", type=int, default=20, help="longest episode [control steps]")
    parser.add_argument("--size", type=int, default=128, help="side of the images [px]")
    parser.add_argument("--timeout", type=float, default=600, help="for one environment [s]")
    parser.add_argument("--only", nargs="+", help="ids; default all whose files are there")
    parser.add_argument("--again", action="store_true", help="also what the results have already")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "registered_environments.json")
    arguments = parser.parse_args()
    chosen = [each for each in catalogue() if not missing(each) and not missing_packages(each)]
    if arguments.only:
        chosen = [each for each in catalogue() if each.id in arguments.only]
    rows = json.loads(arguments.out.read_text())["environments"] if arguments.out.exists() else {}
    console = Console(stderr=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, environment in enumerate(chosen, start=1):
            if environment.id in rows and not arguments.again:
                continue
            console.print(f"{number} of {len(chosen)}: {environment.id}")
            rows[environment.id] = record(environment, arguments, Path(folder))
            arguments.out.parent.mkdir(parents=True, exist_ok=True)
            result = {"machine": machine(), "date": time.strftime("%Y-%m-%d"), "environments": rows}
            arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(markdown(rows))
    return 0 if all(row["ok"] for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
