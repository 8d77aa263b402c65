"""The base of every table of the configuration: a strict Struct, and the types of its values."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

SiteName = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\Z", max_length=80)]
# What no file system takes for a name, the configuration does not either.
FilePath = Annotated[str, Meta(pattern=r"\A[^\x00]+\Z", max_length=1_000)]
Url = Annotated[str, Meta(pattern=r"\Ahttps?://[^\s?#]+\Z", max_length=1_000)]
HostName = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9.:-]*\Z", max_length=253)]
Jurisdiction = Annotated[str, Meta(pattern=r"\A[A-Z]{2}(-[A-Z0-9]{1,3})?\Z")]
HexBytes = Annotated[str, Meta(pattern=r"\A([0-9A-Fa-f]{2} ?)*\Z", max_length=120)]
PictureSide = Annotated[int, Meta(ge=160, le=4_608)]
DeviceName = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9.-]*\Z", max_length=40)]


class Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table: unknown keys are errors."""
