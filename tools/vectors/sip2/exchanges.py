"""Whole conversations, step by step: as they were recorded, and each with one thing gone wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tools.vectors.sip2.make import Sip2Vector, sealed, shown
from tools.vectors.sip2.recorded import SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE_MS: Final = 1_000
_ASK: Final = SERVERS["utf-8"][2][0]  # the third message of a conversation
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
    """What a client says to what it hears, and what it tells its program."""
    for encoding, talk in SERVERS.items():
        steps = []
        for number, (asked, said) in enumerate(talk):
            data = asked.encode(encoding)
            steps += [
                _step(number * 100, ask=data, say=data + b"\r"),
                _step(number * 100 + 50, hear=said.encode(encoding) + b"\r", told=f"replied {said[:2]}"),
            ]
        yield _talk(f"recorded_{encoding}", f"a visit as pysip2 answered it, in {encoding}", steps, encoding)

    first = _step(0, ask=_asked(0)[:-1], say=_asked(0))
    done = "replied 64"
    yield _one(
        "in_pieces",
        "a reply that comes in three pieces",
        first,
        [
            _step(10, hear=_said(0)[:1]),
            _step(20, hear=_said(0)[1:-1]),
            _step(30, hear=_said(0)[-1:], told=done),
        ],
    )
    yield _one(
        "line_feeds",
        "a reply that ends in CR LF, and one that begins with what is left of it",
        first,
        [
            _step(10, hear=_said(0) + b"\n", told=done),
            _step(20, ask=_asked(1)[:-1], say=_asked(1)),
            _step(30, hear=b"\n" + _said(1), told=done),
        ],
    )
    yield _one(
        "late",
        "asked again after a second, and the answer to the first comes",
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
        "three times asked, and no answer",
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
        "a wrong checksum, and the same again but right",
        first,
        [_step(10, hear=_WRONG, say=_RESEND), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "checksum_lies",
        "wrong checksums, three times",
        first,
        [
            _step(10, hear=_WRONG, say=_RESEND),
            _step(20, hear=_WRONG, say=_RESEND),
            _step(30, hear=_WRONG, told="gave up"),
        ],
    )
    yield _one(
        "asked_again",
        "the system did not understand, and then it did",
        first,
        [_step(10, hear=_AGAIN, say=_asked(0)), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "asked_again_always",
        "the system never understands",
        first,
        [
            _step(10, hear=_AGAIN, say=_asked(0)),
            _step(20, hear=_AGAIN, say=_asked(0)),
            _step(30, hear=_AGAIN, told="gave up"),
        ],
    )
    yield _one(
        "sequence_of_before",
        "an answer to an older question is no answer to this one",
        first,
        [_step(10, hear=_said(9)), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "other_kind",
        "an answer of another kind is none",
        first,
        [_step(10, hear=sealed("941", 0) + b"\r"), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "unasked",
        "what nobody asked for is not heard",
        _step(0, hear=_said(0)),
        [_step(10, ask=_asked(0)[:-1], say=_asked(0)), _step(20, hear=_said(0), told=done)],
    )
    yield _one(
        "garbage",
        "something that speaks another language",
        first,
        [
            _step(10, hear=b"SSH-2.0-OpenSSH_9.2\r\n", say=_RESEND),
            _step(20, hear=b"\xff\xfe\r", say=_RESEND),
            _step(30, hear=b"HTTP/1.0 400 Bad Request\r\n", told="gave up"),
        ],
    )
    yield _one(
        "endless",
        "20 kB without an end are skipped to the next one",
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
    yield _one("sequence_wraps", "after 9 comes 0", first, [_step(5, hear=_said(0), told=done), *ten])


def _step(
    ms: int, *, ask: bytes = b"", hear: bytes = b"", say: bytes = b"", told: str = ""
) -> dict[str, Any]:
    """At `ms`: what is asked for (a whole request), or heard; what is said for it, and told."""
    step = {"ask": shown(ask), "hear": shown(hear), "say": shown(say), "told": told}
    return {"ms": ms} | {key: value for key, value in step.items() if value}


def _one(name: str, comment: str, first: dict[str, Any], steps: list[dict[str, Any]]) -> Sip2Vector:
    return _talk(name, comment, [first, *steps], "utf-8")


def _talk(name: str, comment: str, steps: list[dict[str, Any]], encoding: str) -> Sip2Vector:
    return Sip2Vector(
        f"talk_{name}", comment, {"encoding": encoding, "patience_ms": PATIENCE_MS, "steps": steps}
    )
