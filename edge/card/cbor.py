"""Encoder and strict decoder of deterministic CBOR (FORMAT.md section 4, RFC 8949 section 4.2.1).

Options of `cbor2` refuse duplicate keys, indefinite lengths and depth. It still accepts trailing bytes, long
integers and a dozen tags, of which 28 and 29 build cycles and 35 compiles a pattern (seen in 6.2.1). This
module therefore refuses every tag but 18 before `cbor2` acts on it, and the rest by encoding the value again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NoReturn

import cbor2

from edge.card.numbers import COSE_SIGN1
from edge.decision import Reason
from edge.errors import Refused

MAX_DEPTH: Final = 6  # the deepest native value is a template in a card: 169, 62, list, map, and two to spare


def encode(value: object) -> bytes:
    """The deterministic encoding of a value: shortest integers, definite lengths, sorted maps."""
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes, *, limit: int) -> object:
    """The value of `data`, which must be in its deterministic encoding.

    Takes integers of 64 bits, byte and text strings, arrays, maps with integer or text keys, and tag 18.
    Raises Refused(CARD_MALFORMED) for all else, and for more than `limit` bytes.
    """
    if len(data) > limit:
        raise malformed("more bytes than the format allows")
    try:
        value = cbor2.loads(
            data,
            semantic_decoders=NO_TAGS,
            allow_duplicate_keys=False,
            allow_indefinite=False,
            max_depth=MAX_DEPTH,
        )
        _check(value)
        again = encode(value)
    except (cbor2.CBORError, ValueError) as error:
        raise malformed("not CBOR that this format allows") from error
    if again != data:
        raise malformed("not the deterministic encoding of its value")
    return value


def malformed(detail: str) -> Refused:
    """The refusal that every parser of this package raises; `detail` names the field, never its value."""
    return Refused(Reason.CARD_MALFORMED, detail)


def _check(value: Any) -> None:  # noqa: ANN401  any value that cbor2 makes of hostile bytes
    """Check that the format allows the type of this value, at any depth. Raises ValueError."""
    kind = type(value)
    if kind is int or kind is bytes or kind is str:
        return  # an integer of more than 64 bits is a tag in CBOR, and is already refused
    if kind is list or kind is tuple:
        for item in value:
            _check(item)
    elif kind is dict or kind is cbor2.frozendict:
        for key, item in value.items():
            if type(key) is not int and type(key) is not str:
                raise ValueError("key")
            _check(item)
    elif kind is cbor2.CBORTag:
        _check(value.value)
    else:
        raise ValueError("kind")


def _refuse_tag(*_: object) -> NoReturn:
    raise ValueError("tag")


class _NoTags(Mapping[int, Callable[..., Any]]):
    """Refuses every tag but COSE_Sign1 before cbor2 builds a value of it; cbor2 has no option for this."""

    def __getitem__(self, tag: int) -> Callable[..., Any]:
        if tag == COSE_SIGN1:
            raise KeyError(tag)
        return _refuse_tag

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


NO_TAGS: Final = _NoTags()
