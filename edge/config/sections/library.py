"""A library's entrance: its library system, who comes in, and what may be lent."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, HostName, Table

SipText = Annotated[str, Meta(pattern=r"\A[^|\x00-\x1f\x7f]*\Z", max_length=100)]
FieldName = Annotated[str, Meta(pattern=r"\A([A-Z][A-Z0-9])?\Z")]
HoursText = Annotated[str, Meta(pattern=r"\A[a-z,-]+ +[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}\Z", max_length=60)]
Holiday = Annotated[str, Meta(pattern=r"\A[0-9-]+(\.\.[0-9-]+)?\Z", max_length=22)]
Block = Literal[
    "charge-denied",
    "renewal-denied",
    "recall-denied",
    "hold-denied",
    "card-lost",
    "too-many-charged",
    "too-many-overdue",
    "too-many-renewals",
    "too-many-claims",
    "too-many-lost",
    "excessive-fines",
    "excessive-fees",
    "recall-overdue",
    "too-many-billed",
]


class LibraryConfig(Table, frozen=True):
    """A library's entrance, for `venue = "library"`: SIP2 to its library system, and the rules of entry."""

    host: HostName | None = None
    """Name of the library system's SIP2 server; a library needs one."""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 6_001
    """Its port; 6001 is usual, and many have another one for TLS."""
    tls: bool = True
    """Encrypt, and believe the system's certificates or those in `ca`."""
    ca: FilePath | None = None
    """Certificates to believe in place of the system's."""
    user: SipText | None = None
    """Login of this entrance at the library system, where it wants one."""
    password_file: FilePath | None = None
    """A file with the password of that login, mode 0600."""
    terminal_password_file: FilePath | None = None
    """A file with the terminal's password (AC), where the library system wants one, mode 0600."""
    institution: SipText = ""
    """The institution's id (AO) as the library system knows it."""
    location: SipText = ""
    """Where this entrance stands (CP and AP), in the library system's own word."""
    language: Annotated[str, Meta(pattern=r"\A[0-9]{3}\Z")] = "000"
    """Language of what the system writes for patrons, a number of SIP2; 000: as it likes, 001: English."""
    encoding: Literal["utf-8", "cp850", "latin-1"] = "utf-8"
    """How the library system writes letters; the old ones write cp850."""
    terminator: Literal["cr", "crlf"] = "cr"
    """What ends a message that we send; either is understood."""
    checksum: bool = True
    """Send sequence numbers and checksums, and take nothing without them."""
    inquiry: Literal["information", "status"] = "information"
    """Which message asks about a patron: 63, or the older 23, which knows less."""
    connect_ms: Annotated[int, Meta(ge=100, le=30_000)] = 3_000
    """How long a connection may take."""
    reply_ms: Annotated[int, Meta(ge=100, le=30_000)] = 2_500
    """How long a reply may take before the question is sent again, three times in all."""
    answer_ms: Annotated[int, Meta(ge=100, le=60_000)] = 8_000
    """How long a visitor waits for the library system before the rule in `offline` decides."""
    blocks: tuple[Block, ...] = ("charge-denied", "card-lost")
    """What keeps a patron out, of the fourteen things that SIP2 knows; the others are shown to staff."""
    fee_limit: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None
    """Who owes more than this (BV) stays out; left out: as the library system's own flags say."""
    offline: Literal["deny", "members", "everyone"] = "deny"
    """Who comes in while the library system is away: nobody, whom it let in lately, whoever is bound here."""
    offline_days: Annotated[int, Meta(ge=1, le=366)] = 30
    """What is lately, for `members`; it is also how long an entrance remembers whom it let in."""
    zone: Annotated[str, Meta(max_length=64)] = "UTC"
    """The library's time zone, such as "Asia/Macau"."""
    staffed: tuple[HoursText, ...] = ()
    """When staff are there, such as "mon-fri 09:00-18:00" or "holiday 10:00-12:00"; left out: always."""
    holidays: tuple[Holiday, ...] = ()
    """Days that count as holidays, not as days of the week: "2027-02-06", "05-01", "12-24..01-02"."""
    unstaffed: Literal["none", "registered", "everyone"] = "none"
    """Who comes in at other times; `registered`: by `unstaffed_kinds` and `unstaffed_age`."""
    unstaffed_kinds: tuple[SipText, ...] = ()
    """Kinds of patrons who have signed the agreement for hours without staff."""
    unstaffed_age: Annotated[int, Meta(ge=1, le=120)] | None = None
    """The age from which a patron may come in without staff; who does not tell it may not."""
    kind_field: FieldName = "PC"
    """The field in which the library system names a patron's kind: PC in Evergreen and Koha."""
    birth_field: FieldName = "PB"
    """The field in which it names a patron's date of birth: PB in Evergreen and Koha."""
    lending: bool = False
    """Lend items whose codes are scanned after a grant."""
    loan_days: Annotated[int, Meta(ge=1, le=366)] = 14
    """For how long an item is lent while the library system cannot say."""
    returns: bool = False
    """Take back items whose codes are scanned while nobody's session lasts."""
    session_s: Annotated[int, Meta(ge=5, le=600)] = 60
    """How long after a grant, or after an item, the next item may come."""
    # Both files keep the old name of the venue, so that a device at work finds what it has.
    key: FilePath = "gate.key"
    """The key that seals what an entrance keeps, 32 bytes, mode 0600; made at the first start."""
    store: FilePath = "gate.db"
    """Patrons that are bound, whom the system let in lately, and what waits to be told it."""
    keep_days: Annotated[int, Meta(ge=1, le=366)] = 30
    """How long a refused entry of the upload is kept for staff."""
