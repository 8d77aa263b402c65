"""Fixtures for all tests. They skip a test whose outside data is missing, or whose models are not built."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from peers.cpython_controller import OnPty
    from peers.web_server import Web

    from edge.app.demo.cast import Cast
    from edge.face.engine import FaceEngine

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"

settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "long", deadline=None, max_examples=5_000, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(  # for tools/mutation: whether an example fails, not which is the smallest
    "mutant",
    deadline=None,
    max_examples=30,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_configure() -> None:
    os.environ.setdefault("DOORWARD_DEBUG", "1")  # a bug in a command shows its traceback
    # A shell ignores SIGINT for its background processes, and the processes of a test inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--hardware", action="store_true", help="also run the contract suites on real devices")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--hardware"):
        return
    for item in items:
        if "hardware" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="needs a device: run with --hardware"))


def shared(*parts: str) -> Path:
    """A path in the outside test data. Without it the test is skipped, with the name in the message."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"outside test data not on this machine: {'/'.join(parts)}")
    return path


def tracked() -> list[str]:
    """The names of the files that git tracks."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture
def controller(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OnPty]:
    """A door's controller at the other end of a pty, whose answers are never late."""
    from peers.cpython_controller import OnPty, let_it_crawl

    let_it_crawl(monkeypatch)
    controller = OnPty(tmp_path)
    yield controller
    controller.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cert.pem for localhost, and its key."""
    from peers.tls import make_certificate

    folder = tmp_path_factory.mktemp("tls")
    make_certificate(folder)
    return folder


@pytest.fixture
def web() -> Iterator[Web]:
    """A web server without files."""
    from peers.web_server import serve

    with serve({}) as web:
        yield web


@pytest.fixture(scope="session")
def built_models() -> Path:
    """The folder of `make models`."""
    folder = ROOT / "models" / "built"
    if not (folder / "manifest.toml").exists():
        pytest.skip("models are not built: make models")
    return folder


@pytest.fixture(scope="session")
def photos() -> Path:
    """The pictures that `make models` fetched for the demo and the tests."""
    folder = ROOT / "models" / "photos"
    if not folder.is_dir():
        pytest.skip("photographs are not fetched: make models")
    return folder


@pytest.fixture(scope="session")
def engine(built_models: Path) -> FaceEngine:
    """The face engine of a device, opened once: that takes 0.2 s, and the engine keeps no data of a face."""
    from edge.app.parts.face_engine import open_face_engine

    return open_face_engine(built_models)


@pytest.fixture(scope="session")
def cast(photos: Path) -> Cast:
    """The people of the demo, with all their photographs."""
    from edge.app.demo.cast import Cast

    return Cast(photos).complete()


@pytest.fixture(scope="session")
def astronaut(photos: Path) -> np.ndarray:
    """A portrait of one person, uint8 RGB."""
    from edge.app.parts.code_readers import read_image

    return read_image(photos / "astronaut.png")
