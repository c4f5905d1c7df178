"""Late and lost frames."""

from __future__ import annotations

from clean_images import sensor_of


def shown(sensor, seed: int, steps: int = 200) -> list[int]:
    return [sensor.shown_frame(seed, step) for step in range(steps)]


def test_at_once_by_default() -> None:
    assert shown(sensor_of(rgb={}), 0) == list(range(200))


def test_latency_shows_the_first_frame_until_the_second_arrives() -> None:
    assert shown(sensor_of(latency_steps=3), 0, 8) == [0, 0, 0, 0, 1, 2, 3, 4]


def test_the_share_of_drops() -> None:
    for share in (0.05, 0.5):
        sensor = sensor_of(drop=share)
        stale = [step != frame for seed in range(40) for step, frame in enumerate(shown(sensor, seed))]
        assert abs(sum(stale) / len(stale) - share) < 0.1 * share + 0.005
    frames = shown(sensor, 7)
    assert frames[0] == 0
    assert frames == sorted(frames)
    assert frames != shown(sensor, 8)


def test_both_at_once() -> None:
    late, lossy = sensor_of(latency_steps=2, drop=0.3), sensor_of(drop=0.3)
    assert shown(late, 5)[2:] == shown(lossy, 5)[:-2]
    assert shown(late, 5)[:2] == [0, 0]


def test_latency_is_drawn_in_whole_steps_per_episode() -> None:
    sensor = sensor_of(latency_steps={"uniform": [0, 3]})
    found = {sensor.latency(seed) for seed in range(40)}
    assert found == {0, 1, 2, 3}
    assert all(shown(sensor, seed)[50] == 50 - sensor.latency(seed) for seed in range(10))
