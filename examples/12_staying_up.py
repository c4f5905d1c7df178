"""Whether generating stays up, with images, in one process: `python examples/12_staying_up.py --minutes 60`.

Dataset after dataset is generated into the same few directories, each checked before the next takes its place. The
memory of this process and its encoders is sampled all the while, without the pages of files such as libraries; what
they share counts once. Growth is that of the largest sample of the last quarter over that of the first one, once the
first dataset is done and everything has been loaded.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from simgen.bench.memory import family
from simgen.data import check_dataset
from simgen.generate import GenerateOptions, generate
from simgen.machine import commit, machine
from simgen.spec.load import load_task

RESULT = Path(__file__).parent / "results" / "staying_up.json"
KEPT = 2  # datasets on disk at a time
SAMPLE_SECONDS = 2.0
POINTS = 60


class MemoryLog(threading.Thread):
    """Samples the memory of this process and of what it has started until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.samples: list[tuple[float, int]] = []
        self._begun, self._halt = time.monotonic(), threading.Event()

    def run(self) -> None:
        """Samples."""
        while not self._halt.wait(SAMPLE_SECONDS):
            self.samples.append((time.monotonic() - self._begun, sum(map(own_bytes, family()))))

    def stop(self) -> list[tuple[float, int]]:
        """Returns (seconds, bytes) of each sample."""
        self._halt.set()
        self.join()
        return self.samples


def own_bytes(pid: int) -> int:
    """Returns a process's share of the memory that belongs to no file [bytes]."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:  # it has just ended
        return 0
    own = [line for line in text.splitlines() if line.startswith(("Pss_Anon:", "Pss_Shmem:"))]
    return sum(int(line.split()[1]) * 1024 for line in own)


def stay_up(task: str, minutes: float, episodes: int, num_envs: int, folder: Path) -> dict[str, Any]:
    """Generates for so long; at least three datasets, since the first one only warms up."""
    log, spec, started = MemoryLog(), load_task(task), time.monotonic()
    log.start()
    rounds = written = frames = size = 0
    settled = 0.0
    while rounds < 3 or time.monotonic() - started < 60.0 * minutes:
        path = folder / f"dataset-{rounds % KEPT}"
        shutil.rmtree(path, ignore_errors=True)
        summary = generate(spec, path, GenerateOptions(random=episodes, num_envs=num_envs, seed=rounds))
        report = check_dataset(path, deep=False)
        assert report.ok, report.problems
        assert summary.episodes == episodes
        size += sum(file.stat().st_size for file in (path / "shards").iterdir())
        rounds, written, frames = rounds + 1, written + summary.episodes, frames + summary.frames
        settled = settled or time.monotonic() - started
        print(f"{(time.monotonic() - started) / 60:.1f} minutes: {rounds} datasets, {frames} frames", flush=True)
    seconds, samples = time.monotonic() - started, log.stop()
    return {
        "task": task,
        "num_envs": num_envs,
        "minutes": round(seconds / 60, 1),
        "datasets": rounds,
        "episodes": written,
        "frames": frames,
        "bytes_written": size,
        **growth([sample for sample in samples if sample[0] >= settled]),
        "samples": [{"seconds": round(at), "bytes": found} for at, found in samples[:: len(samples) // POINTS + 1]],
    }


def growth(samples: list[tuple[float, int]]) -> dict[str, float]:
    """Growth from the first quarter of the samples to the last one; peaks, since memory rises and falls by dataset."""
    sizes = [size for _, size in samples]
    quarter = max(1, len(sizes) // 4)
    early, late = max(sizes[:quarter]), max(sizes[-quarter:])
    return {"growth_percent": round(100.0 * (late / early - 1.0), 2), "peak_bytes": max(sizes)}


def main() -> int:
    """Generates, and writes how memory went."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--task", default="pick_cube")
    parser.add_argument("--episodes", type=int, default=128, help="of each dataset")
    parser.add_argument("--num-envs", type=int, default=16)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = stay_up(arguments.task, arguments.minutes, arguments.episodes, arguments.num_envs, Path(folder))
    result |= {"date": time.strftime("%Y-%m-%d"), "commit": commit(), "machine": machine()}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(f"memory grew by {result['growth_percent']:+.2f} % after the first dataset")
    return 0


if __name__ == "__main__":
    sys.exit(main())
