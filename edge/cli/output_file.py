"""Files that are there only once they are whole, and that only their owner can read."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

from edge.errors import StorageFault

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """A path to write to, which becomes `out` when the block ends well. Raises StorageFault."""
    try:
        handle, name = mkstemp(dir=out.parent, prefix=f".{out.name}-")
        os.close(handle)
        part = Path(name)
        try:
            yield part
            with part.open("rb") as file:
                os.fsync(file.fileno())
            part.replace(out)
        except BaseException:
            with suppress(OSError):
                part.unlink()
            raise
    except OSError as error:
        what = (error.strerror or "cannot be written").lower()
        raise StorageFault(f"{out}: {what}", hint="choose another: --out FILE") from error
