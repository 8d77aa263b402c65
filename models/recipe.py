"""Builds each model file, and checks it against the manifest."""

from __future__ import annotations

import hashlib
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import ModelFault
from hw.inference.runtimes import open_runtime
from models import archive, basis, calibrate, durable, equalise, portraits, quantise, surgery
from models.pad import minifasnet
from models.tflite_graph import Graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from models.manifest import Manifest, Member

    Archives = Mapping[str, Path]

HERE = Path(__file__).resolve().parent
CALIBRATION = HERE / "calibration.json"
BASIS = HERE / "basis.json"


def files(
    page: Manifest, archives: Archives, given: Mapping[str, bytes] | None = None
) -> Iterator[tuple[str, bytes]]:
    """Every file of the models by name, checked. Raises ModelFault.

    `given`: weights of passive PAD by model file, which are used in place of those in their package.
    """
    check(CALIBRATION.name, _text(CALIBRATION).encode(), page.face.calibration)
    yield from taken(page, archives)
    for name, content in chain(built(page, archives), passive_pad(page, archives, given or {})):
        check(name, content, page.files[name].sha256)
        yield name, content


def taken(page: Manifest, archives: Archives) -> Iterator[tuple[str, bytes]]:
    """The files that are taken unchanged from a package, checked. Raises ModelFault."""
    for name, file in page.files.items():
        if file.taken:
            yield name, member(file.taken, archives)


def built(page: Manifest, archives: Archives) -> Iterator[tuple[str, bytes]]:
    """The files of the embedder that are made here, not yet compared with the manifest."""
    load_quantizer(page, archives)
    calibration = calibrate.load(_text(CALIBRATION))
    network = float_embedder(page, archives)
    level = equalise.apply(network, calibration.scales)
    static, weight_only = (surgery.join_convolutions(content) for content in (level, network))
    yield page.face.embedder.litert, quantise.static_int8(static, calibration.ranges)
    yield page.face.embedder.tflite_runtime, quantise.weight_only_int8(weight_only)
    yield page.face.basis, basis.npy(basis.load(_text(BASIS)))


def passive_pad(
    page: Manifest, archives: Archives, given: Mapping[str, bytes]
) -> Iterator[tuple[str, bytes]]:
    """The networks of passive PAD, not yet compared with the manifest. Raises ModelFault."""
    load_quantizer(page, archives)
    for weights in (page.pad.v2, page.pad.v1se):
        content = given.get(weights.file) or member(weights.taken, archives)
        yield weights.file, minifasnet.build(content, weights.name)


def load_quantizer(page: Manifest, archives: Archives) -> None:
    """Makes the pinned quantizer ready for use."""
    quantise.add_archives([archives[key] for key in page.quantizer.packages])


def float_embedder(page: Manifest, archives: Archives) -> bytes:
    """The embedder as a clean float32 graph, (1, 112, 112, 3) -> (1, 192)."""
    return surgery.operate(member(page.source, archives))


def member(wanted: Member, archives: Archives) -> bytes:
    """A member of a package, with its sha256 checked. Raises ModelFault."""
    source = archives[wanted.package]
    content = archive.take(source, wanted.member, size=wanted.bytes)
    check(f"{wanted.member} of {source.name}", content, wanted.sha256)
    return content


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError) as err:
        raise ModelFault(
            f"{path} cannot be read", hint="reinstall doorward, or in a checkout: git checkout models"
        ) from err


def check(name: str, content: bytes, sha256: str) -> None:
    """Compares bytes with the pinned sha256. Raises ModelFault where they differ."""
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise ModelFault(
            f"{name}: its sha256 is {digest}, the manifest says {sha256}",
            hint="install doorward again with its dependencies: other versions write other bytes",
        )


def recalibrate(page: Manifest, archives: Archives, pictures: Path) -> None:
    """Write calibration.json from a folder of portraits, and basis.json only if it is missing.

    The basis is part of the template format: a new one makes the template on every card void.
    """
    _, runtime = open_runtime("litert")
    contents = dict(taken(page, archives))
    with durable.scratch(HERE / "cache") as folder:
        for name, content in contents.items():
            durable.write(folder / name, content)
        detector, mesh = (
            runtime(folder / name, page.files[name].sha256) for name in (page.face.detector, page.face.mesh)
        )
        crops = portraits.crops(pictures, detector, mesh)
    network = float_embedder(page, archives)
    durable.write(CALIBRATION, calibrate.dump(calibrate.calibrate(network, crops)).encode())
    if not BASIS.exists():
        durable.write(BASIS, basis.dump(basis.derive(network)).encode())


def rows(page: Manifest, archives: Archives) -> Iterator[str]:
    """The rows that a maintainer copies into manifest.toml after a new calibration."""
    yield f'calibration = "{durable.sha256(CALIBRATION)}"'
    for name, content in built(page, archives):
        yield f'{name}: sha256 = "{hashlib.sha256(content).hexdigest()}", bytes = {len(content)}'
        if name.endswith(".tflite"):
            yield from (f"  {tensor}" for tensor in Graph(content).ends())
