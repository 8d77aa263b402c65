"""Serves the trust repository as static files, with rules for caches. edge/sync/REPOSITORY.md."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from edge.errors import InputError
from tools.hub.openapi import ApiMount
from tools.hub.operations import file_of

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from starlette.responses import Response
    from starlette.types import Scope

# The two folders and their content. The authority may keep more beside them, which is not served.
FOLDERS: Final = {"metadata": "signed metadata", "targets": "keys, lists, policies and models"}
# A file with a version or a hash in its name never changes; a cache must ask again for every other file.
_FIXED: Final = re.compile(r"(\d+\.[^/]+\.json|[0-9a-f]{64}\.[^/]+)\Z")
_FOREVER: Final = "public, max-age=31536000, immutable"
_ASK: Final = "public, no-cache"


class _Folder(StaticFiles):
    """One of FOLDERS. Starlette stays inside it, follows no link out of it, lists no files, serves ranges."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        # The name of a file starts with a dot until it is written completely.
        if any(part.startswith(".") for part in path.split("/")):
            return "", None
        return super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as error:
            # A device asks for the next root until there is none, and tomorrow there may be one: do not
            # cache.
            raise HTTPException(error.status_code, headers={"Cache-Control": "no-store"}) from error
        name = path.rpartition("/")[2]
        response.headers["Cache-Control"] = _FOREVER if _FIXED.match(name) else _ASK
        return response


def mounts(repository: Path) -> list[ApiMount]:
    """The routes `/metadata/` and `/targets/`. Raises InputError where the folder has no such folders."""
    for folder in FOLDERS:
        if not (repository / folder).is_dir():
            raise InputError(
                f"{repository}: not a trust repository: {folder} is missing",
                hint="make one with: doorward-authority init",
            )
    return [
        ApiMount(f"/{folder}", _Folder(directory=repository / folder), file_of(folder, content))
        for folder, content in FOLDERS.items()
    ]
