"""How time, memory and disk grow: `python examples/benchmarks/growth.py` measures, writes a table and a picture.

Grown are the number of episodes, things in a scene, cameras, and worker processes. Each row is one `simgen generate` in
processes of its own; memory is the largest that all of them together had in RAM, without the pages of files. Rows that
stand in the file of results are not measured again, unless with --again. --quick tries everything in two minutes; the
whole takes about 20 on two cores that have nothing else to do.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import yaml
from growth_plot import AXES, draw, extrapolated

from simgen.bench.conditions import provenance
from simgen.bench.memory import family
from simgen.machine import usable_cores

SIMGEN = [sys.executable, "-m", "simgen.cli"]
LOOK_SECONDS = 0.5  # between looks at the memory
CAMERA = {"eye": [0.5, 0.0, 0.5], "look_at": [0.0, 0.0, 0.0], "outputs": ["rgb", "depth", "segmentation"]}


@dataclass(frozen=True)
class Row:
    """What is recorded to see how something grows.

    Args:
        axis: What grows: "episodes", "objects", "cameras" or "workers".
        value: How many of it.
        episodes: To record, with a random policy.
        steps: Of each.
        side: Of the images [px].
        num_envs: Worlds at once.
    """

    axis: str
    value: int
    episodes: int
    steps: int
    side: int
    num_envs: int

    def task(self) -> dict[str, Any]:
        """Returns the task: a Panda before cubes in rows, seen by cameras on a circle."""
        things = self.value if self.axis == "objects" else 1
        cameras = self.value if self.axis == "cameras" else 1
        return {
            "name": "growth",
            "robot": {"use": "panda"},
            "episode": {"max_steps": self.steps, "control_hz": 20, "sim_hz": 100},
            "scene": {
                "table": {"use": "table"},
                "objects": {
                    f"cube_{number}": {
                        "box": [0.03, 0.03, 0.03],
                        "pose": {"on": "table", "xy": [0.06 * (number // 8), 0.06 * (number % 8) - 0.21]},
                    }
                    for number in range(things)
                },
            },
            "cameras": {f"camera_{number}": self._camera(number, cameras) for number in range(cameras)},
        }

    def _camera(self, number: int, cameras: int) -> dict[str, Any]:
        angle = 2.0 * math.pi * number / cameras
        eye = [0.5 * math.cos(angle), 0.5 * math.sin(angle), 0.5]
        return CAMERA | {"eye": eye, "size": [self.side, self.side]}

    def options(self) -> list[str]:
        """Returns the options of `simgen generate`, without folders."""
        found = ["--random", str(self.episodes), "--num-envs", str(self.num_envs)]
        return [*found, "--workers", str(self.value)] if self.axis == "workers" else found


def rows_of(quick: bool, most_episodes: int) -> list[Row]:
    """Returns what is to be measured."""
    counts = [10, 40, 160] if quick else [10**power for power in range(2, 1 + round(math.log10(most_episodes)))]
    rows = [Row("episodes", count, count, 4 if quick else 10, 16 if quick else 32, 64) for count in counts]
    episodes, steps, side, envs = (4, 4, 32, 4) if quick else (192, 50, 64, 32)
    rows += [
        Row("objects", count, episodes, steps, side, envs) for count in ((1, 4) if quick else (1, 2, 4, 8, 16, 32))
    ]
    rows += [Row("cameras", count, episodes, steps, side, envs) for count in ((1, 2) if quick else (1, 2, 3, 4))]
    if has_workers():
        workers = sorted({1, usable_cores(), *(1 << power for power in range(8) if 1 << power <= usable_cores())})
        rows += [Row("workers", count, 2 * episodes, steps, side, envs) for count in workers]
    return rows


def has_workers() -> bool:
    """Returns whether `simgen generate` can use several processes."""
    text = subprocess.run([*SIMGEN, "generate", "--help"], capture_output=True, text=True, check=True).stdout
    return "--workers" in text


def measure(row: Row) -> dict[str, Any]:
    """Records a dataset and returns what it took."""
    with tempfile.TemporaryDirectory(prefix="simgen-growth-") as folder:
        spec, out = Path(folder) / "growth.yaml", Path(folder) / "dataset"
        spec.write_text(yaml.safe_dump(row.task()), encoding="utf-8")
        processor, started = processor_seconds(), time.perf_counter()
        process = subprocess.Popen(
            [*SIMGEN, "generate", str(spec), "--out", str(out), *row.options(), "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with watched(process.pid) as sizes:
            printed, problem = process.communicate()
        if process.returncode:
            raise SystemExit(f"{row.axis} {row.value}: {problem.strip().splitlines()[-1]}")
        summary = json.loads(printed.splitlines()[-1])
        return {
            **asdict(row),
            "frames": summary["frames"],
            "seconds": summary["frames"] / summary["frames_per_second"],
            "seconds_with_start": time.perf_counter() - started,
            "processor_seconds": processor_seconds() - processor,
            "peak_bytes": max(sizes),
            "disk_bytes": sum(path.stat().st_size for path in out.rglob("*") if path.is_file()),
        }


def processor_seconds() -> float:
    """Returns what all processes took that this one has started and that have ended, on all cores [s]."""
    usage = getrusage(RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@contextmanager
def watched(pid: int) -> Iterator[list[int]]:
    """Gives the list of what a process and its children have in memory, which grows inside the block [bytes]."""
    sizes, stop = [resident_bytes(pid)], threading.Event()

    def look() -> None:
        while not stop.wait(LOOK_SECONDS):
            sizes.append(resident_bytes(pid))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield sizes
    finally:
        stop.set()
        thread.join()


def resident_bytes(root: int) -> int:
    """Returns what a process and its children have in memory; pages that several have are shared out, not repeated."""
    total = 0
    for pid in family(root):
        try:
            text = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:  # it has just ended
            continue
        own = [line for line in text.splitlines() if line.startswith(("Pss_Anon:", "Pss_Shmem:"))]
        total += sum(int(line.split()[1]) * 1024 for line in own)
    return total


def show(rows: list[dict[str, Any]]) -> None:
    """Prints the table, and what 10^8 episodes would take."""
    print(f"{'':>16}{'frames':>9}{'seconds':>9}{'per frame':>11}{'memory':>10}{'disk':>11}{'per frame':>12}")
    for row in rows:
        name = f"{row['value']:,} {row['axis']}"
        print(
            f"{name:>16}{row['frames']:>9,}{row['seconds']:>9.1f}{1e3 * row['seconds'] / row['frames']:>8.2f} ms"
            f"{row['peak_bytes'] / 1e9:>7.2f} GB{row['disk_bytes'] / 1e6:>8.1f} MB"
            f"{row['disk_bytes'] / row['frames'] / 1e3:>9.2f} kB"
        )
    if (far := extrapolated(rows)) is not None:
        print(f"\n10^8 episodes: {far['days']:.1f} days, {far['disk_terabytes']:.2f} TB, "
              f"{far['memory_gigabytes']:.2f} GB of memory, if: {'; '.join(far['assumptions'])}.")  # fmt: skip


def is_of(found: dict[str, Any], row: Row) -> bool:
    """Returns whether this was measured for that row."""
    return asdict(row).items() <= found.items()


def measured(path: Path, wanted: list[Row]) -> list[dict[str, Any]]:
    """Returns those of the rows that stand in a file already."""
    known = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    return [found for found in known if any(is_of(found, row) for row in wanted)]


def main() -> int:
    """Measures what is missing, prints the table, draws."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="few and small rows, to try the script")
    parser.add_argument("--again", action="store_true", help="measure rows that were measured already")
    parser.add_argument("--most-episodes", type=int, default=10_000, help="100000 takes ten times as long")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "growth.json")
    arguments = parser.parse_args()
    wanted = rows_of(arguments.quick, arguments.most_episodes)
    known = json.loads(arguments.out.read_text(encoding="utf-8"))["rows"] if arguments.out.exists() else []
    rows = (
        [] if arguments.again else [old for old in known if any(asdict(row).items() <= old.items() for row in wanted)]
    )
    for row in wanted:
        if any(asdict(row).items() <= old.items() for old in rows):
            continue
        print(f"{row.value:,} {row.axis} ...", file=sys.stderr)
        found = provenance()
        rows.append(measure(row) | {key: found[key] for key in ("commit", "date")})
        rows.sort(key=lambda each: (AXES.index(each["axis"]), each["value"]))
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        result = {"rows": rows, "extrapolated": extrapolated(rows)} | found
        arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    show(rows)
    draw(rows, arguments.out.with_suffix(".png"), provenance()["machine"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
