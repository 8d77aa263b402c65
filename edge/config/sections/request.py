"""The table of a venue's request to its visitors, and of the screen on which the venue proves who asks."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, Table
from edge.config.sections.desk import AttributeName

RequestedAttribute = Literal[AttributeName, "patron"]
RequestedDocument = Literal[
    "id-card", "passport", "travel-permit", "residence-permit", "driving-licence", "visa"
]
Words = Annotated[str, Meta(pattern=r"\A\S([^\x00-\x1f\x7f]*\S)?\Z", max_length=96)]
IssuerName = Annotated[str, Meta(pattern=r"\A[!-~]+\Z", max_length=32)]


class RequestConfig(Table, frozen=True):
    """The request to every visitor; wallets show it word for word: edge/request/REQUEST.md."""

    purpose: Words = "to open this door"
    """Why, in a few words that a visitor understands; up to 96 bytes."""
    needed: tuple[RequestedAttribute, ...] = ()
    """Attributes without which a visit is refused; a desk needs those of `[desk] request` as well."""
    optional: tuple[RequestedAttribute, ...] = ()
    """Attributes that a visitor may leave out."""
    documents: Annotated[tuple[RequestedDocument, ...], Meta(max_length=6)] = ()
    """Types of document that must be linked to the card, all of them."""
    retention_days: Annotated[int, Meta(ge=0, le=3_660)] = 0
    """For how long what is disclosed is kept; a desk says what it says in `[desk] retain_days`."""
    issuers: Annotated[tuple[IssuerName, ...], Meta(max_length=8)] = ()
    """Whose cards count here, by name, for wallets that hold several; left out: the wallet is not told."""
    certificate: FilePath | None = None
    """What an issuer says of this device: tools/issuer certify. Wallets believe nothing without it."""
    board: Literal["none", "picture", "terminal"] = "none"
    """The screen: a `picture` in `folder` for a browser, or the `terminal` that this runs in."""
    folder: FilePath = "/run/doorward/board"
    """Where the picture and its page board.html are put: memory, since it changes every 20 s."""
    show: Literal["on-demand", "offered", "needed"] = "on-demand"
    """When: as risk asks for it; always, and a code may answer it; always, and every code must."""
    document_keys: FilePath | None = None
    """A folder with the documents.key of issuers, by the id of their key: 0123456789abcdef.key, mode 0600."""
