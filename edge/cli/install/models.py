"""`doorward models`: fetch the models of this machine, and show what is there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from edge.app.parts.model_folders import SYSTEM, VARIABLE, ModelFolders, model_folders
from edge.cli.output import tell
from edge.cli.verbs import argument, json_lines, verb
from edge.errors import Exit

if TYPE_CHECKING:
    import argparse

    from models.manifest import Package

PLACES = f"""\
In a checkout the models are in models/built. Elsewhere they are in the folder ${VARIABLE}; if it is not
set, in {SYSTEM}; if this user may not write there, in ~/.local/share/doorward/models.
That folder also has photos/ and cache/. All commands of doorward look in this order. For a folder that
--to names, set [paths] models in door.toml."""

FETCH = f"""\
Fetches the pinned packages, checks their sha256, and builds the models: 48 MB once, then a few seconds.
After an interruption run it again: it fetches only what is missing. Without a network it lists the files
that it needs; copy them into the cache, and run it again.

{PLACES}"""


def _fetch(args: argparse.Namespace) -> int:
    from models import build

    build.build(
        _folders(args.to),
        offline=args.offline,
        pad_weights=args.pad_weights,
        with_photos=not args.no_photos,
    )
    return Exit.OK


def _show(args: argparse.Namespace) -> int:
    from models import build, fetch, manifest

    page = manifest.load(build.MANIFEST)
    folders = _folders(args.to)
    wrong = [path.name for path in build.wrong_files(page, folders, list(page.files), {})]
    photos = sum((folders.photos / name).is_file() for name in page.photos)
    missing = fetch.missing_packages(page.packages, folders.cache)
    row = {
        "models": str(folders.models),
        "wrong": wrong,
        "photos": photos,
        "cache": str(folders.cache),
        "packages": [_row(key, each, cached=key not in missing) for key, each in page.packages.items()],
    }
    state = f"missing or altered: {', '.join(wrong)}" if wrong else "complete"
    lines = [
        f"models       {folders.models}: {state}",
        f"photographs  {folders.photos}: {photos} of {len(page.photos)}, for the demo only",
        f"packages     {folders.cache}: {len(page.packages) - len(missing)} of {len(page.packages)}",
    ]
    for key, package in page.packages.items():
        state = "missing" if key in missing else "cached"
        lines.append(f"  {state:8} {fetch.described(key, package)}, {package.licence}")
    tell(row, *lines, as_json=args.json)
    return Exit.REFUSED if wrong else Exit.OK


def _row(key: str, package: Package, *, cached: bool) -> dict[str, object]:
    return {
        "file": package.archive,
        "bytes": package.bytes,
        "sha256": package.sha256,
        "registry": package.registry,
        "package": package.name or key,
        "version": package.version,
        "licence": package.licence,
        "cached": cached,
    }


def _folders(to: Path | None) -> ModelFolders:
    return ModelFolders.below(to) if to else model_folders()


TO = argument("--to", type=Path, metavar="DIR", help="keep models, photographs and cache in DIR")
VERBS = (
    verb(
        "fetch",
        "fetch the pinned packages and build the models",
        _fetch,
        TO,
        argument("--offline", action="store_true", help="use the cache only, without the network"),
        argument(
            "--no-photos",
            action="store_true",
            help="do not fetch the photographs of the demo: 21 MB in place of 48",
        ),
        argument(
            "--pad-weights",
            metavar="DIR|URL",
            default=os.environ.get("DOORWARD_PAD_WEIGHTS"),
            help="take the weights of passive PAD from this folder or address, in place of their package "
            "(else from $DOORWARD_PAD_WEIGHTS)",
        ),
        about=FETCH,
    ),
    verb(
        "show",
        "show folder, models, photographs and package files",
        _show,
        TO,
        json_lines("one JSON object"),
        about=f"Shows the models, and each package file with its size, sha256 and licence.\n\n{PLACES}",
    ),
)
