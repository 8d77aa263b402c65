"""The table of a venue's request to its visitors, and of the screen that shows the request."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, IssuerName, Table
from edge.config.sections.desk import AttributeName

RequestedAttribute = Literal[AttributeName, "patron"]
RequestedDocument = Literal[
    "id-card", "passport", "travel-permit", "residence-permit", "driving-licence", "visa"
]
Words = Annotated[
    str,
    Meta(
        pattern=r"\A\S([^\x00-\x1f\x7f]*\S)?\Z",
        max_length=96,
        description="one line of text without a space at either end",
    ),
]


class RequestConfig(Table, frozen=True):
    """The request to every visitor; wallets show its words unchanged: edge/request/REQUEST.md."""

    purpose: Words = "to open this door"
    """Purpose of the request, in a few words for visitors; up to 96 bytes in UTF-8."""
    needed: tuple[RequestedAttribute, ...] = ()
    """Attributes without which a visit is refused; a desk also needs those of `[desk] request`."""
    optional: tuple[RequestedAttribute, ...] = ()
    """Attributes that a visitor can leave out."""
    documents: Annotated[tuple[RequestedDocument, ...], Meta(max_length=6)] = ()
    """Types of document that must be linked to the card, all of them."""
    retention_days: Annotated[int, Meta(ge=0, le=3_660)] = 0
    """Days for which disclosed data is kept; a desk shows `[desk] retain_days` instead."""
    issuers: Annotated[tuple[IssuerName, ...], Meta(max_length=8)] = ()
    """Issuers whose cards are accepted here, for wallets with several cards; left out: the wallet is not
    told."""
    certificate: FilePath | None = None
    """Certificate of this device, made by an issuer with `doorward-issuer certify`; without it wallets refuse
    the request."""
    board: Literal["none", "picture", "terminal"] = "none"
    """Screen of the request. `none`: no screen. `picture`: a picture in `folder`, for a browser. `terminal`:
    the terminal of `doorward run`."""
    folder: FilePath = "/run/doorward/board"
    """Folder of the picture and its page board.html. Use memory, not a flash card: it changes every 20 s."""
    show: Literal["on-demand", "offered", "needed"] | None = None
    """`needed`: show the request always; every code must answer it. `offered`: show it always; a code can
    answer it. `on-demand`: show it only when risk requires it. Left out: `needed` if there is a screen."""
    document_keys: FilePath | None = None
    """Folder of the issuers' documents.key files, named by key id: 0123456789abcdef.key, mode 0600."""
