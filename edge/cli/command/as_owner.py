"""The rule for root and the files of a device: root runs no command that writes files of another user.

The service could not use a file that root has made there, and a link that the service's user has put there
would lead root to any file. A file that the operator names, as in `--out FILE`, is made for the owner of its
folder (`edge.files.owner`).
"""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from edge.config.named import places_of
from edge.errors import InputError
from edge.files.owner import other_owner

if TYPE_CHECKING:
    from pathlib import Path

    from edge.config import Config


def refuse_root(config: Config, base: Path) -> None:
    """Raise InputError if root runs this command and a folder of the device belongs to another user."""
    for place in places_of(config):
        folder = base / place.folder
        if owner := other_owner(folder):
            words = ["sudo", "-u", owner, *sys.argv]
            raise InputError(
                f"{place.key}: {folder.absolute()} belongs to {owner}, "
                "who could not use files that root makes there",
                hint=f"run it as that user: {shlex.join(words)}",
            )
