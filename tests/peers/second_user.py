"""A second user of this machine, such as the one of a hotel's own system: what it may do, it really does."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

USER = GROUP = 61_234  # has no account, and needs none
REASON = "only root can act as a second user: run the tests as root"


def acts(act: Callable[[], object]) -> bool:
    """Run this as the second user, in a process of its own; False if the system forbade it."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(GROUP)
            os.setuid(USER)
            act()
            code = 0
        except PermissionError:
            code = 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, 2}, "the second user's act failed for another reason"
    return code == 0


@contextmanager
def shared_place() -> Iterator[Path]:
    """A folder that every user can enter, unlike those of pytest."""
    place = Path(tempfile.mkdtemp(prefix="doorward-shared-"))
    try:
        place.chmod(0o755)
        yield place
    finally:
        shutil.rmtree(place)


def share(folder: Path) -> None:
    """Make a folder that this process owns and the second user may write."""
    folder.mkdir()
    os.chown(folder, -1, GROUP)
    folder.chmod(0o770)
