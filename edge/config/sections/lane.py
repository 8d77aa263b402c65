"""A lane with two doors: its inner door and camera, its sensors, its officers, and who inspects jointly."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import DeviceName, FilePath, Jurisdiction, Table, Url

LanePin = Annotated[int, Meta(ge=0, le=27)]
LaneSeconds = Annotated[int, Meta(ge=3, le=300)]
# A user of this machine, and the role that stands in the journal for them.
Officer = Annotated[str, Meta(pattern=r"\A[a-z_][a-z0-9_-]*=[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=60)]
DocumentWord = Annotated[str, Meta(pattern=r"\A[a-z]+(-[a-z]+)*\Z", max_length=40)]


class LaneConfig(Table, frozen=True):
    """Two interlocked doors, for `[door] venue = "lane"`; the outer door is `[strike]` and `[camera]`."""

    face_outside: bool = True
    """Look at the face before the outer door too; inside it is always looked at."""
    documents: tuple[DocumentWord, ...] = ()
    """Documents that must be linked to the card and good, all of them: "id-card", "travel-permit"."""
    inner: Literal["sim", "gpio", "controller"] = "sim"
    """What moves the lock of the inner door, as `[strike] kind`."""
    inner_pin: LanePin = 27
    """BCM number of its relay, for `gpio`."""
    inner_port: FilePath = "/dev/ttyAMA1"
    """Serial port of its controller."""
    inner_lock: Literal["fail-secure", "fail-safe"] | None = None
    """Locked or free without power; must be said for a controller."""
    inner_key: FilePath = "inner-door.key"
    """Key shared with its controller, mode 0600."""
    inner_camera: int | FilePath = 1
    """The camera in the lane: a webcam by number or by path, best from /dev/v4l/by-id, or a film."""
    sensors: Literal["sim", "gpio"] = "sim"
    """What counts the people between the doors: light barriers and contacts on pins, or a simulated lane."""
    outer_contact: LanePin = 5
    """Pin of the outer leaf's contact, which closes to ground while the leaf is shut."""
    inner_contact: LanePin = 6
    """Likewise of the inner leaf."""
    entry_beams: tuple[LanePin, LanePin] = (13, 19)
    """Two beams behind the outer door, the outer one first; they conduct while nobody is in the way."""
    exit_beams: tuple[LanePin, LanePin] = (20, 21)
    """Two beams before the inner door, likewise."""
    presence_pin: LanePin | None = None
    """A sensor that conducts while nobody is in the lane; without one, officers say so after a power cut."""
    shut_s: LaneSeconds = 15
    """How long a leaf may stand open before an officer is asked."""
    inside_s: LaneSeconds = 15
    """How long a holder has to find the camera in the lane."""
    officer_s: Annotated[int, Meta(ge=10, le=1_800)] = 120
    """How long an officer has to answer; then the holder has to go back."""
    socket: FilePath | None = None
    """Where officers' screens connect: a Unix socket for the owner and the group of its folder."""
    officers: Annotated[tuple[Officer, ...], Meta(max_length=200)] = ()
    """Who may rule there: users of this machine and their roles, "anna=officer-17", which go on record."""
    other_trust: FilePath | None = None
    """Trust folder of a second authority that inspects jointly: both must grant. Left out: nobody else."""
    other_journal: FilePath = "other-journal.db"
    """The journal of that authority, with a record of its own for every passage."""
    other_key: FilePath = "other-device.key"
    """The key that signs it, 32 bytes, mode 0600; made at the first start."""
    other_id: DeviceName = "doorward-2"
    """What this device is called there."""
    other_jurisdiction: Jurisdiction | None = None
    """Whose law that authority goes by."""
    other_min_assurance: Annotated[int, Meta(ge=0, le=3)] = 0
    """How well that authority wants the face to have been checked at enrolment."""
    other_documents: tuple[DocumentWord, ...] = ()
    """Documents that it wants together."""
    other_socket: FilePath | None = None
    """Where its officers' screens connect."""
    other_officers: Annotated[tuple[Officer, ...], Meta(max_length=200)] = ()
    """Who of them may rule."""
    other_sync_url: Url | None = None
    """Base address of its trust repository; left out: its trust folder is kept by hand."""
    other_sync_root: FilePath = "other-root.json"
    """The first root of that repository."""
    other_sync_baked: FilePath | None = None
    """A copy of that repository in the image, for a first start without a network."""
    other_hub_url: Url | None = None
    """Base address of its hub; left out: its records stay here for `[journal] keep_days`."""
    other_hub_ca: FilePath | None = None
    """Certificates to believe there in place of the system's."""
    other_hub_cert: FilePath | None = None
    """This device's certificate for mutual TLS with it, with `other_hub_cert_key`."""
    other_hub_cert_key: FilePath | None = None
    """Its private key, mode 0600."""
