"""An episode's seed is a function of dataset seed, task, phase and index; each drawn value has its own stream."""

from __future__ import annotations

import hashlib

import numpy as np

SEED_BITS = 53  # the largest integers that JSON readers keep exactly


def episode_seed(dataset_seed: int, task: str, phase: str, index: int) -> int:
    """Returns the seed of episode `index` of a phase; equal arguments give equal seeds on any machine."""
    words = f"{dataset_seed}/{task}/{phase}/{index}".encode()
    return int.from_bytes(hashlib.sha256(words).digest()[:8], "big") >> (64 - SEED_BITS)


def stream(seed: int, *path: object) -> np.random.Generator:
    """Returns the generator for one purpose, so that a new object or a new range does not change what others draw."""
    words = "/".join(str(part) for part in path).encode()
    number = int.from_bytes(hashlib.sha256(words).digest()[:8], "big")
    return np.random.Generator(np.random.PCG64((seed, number)))
