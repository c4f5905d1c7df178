"""Simulate a recorded episode again and compare it with the recording."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from simgen.commands.output import DatasetFolder, parse, show_mapping, write_json


@dataclass(frozen=True)
class Arguments:
    """Simulate a recorded episode again from its seed and its actions, and compare states, rewards and images."""

    dataset: DatasetFolder
    """Directory of the dataset."""
    episode: int = 0
    """Its place in the dataset, from 0."""
    device: str = "cpu"
    """cpu or cuda:0."""
    no_images: bool = False
    """Compare states and rewards only."""
    json: bool = False
    """Print one JSON object as the last line."""


def main(argv: list[str]) -> int:
    """Runs the command; exit code 1 if the replay is further from the recording than rounding explains."""
    arguments = parse(Arguments, argv, "replay")
    from simgen.data.replay import replay_episode

    result = replay_episode(arguments.dataset, arguments.episode, arguments.device, not arguments.no_images)
    if arguments.json:
        write_json(asdict(result))
    else:
        show_mapping(f"{arguments.dataset}, episode {arguments.episode}", asdict(result))
    return 0 if result.max_position_error_m < 1e-3 else 1
