#!/usr/bin/env python3
"""Our updater with the command line that theupdateframework/tuf-conformance requires of a client (CLIENT-CLI.md).

    tuf_client.py --metadata-dir DIR init TRUSTED_ROOT
    tuf_client.py --metadata-dir DIR --metadata-url URL refresh
    tuf_client.py --metadata-dir DIR --metadata-url URL --target-base-url URL --target-dir DIR \
        --target-name NAME [--target-name NAME ...] download

Exit code 0: done; 1: refused. That suite runs it: `pytest tuf_conformance --entrypoint tests/peers/tuf_client.py`.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from edge.errors import EdgeError, InputError
from edge.sync.download import Downloads, Unwatched
from edge.sync.tuf_client import TufClient, as_target
from hw.network.http import HttpSource

MAX_BYTES = 100_000_000


def main(argv: list[str] | None = None) -> int:
    args = _parser().parse_args(argv)
    try:
        args.run(args)
    except EdgeError as error:
        print(f"{type(error).__name__}: {error.message}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("--metadata-url")
    parser.add_argument("--metadata-dir", type=Path, required=True)
    parser.add_argument("--target-name", action="append", default=[])
    parser.add_argument("--target-base-url")
    parser.add_argument("--target-dir", type=Path)
    verbs = parser.add_subparsers(required=True)
    init = verbs.add_parser("init")
    init.add_argument("trusted_root", type=Path)
    init.set_defaults(run=_init)
    verbs.add_parser("refresh").set_defaults(run=_refresh)
    verbs.add_parser("download").set_defaults(run=_download)
    return parser


def _init(args: argparse.Namespace) -> None:
    shutil.copyfile(args.trusted_root, args.metadata_dir / "root.json")


def _refresh(args: argparse.Namespace) -> TufClient:
    begun = any((args.metadata_dir / "root_history").glob("*"))
    root = None if begun else (args.metadata_dir / "root.json").read_bytes()
    source = HttpSource(args.metadata_url)
    client = TufClient(source, args.metadata_dir, root=root, now=datetime.now(UTC), below="")
    client.refresh()
    return client


def _download(args: argparse.Namespace) -> None:
    if not args.target_name:
        raise InputError("no --target-name")
    client = _refresh(args)  # once, whatever the number of targets
    for name in args.target_name:
        _download_one(client, name, args)


def _download_one(client: TufClient, name: str, args: argparse.Namespace) -> None:
    described = client.find(name)
    if described is None:
        raise InputError(f"{name}: no such target")
    target = as_target(described)
    file = args.target_dir / quote(target.name, "")
    if file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == target.sha256:
        return
    with tempfile.TemporaryDirectory(dir=args.target_dir) as folder:
        files = Downloads(
            HttpSource(args.target_base_url),
            Path(folder),
            path=client.path,
            budget=MAX_BYTES,
            reserve=0,
            progress=Unwatched(),
        )
        files.get(target).replace(file)


if __name__ == "__main__":
    sys.exit(main())
