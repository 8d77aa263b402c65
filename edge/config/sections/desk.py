"""The table of a hotel's desk: arrivals, registration, reports, and how long registrations are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import DocumentWord, FilePath, Table, Url, ZoneName

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

MinisignKey = Annotated[
    str,
    Meta(pattern=r"\ARW[A-Za-z0-9+/]{54}\Z", description="a minisign public key: RW and 54 characters"),
]
USUAL: tuple[AttributeName, ...] = (
    "family_name",
    "given_name",
    "nationality",
    "document_type",
    "document_number",
)


class DeskConfig(Table, frozen=True):
    """The data that a desk asks for, keeps and reports; for `[door] venue = "desk"`."""

    name: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """Name of the property in exported registrations, such as Hotel One; left out: `[door] site`."""
    zone: ZoneName = "UTC"
    """Time zone of the property, such as Asia/Macau; it decides when a day of arrival begins."""
    request: tuple[AttributeName, ...] = USUAL
    """Attributes of a guest that the law requires; the desk keeps no others. Add birth_date only if
    required."""
    documents: tuple[DocumentWord, ...] = ()
    """Types of document that are accepted, such as "passport"; left out: all."""
    adult_age: Annotated[int, Meta(ge=12, le=25)] = 18
    """Age in years from which a guest registers alone, and can register the minors of a booking."""
    early_h: Annotated[int, Meta(ge=0, le=48)] = 0
    """Hours before the day of arrival from which a guest can check in."""
    walk_in: bool = False
    """Staff can accept a guest who is on no list of arrivals; false: such a guest is refused."""
    retain_days: Annotated[int, Meta(ge=0, le=3_660)] = 365
    """Days after the guest's departure until the registration is deleted."""
    folder: FilePath = "desk"
    """Folder of the register and the arrivals; both are sealed."""
    key: FilePath = "desk.key.pub"
    """Public key to which the desk seals all data, made by `doorward desk key`; keep the private key
    elsewhere."""
    arrivals: FilePath | None = None
    """Folder into which the property's system writes lists of arrivals; left out: `doorward desk import`
    only."""
    arrivals_key: MinisignKey | None = None
    """minisign public key that signs lists of arrivals; left out: every file in that folder is trusted."""
    webhook: Url | None = None
    """Address of the property's system, which receives each registration."""
    authority: Url | None = None
    """Address of the authority, which receives a report of each registration."""
    authority_key: FilePath | None = None
    """The authority's public key, to which reports are sealed; left out: the desk's own key."""
    report_h: Annotated[int, Meta(ge=1, le=168)] = 24
    """Hours within which the authority must have a report; a later report raises an alarm."""
    ca: FilePath | None = None
    """File of CA certificates to trust for both addresses; left out: those of the operating system."""
    queue_mb: Annotated[int, Meta(ge=1, le=4_096)] = 64
    """Maximum size of the messages that wait for the property's system, in MB; at the limit the oldest is
    deleted."""
    queue_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """Days for which a message to the property's system is retried; reports to the authority have no
    limit."""
