"""Messages from a lane to its officers, and the three verbs that they answer with. One JSON object a line.

No message names a holder: an officer sees the person in the lane. The role of an officer is not in the
officer's message: the connection knows who is at the other end, and adds it. So no officer can decide in
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
from edge.passage.lane.events import Why

if TYPE_CHECKING:
    from collections.abc import Sequence

_T = TypeVar("_T")
MAX_LINE_BYTES: Final = 512  # the longest case below takes 260
ReferralNumber = Annotated[int, Meta(ge=0, le=2**53 - 1)]
LaneSite = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\Z", max_length=80)]


class Referral(
    Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="referral"
):
    """Somebody waits for an officer, or the lane does. Told anew whenever something of it changes.

    `referral`: the number that a ruling names. `admissible`: whether an officer's word can let this holder
    through: exactly one person in a shut lane, and a card that policy grants. `party`: how many of how many
    of a family went through.
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
    """This case needs nobody any more."""

    referral: ReferralNumber
    v: Literal[1] = 1


class OfficerVerb(StrEnum):
    """The verbs of an officer."""

    ADMIT = "admit"  # I have looked: this is the holder, alone
    SEND_BACK = "send-back"
    EMPTY = "empty"  # I have looked: nobody is in the lane


class OfficerMessage(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A word about a case, as it comes in."""

    referral: ReferralNumber
    verb: OfficerVerb
    v: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class OfficerDecision:
    """A word, and the role of the officer who said it."""

    referral: int
    verb: OfficerVerb
    officer: str


class Officers(Protocol):
    """The officers of one authority. Never blocks, never raises: nobody may be there at all."""

    def tell(self, news: Referral | ReferralClosed) -> None: ...

    def decisions(self) -> Sequence[OfficerDecision]:
        """The decisions since the last call, the oldest first: at most 16, of which the newest are kept."""
        ...


_encoder = msgspec.json.Encoder(order="sorted")
_spoken = msgspec.json.Decoder(OfficerMessage)
_news = msgspec.json.Decoder(Referral | ReferralClosed)


def line(message: Referral | ReferralClosed | OfficerMessage) -> bytes:
    """A message as one line, with its end."""
    return _encoder.encode(message) + b"\n"


def parse_officer_message(text: bytes) -> OfficerMessage:
    """A word as a screen sent it. Raises InputError."""
    return _parse(text, _spoken)


def parse_referral(text: bytes) -> Referral | ReferralClosed:
    """A case as a lane sent it. Raises InputError."""
    news: Referral | ReferralClosed = _parse(text, _news)
    return news


def _parse(text: bytes, decoder: msgspec.json.Decoder[_T]) -> _T:
    if len(text) > MAX_LINE_BYTES:
        raise InputError(f"a message of more than {MAX_LINE_BYTES} bytes", hint="a lane sends none such")
    try:
        return decoder.decode(text)
    except (msgspec.MsgspecError, UnicodeDecodeError) as err:
        raise InputError("this is no message of a lane", hint="is this the lane's socket?") from err
