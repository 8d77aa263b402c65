"""The table of a lane with two doors: inner door, inner camera, sensors, officers, and a second authority."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import DeviceName, DocumentWord, FilePath, Jurisdiction, Table, Url

LanePin = Annotated[int, Meta(ge=0, le=27)]
LaneSeconds = Annotated[int, Meta(ge=3, le=300)]
Officer = Annotated[
    str,
    Meta(
        pattern=r"\A[a-z_][a-z0-9_-]*=[A-Za-z0-9][A-Za-z0-9._-]*\Z",
        max_length=60,
        description='a user of this machine and a role, such as "anna=officer-17"',
    ),
]


class LaneConfig(Table, frozen=True):
    """Two interlocked doors, for `[door] venue = "lane"`; `[strike]` and `[camera]` are the outer door's."""

    face_outside: bool = True
    """Compare the face before the outer door too; between the doors it is always compared."""
    documents: tuple[DocumentWord, ...] = ()
    """Types of document that must be linked to the card and valid, all of them: "id-card",
    "travel-permit"."""
    inner: Literal["sim", "gpio", "controller"] = "sim"
    """Lock of the inner door: `sim`, `gpio` or `controller`, as in `[strike] kind`."""
    inner_pin: LanePin = 27
    """BCM number of the inner relay's pin; for inner = "gpio"."""
    inner_port: FilePath = "/dev/ttyAMA1"
    """Serial port of the inner door's controller."""
    inner_lock: Literal["fail-secure", "fail-safe"] | None = None
    """`fail-secure`: locked without power. `fail-safe`: unlocked without power. Required for a controller."""
    inner_key: FilePath = "inner-door.key"
    """Key shared with the inner door's controller: 32 bytes, mode 0600."""
    inner_camera: int | FilePath = 1
    """Camera between the doors: number or path of a webcam, best from /dev/v4l/by-id, or a film."""
    inner_rotate: Literal[0, 90, 180, 270] = 0
    """Degrees clockwise by which each picture of that camera is turned to be upright."""
    inner_mirror: bool = False
    """Exchange left and right in each picture of that camera; after `inner_rotate`."""
    sensors: Literal["sim", "gpio"] = "sim"
    """Sensors that count the people between the doors. `gpio`: light barriers and contacts on pins of this
    board. `sim`: a simulated lane."""
    outer_contact: LanePin = 5
    """BCM pin of the outer door's contact; it is closed to ground while the door is shut."""
    inner_contact: LanePin = 6
    """BCM pin of the inner door's contact; it is closed to ground while the door is shut."""
    entry_beams: tuple[LanePin, LanePin] = (13, 19)
    """BCM pins of the two light barriers behind the outer door, the outer one first; they conduct while the
    beam is free."""
    exit_beams: tuple[LanePin, LanePin] = (20, 21)
    """BCM pins of the two light barriers before the inner door, the outer one first; likewise."""
    presence_pin: LanePin | None = None
    """BCM pin of a sensor that conducts while the lane is empty; left out: after a power cut an officer has
    to say that the lane is empty."""
    shut_s: LaneSeconds = 15
    """Time in seconds for which a door may stand open before an officer is asked."""
    inside_s: LaneSeconds = 15
    """Time in seconds that a holder has to look into the camera between the doors."""
    officer_s: Annotated[int, Meta(ge=10, le=1_800)] = 120
    """Time in seconds that an officer has to answer; after it the holder has to go back."""
    socket: FilePath | None = None
    """Unix socket for the officers' screens; its folder's owner and group can connect."""
    officers: Annotated[tuple[Officer, ...], Meta(max_length=200)] = ()
    """Officers who can decide: users of this machine with the role that stands in the record, such as
    "anna=officer-17"."""
    other_trust: FilePath | None = None
    """Trust folder of a second authority; both authorities must grant. Left out: one authority."""
    other_journal: FilePath = "other-journal.db"
    """Journal of the second authority; it has its own record of every passage."""
    other_key: FilePath = "other-device.key"
    """Key that signs that journal: 32 bytes, mode 0600; made at the first start."""
    other_id: DeviceName = "doorward-2"
    """Name of this device in that journal."""
    other_jurisdiction: Jurisdiction | None = None
    """Country or region whose law the second authority applies."""
    other_min_assurance: Annotated[int, Meta(ge=0, le=3)] = 0
    """Its minimum check of the face at enrolment, as `[door] min_assurance`."""
    other_documents: tuple[DocumentWord, ...] = ()
    """Types of document that it requires, all of them."""
    other_socket: FilePath | None = None
    """Unix socket for its officers' screens."""
    other_officers: Annotated[tuple[Officer, ...], Meta(max_length=200)] = ()
    """Its officers who can decide."""
    other_sync_url: Url | None = None
    """Base address of its trust repository; left out: its trust folder is updated by hand."""
    other_sync_root: FilePath = "other-root.json"
    """First root metadata of that repository."""
    other_sync_baked: FilePath | None = None
    """Copy of that repository in the image, for a first start without a network."""
    other_hub_url: Url | None = None
    """Base address of its hub; left out: its records stay here for `[journal] keep_days`."""
    other_hub_ca: FilePath | None = None
    """File of CA certificates to trust for its hub; left out: those of the operating system."""
    other_hub_cert: FilePath | None = None
    """This device's certificate for mutual TLS with its hub; needs `other_hub_cert_key`."""
    other_hub_cert_key: FilePath | None = None
    """Private key of that certificate, mode 0600."""
