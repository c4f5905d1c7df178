"""A real Chromium that opens a page and says what it finds there."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")

# The page lies unchanged in a frame of a phone's width; this page around it looks at it and reports.
PROBE = """<!doctype html><meta charset="utf-8"><body style="margin:0">
<iframe id="frame" width="390" height="800" style="border:0"></iframe><script>
const frame = document.getElementById("frame");
const wait = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));
async function watch(video) {
  video.scrollIntoView({ block: "center" });
  for (let i = 0; i < 100 && !(video.currentTime > 0 && video.readyState >= 2); i++) await wait(30);
  const played = video.currentTime;
  video.pause();
  const seeked = new Promise((done) => video.addEventListener("seeked", done, { once: true }));
  video.currentTime = 0;
  await Promise.race([seeked, wait(2000)]);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [video.videoWidth, video.videoHeight];
  const context = canvas.getContext("2d");
  let color = null;
  if (video.videoWidth) {
    context.drawImage(video, 0, 0);
    const pixels = context.getImageData(0, 0, canvas.height, canvas.height).data;
    const mean = (values) => values.reduce((a, b) => a + b) / values.length;
    color = [0, 1, 2].map((part) => mean(pixels.filter((_, i) => i % 4 === part)));
  }
  return { label: video.ariaLabel, width: video.videoWidth, height: video.videoHeight, duration: video.duration,
    ready: video.readyState, played, color, error: video.error && video.error.message };
}
function colors(view) {
  const style = view.getComputedStyle(view.document.body);
  return [style.color, style.backgroundColor];
}
frame.onload = async () => {
  const page = frame.contentDocument;
  const report = { videos: [], hacked: frame.contentWindow.hacked ?? null };
  report.themes = [colors(frame.contentWindow)];
  page.getElementById("theme").click();
  report.themes.push(colors(frame.contentWindow));
  report.overflow = page.documentElement.scrollWidth - page.documentElement.clientWidth;
  for (const video of page.querySelectorAll("video")) report.videos.push(await watch(video));
  report.lines = [...page.querySelectorAll(".rewards i")].map((line) => line.style.left);
  report.requests = frame.contentWindow.performance.getEntriesByType("resource").map((entry) => entry.name)
    .filter((name) => !name.startsWith("data:") && !name.startsWith("blob:"));
  await fetch("/result", { method: "POST", body: JSON.stringify(report) });
};
frame.src = "/page.html";
</script>"""


def find_chromium() -> str:
    """The browser's path; a machine without it fails the test, since CI has it."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    raise AssertionError(f"this test needs a Chromium; looked for {', '.join(NAMES)}")


def look_at(page: Path, folder: Path, timeout: float = 90.0) -> dict[str, Any]:
    """Opens the page in a frame of 390 px and plays all its videos.

    Args:
        page: the HTML file.
        folder: for the browser's profile.
        timeout: for all of it [s].

    Returns:
        what the probe reports, and `paths`, which the browser asked the server for.
    """
    with _server(page.read_bytes()) as (address, results, paths), _chromium(f"{address}/probe.html", folder):
        try:
            report = json.loads(results.get(timeout=timeout))
        except queue.Empty:
            raise AssertionError(f"the browser did not report within {timeout:g} s") from None
    return report | {"paths": paths}


@contextlib.contextmanager
def _server(page: bytes) -> Iterator[tuple[str, queue.Queue[bytes], list[str]]]:
    results: queue.Queue[bytes] = queue.Queue()
    paths: list[str] = []
    files = {"/probe.html": PROBE.encode(), "/page.html": page}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self._answer(files.get(self.path))

        def do_POST(self) -> None:
            results.put(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(b"")

        def _answer(self, content: bytes | None) -> None:
            self.send_response(200 if content is not None else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", results, paths
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextlib.contextmanager
def _chromium(address: str, folder: Path) -> Iterator[None]:
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        "--disable-background-networking", "--disable-extensions", "--window-size=900,900", "--remote-debugging-port=0",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", f"--user-data-dir={folder}",
    ]  # fmt: skip
    process = subprocess.Popen(
        [find_chromium(), *flags, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
