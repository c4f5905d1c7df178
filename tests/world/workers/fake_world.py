"""A world without a simulator: it counts, and can be told to fail in every way that a real one has."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from simgen.errors import BadInput


@dataclass(frozen=True)
class Config:
    name: str = "fake"
    refuse: bool = False


def make(config: Config) -> FakeWorld:
    if config.refuse:
        raise BadInput(f"{config.name}: no such environment.")
    return FakeWorld(config)


class FakeWorld:
    def __init__(self, config: Config) -> None:
        self._name, self._steps = config.name, 0
        self._rows: dict[str, np.ndarray] = {}
        self._hoard: list[np.ndarray] = []

    def describe(self) -> Config:
        return Config(self._name)

    def bind(self, rows: dict[str, np.ndarray]) -> None:
        self._rows = rows

    def call(self, command: str, payload: Any = None) -> Any:
        return getattr(self, f"_{command}")(payload)

    def _reset(self, payload: int | None) -> None:
        self._steps = payload or 0

    def _step(self, payload: Any) -> None:
        self._steps += 1
        self._rows["steps"][...] = self._steps
        if "image" in self._rows:
            self._rows["image"][...] = self._steps

    def _describe(self, payload: Any) -> Config:
        return self.describe()

    def _facts(self, payload: Any) -> tuple[int, str, str, str]:
        variables = ("LP_NUM_THREADS", "OMP_NUM_THREADS")
        return (os.getpid(), os.readlink("/proc/self/fd/0"), *(os.environ[name] for name in variables))

    def _refuse(self, payload: Any) -> None:
        raise BadInput("this seed cannot be placed.")

    def _break(self, payload: Any) -> None:
        raise ZeroDivisionError("a defect")

    def _leave(self, payload: Any) -> None:
        sys.exit(3)  # as a library does that asked something and got no answer

    def _die(self, payload: Any) -> None:
        sys.stderr.write("the engine's last message\n")
        sys.stderr.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    def _hoard_memory(self, payload: int) -> None:
        self._hoard.append(np.ones(payload, np.uint8))

    def _sleep(self, payload: float) -> None:
        time.sleep(payload)

    def _unsendable(self, payload: Any) -> Any:
        return lambda: None

    def close(self) -> None:
        self._rows = {}
