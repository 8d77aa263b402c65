"""The parts of the metadata of doorward-office that follow from the version of doorward."""

import os
import tomllib
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).resolve().parents[1]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]

SHARE = ROOT / "build" / "share"  # of `make wheels`; a wheel that is built without it has none


def shared(folder: str, pattern: str) -> tuple[str, list[str]]:
    """Files of the programs of the office for one folder of an installation, such as manual pages."""
    found = sorted((SHARE / folder).glob(pattern))
    return f"share/{folder}", [os.path.relpath(path, Path(__file__).parent) for path in found]


setup(
    script_name="setup.py",  # which stays out of the wheel
    version=VERSION,
    options={"build": {"build_base": str(ROOT / "build" / "office")}},  # not here, among the sources
    data_files=[
        shared("man/man1", "doorward-*.1"),
        shared("bash-completion/completions", "doorward-*"),
        shared("zsh/site-functions", "_doorward-*"),
        shared("fish/vendor_completions.d", "doorward-*.fish"),
    ],
    install_requires=[
        f"doorward=={VERSION}",  # its modules and its libraries
        "structlog>=24",  # one JSON object a log line of the hub
        "starlette>=0.46",  # the hub's few routes, without a framework around them
        "uvicorn>=0.34",  # serves the hub
        "sqlalchemy>=2,<3",  # SQLite by default, PostgreSQL by URL
    ],
)
