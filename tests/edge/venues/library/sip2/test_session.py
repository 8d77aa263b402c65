"""A SIP2 session with the messages of each vector: its replies and its events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st

from edge.venues.library.sip2.layouts import Sip2MessageId
from edge.venues.library.sip2.messages import Dialect, Sip2Message, decode
from edge.venues.library.sip2.session import TRIES, GaveUp, Replied, Sip2Event, Sip2Session

VECTORS = sorted((ROOT / "tests" / "vectors" / "sip2").glob("talk_*.json"))
STATUS = Sip2Message(Sip2MessageId.OUR_STATUS, ("0", "040", "2.00"))


def told(events: tuple[Sip2Event, ...]) -> str:
    assert len(events) < 2
    return next((f"replied {e.message.code}" if isinstance(e, Replied) else "gave up" for e in events), "")


@pytest.mark.parametrize("file", VECTORS, ids=lambda file: file.stem)
def test_vector(file: Path) -> None:
    vector = json.loads(file.read_text("utf-8"))
    dialect = Dialect(vector["encoding"])
    session = Sip2Session(dialect, timeout_ms=vector["patience_ms"])
    for step in vector["steps"]:
        out, events = b"", ()
        if "ask" in step:
            out = session.ask(decode(step["ask"].encode("latin-1"), dialect), step["ms"])
        elif "hear" in step:
            out, events = session.receive(step["hear"].encode("latin-1"), step["ms"])
        else:
            out, events = session.step(step["ms"])
        assert (out.decode("latin-1"), told(events)) == (step.get("say", ""), step.get("told", "")), step[
            "ms"
        ]


def test_there_are_vectors() -> None:
    assert len(VECTORS) > 12


@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([b"96AZFEF6\r", b"941AY0AZFDFD\r", b"\r"]), max_size=30)
)
def test_any_bytes_end_the_request_without_an_exception(heard: list[bytes]) -> None:
    session = Sip2Session(Dialect(), timeout_ms=1_000)
    session.ask(STATUS, 0)
    events: list[Sip2Event] = []
    for tick, data in enumerate(heard):
        events += session.receive(data, tick)[1]
    for turn in range(1, TRIES + 1):
        events += session.step(1_000 * turn + len(heard))[1]
    assert len(events) == 1
    assert isinstance(events[0], GaveUp)


def test_two_requests_at_once_are_an_assertion() -> None:
    session = Sip2Session(Dialect(), timeout_ms=1_000)
    session.ask(STATUS, 0)
    with pytest.raises(AssertionError):
        session.ask(STATUS, 1)
