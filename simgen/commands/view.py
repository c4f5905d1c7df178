"""Look at recorded episodes in the browser: robot, objects, cameras, depth points and pictures, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from simgen.commands.output import console, parse, write_json


@dataclass(frozen=True)
class Arguments:
    """Show recorded episodes in the browser, in three dimensions: the robot with its meshes, the objects, the cameras
    with their pictures, the points that a depth camera measured, the ways of tool and objects, reward and outcome.

    Needs the extra `live` (pip install 'simgen-toolkit[live]'), and neither a display nor the internet. Ctrl-C ends it.
    """

    dataset: Annotated[tyro.conf.Positional[str], tyro.conf.arg(metavar="DIR")]
    """Directory of the dataset."""
    episode: int = 0
    """The one that is shown first: its place in the dataset, from 0."""
    host: str = "127.0.0.1"
    """Where to listen; 0.0.0.0 lets other machines in, without a password."""
    port: int = 8080
    """Where to listen; 0 takes any port that is free."""
    json: bool = False
    """Print one JSON object as the last line, as soon as the page can be opened."""


def main(argv: list[str]) -> int:
    """Shows the page until it is told to stop."""
    arguments = parse(Arguments, argv, "view")
    from simgen.data import open_dataset
    from simgen.view.live import Address, view_dataset

    with open_dataset(arguments.dataset) as dataset:

        def announce(address: Address) -> None:
            said = f"{len(dataset)} episodes of {arguments.dataset}"
            show_address(address, said)
            if arguments.json:
                write_json({"url": address.url, "port": address.port, "episodes": len(dataset)})

        view_dataset(dataset, arguments.episode, Address(arguments.host, arguments.port), announce)
    return 0


def show_address(address: object, said: str) -> None:
    """Says where a page can be opened, also from another machine."""
    from simgen.view.live import Address

    assert isinstance(address, Address)
    lines = (
        f"{said}: open {address.url}",
        f"from another machine: {address.ssh_line}   and then open {address.url} there",
        "Ctrl-C ends it",
    )
    for line in lines:
        console().print(line, markup=False, soft_wrap=True)
