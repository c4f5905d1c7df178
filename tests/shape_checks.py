"""Shapes are checked at run time, in tests only: jaxtyping's array annotations and no other hints."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jaxtyping import AbstractArray, install_import_hook


def install(root: Path) -> None:
    """Checks every module of simgen that imports jaxtyping, from its import on; Warp kernels are left alone."""
    modules = []
    for file in (root / "simgen").rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if "from jaxtyping import" in text and "@wp." not in text:
            modules.append(".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__"))
    install_import_hook(modules, "shape_checks.checked")


def checked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Checks the arguments and the result that have an array annotation, at each call; jaxtyping's hook applies it."""
    annotations = getattr(function, "__annotations__", {}).items()
    hints = {name: hint for name, hint in annotations if inspect.isclass(hint) and issubclass(hint, AbstractArray)}
    if not hints:
        return function
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            _require(name, value, hints)
        result = function(*args, **kwargs)
        _require("return", result, hints)
        return result

    return wrapped


def _require(name: str, value: Any, hints: dict[str, Any]) -> None:
    if name in hints and not isinstance(value, hints[name]):
        raise TypeError(f"{name} is not {hints[name].__name__}")
