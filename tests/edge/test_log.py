"""The log of a device: a line is a JSON object, and a closed stream stops no door."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from edge.log import log_line


def test_a_line_is_an_object_with_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    log_line("door", level="warning", state="fault\n\x1b[2J\u2028\udc80", pins=[1, 2])
    err = capsys.readouterr().err
    assert err.endswith("\n")
    assert err[:-1].isprintable()  # it has no control character for a terminal, and no line break
    row = json.loads(err)
    when = datetime.fromisoformat(row.pop("timestamp"))
    assert abs(datetime.now(UTC) - when) < timedelta(hours=1)
    assert row == {"event": "door", "level": "warning", "state": "fault\n\x1b[2J\u2028\udc80", "pins": [1, 2]}


class Gone(io.StringIO):
    def write(self, text: str, /) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("stream", [Gone(), io.StringIO()], ids=["without a reader", "closed"])
def test_a_closed_log_stops_no_door(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    if not isinstance(stream, Gone):
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    log_line("door", state="well")


@pytest.mark.parametrize(
    ("event", "level", "more", "line"),
    [
        ("signal", "info", {"show": "look here"}, "signal: look here"),
        ("trust swapped", "info", {"generation": 7}, "trust swapped: generation 7"),
        (
            "camera",
            "warning",
            {"state": "fault", "error": "no frame for 1 s", "hint": "plug it in"},
            "warning: camera: fault, no frame for 1 s, hint plug it in",
        ),
        (
            "configuration",
            "info",
            {"state": "adopted", "changed": ["a", "b"], "hint": ""},
            "configuration: adopted, changed a b",
        ),
        ("door", "info", {"state": "x\n\x1b[2J\u2028\udc80"}, r"door: x\n\u001b[2J\u2028\udc80"),
    ],
)
def test_a_line_on_a_terminal_is_words(
    event: str, level, more, line: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    log_line(event, level=level, **more)
    assert capsys.readouterr().err == line + "\n"
