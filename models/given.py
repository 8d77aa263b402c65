"""Reads optional weights from an operator's folder or web address, checks and keeps them in the cache."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ModelFault
from models import durable

if TYPE_CHECKING:
    from models.manifest import Pad, Weights

VARIABLE = "DOORWARD_PAD_WEIGHTS"  # names the folder or the address, where no option does
TIMEOUT_S = 60  # of silence; 1.8 MB need two seconds on a slow line
WEB = ("https", "http")  # http is safe too: the sha256 is pinned


def weights(pad: Pad, cache: Path, place: str | None) -> dict[str, bytes]:
    """The given files, by the name of the file that is built from each; {} where they were never given.

    `place`: a folder or a web address that holds them, under one of the names in the manifest; None: the
    files of an earlier run in the cache. Raises ModelFault where `place` does not hold the pinned bytes.
    """
    found = {}
    for wanted in (pad.v2, pad.v1se):
        kept = cache / wanted.names[0]
        if durable.sha256(kept) == wanted.sha256:
            found[wanted.file] = kept.read_bytes()
        elif place:
            found[wanted.file] = _from(place, wanted)
            durable.write(kept, found[wanted.file])
    return found if len(found) == 2 else {}


def _from(place: str, wanted: Weights) -> bytes:
    web = place.partition(":")[0] in WEB
    for name in wanted.names:
        content = (
            _download(f"{place.rstrip('/')}/{name}", wanted) if web else _read(Path(place) / name, wanted)
        )
        if content is not None and hashlib.sha256(content).hexdigest() == wanted.sha256:
            return content
    raise ModelFault(
        f"{place}: holds no {' or '.join(wanted.names)} with the sha256 {wanted.sha256[:12]}",
        hint="get the weights that models/pad.md names",
    )


def _read(path: Path, wanted: Weights) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(wanted.bytes + 1)  # one byte too many shows that the file is too long
    except OSError:
        return None


def _download(url: str, wanted: Weights) -> bytes | None:
    """The bytes at an address; None where there is no such file, so that the next name is tried."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310  http(s) alone: WEB
            return bytes(answer.read(wanted.bytes + 1))
    except urllib.error.HTTPError:
        return None
    except (OSError, HTTPException, ValueError) as err:
        raise ModelFault(
            f"{url}: cannot be fetched: {err}", hint="check the network, or give a folder with the files"
        ) from err
