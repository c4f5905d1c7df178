"""Finds what would make the host wait for a CUDA device, on a machine that has none: by the calls that would do it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import warp as wp
from torch.overrides import TorchFunctionMode

import simgen

PACKAGE = Path(simgen.__file__).parent
READS = frozenset(("item", "tolist", "numpy", "cpu", "nonzero", "argwhere", "masked_select", "unique", "equal"))
READS |= {f"__{name}__" for name in ("bool", "int", "float", "index", "complex", "array", "contains")}
UPLOADS = frozenset(("tensor", "as_tensor", "asarray", "new_tensor", "scalar_tensor"))
FACTORIES = frozenset(("zeros", "ones", "full", "empty", "eye", "arange", "linspace", "rand", "randn"))
WAITING = (
    *((wp.array, name) for name in ("numpy", "assign", "list")),
    *((wp, f"synchronize{what}") for what in ("", "_device", "_stream", "_event")),
    *((torch.cuda, "synchronize"), (torch, "from_numpy")),
)


class HostWaits(TorchFunctionMode):
    """Notes, while it is active, calls that let the host see a value of the device's, or hand over one of its own.

    It takes all tensors for the device's, but for those that are made with `device="cpu"`.

    Attributes:
        found: (file of simgen's, line, what) of each call.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, int, str]] = []
        self._inside = 0  # of calls that are known not to wait, whatever they are made of

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """See TorchFunctionMode."""
        what = _crossing(func.__name__, args, kwargs or {})
        if what:
            self.note(what)
        return func(*args, **(kwargs or {}))

    def note(self, what: str) -> None:
        """Adds a call, at the place in simgen that it came from."""
        frame = None if self._inside else sys._getframe(1)
        while frame is not None and PACKAGE not in Path(frame.f_code.co_filename).parents:
            frame = frame.f_back
        if frame is not None:
            self.found.append((str(Path(frame.f_code.co_filename).relative_to(PACKAGE)), frame.f_lineno, what))

    def harmless(self, work: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the same function, with nothing noted while it runs."""

        def unnoted(*args: Any, **kwargs: Any) -> Any:
            self._inside += 1
            try:
                return work(*args, **kwargs)
            finally:
                self._inside -= 1

        return unnoted

    def waiting(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """Returns the same function, with its calls noted."""

        def noted(*args: Any, **kwargs: Any) -> Any:
            self.note(f"waits by {name}")
            return self.harmless(work)(*args, **kwargs)

        return noted


def _crossing(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> str:
    """Says what a torch function would wait for; empty: nothing."""
    given = [*args, *kwargs.values()]
    if name in READS or (name == "to" and any(isinstance(each, str) and each == "cpu" for each in given)):
        return f"reads by {name}"
    if name in UPLOADS and not isinstance(given[1 if name == "new_tensor" else 0], torch.Tensor):
        return f"hands over numbers by {name}"
    if name in FACTORIES and kwargs.get("device") is None:
        return f"makes a tensor of the host's by {name}"
    if name == "repeat_interleave" and len(args) > 1 and isinstance(args[1], torch.Tensor):
        return "reads a length by repeat_interleave"
    return _indexing(name, args) if name in ("__getitem__", "__setitem__") else ""


def _indexing(name: str, args: Sequence[Any]) -> str:
    keys = args[1] if isinstance(args[1], tuple) else (args[1],)
    if any(isinstance(key, list | np.ndarray | range) for key in keys):
        return "hands over an index"
    masked = any(isinstance(key, torch.Tensor) and key.dtype == torch.bool for key in keys)
    filled = name == "__setitem__" and not isinstance(args[2], torch.Tensor)  # torch fills where the mask is
    return "reads how many a mask selects" if masked and not filled else ""


@contextlib.contextmanager
def watched() -> Iterator[HostWaits]:
    """Watches torch and Warp for what would make the host wait."""
    waits = HostWaits()
    make = wp.array.__init__

    def made(array: wp.array, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None:
            waits.note("hands over numbers by wp.array")
        make(array, data, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, waits:
        for owner, name in WAITING:
            patch.setattr(owner, name, waits.waiting(f"{owner.__name__}.{name}", getattr(owner, name)))
        patch.setattr(wp.array, "__init__", made)
        patch.setattr(wp, "to_torch", waits.harmless(wp.to_torch))  # a view; on a CPU made by way of NumPy
        yield waits
