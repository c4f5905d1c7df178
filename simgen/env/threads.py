"""How many threads torch uses beside the simulation."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch


@contextlib.contextmanager
def one_torch_thread() -> Iterator[None]:
    """Lets torch work on one core inside the block.

    The tensors of a batch of worlds are small: sharing them out costs more than it saves, above all where other
    processes want the cores, and one thread leaves no doubt in which order sums are formed.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
