"""Pictures of `simgen view` and `simgen watch` for the README: starts both, opens a headless Chromium, takes them.

    python examples/16_screenshots.py [--dataset DIR] [--folder examples/pictures]

Without a dataset it records four episodes of pick_cube first. Needs the extra `live` and a Chromium; WebGL is drawn in
software, so that it works where there is no GPU (a minute or two).
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from PIL import Image
from websockets.sync.client import connect

SIZE = (1280, 800)
FLAGS = ("--headless", "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
MARKER = re.compile(r"open (http://\S+)")
LOADED = 30.0  # until textures and shadows are there, drawn in software [s]
PRESS = "[...document.querySelectorAll('button')].find((each) => each.textContent.trim() === {!r}).click()"
CHOOSE = """(async () => {{
  const label = [...document.querySelectorAll('label')].find((each) => each.textContent === {0!r});
  let row = label; while (!row.querySelector('input')) row = row.parentElement;
  row.querySelector('input').click(); await new Promise((done) => setTimeout(done, 2000));
  [...document.querySelectorAll('[role=option]')].find((each) => each.textContent === {1!r}).click();
}})()"""
TIDY = "document.querySelectorAll('.mantine-Notifications-root').forEach((each) => each.remove())"


def take(command: list[str], path: Path, steps: list[tuple[str, float]]) -> None:
    """Runs a command that serves a page, does the steps (JavaScript, seconds to wait after it), saves a picture."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        address = next(found[1] for line in server.stderr if (found := MARKER.search(line)))
        try:
            picture = _look(address, steps)
        finally:
            server.terminate()
            server.communicate()
    small = picture.convert("RGB").resize((SIZE[0] * 3 // 4, SIZE[1] * 3 // 4), Image.Resampling.LANCZOS)
    small.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


def _look(address: str, steps: list[tuple[str, float]]) -> Image.Image:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        sys.exit("needs a Chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = Path(folder) / "DevToolsActivePort"
        with subprocess.Popen(
            [browser, *FLAGS, "--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={folder}",
             f"--window-size={SIZE[0]},{SIZE[1]}", "about:blank"], stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                while not port.exists() or not port.read_text():
                    time.sleep(0.1)
                with urllib.request.urlopen(f"http://127.0.0.1:{port.read_text().split()[0]}/json/list") as answer:
                    pages = [page for page in json.load(answer) if page["type"] == "page"]
                with connect(pages[0]["webSocketDebuggerUrl"], max_size=None) as page:
                    return _picture(page, address, steps)
            finally:
                process.terminate()


def _picture(page, address: str, steps: list[tuple[str, float]]) -> Image.Image:
    number = 0

    def call(method: str, **parameters: object) -> dict:
        nonlocal number
        number += 1
        page.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (message := json.loads(page.recv())).get("id") != number:
            pass
        return message["result"]

    call("Emulation.setDeviceMetricsOverride", width=SIZE[0], height=SIZE[1], deviceScaleFactor=1, mobile=False)
    call("Page.navigate", url=address)
    time.sleep(LOADED)
    for script, seconds in [*steps, (TIDY, 1.0)]:
        call("Runtime.evaluate", expression=script, awaitPromise=True)
        time.sleep(seconds)
    call("Page.captureScreenshot", format="png")  # the first one waits for what is still being drawn
    return Image.open(io.BytesIO(base64.b64decode(call("Page.captureScreenshot", format="png")["data"])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--episode", default="0")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent / "pictures")
    arguments = parser.parse_args()
    simgen = [sys.executable, "-m", "simgen.cli"]
    with tempfile.TemporaryDirectory() as folder:
        dataset = arguments.dataset
        if dataset is None:
            dataset = Path(folder) / "pick_cube"
            subprocess.run([*simgen, "generate", "pick_cube", "--out", str(dataset), "--teacher", "4"], check=True)
        view = [*simgen, "view", str(dataset), "--episode", arguments.episode, "--port", "0"]
        take(view, arguments.folder / "view.png", [
            (CHOOSE.format("depth cloud", "base"), 6.0), (PRESS.format("Play"), 5.0),
            (PRESS.format("Pause"), 10.0),
        ])  # fmt: skip
        watch = [*simgen, "watch", "pick_cube", "--port", "0", "--out", str(Path(folder) / "human")]
        take(watch, arguments.folder / "watch.png", [(PRESS.format("pause"), 10.0)])


if __name__ == "__main__":
    main()
