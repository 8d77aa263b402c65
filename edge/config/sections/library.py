"""The table of a library's entrance: its library system, the rules of entry, and lending."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import FilePath, HostName, IssuerName, Table, ZoneName

SipText = Annotated[
    str,
    Meta(
        pattern=r"\A[^|\x00-\x1f\x7f]*\Z", max_length=100, description="text without | and control characters"
    ),
]
FieldName = Annotated[
    str, Meta(pattern=r"\A([A-Z][A-Z0-9])?\Z", description="the two characters of a SIP2 field, or empty")
]
SipLanguage = Annotated[str, Meta(pattern=r"\A[0-9]{3}\Z", description="three digits")]
HoursText = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z,-]+ +[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}\Z",
        max_length=60,
        description='days and hours such as "mon-fri 09:00-18:00"',
    ),
]
Holiday = Annotated[
    str,
    Meta(
        pattern=r"\A[0-9-]+(\.\.[0-9-]+)?\Z",
        max_length=22,
        description='a day or days such as "2027-02-06" or "12-24..01-02"',
    ),
]
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
    """A library's entrance, for `[door] venue = "library"`: the SIP2 connection, and the rules of entry."""

    host: HostName | None = None
    """Name of the library system's SIP2 server; required for a library."""
    port: Annotated[int, Meta(ge=1, le=65_535)] = 6_001
    """TCP port of that server; 6001 is usual, and many servers have another port for TLS."""
    tls: bool = True
    """Encrypt the connection, and check the server's certificate."""
    ca: FilePath | None = None
    """File of CA certificates to trust for that server; left out: those of the operating system."""
    user: SipText | None = None
    """Login name of this entrance, if the library system requires a login."""
    password_file: FilePath | None = None
    """File with the password of that login, mode 0600."""
    terminal_password_file: FilePath | None = None
    """File with the terminal password (AC), mode 0600, if the library system requires one."""
    institution: SipText = ""
    """Institution id (AO) of this library in the library system."""
    location: SipText = ""
    """Location code (CP and AP) of this entrance in the library system."""
    language: SipLanguage = "000"
    """SIP2 number of the language of messages to patrons; 000: the server's choice, 001: English."""
    encoding: Literal["utf-8", "cp850", "latin-1"] = "utf-8"
    """Character encoding of SIP2 messages; older library systems use cp850."""
    terminator: Literal["cr", "crlf"] = "cr"
    """End of each message that the device sends; it accepts both."""
    checksum: bool = True
    """Send sequence numbers and checksums, and refuse replies without them."""
    inquiry: Literal["information", "status"] = "information"
    """Message that asks about a patron. `information`: 63. `status`: the older 23, which returns less."""
    connect_ms: Annotated[int, Meta(ge=100, le=30_000)] = 3_000
    """Timeout of a connection attempt, in ms."""
    reply_ms: Annotated[int, Meta(ge=100, le=30_000)] = 2_500
    """Timeout of a reply, in ms; then the message is sent again, three times in all."""
    answer_ms: Annotated[int, Meta(ge=100, le=60_000)] = 8_000
    """Time in ms that a visitor waits for the library system; then the rule in `offline` decides."""
    blocks: tuple[Block, ...] = ("charge-denied", "card-lost")
    """SIP2 flags of a patron that refuse entry; the other flags are shown to staff."""
    fee_limit: Annotated[float, Meta(ge=0, le=1_000_000)] | None = None
    """Refuse patrons who owe more than this (BV); left out: only the flags in `blocks` count."""
    patron_issuers: Annotated[tuple[IssuerName, ...], Meta(max_length=16)] = ()
    """Names of the issuers whose signed patron numbers count here; left out: none, patrons are bound."""
    offline: Literal["deny", "members", "everyone"] = "deny"
    """Entry while the library system is offline. `deny`: no patron. `members`: patrons who entered in the
    last `offline_days`. `everyone`: all patrons whose card is bound here."""
    offline_days: Annotated[int, Meta(ge=1, le=366)] = 30
    """Days for which the entrance remembers a patron who entered; for offline = "members"."""
    zone: ZoneName = "UTC"
    """Time zone of the library, such as Asia/Macau."""
    staffed: tuple[HoursText, ...] = ()
    """Hours when staff are there, such as "mon-fri 09:00-18:00" or "holiday 10:00-12:00"; left out:
    always."""
    holidays: tuple[Holiday, ...] = ()
    """Days with the hours of "holiday", not those of the weekday: "2027-02-06", "05-01", "12-24..01-02"."""
    unstaffed: Literal["none", "registered", "everyone"] = "none"
    """Entry outside the staffed hours. `none`: no patron. `registered`: patrons by `unstaffed_kinds` and
    `unstaffed_age`. `everyone`: all patrons."""
    unstaffed_kinds: tuple[SipText, ...] = ()
    """Kinds of patron who signed the agreement for hours without staff."""
    unstaffed_age: Annotated[int, Meta(ge=1, le=120)] | None = None
    """Minimum age in years for hours without staff; a patron without a date of birth is refused."""
    kind_field: FieldName = "PC"
    """SIP2 field with a patron's kind: PC in Evergreen and Koha."""
    birth_field: FieldName = "PB"
    """SIP2 field with a patron's date of birth: PB in Evergreen and Koha."""
    lending: bool = False
    """Lend items whose codes are scanned after a grant."""
    loan_days: Annotated[int, Meta(ge=1, le=366)] = 14
    """Loan period in days while the library system is offline."""
    returns: bool = False
    """Take back items whose codes are scanned while no patron's session is open."""
    session_s: Annotated[int, Meta(ge=5, le=600)] = 60
    """Time in seconds after a grant, or after an item, within which the next item can be scanned."""
    # Both files keep the old name of the venue, so that a device at work finds its data.
    key: FilePath = "gate.key"
    """Key that seals the entrance's data: 32 bytes, mode 0600; made at the first start."""
    store: FilePath = "gate.db"
    """Database of bound patrons, of recent entries, and of messages that wait for the library system."""
    keep_days: Annotated[int, Meta(ge=1, le=366)] = 30
    """Days for which a loan or return that the library system refused is kept for staff."""
