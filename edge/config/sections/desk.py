"""The desk of a hotel: whom it expects, what it must know of them, who is told, and when it forgets."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, Table, Url

AttributeName = Literal[
    "family_name",
    "given_name",
    "birth_date",
    "nationality",
    "document_type",
    "document_number",
    "document_issuer",
    "expiry",
    "address",
    "booking",
]

USUAL: tuple[AttributeName, ...] = (
    "family_name",
    "given_name",
    "nationality",
    "document_type",
    "document_number",
)


class DeskConfig(Table, frozen=True):
    """What the desk asks, keeps and tells; for `[door] venue = "desk"`."""

    zone: Annotated[str, Meta(max_length=64)] = "UTC"
    """Time zone of the property, such as Asia/Macau: it says when a day of arrival begins."""
    request: tuple[AttributeName, ...] = USUAL
    """What the law wants to know of a guest; nothing besides is kept. Add birth_date only if it must be."""
    documents: tuple[Annotated[str, Meta(pattern=r"\A[a-z]+(-[a-z]+)*\Z", max_length=40)], ...] = ()
    """Types of document that are accepted, such as "passport"; left out: all."""
    adult_age: Annotated[int, Meta(ge=12, le=25)] = 18
    """From this age on a guest registers alone, and may answer for the minors of a booking."""
    early_h: Annotated[int, Meta(ge=0, le=48)] = 0
    """How many hours before the day of arrival a guest may come."""
    walk_in: bool = False
    """Staff may take a guest whom no list expects; otherwise such a guest is refused."""
    retain_days: Annotated[int, Meta(ge=0, le=3_660)] = 365
    """A registration is erased this many days after the guest's departure."""
    folder: FilePath = "desk"
    """Where register and arrivals are kept, sealed."""
    key: FilePath = "desk.key.pub"
    """Public key that everything is sealed to: doorward desk key. The private one stays elsewhere."""
    arrivals: FilePath | None = None
    """Folder that the property's system puts lists of arrivals in; left out: doorward desk import."""
    arrivals_key: Annotated[str, Meta(pattern=r"\ARW[A-Za-z0-9+/]{54}\Z")] | None = None
    """minisign key that lists must be signed with; left out: whoever can write in that folder is believed."""
    webhook: Url | None = None
    """Where the property's own system is told of each registration."""
    authority: Url | None = None
    """Where the authority is told of each registration."""
    authority_key: FilePath | None = None
    """The authority's public key, to seal reports to; left out: the desk's own."""
    report_h: Annotated[int, Meta(ge=1, le=168)] = 24
    """Within how many hours the authority must have a report; a later one raises an alarm."""
    ca: FilePath | None = None
    """Certificates to believe for both addresses in place of the system's."""
    queue_mb: Annotated[int, Meta(ge=1, le=4_096)] = 64
    """How much may wait for the property's system; beyond it the oldest is given up."""
    queue_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """For how long the property's system is tried; the authority's reports are never given up."""
