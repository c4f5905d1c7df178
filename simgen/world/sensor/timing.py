"""When images arrive: late, and some never."""

from __future__ import annotations

from simgen.spec.sensors import SensorSpec
from simgen.world.sensor.random import FrameKey, chance


def latency(sensor: SensorSpec) -> int:
    """Returns how many control steps late images arrive. `sensor` is that of one episode."""
    assert isinstance(sensor.latency_steps, float), "distributions are drawn before"
    return round(sensor.latency_steps)


def arrives(sensor: SensorSpec, key: FrameKey) -> bool:
    """Says whether a frame ever arrives; the first of an episode always does."""
    assert isinstance(sensor.drop, float), "distributions are drawn before"
    return key.frame <= 0 or chance(key, "drop") >= sensor.drop


def shown_frame(sensor: SensorSpec, seed: int, camera: str, step: int) -> int:
    """Returns the frame that is seen at a control step: the newest that has arrived, at first the first.

    Args:
        sensor: That of the episode.
        seed: Of the episode.
        camera: Its name.
        step: Control steps since the episode's start.
    """
    frame = step - latency(sensor)
    while not arrives(sensor, FrameKey(seed, camera, frame)):
        frame -= 1
    return max(frame, 0)
