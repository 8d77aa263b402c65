"""Encoder and strict decoder of deterministic CBOR (FORMAT.md section 4, RFC 8949 section 4.2.1).

Options of `cbor2` refuse duplicate keys, indefinite lengths and depth. It still accepts trailing bytes, long
integers and a dozen tags, of which 28 and 29 build cycles and 35 compiles a pattern (seen in 6.2.1). This
module therefore refuses every tag but 18 before `cbor2` acts on it, and the rest by the size of the value.

Without indefinite lengths an item has one form for each size of its heads, so a value whose maps are in order
has one encoding of the least size, and data of exactly that size is that encoding. To add the sizes up takes
20 us for a code; to encode the value again and compare took 40 us.
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
        size = _size(value)
    except (cbor2.CBORError, ValueError) as error:
        raise malformed("not CBOR that this format allows") from error
    if size != len(data):
        raise malformed("not the deterministic encoding of its value")
    return value


def malformed(detail: str) -> Refused:
    """The refusal that every parser of this package raises; `detail` names the field, never its value."""
    return Refused(Reason.CARD_MALFORMED, detail)


def _size(value: Any) -> int:  # noqa: ANN401  any value that cbor2 makes of hostile bytes
    """The number of bytes of the deterministic encoding of this value.

    Raises ValueError for a type that the format does not allow, and for a map out of order, at any depth.
    """
    kind = type(value)
    if kind is bytes:
        return _head(len(value)) + len(value)
    if kind is int:  # an integer of more than 64 bits is a tag in CBOR, and is already refused
        return _head(value if value >= 0 else -1 - value)
    if kind is str:
        length = len(value) if value.isascii() else len(value.encode())
        return _head(length) + length
    if kind is list or kind is tuple:
        return _head(len(value)) + sum(map(_size, value))
    if kind is dict or kind is cbor2.frozendict:
        return _map_size(value)
    if kind is cbor2.CBORTag:
        return _head(value.tag) + _size(value.value)
    raise ValueError("kind")


def _map_size(value: Mapping[Any, Any]) -> int:
    """The size of a map, whose keys must ascend in the order of `cbor2`: the shorter key first."""
    size = _head(len(value))
    before: tuple[int, int, int | bytes] = (0, 0, 0)  # below every key
    for key, item in value.items():
        place = _place(key)
        if place <= before:
            raise ValueError("order")
        before = place
        size += place[0] + _size(item)
    return size


def _place(key: object) -> tuple[int, int, int | bytes]:
    """The place of a key among others: the size of its encoding, its major type, and its content."""
    if type(key) is int:
        return (_head(key), 0, key) if key >= 0 else (_head(-1 - key), 1, -1 - key)
    if type(key) is str:
        text = key.encode()
        return _head(len(text)) + len(text), 3, text
    raise ValueError("key")


def _head(number: int) -> int:
    """The size of the shortest head that holds this number, in bytes."""
    if number < 24:
        return 1
    if number < 0x100:
        return 2
    if number < 0x1_0000:
        return 3
    return 5 if number < 0x1_0000_0000 else 9


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
