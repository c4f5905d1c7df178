"""The CUDA devices that torch and Warp see.

Run as a child, since Warp writes about what it does not find: `python -m simgen.world.engine.probe.cuda` prints JSON.
"""

from __future__ import annotations

import json
import os

import torch
import warp


def cuda_devices() -> list[dict[str, str]]:
    """Returns name and detail of each device: "cuda:0", and what it is and which programs see it."""
    seen: dict[str, list[str]] = {}
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            seen[f"cuda:{index}"] = [_about(properties.name, properties.total_memory), "torch"]
    for device in warp.get_cuda_devices():
        seen.setdefault(device.alias, [_about(device.name, device.total_memory)]).append("Warp")
    return [
        {"name": alias, "detail": f"{about}; seen by {' and '.join(programs)}"}
        for alias, (about, *programs) in seen.items()
    ]


def _about(name: str, memory: int) -> str:
    return f"{name}, {memory / 1e9:.3g} GB"


if __name__ == "__main__":
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    results.write(json.dumps({"devices": cuda_devices()}) + "\n")
    results.flush()
