"""Reads the weights of passive PAD from a folder or an address of an operator, if their package is not used.

They are checked and kept in the cache, so that later builds need neither the package nor the folder.
"""

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
TIMEOUT_S = 60  # of silence; 1.9 MB need two seconds on a slow line
WEB = ("https", "http")  # http is safe too: the sha256 is pinned


def weights(pad: Pad, cache: Path, place: str | None) -> dict[str, bytes]:
    """The given files, by the model file that is built from each; {} where none was ever given.

    `place`: a folder or a web address that holds both files; None: the files of an earlier run in the cache.
    Raises ModelFault where `place` does not hold the pinned bytes.
    """
    found = {}
    for wanted in (pad.v2, pad.v1se):
        kept = cache / wanted.name
        if durable.sha256(kept) == wanted.sha256:
            found[wanted.file] = kept.read_bytes()
        elif place:
            found[wanted.file] = _from(place, wanted)
            durable.write(kept, found[wanted.file])
    return found


def _from(place: str, wanted: Weights) -> bytes:
    address = f"{place.rstrip('/')}/{wanted.name}"
    web = place.partition(":")[0] in WEB
    content = _download(address, wanted) if web else _read(Path(place, wanted.name), wanted)
    if content is not None and hashlib.sha256(content).hexdigest() == wanted.sha256:
        return content
    raise ModelFault(
        f"{place}: holds no {wanted.name} with the sha256 {wanted.sha256[:12]}",
        hint="get the weights that models/pad.md names",
    )


def _read(path: Path, wanted: Weights) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(wanted.bytes + 1)  # one byte too many shows that the file is too long
    except OSError:
        return None


def _download(url: str, wanted: Weights) -> bytes | None:
    """The bytes at an address; None where there is no such file."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_S) as answer:  # noqa: S310  http(s) alone: WEB
            return bytes(answer.read(wanted.bytes + 1))
    except urllib.error.HTTPError:
        return None
    except (OSError, HTTPException, ValueError) as err:
        raise ModelFault(
            f"{url}: cannot be fetched: {err}", hint="check the network, or give a folder with the files"
        ) from err
