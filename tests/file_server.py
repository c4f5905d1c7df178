"""A file server on this machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import FTPHandler
from pyftpdlib.servers import ThreadedFTPServer


@contextlib.contextmanager
def served(folder: Path, permissions: str = "elradfmwMT") -> Iterator[str]:
    """Serves a folder by FTP inside the block; yields its URL. Without "w" and "m" nothing can be written."""
    authorizer = DummyAuthorizer()
    authorizer.add_user("me", "secret", str(folder), perm=permissions)
    handler = type("Handler", (FTPHandler,), {"authorizer": authorizer})
    ftp = ThreadedFTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=ftp.serve_forever, kwargs={"timeout": 0.1}, daemon=True)
    thread.start()
    try:
        yield f"ftp://me:secret@127.0.0.1:{ftp.address[1]}"
    finally:
        ftp.close_all()
        thread.join(30)
