"""The base of every table of the configuration: a strict Struct, and the types of its values.

The description of a type is the text of `doorward config show` and of an error about a value.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

SiteName = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\Z",
        max_length=80,
        description="a name of a-z, 0-9 and -, with / between its parts",
    ),
]
# No file system takes a NUL for a part of a name.
FilePath = Annotated[str, Meta(pattern=r"\A[^\x00]+\Z", max_length=1_000, description="a path")]
Url = Annotated[
    str,
    Meta(
        pattern=r"\Ahttps?://[^\s?#]+\Z",
        max_length=1_000,
        description="an address that begins with https:// or http://, without ? and #",
    ),
]
HostName = Annotated[
    str,
    Meta(
        pattern=r"\A[A-Za-z0-9][A-Za-z0-9.:-]*\Z", max_length=253, description="a host name or an IP address"
    ),
]
Jurisdiction = Annotated[
    str,
    Meta(pattern=r"\A[A-Z]{2}(-[A-Z0-9]{1,3})?\Z", description="an ISO 3166 code such as MO or CN-GD"),
]
HexBytes = Annotated[
    str,
    Meta(
        pattern=r"\A([0-9A-Fa-f]{2} ?)*\Z",
        max_length=120,
        description='hexadecimal bytes such as "16 54 0D"',
    ),
]
PictureSide = Annotated[int, Meta(ge=160, le=4_608)]
DeviceName = Annotated[
    str,
    Meta(pattern=r"\A[a-z0-9][a-z0-9.-]*\Z", max_length=40, description="a name of a-z, 0-9, . and -"),
]
DocumentWord = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z]+(-[a-z]+)*\Z",
        max_length=40,
        description='a type of document such as "passport" or "id-card"',
    ),
]
IssuerName = Annotated[
    str,
    Meta(pattern=r"\A[!-~]+\Z", max_length=32, description="the name of an issuer, in ASCII without spaces"),
]
ZoneName = Annotated[str, Meta(max_length=64, description="a time zone such as Asia/Macau")]


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table: unknown keys are errors."""
