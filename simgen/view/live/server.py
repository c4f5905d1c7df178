"""One web server for a view: checks that it can start, says where it is, and ends with Ctrl-C or SIGTERM."""

from __future__ import annotations

import contextlib
import getpass
import io
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from simgen.errors import BadInput, SimgenError

if TYPE_CHECKING:
    import viser

DEFAULT_PORT = 8080
PANEL_WIDTH = 340  # of the controls [px]
IMAGES_WIDTH = 300  # of the column of images [px]
_EVERYWHERE = ("0.0.0.0", "::", "")
_MISSING = "the views in the browser need viser, which is not installed: pip install 'simgen-toolkit[live]'"


@dataclass(frozen=True)
class Address:
    """Where a view is served.

    Args:
        host: Name or address that the server listens at.
        port: 0: any that is free.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT

    @property
    def url(self) -> str:
        """What to open in a browser on this machine."""
        shown = "127.0.0.1" if self.host in _EVERYWHERE else self.host
        return f"http://[{shown}]:{self.port}" if ":" in shown else f"http://{shown}:{self.port}"

    @property
    def ssh_line(self) -> str:
        """What to type on another machine, so that `url` works there too."""
        return f"ssh -L {self.port}:127.0.0.1:{self.port} {getpass.getuser()}@{socket.gethostname()}"


def require_free(address: Address) -> None:
    """Refuses an address that nothing can listen at.

    Raises:
        BadInput: Says what is wrong with it.
    """
    if not 0 <= address.port <= 65535:
        raise BadInput(f"--port {address.port}: allowed are 1 to 65535, and 0 for any port that is free.")
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except OSError:
        raise BadInput(f"--host {address.host!r}: is no address of this machine; e.g. 127.0.0.1 or 0.0.0.0.") from None
    family, kind, protocol, _, place = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except PermissionError:
            raise BadInput(f"--port {address.port}: needs more rights; allowed are ports from 1024 on.") from None
        except OSError as error:
            raise BadInput(
                f"--host {address.host} --port {address.port}: cannot be listened at ({error.strerror or error}); "
                "another --port, or --port 0 for any that is free."
            ) from None


@contextlib.contextmanager
def served(address: Address, title: str) -> Iterator[tuple[viser.ViserServer, Address]]:
    """Serves a page until the block is left.

    Args:
        address: Where.
        title: Shown above the controls.

    Yields:
        the server, and where it is.

    Raises:
        BadInput: The address cannot be used.
        SimgenError: viser is not installed.
    """
    require_free(address)
    try:
        import viser
    except ImportError as error:
        raise SimgenError(f"{_MISSING} ({error})") from None
    logging.getLogger("websockets").setLevel(logging.CRITICAL)  # a browser that goes away is no news
    with contextlib.redirect_stdout(io.StringIO()):  # where viser says hello; we do it ourselves
        server = viser.ViserServer(address.host, address.port, title, verbose=False)
    try:
        server.scene.set_up_direction("+z")
        server.gui.configure_theme(show_logo=False, show_share_button=False, brand_color=(46, 110, 200))
        server.gui.main_panel.dock_right()
        server.gui.main_panel.set_width(PANEL_WIDTH)
        yield server, Address(address.host, server.get_port())
    finally:
        with contextlib.redirect_stdout(io.StringIO()):
            server.stop()


@contextlib.contextmanager
def until_told() -> Iterator[threading.Event]:
    """Yields an event that Ctrl-C and SIGTERM set; a second one of them ends the process at once."""
    told = threading.Event()
    if threading.current_thread() is not threading.main_thread():  # which alone hears signals
        yield told
        return
    before: dict[int, Callable | int | None] = {}

    def tell(number: int, frame: object) -> None:
        for each, handler in before.items():
            signal.signal(each, handler)
        told.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        before[number] = signal.signal(number, tell)
        if before[number] is signal.SIG_IGN:  # as in what a shell starts with `&`
            before[number] = signal.SIG_DFL
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
