"""Simulate a recorded episode again and compare it with the recording."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from simgen.commands.output import DatasetPlace, console, parse, show_mapping, write_json


@dataclass(frozen=True)
class Arguments:
    """Simulate a recorded episode again from its seed and its actions, and compare states, rewards and images.

    On the device of the recording the two should be identical. The exit code is 1 if they differ by more than rounding
    on another device explains: an object by over 0.001 m, a joint by over 0.001 rad or m, or over 1 % of the pixels of
    an image by over 2 units (of 255 in rgb, of 1 mm in depth; any difference of a segmentation counts).
    """

    dataset: DatasetPlace
    """Directory or URL of the dataset; of a URL one shard is brought here."""
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
    shown = asdict(result) | {"within_tolerance": result.within_tolerance}
    if arguments.json:
        write_json(shown)
    else:
        show_mapping(f"{arguments.dataset}, episode {arguments.episode}", shown)
    for name in result.changed_meshes:
        said = f"note: the mesh files of object {name!r} have changed since the episode was recorded"
        console().print(said, markup=False, soft_wrap=True)
    return 0 if result.within_tolerance else 1
