"""Sensors of real depth cameras, by name, from published measurements; what has no source keeps its default.

realsense_d435: baseline 50 mm; 848 pixels over 90 degrees, hence a focal length of 424 px and a nearest depth of
424 * 0.05 / 126 = 0.17 m; noise z^2 * subpixel / (focal * baseline): Intel, "Tuning depth cameras for best performance"
and "Subpixel linearity improvement" (dev.intelrealsense.com). A subpixel error of 0.05 px meets the noise
0.000611 + 0.003587 (z - 0.3515)^2 m that was measured for ANYbotics/elevation_mapping (pull request 75).

kinect_v1: noise 1.425e-3 z^2 m from 0.5 to 5 m: Khoshelham and Elberink, "Accuracy and resolution of Kinect depth
data", Sensors 2012; this is 0.05 px and steps of 1/8 px at a baseline of 75 mm and a focal length of 580 px. Lateral
0.8 px and the growth with slant: Nguyen, Izadi and Lovell, "Modeling Kinect sensor noise", 3DIMPVT 2012.

kinect_v2: noise 1.5 - 0.5 z + 0.3 z^2 mm and its growth with slant, from 0.5 to 4.5 m: Fankhauser et al., "Kinect v2
for mobile robot navigation", ICAR 2015.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "realsense_d435": {
        "depth": {
            "model": "stereo",
            "baseline_m": 0.05,
            "focal_px": 424.0,
            "noise_px": 0.05,
            "step_px": 0.03125,
            "min_m": 0.17,
            "max_m": 10.0,
        }
    },
    "kinect_v1": {
        "depth": {
            "model": "stereo",
            "baseline_m": 0.075,
            "focal_px": 580.0,
            "noise_px": 0.05,
            "step_px": 0.125,
            "lateral_px": 0.8,
            "min_m": 0.5,
            "max_m": 5.0,
        }
    },
    "kinect_v2": {
        "depth": {
            "model": "tof",
            "noise_m": 0.0015,
            "noise_per_m": -0.0005,
            "noise_per_m2": 0.0003,
            "min_m": 0.5,
            "max_m": 4.5,
        }
    },
}
