"""The index is derived from the records one at a time, however many there are."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from simgen.data import rebuild_index


def test_memory_does_not_grow_with_the_number_of_shards(write_dataset: Callable[..., Path]) -> None:
    path = write_dataset()
    record = json.loads((path / "shards" / "shard-000000.json").read_text())
    for entry in record["episodes"]:
        entry["randomisation"] = {f"thing_{number}.position": [0.125] * 3 for number in range(100)}

    def peak_with(shards: int) -> int:
        for number in range(shards):
            record["shard"].update(number=number, first=4 * number, stop=4 * number + 4)
            (path / "shards" / f"shard-{number:06d}.json").write_text(json.dumps(record))
        tracemalloc.start()
        rebuild_index(path)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    few, many = peak_with(20), peak_with(100)
    lines = (path / "episodes.jsonl").read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == list(range(400))
    assert sum(map(len, lines)) > 1_000_000
    assert many - few < 300_000  # bytes
