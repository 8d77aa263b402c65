"""Reads one member of a wheel or an npm tarball, by its exact name.

No file is written to a path that the archive chooses: the caller gets a member's bytes and decides where they
go. So names like `../x`, links and device files do no harm.
"""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from typing import TYPE_CHECKING

from edge.errors import ModelFault

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

# The exceptions of zipfile and tarfile for damaged, truncated, encrypted or unknown content and missing
# members.
UNUSABLE = (
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    zlib.error,
    zipfile.BadZipFile,
    tarfile.TarError,
)


def take(archive: Path, member: str, *, size: int) -> bytes:
    """The bytes of a regular member that is exactly `size` bytes long. Raises ModelFault otherwise."""
    opened = _from_zip if archive.suffix == ".whl" else _from_tar
    try:
        content = opened(archive, member, size)
    except UNUSABLE as err:
        raise ModelFault(
            f"{archive.name}: the member {member} is missing or damaged", hint=_hint(archive)
        ) from err
    if len(content) != size:
        raise ModelFault(f"{archive.name}: {member} is not {size} bytes long", hint=_hint(archive))
    return content


def _hint(archive: Path) -> str:
    return f"remove {archive}, then: doorward models fetch"


def _from_zip(archive: Path, member: str, size: int) -> bytes:
    with zipfile.ZipFile(archive) as opened, opened.open(member) as file:
        return _read(file, size)


def _from_tar(archive: Path, member: str, size: int) -> bytes:
    with tarfile.open(archive, "r:gz") as opened:
        info = opened.getmember(member)
        file = opened.extractfile(info) if info.isreg() else None  # a link could point to another member
        if file is None:
            raise KeyError(member)
        with file:
            return _read(file, size)


def _read(file: IO[bytes], size: int) -> bytes:
    """At most one byte more than expected, so that a zip bomb costs nothing and is still detected."""
    return file.read(size + 1)
