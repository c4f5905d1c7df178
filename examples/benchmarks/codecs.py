"""Which codec for which array: bytes per frame, frames per second written and read, and the time for one frame.

    python examples/benchmarks/codecs.py

Records a few episodes of each task, compresses their arrays in memory with one thread, a chunk at a time as the writer
does, and reads them back through h5py. Writes examples/benchmarks/results/codecs.json and the section "Codecs" of
examples/benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

os.environ["BLOSC_NTHREADS"] = "1"

import h5py
import numpy as np

import simgen
from simgen.data.codec import chunk_filters, declare, filters_of
from simgen.data.filters import Filters, apply, blosc2
from simgen.generate import GenerateOptions, generate
from simgen.machine import commit, machine
from simgen.spec.load import load_task

HERE = Path(__file__).parent
TASKS = ("pick_cube", "tidy_table", "nav_rooms")
KINDS = ("rgb", "depth", "segmentation", "states")
LENGTHS = (4, 16, 64)
SHUFFLE, BITSHUFFLE, DELTA, PLAIN = 1, 2, 3, 0
CHOSEN = "as written"
INTRODUCTION = """## Codecs

`python examples/benchmarks/codecs.py` records a few episodes with random actions and compresses their arrays with one
thread. A cell says: bytes per frame · thousand frames written per second · read per second · ms to read one frame, of
processor time; 16 frames in a chunk where nothing else is said. A frame of states is a row of all state arrays.

What the writer does ("as written", `simgen/data/codec.py`):

- rgb of a camera that stands still: LZ4 of what differs from the first frame of the chunk (Blosc2's delta), which is
  written about twice as fast as Zstd-1 and takes about 1.6 times its room; recording must keep up with rendering.
- rgb of a camera that moves: Zstd-1, since a delta helps nothing there and LZ4 alone takes half as much room again. The
  writer looks at each chunk to find out which of the two it is.
- depth, segmentation, floats: Zstd-1 of shuffled bytes; LZ4 takes 1.7 to 3 times the room and is little faster.
- Arrays of up to 32 KiB, thus most states, stay as they are: all states together are 3 % of an episode.
- 16 frames in a chunk: with 4, rgb takes a third more room; with 64, a single frame takes two to three times as long.
"""
FRAMES = 64  # of each episode
REPEATS = 3
LOOKS = 32  # single frames that are read

# From a chunk to the filters that it passes. Delta's blocks are frames, since it compares each with the first.
CANDIDATES: dict[str, Callable[[np.ndarray], Filters]] = {
    "raw": lambda chunk: (),
    "lz4": lambda chunk: blosc2("lz4", 1, PLAIN, chunk.nbytes),
    "lz4, shuffle": lambda chunk: blosc2("lz4", 1, SHUFFLE, chunk.nbytes),
    "lz4, bitshuffle": lambda chunk: blosc2("lz4", 1, BITSHUFFLE, chunk.nbytes),
    "lz4, delta": lambda chunk: blosc2("lz4", 1, DELTA, chunk[0].nbytes),
    "zstd-1": lambda chunk: blosc2("zstd", 1, PLAIN, chunk.nbytes),
    "zstd-1, shuffle": lambda chunk: blosc2("zstd", 1, SHUFFLE, chunk.nbytes),
    "zstd-1, bitshuffle": lambda chunk: blosc2("zstd", 1, BITSHUFFLE, chunk.nbytes),
    "zstd-1, delta": lambda chunk: blosc2("zstd", 1, DELTA, chunk[0].nbytes),
    "zstd-3, shuffle": lambda chunk: blosc2("zstd", 3, SHUFFLE, chunk.nbytes),
    "--codec zstd": lambda chunk: filters_of("zstd", chunk.dtype, chunk.shape),
    "--codec gzip": lambda chunk: filters_of("gzip", chunk.dtype, chunk.shape),
    CHOSEN: lambda chunk: chunk_filters("blosc2", chunk),
}


@dataclass(frozen=True)
class Row:
    """What a codec did to one kind of array of one task; a frame of states is a row of all state arrays."""

    task: str
    kind: str
    codec: str
    frames_per_chunk: int
    bytes_per_frame: float
    raw_bytes_per_frame: int
    written_per_second: float
    read_per_second: float
    milliseconds_per_single_frame: float


def record(task: str, episodes: int, folder: Path) -> dict[str, list[np.ndarray]]:
    """Records episodes with random actions; returns the arrays of each kind, one per episode and camera."""
    options = GenerateOptions(random=episodes, num_envs=episodes, codec="raw")
    generate(load_task(task, [f"episode.max_steps={FRAMES - 1}"]), folder / task, options)
    found: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    for view in simgen.open_dataset(folder / task):
        arrays = view.read().arrays
        states = [array for path, array in sorted(arrays.items()) if path.startswith(("env_states/", "obs/agent/"))]
        found["states"].append(np.concatenate(states, axis=1)[:FRAMES])
        for path, array in arrays.items():
            kind = path.rpartition("/")[2]
            if "/sensor_data/" in path and kind in found:
                found[kind].append(array[:FRAMES])
    return found


def chunks_of(arrays: list[np.ndarray], length: int) -> Iterator[np.ndarray]:
    """Whole chunks of so many frames; of shorter episodes one of all frames."""
    for array in arrays:
        size = min(length, len(array))
        for start in range(0, len(array) - size + 1, size):
            yield np.ascontiguousarray(array[start : start + size])


def write(chunks: list[np.ndarray], codec: str, file: h5py.File) -> tuple[list[h5py.Dataset], float]:
    """Compresses each chunk and moves it into a dataset; returns these and the processor time [s]."""
    datasets, seconds = [], 0.0
    for number, chunk in enumerate(chunks):
        started = time.process_time()
        filters = CANDIDATES[codec](chunk)
        content = apply(filters, chunk)
        seconds += time.process_time() - started
        dataset = declare(file.id, str(number), chunk.dtype, chunk.shape, chunk.shape, filters)
        dataset.write_direct_chunk((0,) * chunk.ndim, content)
        datasets.append(h5py.Dataset(dataset))
    return datasets, seconds


def measure(task: str, kind: str, arrays: list[np.ndarray], codec: str, length: int) -> Row:
    """Measures a codec; the fastest of a few repetitions counts."""
    chunks = list(chunks_of(arrays, length))
    frames = sum(len(chunk) for chunk in chunks)
    picks = np.random.default_rng(0).integers(len(chunks), size=LOOKS)
    writing, reading, single, size = [], [], [], 0
    for _ in range(REPEATS):
        with h5py.File("codecs", "w", driver="core", backing_store=False, libver="latest", rdcc_nbytes=0) as file:
            datasets, seconds = write(chunks, codec, file)
            writing.append(seconds)
            size = sum(dataset.id.get_storage_size() for dataset in datasets)
            started = time.process_time()
            found = [dataset[()] for dataset in datasets]
            reading.append(time.process_time() - started)
            assert all(map(np.array_equal, found, chunks))
            started = time.process_time()
            for pick in picks:
                _ = datasets[pick][len(chunks[pick]) // 2]
            single.append((time.process_time() - started) / LOOKS)
    raw = chunks[0][0].nbytes
    return Row(
        task, kind, codec, length, size / frames, raw, frames / min(writing), frames / min(reading),
        1e3 * min(single),
    )  # fmt: skip


def table(rows: list[Row], title: str, key: Callable[[Row], str]) -> list[str]:
    """A table with a line per value of `key` and a cell per task."""
    tasks = list(dict.fromkeys(row.task for row in rows))
    found = {(key(row), row.task): row for row in rows}
    lines = [f"| {title} | " + " | ".join(tasks) + " |", "|---|" + "---|" * len(tasks)]
    for name in dict.fromkeys(map(key, rows)):
        lines.append(f"| {name} | " + " | ".join(_cell(found[name, task]) for task in tasks) + " |")
    return lines


def _cell(row: Row) -> str:
    speeds = f"{row.written_per_second / 1000:.3g} k · {row.read_per_second / 1000:.3g} k"
    return f"{row.bytes_per_frame:,.0f} · {speeds} · {row.milliseconds_per_single_frame:.2f}"


def section(rows: list[Row]) -> str:
    """The README's section."""
    lines = [INTRODUCTION]
    for kind in KINDS:
        own = [row for row in rows if row.kind == kind and row.frames_per_chunk == 16]
        raw = ", ".join(f"{row.raw_bytes_per_frame:,}" for row in own if row.codec == "raw")
        lines += [f"\n**{kind}** (raw: {raw} bytes)\n", *table(own, "codec", lambda row: row.codec)]
    for kind in KINDS:
        own = [row for row in rows if row.kind == kind and row.codec == CHOSEN]
        lines += [f"\n**{kind}** as written, by frames per chunk\n"]
        lines += table(own, "frames", lambda row: str(row.frames_per_chunk))
    return "\n".join(lines) + "\n"


def put_section(path: Path, text: str) -> None:
    """Replaces the section "Codecs" of a README, or appends it."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    head, found, rest = before.partition("## Codecs\n")
    after = rest[rest.index("\n## ") + 1 :] if found and "\n## " in rest else ""
    path.write_text(
        (head.rstrip("\n") + "\n\n" if head.strip() else "") + text + ("\n" + after if after else ""), encoding="utf-8"
    )


def main() -> int:
    """Measures, and writes what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--tasks", nargs="+", default=list(TASKS))
    parser.add_argument("--episodes", type=int, default=4)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "codecs.json")
    parser.add_argument("--readme", type=Path, default=HERE / "README.md")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for task in arguments.tasks:
            kinds = record(task, arguments.episodes, Path(folder))
            for kind, codec in itertools.product([kind for kind in KINDS if kinds[kind]], CANDIDATES):
                rows += [measure(task, kind, kinds[kind], codec, length) for length in LENGTHS]
            print(f"{task}: measured")
    result = {"machine": machine(), "commit": commit(), "date": time.strftime("%Y-%m-%d")}
    result |= {"episodes": arguments.episodes, "rows": [asdict(row) for row in rows]}
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    put_section(arguments.readme, section(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
