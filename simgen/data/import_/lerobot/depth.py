"""LeRobot's depth videos: 12-bit codes, on a logarithmic scale unless the feature says otherwise (lerobot >= 0.6)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from simgen.data.import_.base import Unusable

LARGEST_CODE = (1 << 12) - 1
_DEFAULTS = {"depth_min": 0.01, "depth_max": 10.0, "shift": 3.5}  # [m]


def depth_of_codes(codes: np.ndarray, facts: Mapping[str, Any], where: str) -> np.ndarray:
    """Returns depth in metres; code 0, which is what no depth is written as, gives 0.

    Args:
        codes: as decoded. Shape: (..., H, W), uint16.
        facts: of the feature: depth_min, depth_max, shift [m], use_log.

    Source: `dequantize_depth` of lerobot 0.6 (Apache-2.0), datasets/depth_utils.py.

    Raises:
        Unusable: if the facts make no scale.
    """
    near, far, shift = (_number(facts, name, where) for name in _DEFAULTS)
    is_log = facts.get("use_log", facts.get("video.use_log", True))
    if far <= near or (is_log and near + shift <= 0):
        raise Unusable(f"{where}: depth_min {near}, depth_max {far} and shift {shift} make no scale of depth.")
    share = np.arange(LARGEST_CODE + 1) / LARGEST_CODE
    if is_log:
        low, high = math.log(near + shift), math.log(far + shift)
        metres = np.exp(low + share * (high - low)) - shift
    else:
        metres = near + share * (far - near)
    metres[0] = 0.0
    if codes.size and int(codes.max()) > LARGEST_CODE:
        raise Unusable(f"{where}: holds codes above {LARGEST_CODE}; such depth videos are not LeRobot's.")
    return metres.astype(np.float32)[codes]


def _number(facts: Mapping[str, Any], name: str, where: str) -> float:
    value = facts.get(name, facts.get(f"video.{name}", _DEFAULTS[name]))
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise Unusable(f"{where}: {name} is {value!r}, not a number.")
    return float(value)
