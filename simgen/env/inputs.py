"""What callers of an environment hand over, checked before anything changes: actions, masks, seeds, modes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from gymnasium.vector import AutoresetMode

from simgen.errors import BadInput, unknown
from simgen.world import host

RESET_MASK = "reset_mask"


def checked_actions(
    actions: Any, num_envs: int, dim: int, device: torch.device, counts: torch.Tensor | None = None
) -> torch.Tensor:
    """Returns actions as a float tensor on a device. Shape: (E, A).

    Actions that are on a GPU and stay there are not looked at, because the host would wait; see `sound_actions`.

    Args:
        actions: Anything that torch makes a tensor of.
        num_envs: E.
        dim: A.
        device: Where they are needed.
        counts: Which of the numbers matter, where not all do; on the CPU. Shape: (E, A), bool.

    Raises:
        BadInput: Another shape, no numbers, or numbers that are not finite.
    """
    try:
        found = torch.as_tensor(actions, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError) as error:
        raise BadInput(f"actions must be numbers of shape ({num_envs}, {dim}): {error}.") from None
    if found.shape != (num_envs, dim):
        raise BadInput(f"actions must have shape ({num_envs}, {dim}), not {tuple(found.shape)}.")
    if not host.waits_for(device):
        found = found.to(device)
    if not host.waits_for(found.device):
        finite = found.isfinite() if counts is None else found.isfinite() | ~counts
        if not finite.all():
            worlds = (~finite.all(1)).nonzero().flatten().tolist()
            raise BadInput(f"actions of world {', '.join(map(str, worlds))} are not finite (NaN or infinite).")
    return found.to(device, non_blocking=True)


def sound_actions(actions: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None]:
    """Returns actions (E, A) without NaN and infinity, and in which worlds there were any (E,); None: none were passed.

    `checked_actions` has refused them already, except where the host would have had to wait for it.
    """
    if not host.waits_for(actions.device):
        return actions, None
    finite = actions.isfinite()
    return actions.masked_fill(~finite, 0.0), ~finite.all(1)


def reset_mask(options: Mapping[str, Any] | None, num_envs: int) -> np.ndarray | None:
    """Returns which worlds a `reset` with these options means; None: all. Shape: (E,), bool.

    Raises:
        BadInput: An option that is not known, or a mask that is not one bool per world.
    """
    for name in options or {}:
        if name != RESET_MASK:
            raise unknown("option of reset", str(name), [RESET_MASK])
    given = (options or {}).get(RESET_MASK)
    if given is None:
        return None
    mask = given.detach().cpu().numpy() if isinstance(given, torch.Tensor) else np.asarray(given)
    if mask.dtype != np.bool_ or mask.shape != (num_envs,):
        raise BadInput(f"{RESET_MASK} must be {num_envs} bools, not {mask.dtype} of shape {mask.shape}.")
    return mask


def checked_seed(seed: Any) -> int:
    """Returns the seed of a sequence of episodes.

    Raises:
        BadInput: No whole number, or a list; episodes get theirs from one seed and their index.
    """
    if isinstance(seed, list | tuple):
        raise BadInput("reset takes one seed: the k-th episode of world e is episode e + k * num_envs of it.")
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise BadInput(f"seed must be a whole number, not {seed!r}.")
    return int(seed)


def checked_number(num_envs: Any) -> int:
    """Returns the number of worlds.

    Raises:
        BadInput: No whole number, or below 1.
    """
    if isinstance(num_envs, bool) or not isinstance(num_envs, int | np.integer):
        raise BadInput(f"num_envs must be a whole number, not {num_envs!r}.")
    if num_envs < 1:
        raise BadInput(f"num_envs must be at least 1, not {num_envs}.")
    return int(num_envs)


def checked_mode(mode: Any) -> AutoresetMode:
    """Returns the autoreset mode; gymnasium's word for it will do.

    Raises:
        BadInput: It is none.
    """
    try:
        return AutoresetMode(mode)
    except ValueError:
        raise unknown("autoreset_mode", str(mode), [str(each.value) for each in AutoresetMode]) from None
