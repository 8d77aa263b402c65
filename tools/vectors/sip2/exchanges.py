"""Vectors of connections, step by step: recorded ones, and ones with one fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tools.vectors.sip2.make import Sip2Vector, sealed, shown
from tools.vectors.sip2.recorded import SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator

REPLY_TIMEOUT_MS: Final = 1_000
_ASK: Final = SERVERS["utf-8"][2][0]  # the third message of a connection
_PLAIN: Final = _ASK[:-9]
_REPLY: Final = SERVERS["utf-8"][2][1].partition("AY")[0]


def _asked(sequence: int) -> bytes:
    return sealed(_PLAIN, sequence) + b"\r"


def _said(sequence: int) -> bytes:
    return sealed(_REPLY, sequence) + b"\r"


_WRONG: Final = _said(0)[:-5] + b"0000\r"
_RESEND: Final = sealed("97") + b"\r"
_AGAIN: Final = sealed("96") + b"\r"


def talk_vectors() -> Iterator[Sip2Vector]:
    """A client's requests, the bytes it receives, and the result for its program."""
    for encoding, talk in SERVERS.items():
        steps = []
        for number, (asked, said) in enumerate(talk):
            data = asked.encode(encoding)
            steps += [
                _step(number * 100, ask=data, say=data + b"\r"),
                _step(number * 100 + 50, hear=said.encode(encoding) + b"\r", told=f"replied {said[:2]}"),
            ]
        yield _talk(
            f"recorded_{encoding}", f"a visit, with the replies of pysip2 in {encoding}", steps, encoding
        )

    first = _step(0, ask=_asked(0)[:-1], say=_asked(0))
    done = "replied 64"
    yield _one(
        "in_pieces",
        "a reply in three pieces",
        first,
        [
            _step(10, hear=_said(0)[:1]),
            _step(20, hear=_said(0)[1:-1]),
            _step(30, hear=_said(0)[-1:], told=done),
        ],
    )
    yield _one(
        "line_feeds",
        "one reply ends with CR LF, and the next one begins with LF",
        first,
        [
            _step(10, hear=_said(0) + b"\n", told=done),
            _step(20, ask=_asked(1)[:-1], say=_asked(1)),
            _step(30, hear=b"\n" + _said(1), told=done),
        ],
    )
    yield _one(
        "late",
        "the request is sent again after a second, and the reply to the first one comes",
        first,
        [
            _step(999),
            _step(1_000, say=_asked(0)),
            _step(1_500, hear=_said(0), told=done),
            _step(1_600, hear=_said(0)),
            _step(1_700, ask=_asked(1)[:-1], say=_asked(1)),
            _step(1_800, hear=_said(1), told=done),
        ],
    )
    yield _one(
        "silent",
        "the request is sent three times, and no reply comes",
        first,
        [
            _step(1_000, say=_asked(0)),
            _step(2_000, say=_asked(0)),
            _step(2_999),
            _step(3_000, told="gave up"),
        ],
    )
    yield _one(
        "checksum_once",
        "a reply with a wrong checksum, and then with the right one",
        first,
        [_step(10, hear=_WRONG, say=_RESEND), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "checksum_lies",
        "three replies with a wrong checksum",
        first,
        [
            _step(10, hear=_WRONG, say=_RESEND),
            _step(20, hear=_WRONG, say=_RESEND),
            _step(30, hear=_WRONG, told="gave up"),
        ],
    )
    yield _one(
        "asked_again",
        "the library system asks for the request again, and then replies",
        first,
        [_step(10, hear=_AGAIN, say=_asked(0)), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "asked_again_always",
        "the library system asks for the request again, each time",
        first,
        [
            _step(10, hear=_AGAIN, say=_asked(0)),
            _step(20, hear=_AGAIN, say=_asked(0)),
            _step(30, hear=_AGAIN, told="gave up"),
        ],
    )
    yield _one(
        "sequence_of_before",
        "a reply with an older sequence number is ignored",
        first,
        [_step(10, hear=_said(9)), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "other_kind",
        "a reply of another kind is ignored",
        first,
        [_step(10, hear=sealed("941", 0) + b"\r"), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "unasked",
        "a reply before any request is ignored",
        _step(0, hear=_said(0)),
        [_step(10, ask=_asked(0)[:-1], say=_asked(0)), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "garbage",
        "a server of another protocol",
        first,
        [
            _step(10, hear=b"SSH-2.0-OpenSSH_9.2\r\n", say=_RESEND),
            _step(20, hear=b"\xff\xfe\r", say=_RESEND),
            _step(30, hear=b"HTTP/1.0 400 Bad Request\r\n", told="gave up"),
        ],
    )
    yield _one(
        "endless",
        "20 kB without an end are skipped up to the next end",
        first,
        [
            _step(10, hear=b"6" * 20_000, say=_RESEND),
            _step(20, hear=b"4\r"),
            _step(30, hear=_said(0), told=done),
        ],
    )
    ten = [
        part
        for number in range(1, 12)
        for part in (
            _step(number * 10, ask=_asked(number % 10)[:-1], say=_asked(number % 10)),
            _step(number * 10 + 5, hear=_said(number % 10), told=done),
        )
    ]
    yield _one(
        "sequence_wraps", "sequence number 0 after 9", first, [_step(5, hear=_said(0), told=done), *ten]
    )


def _step(
    ms: int, *, ask: bytes = b"", hear: bytes = b"", say: bytes = b"", told: str = ""
) -> dict[str, Any]:
    """A step at `ms`: a request to send, or bytes received; the bytes sent then, and the client's result."""
    step = {"ask": shown(ask), "hear": shown(hear), "say": shown(say), "told": told}
    return {"ms": ms} | {key: value for key, value in step.items() if value}


def _one(name: str, comment: str, first: dict[str, Any], steps: list[dict[str, Any]]) -> Sip2Vector:
    return _talk(name, comment, [first, *steps], "utf-8")


def _talk(name: str, comment: str, steps: list[dict[str, Any]], encoding: str) -> Sip2Vector:
    return Sip2Vector(
        f"talk_{name}", comment, {"encoding": encoding, "patience_ms": REPLY_TIMEOUT_MS, "steps": steps}
    )
