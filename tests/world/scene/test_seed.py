"""Seeds of episodes and streams of random numbers."""

from __future__ import annotations

import json
import subprocess
import sys

from simgen.world.scene.seed import SEED_BITS, episode_seed, stream


def test_an_episode_seed_is_the_same_on_any_machine() -> None:
    """Recorded values: a dataset that was begun elsewhere or with an earlier version goes on with the same episodes."""
    assert episode_seed(0, "pick_cube", "teacher", 0) == 5763706606211688
    assert episode_seed(1, "pick_cube", "random", 41) == 741889681274782
    code = "from simgen.world.scene.seed import *; print(episode_seed(0, 'a', 'b', 1), stream(5, 'x').random())"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == [str(episode_seed(0, "a", "b", 1)), str(stream(5, "x").random())]


def test_every_part_of_an_episode_s_name_counts() -> None:
    names = [(d, t, p, i) for d in range(3) for t in ("a", "ab") for p in ("random", "teacher") for i in range(50)]
    seeds = {episode_seed(*name) for name in names}
    assert len(seeds) == len(names)
    assert all(0 <= seed < 2**SEED_BITS and json.loads(json.dumps(float(seed))) == seed for seed in seeds)


def test_streams_of_different_purposes_are_unrelated() -> None:
    draws = {stream(seed, *path).random() for seed in range(20) for path in (("a",), ("b",), ("a", 0), ("a", 1))}
    assert len(draws) == 80
    assert stream(3, "cube", "pose", 1).random() == stream(3, "cube", "pose", 1).random()
