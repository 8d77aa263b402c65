"""Templates of pages that are one HTML file each; frame.html.j2 has their common style."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from jinja2 import Environment

FRAME: Final = "frame.html.j2"


def pages(package: str) -> Environment:
    """The templates in the folder of `package`, such as `edge.doctor`, and the frame that they extend."""
    import jinja2  # loaded for a page only

    def source(name: str) -> str:
        return files(__package__ if name == FRAME else package).joinpath(name).read_text("utf-8")

    loader = jinja2.FunctionLoader(source)
    return jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
