"""How far two engines are apart on the same task: the same initial states, joint targets, seeds and cameras."""

from __future__ import annotations

from simgen.bench.parity.figures import figures
from simgen.bench.parity.result import Parity
from simgen.bench.parity.run import ParityOptions, compare, parity
from simgen.bench.parity.sides import Side

__all__ = ["Parity", "ParityOptions", "Side", "compare", "figures", "parity"]
