"""The pages in a real browser: what a person sees of them, and that their keys arrive."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
from chrome import Page, chromium
from recorded import write_swings
from small_tasks import COIN

from simgen.data import open_dataset
from simgen.env.factory import make_env
from simgen.spec import load_task
from simgen.view.live.server import Address, served
from simgen.view.live.session import WatchOptions, WatchView
from simgen.view.live.view import DatasetView

WIDTH, HEIGHT = 1000, 560
SCENE = np.s_[150:, 310:650]  # between the columns of pictures and controls, below a hint of the browser's
LOADED = "[...document.querySelectorAll('img')].some((image) => image.naturalWidth > 0)"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with chromium(tmp_path_factory.mktemp("browser") / "profile", WIDTH, HEIGHT) as page:
        yield page


@contextmanager
def _running(run: Callable[[threading.Event], None]) -> Iterator[None]:
    told = threading.Event()
    thread = threading.Thread(target=run, args=(told,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        told.set()
        thread.join(timeout=10)


def _opened(page: Page, url: str) -> np.ndarray:
    """Opens a page and returns a picture of it once the scene is there."""
    page.open("about:blank")  # so that nothing of the test before is heard any more
    page.evaluate("1")
    page.errors.clear()
    page.requests.clear()
    page.open(url)
    page.wait("the pictures of the cameras", lambda: page.evaluate(LOADED))

    def picture() -> np.ndarray | None:
        seen = page.picture()
        return seen if seen[SCENE].reshape(-1, 3).std(0).min() > 14 else None

    return page.wait("a scene that is not empty", picture)


def _is_quiet(page: Page, url: str) -> None:
    assert page.errors == []
    outside = [each for each in page.requests if not each.startswith((url, "data:", "blob:"))]
    assert outside == [], "the page works offline"


def test_a_recorded_episode_is_seen_and_moves_with_the_slider(page: Page, tmp_path: Path) -> None:
    with open_dataset(write_swings(tmp_path / "data")) as dataset, served(Address(port=0), "simgen") as (server, place):
        server.scene.configure_default_lights(cast_shadow=False)
        view = DatasetView(server, dataset, 1)
        with _running(view.run):
            before = _opened(page, place.url)
            text = page.evaluate("document.body.innerText")
            assert "pick up <b>the red</b> cube | quickly" in text
            assert "no success" in text
            assert "return 12" in text
            page.evaluate("document.querySelector('[role=slider]').focus()")
            for _ in range(4):
                page.key("ArrowRight", "ArrowRight", True)
                page.key("ArrowRight", "ArrowRight", False)
            page.wait("the slider's fourth step", lambda: view.playback.moment == 4)
            page.wait("words of that step", lambda: "0.20 s" in page.evaluate("document.body.innerText"))

            def moved() -> bool:
                change = np.abs(page.picture()[SCENE].astype(int) - before[SCENE])
                return bool((change.max(-1) > 40).mean() > 0.01)

            page.wait("the arm to move in the picture", moved)
            _is_quiet(page, place.url)


def test_a_live_world_is_seen_and_driven_with_keys(page: Page, tmp_path: Path) -> None:
    task = COIN | {
        "cameras": {"base": {"eye": [0.5, 0.4, 0.5], "look_at": [0, 0, 0.1], "size": [48, 48], "outputs": ["rgb"]}},
        "success": {"near": {"body": "cube", "at": [0.0, 0.0, 1.0], "within": 0.05}},
        "episode": {"max_steps": 2000, "control_hz": 10, "sim_hz": 20},
    }
    with closing(make_env(load_task(task), 1)) as env, served(Address(port=0), "simgen") as (server, place):
        server.scene.configure_default_lights(cast_shadow=False)
        view = WatchView(server, env, WatchOptions(out=tmp_path / "human"))
        view.panel.recording.value = True
        view.step()
        with closing(view), _running(view.run):
            _opened(page, place.url)
            page.wait("the frame that hears keys", lambda: page.evaluate("!!document.querySelector('iframe')"))
            assert view.waiting
            start = env.worlds.tcp_position.clone()
            page.key("r", "KeyR", True)
            page.wait("the tool to rise", lambda: float(env.worlds.tcp_position[0, 2] - start[0, 2]) > 0.03)
            page.key("r", "KeyR", False)
            page.wait("the key to be let go", lambda: not view.inputs.held().any)
            assert "recording" in page.evaluate("document.body.innerText")
            page.key("Enter", "Enter", True)
            page.key("Enter", "Enter", False)
            page.wait("the episode to be saved", lambda: view.recording.kept == 1)
            _is_quiet(page, place.url)
    with open_dataset(tmp_path / "human") as dataset:
        assert dataset[0].phase == "human"
        assert np.abs(dataset[0].actions).max() > 0.05
