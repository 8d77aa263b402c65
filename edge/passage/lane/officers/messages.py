"""Messages from a lane to its officers, and the three verbs of their answers. One JSON object a line.

No message names a holder: an officer sees the person in the lane. The message of an officer does not hold the
officer's role: the connection knows the user at the other end, and adds the role. So no officer can decide in
another one's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Final, Literal, Protocol, TypeVar

import msgspec
from msgspec import Meta, Struct

from edge.decision import Reason
from edge.errors import InputError
from edge.formats.untrusted_text import UnreadableText, typed_json
from edge.passage.lane.events import Why

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")
_HINT: Final = "check that this is the lane's socket"
MAX_LINE_BYTES: Final = 512  # the longest referral below takes 260
ReferralNumber = Annotated[int, Meta(ge=0, le=2**53 - 1)]
LaneSite = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\Z", max_length=80)]


class Referral(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="referral"
):
    """A holder, or the lane itself, waits for an officer. It is sent again whenever it changes.

    `referral`: the number that an officer's message names. `admissible`: whether an officer can admit this
    holder: exactly one person is in a shut lane, and policy grants the card. `party`: members of a family who
    went through, and all members.
    """

    referral: ReferralNumber
    lane: LaneSite
    reason: Reason
    why: Why
    people: Annotated[int, Meta(ge=0, le=99)] | None = None
    admissible: bool = False
    party: tuple[int, int] | None = None
    v: Literal[1] = 1


class ReferralClosed(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="closed"
):
    """This referral is closed."""

    referral: ReferralNumber
    v: Literal[1] = 1


class OfficerVerb(StrEnum):
    """The verbs of an officer."""

    ADMIT = "admit"  # the officer looked: this is the holder, alone
    SEND_BACK = "send-back"
    EMPTY = "empty"  # the officer looked: the lane is empty


class OfficerMessage(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A verb about a referral, as an officer's screen sends it."""

    referral: ReferralNumber
    verb: OfficerVerb
    v: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class OfficerDecision:
    """A verb about a referral, with the role of the officer."""

    referral: int
    verb: OfficerVerb
    officer: str


class Officers(Protocol):
    """The officers of one authority. Never blocks, never raises: there may be no officer."""

    def tell(self, news: Referral | ReferralClosed) -> None: ...

    def decisions(self) -> Sequence[OfficerDecision]:
        """The decisions since the last call, the oldest first: at most the newest 16."""
        ...


_encoder = msgspec.json.Encoder(order="sorted")
_spoken = msgspec.json.Decoder(OfficerMessage)
_news = msgspec.json.Decoder(Referral | ReferralClosed)


def line(message: Referral | ReferralClosed | OfficerMessage) -> bytes:
    """A message as one line, with its end."""
    return _encoder.encode(message) + b"\n"


def parse_officer_message(text: bytes) -> OfficerMessage:
    """The message that an officer's screen sent. Raises InputError."""
    return _parse(text, _spoken)


def parse_referral(text: bytes) -> Referral | ReferralClosed:
    """The referral, or its end, that a lane sent. Raises InputError."""
    news: Referral | ReferralClosed = _parse(text, _news)
    return news


def _parse(text: bytes, decoder: msgspec.json.Decoder[_T]) -> _T:
    if len(text) > MAX_LINE_BYTES:
        raise InputError(f"a message of more than {MAX_LINE_BYTES} bytes", hint=_HINT)
    try:
        return typed_json(text, decoder)
    except UnreadableText as err:
        raise InputError("not a message of a lane", hint=_HINT) from err
