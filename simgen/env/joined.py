"""Joins what several environments return into one batch: rows one after the other, what differs in size padded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

MASK = "_mask"
Nested = dict[str, Any]


def join(trees: Sequence[Nested], counts: Sequence[int]) -> Nested:
    """Joins nested dictionaries of tensors, whose rows are worlds.

    A key that only some have is there for all, with zeros in the rows of the others. Wherever sizes differ or a key is
    missing, `<key>_mask` says what is real: it has the joined tensor's shape where sizes differ, and size 1 in all axes
    but the first where only whole rows are missing. Keys that all share in one size have no mask.

    Args:
        trees: One per environment.
        counts: Worlds of each.
    """
    joined: Nested = {}
    for name in dict.fromkeys(name for tree in trees for name in tree):
        found = [tree.get(name) for tree in trees]
        if any(isinstance(value, dict) for value in found):
            joined[name] = join([value or {} for value in found], counts)
            continue
        joined[name], mask = pad(found, counts)
        if mask is not None:
            joined[name + MASK] = mask
    return joined


def pad(tensors: Sequence[torch.Tensor | None], counts: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Joins tensors along their first axis; see `join`.

    Args:
        tensors: One per environment, of equal rank, or None. Shape: (counts[i], ...).
        counts: Worlds of each.

    Returns:
        The joined tensor (sum(counts), ...), and the mask, bool, or None where all is real.
    """
    present = [tensor for tensor in tensors if tensor is not None]
    sizes = {tuple(tensor.shape[1:]) for tensor in present}
    if len(present) == len(tensors) and len(sizes) == 1:
        return torch.cat(present), None
    size = tuple(max(axis) for axis in zip(*sizes, strict=True))
    kind = present[0].dtype
    for tensor in present[1:]:
        kind = torch.promote_types(kind, tensor.dtype)
    joined = torch.zeros((sum(counts), *size), dtype=kind, device=present[0].device)
    shape = size if len(sizes) > 1 else (1,) * len(size)
    mask = torch.zeros((sum(counts), *shape), dtype=torch.bool, device=joined.device)
    first = 0
    for tensor, count in zip(tensors, counts, strict=True):
        if tensor is not None:
            place = (slice(first, first + count), *(slice(0, length) for length in tensor.shape[1:]))
            joined[place] = tensor
            mask[place if len(sizes) > 1 else place[0]] = True
        first += count
    return joined, mask
