"""The picture of the demo's page has no photograph."""

from __future__ import annotations

from tools.pictures.cli import OUTLINE, without_photographs

FACE = '<img src="data:image/jpeg;base64,AAAA" alt="camera frame: door released" width="264" height="198">'
CODE = '<img src="data:image/jpeg;base64,BBBB" alt="camera frame: code in view" width="264" height="148">'


def test_an_outline_replaces_each_face() -> None:
    page = without_photographs(f"<p>{CODE}{FACE}{FACE}</p>")
    assert "AAAA" not in page
    assert page.count(OUTLINE) == 2


def test_the_drawn_code_stays() -> None:
    assert CODE in without_photographs(f"{CODE}{FACE}")
