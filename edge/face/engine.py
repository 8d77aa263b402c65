"""The face engine: makes evidence of one frame and one reference, for the decision in edge.policy.decide.

frame -> faces -> the one face -> 468 landmarks -> aligned crop -> quality, PAD -> embedding -> similarity
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edge.decision import Reason
from edge.errors import InputError
from edge.face import quality, template
from edge.face.compare import Threshold, similarity
from edge.face.detect import BlazeFace
from edge.face.embed import Embedder
from edge.face.geometry import ARCFACE, CROP_PX, similarity_transform, warp
from edge.face.mesh import FaceMesh
from edge.face.pad.detector import PadDetector
from edge.face.pad.fusion import PadPolicy
from edge.face.pad.passive import PassivePair
from edge.face.quality import Coaching, Component
from edge.face.turned import expect_upright

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from edge.face.detect import Face
    from edge.face.fusion import Fusion
    from edge.face.mesh import Landmarks
    from edge.face.pad.fusion import MeasureRule, PadEvidence
    from edge.face.quality import Quality
    from edge.face.template import Reference
    from edge.ports import Floats, Network, Pixels

MIN_FRAME_PX, MAX_FRAME_PX = 64, 16_384  # two smallest faces; cv2's warps end at 32,767
SEVERAL = 0.5  # a second face at least half as large is as near as the first; smaller ones pass by
RETRY_SHARE = 0.19  # 24 of the 128 pixels: below, the boxes of the short-range network are wrong by a third


@dataclass(frozen=True, slots=True)
class Networks:
    """The graphs of one engine, chosen by `models/manifest.toml`; `passive` only if the PAD policy has it."""

    detector: Network
    detector_retry: Network
    mesh: Network
    embedder: Network
    passive: tuple[Network, Network] | None = None  # MiniFASNet V2, then V1SE


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """One face ready for the embedder, with its landmarks and quality.

    `crop`: uint8 (112, 112, 3) RGB, eyes level. The probe owns it; `FaceEngine.assess` wipes its own.
    """

    crop: Pixels
    landmarks: Landmarks
    quality: Quality


@dataclass(frozen=True, slots=True, eq=False)
class FaceEvidence:
    """The evidence of one frame. It holds no embedding and no template.

    `reason`: why there is no similarity (face.absent, several, quality, attack, template). If it is None,
    `similarity` in [-1, 1] is set; the policy compares it with the threshold. It is that of a burst; `alone`
    is that of this frame's own face. `box`, as in Face, and
    `landmarks`, float32 (468, 3), which the evidence owns, are for drawing. `ms`: milliseconds by stage. If
    the face could not be acquired, `coaching` is for the holder and `fta` for the audit. `settled`: no
    further frame of the burst would change the decision.
    """

    faces: int
    similarity: float | None = None
    alone: float | None = None
    quality: Quality | None = None
    pad: PadEvidence | None = None
    reason: Reason | None = None
    coaching: Coaching | None = None
    fta: Component | None = None
    settled: bool = True
    box: tuple[float, float, float, float] | None = None
    landmarks: Floats | None = None
    ms: Mapping[str, float] = field(default_factory=dict)


class FaceEngine:
    """Detector, landmarks, embedder, template basis and threshold that belong together.

    A picture `rgb` is uint8 (H, W, 3), and an `embedding` is unit float32 (192,): the caller owns both, and
    no method changes them. The caller owns every returned array. `basis`: 64 orthonormal rows, float32 (64,
    192), which the engine keeps. `seconds` is a monotonic clock; without one all `ms` are 0. Not for two
    threads at once.
    """

    def __init__(
        self,
        networks: Networks,
        basis: Floats,
        *,
        model_id: str,
        threshold: Threshold,
        pad: PadPolicy = PadPolicy(),  # noqa: B008  frozen
        seconds: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """Raises ModelFault for a wrong graph, a wrong basis, or missing networks of PAD."""
        self.model_id = model_id
        self.threshold = threshold
        self._detector = BlazeFace(networks.detector)
        self._retry = BlazeFace(networks.detector_retry)
        self._mesh = FaceMesh(networks.mesh)
        self._embedder = Embedder(networks.embedder)
        self._pad = PadDetector(pad, PassivePair(*networks.passive) if networks.passive else None)
        self._basis = template.checked_basis(basis)
        self._seconds = seconds

    def find(self, rgb: Pixels) -> tuple[Face, ...]:
        """All faces of a uint8 (H, W, 3) picture, largest first. Raises InputError for another array."""
        check_frame(rgb)
        faces = self._detector.find(rgb)
        if faces and faces[0].side >= RETRY_SHARE * max(rgb.shape[:2]):
            return faces
        return self._retry.find(rgb) or faces

    def people(self, rgb: Pixels) -> tuple[Face, ...]:
        """The faces about as near as the largest, largest first. Raises InputError as `find` does.

        `rgb`: uint8 (H, W, 3). If BlazeFace finds several, the landmark network checks each. BlazeFace
        sometimes finds a face in a lamp (score 0.52 in one of the demo's pictures). FaceMesh gives the lamp a
        presence of 0.001, and each of 250 true faces more than 0.999.
        """
        faces = self.find(rgb)
        near = tuple(face for face in faces if face.side >= SEVERAL * faces[0].side)
        if len(near) < 2:
            return near
        return tuple(f for f in near if self._mesh.locate(rgb, f).presence >= quality.MIN_PRESENCE)

    def probe(self, rgb: Pixels, face: Face) -> Probe:
        """The aligned crop of one face of a uint8 (H, W, 3) picture, with its landmarks and quality."""
        landmarks = self._mesh.locate(rgb, face)
        matrix = similarity_transform(landmarks.five, ARCFACE)
        crop = warp(rgb, matrix, CROP_PX)
        return Probe(crop, landmarks, quality.measure(rgb, face, landmarks, crop, matrix))

    def upright(self, rgb: Pixels) -> float:
        """The detector's confidence in the largest face, if it is surely an upright one; else 0."""
        for face in self.people(rgb)[:1]:
            seen = self.probe(rgb, face).quality
            if quality.is_upright(seen):
                return seen.found
        return 0.0

    def inspect(self, rgb: Pixels, face: Face) -> PadEvidence:
        """The evidence of this engine's PAD policy about one face of a uint8 (H, W, 3) picture."""
        return self._pad.look(rgb, face)

    def embed(self, probe: Probe) -> Floats:
        """The embedding of a probe: unit float32 (192,), which the caller owns and wipes."""
        return self._embedder.embed(probe.crop)

    def encode(
        self, embedding: Floats, fmt: template.TemplateFormat = template.TemplateFormat.INT8_64
    ) -> bytes:
        """The template of a unit float32 (192,) embedding for a card; of the model `self.model_id`."""
        return template.encode(embedding, self._basis, fmt)

    def reference(self, data: bytes, *, fmt: int, model: str) -> Reference:
        """The reference in a card's template. Raises Refused(face.template) for one of another engine."""
        return template.decode(data, fmt=fmt, model=model, expected=self.model_id)

    def similarity(self, reference: Reference, embedding: Floats) -> float:
        """Cosine in [-1, 1] of a reference and a unit float32 (192,) embedding.

        Raises Refused(face.template) for a reference of another engine.
        """
        return similarity(reference, template.project(embedding, self._basis), model=self.model_id)

    def sides(self, embedding: Floats, fmt: template.TemplateFormat | None) -> tuple[Floats, Floats]:
        """An embedding as reference and as probe: unit vectors whose dot product is a similarity.

        The reference is decoded from a card's template of format `fmt`; both are float32 (64,), and the
        caller owns them. If `fmt` is None, both are `embedding` itself, to compare the 192 floats.
        """
        if fmt is None:
            return embedding, embedding
        reference = self.reference(self.encode(embedding, fmt), fmt=fmt, model=self.model_id)
        return reference.vector, template.project(embedding, self._basis)

    def enrol(self, rgb: Pixels, fmt: template.TemplateFormat = template.TemplateFormat.INT8_64) -> bytes:
        """The template of the one good face of a uint8 (H, W, 3) picture. Raises InputError with a hint."""
        faces = self.people(rgb)
        if not faces:
            expect_upright(self, rgb)
            raise InputError(
                "no face in the picture",
                hint="take a picture of one upright face, at least a tenth of its width",
            )
        if len(faces) > 1:
            raise InputError(
                f"{len(faces)} faces in the picture", hint="crop the picture to the person who is enrolled"
            )
        probe = self.probe(rgb, faces[0])
        coaching = quality.gate(probe.quality)
        if coaching:
            expect_upright(self, rgb)
            raise InputError(
                f"the face in the picture is not good enough: {coaching}", hint="take another picture"
            )
        return self.encode(self.embed(probe), fmt)

    def assess(self, rgb: Pixels, reference: Reference, fusion: Fusion | None = None) -> FaceEvidence:
        """The evidence of one frame, uint8 (H, W, 3), about the holder of `reference`.

        `fusion` combines it with the frames before it. Raises ModelFault; a bad frame raises nothing.
        """
        if reference.model != self.model_id or reference.wiped:
            return FaceEvidence(0, reason=Reason.FACE_TEMPLATE)
        watch = _Stopwatch(self._seconds)
        try:
            faces = self.people(rgb)
        except InputError:
            return FaceEvidence(0, reason=Reason.FACE_QUALITY, ms=watch.lap("detect"))
        ms = watch.lap("detect")
        if not faces:
            return FaceEvidence(0, reason=Reason.FACE_ABSENT, ms=ms)
        box = faces[0].box
        if len(faces) > 1:
            return FaceEvidence(
                len(faces),
                reason=Reason.FACE_SEVERAL,
                coaching=Coaching.ONE_AT_A_TIME,
                fta=Component.SINGLE_FACE_PRESENT,
                box=box,
                ms=ms,
            )
        probe = self.probe(rgb, faces[0])
        ms |= watch.lap("align")
        short: quality.Limit | MeasureRule | None = quality.shortfall(probe.quality)
        attack = self._pad.look(rgb, faces[0], is_clear=short is None)
        short = short or attack.shortfall
        ms |= watch.lap("pad")
        reason = attack.reason or (Reason.FACE_QUALITY if short else None)
        alike, alone, settled = None, None, True
        if reason is None:
            embedding = self.embed(probe)
            if fusion is None:
                alike = alone = self.similarity(reference, embedding)
            else:
                fused = fusion.add(template.project(embedding, self._basis), quality.rank(probe.quality))
                alike, alone, settled = fused.similarity, fused.alone, fused.settled
            embedding.fill(0)
            ms |= watch.lap("embed")
        probe.crop.fill(0)
        return FaceEvidence(
            faces=len(faces),
            similarity=alike,
            alone=alone,
            quality=probe.quality,
            pad=attack,
            reason=reason,
            coaching=short.coaching if short else None,
            fta=short.component if short else None,
            settled=settled,
            box=box,
            landmarks=probe.landmarks.points,
            ms=ms,
        )


def subject(faces: Sequence[Face], rgb: Pixels) -> Face:
    """The main face of a photograph, uint8 (H, W, 3): large and near its middle. Not for use at a door."""
    middle = np.array(rgb.shape[1::-1]) / 2
    return max(faces, key=lambda face: face.side - float(np.hypot(*(face.centre - middle))))


def check_frame(rgb: Pixels) -> None:
    """Check that an array is a uint8 (H, W, 3) picture of an allowed size. Raises InputError."""
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        raise InputError(f"not a colour picture: {rgb.dtype} {rgb.shape}")
    if min(rgb.shape[:2]) < MIN_FRAME_PX or max(rgb.shape[:2]) > MAX_FRAME_PX:
        raise InputError(
            f"a picture of {rgb.shape[1]}x{rgb.shape[0]} is too small or too large",
            hint=f"use a picture with sides of {MIN_FRAME_PX} to {MAX_FRAME_PX} pixels",
        )


class _Stopwatch:
    """Measures milliseconds between laps, by name."""

    def __init__(self, seconds: Callable[[], float]) -> None:
        self._seconds = seconds
        self._last = seconds()

    def lap(self, name: str) -> dict[str, float]:
        before, self._last = self._last, self._seconds()
        return {name: (self._last - before) * 1000}
