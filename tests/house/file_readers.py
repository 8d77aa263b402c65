"""Files in the pages, read by the product's own readers."""

from __future__ import annotations

import io
import json
import re
import tomllib
from datetime import UTC
from typing import TYPE_CHECKING

import msgspec

from edge.app.venues.door import read_rules
from edge.card.attributes import Attribute
from edge.cli.venues.library import _pairs
from edge.config import parse_config
from edge.trust.issuer_file import read_issuer
from edge.trust.site_policy import parse as parse_policy
from edge.venues.desk.arrivals import arrivals
from edge.venues.door.enrolment import EnrolmentContext, gather, read_csv

if TYPE_CHECKING:
    from pathlib import Path

SITE = "tower-1/lobby"  # a door of most examples; rules name their doors themselves


def read(file: Path, text: str) -> None:
    """Write the text into `file`, and read it as the product would. Raises EdgeError, ValueError."""
    file.write_text(text, "utf-8")
    match file.suffix, file.name:
        case ".toml", "site.toml":
            read_rules(file, SITE)
        case ".toml", "policy.toml":
            parse_policy(text.encode())
        case ".toml", _:
            parse_config(_with_venue(text), file)
        case ".csv", "people.csv":
            _none_wrong(gather(read_csv(io.StringIO(text), EnrolmentContext(bytes(32), UTC)))[1])
        case ".csv", "patrons.csv":
            list(_pairs(file))
        case ".csv", name if name.startswith("arrivals"):
            _none_wrong(
                [item for item in arrivals.read_csv(io.StringIO(text)) if isinstance(item, arrivals.Mistake)]
            )
        case ".json", "attributes.json":
            msgspec.json.decode(text, type=dict[Attribute, str])
        case ".json", name if re.fullmatch(r"[0-9a-f]{16}", file.stem):  # an issuer's key id
            read_issuer(name, bytes.fromhex(file.stem), text.encode())
        case ".json", _:
            json.loads(text)
        case ".py", name:
            compile(text, name, "exec")
        case ".txt", _:
            pass
        case _:
            raise ValueError(f"{file.name}: tests/house/file_readers.py knows no reader for this name")


def _with_venue(text: str) -> bytes:
    """A part of door.toml about one venue, with the line that chooses that venue."""
    tables = tomllib.loads(text)
    told = [venue for venue in ("desk", "library", "lane", "check") if venue in tables]
    if not told or "door" in tables:
        return text.encode()
    return f'{text}\n[door]\nvenue = "{told[0]}"\n'.encode()


def _none_wrong(mistakes: list[object]) -> None:
    if mistakes:
        raise ValueError("; ".join(map(str, mistakes)))
