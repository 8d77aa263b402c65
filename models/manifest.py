"""Types of models/manifest.toml. Unknown keys are errors: a misspelt key must not switch a check off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from edge.errors import ModelFault

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FORMAT = 1


class _Table(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A TOML table."""


class Package(_Table, frozen=True, kw_only=True):
    """An archive of a registry, pinned to its bytes. `name`: only where it differs from the table's key."""

    registry: Literal["pypi", "npm"]
    name: str = ""
    version: str
    archive: str
    sha256: str
    bytes: int
    licence: str
    why: str


class Quantizer(_Table, frozen=True, kw_only=True):
    """The packages that hold the quantizer as Python."""

    packages: tuple[str, ...]


class Tensor(_Table, frozen=True, kw_only=True):
    """An input or output; for an integer dtype real = scale * (stored - zero_point)."""

    name: str = ""
    shape: tuple[int, ...]
    dtype: Literal["float32", "int8"]
    scale: float = 0.0
    zero_point: int = 0


class Member(_Table, frozen=True, kw_only=True):
    """A file inside a package's archive, taken out unchanged."""

    package: str
    member: str
    sha256: str
    bytes: int


class File(_Table, frozen=True, kw_only=True):
    """A model file: a member of a package, or built (then `built` names the method)."""

    package: str = ""
    member: str = ""
    built: str = ""
    sha256: str
    bytes: int
    input: Tensor | None = None
    outputs: tuple[Tensor, ...] = ()
    shape: tuple[int, ...] = ()
    dtype: str = ""

    @property
    def taken(self) -> Member | None:
        """The member that it is taken from; None for a built file."""
        if not self.package:
            return None
        return Member(package=self.package, member=self.member, sha256=self.sha256, bytes=self.bytes)


class Weights(_Table, frozen=True, kw_only=True):
    """Minivision's file of one network, in a package; the model file `file` is built from it."""

    file: str
    package: str
    member: str
    sha256: str
    bytes: int

    @property
    def name(self) -> str:
        """The file name without its folders."""
        return self.member.rpartition("/")[2]

    @property
    def taken(self) -> Member:
        """The member of the package."""
        return Member(package=self.package, member=self.member, sha256=self.sha256, bytes=self.bytes)


class Pad(_Table, frozen=True, kw_only=True):
    """The networks of passive PAD; `edge.face.manifest` reads this too."""

    licence: str
    origin: str
    v2: Weights
    v1se: Weights


class Embedders(_Table, frozen=True, kw_only=True):
    """The embedder's file for each runtime, and for litert by the kind of machine."""

    litert: str
    litert_aarch64: str
    litert_aarch64_asimddp: str
    litert_x86_64: str
    litert_x86_64_vnni: str
    tflite_runtime: str


class ThresholdTable(_Table, frozen=True, kw_only=True):
    """A threshold: from `cosine` on, one stranger in 1 / `fmr` matches the holder."""

    fmr: float
    cosine: float


class FaceTable(_Table, frozen=True, kw_only=True):
    """Files of one face engine and its match thresholds; `edge.face.manifest` reads this too."""

    model_id: str
    detector: str
    detector_retry: str
    mesh: str
    basis: str
    calibration: str
    default_cosine: float
    embedder: Embedders
    thresholds: tuple[ThresholdTable, ...]


class Manifest(_Table, frozen=True, kw_only=True):
    """The whole page."""

    format: int
    packages: dict[str, Package]
    quantizer: Quantizer
    source: Member
    files: dict[str, File]
    photos: dict[str, Member]
    face: FaceTable
    pad: Pad

    def needed(
        self, photos: Mapping[str, Member], given: Mapping[str, bytes] | None = None
    ) -> dict[str, Package]:
        """The packages with the models, the quantizer and these photographs, in the order of the page.

        `given`: weights of passive PAD that need no package, by model file.
        """
        keys = {self.source.package, *self.quantizer.packages}
        keys |= {
            weights.package for weights in (self.pad.v2, self.pad.v1se) if weights.file not in (given or {})
        }
        keys |= {file.package for file in self.files.values()} | {photo.package for photo in photos.values()}
        return {key: package for key, package in self.packages.items() if key in keys}


def load(path: Path) -> Manifest:
    """Read the manifest. Raises ModelFault where it is missing, invalid or of another format."""
    try:
        manifest = msgspec.toml.decode(path.read_bytes(), type=Manifest)
    except (OSError, ValueError) as err:
        raise ModelFault(
            f"{path} cannot be used: {err}", hint="reinstall doorward, or in a checkout: git checkout models"
        ) from err
    if manifest.format != FORMAT:
        raise ModelFault(f"{path.name} has format {manifest.format}, this build reads {FORMAT}")
    return manifest
