"""The tables of the door: its identity, its face comparison, its status lists, and its lock."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import DeviceName, FilePath, Jurisdiction, SiteName, Table, ZoneName

PanelFormat = Annotated[
    str, Meta(max_length=2_000, description="H10301, H10302, H10304, H10306, or a layout with masks")
]


class DeviceConfig(Table, frozen=True):
    """The identity of this device."""

    id: DeviceName = "doorward-1"
    """Name of this device in every record and in the origin line of every checkpoint."""
    key: FilePath = "device.key"
    """Ed25519 seed of the device: 32 bytes, mode 0600; made at the first start."""


class DoorConfig(Table, frozen=True):
    """The door and its policy."""

    site: SiteName = "tower-1/lobby"
    """Name of this door in the scopes of cards and issuers, from the large place to the small one."""
    venue: Literal["door", "desk", "library", "lane", "check"] = "door"
    """Kind of place; an issuer can be trusted for some kinds only."""
    jurisdiction: Jurisdiction | None = None
    """Country or region whose law holds here; left out: only issuers for all jurisdictions count."""
    zone: ZoneName = "UTC"
    """Time zone of this place, such as Asia/Macau, for hours of the day."""
    release_ms: Annotated[int, Meta(ge=200, le=10_000)] = 3_000
    """Time for which the strike is released after a grant, in ms; the door relocks earlier if it opens."""
    face: Literal["required", "if-bound", "none"] = "required"
    """Comparison of faces before this door opens. `required`: always. `if-bound`: if the card holds a face.
    `none`: never."""
    min_assurance: Annotated[int, Meta(ge=0, le=3)] = 0
    """Minimum check of the face by the issuer at enrolment, from 0 (unknown) to 3 (supervised)."""
    staffed: bool = False
    """Set to true if staff see this door whenever it opens: then `[face] prompts` is 0 if it is left out."""


class FaceConfig(Table, frozen=True):
    """The comparison of the visitor's face with the card."""

    one_in: Annotated[int, Meta(ge=100, le=10_000_000)] | None = None
    """Accept one false match in this many strangers; left out: the value that comes with the models."""
    calibration: FilePath | None = None
    """File from `doorward face calibrate`: the threshold for `one_in`, measured with strangers of this
    site."""
    time_ms: Annotated[int, Meta(ge=1_000, le=60_000)] = 8_000
    """Time that a visitor has to look into the camera, in ms."""
    pad: tuple[Literal["geometry", "texture", "passive"], ...] = ("geometry", "texture", "passive")
    """Checks of each frame against pictures and screens: models/pad.md."""
    prompts: Annotated[int, Meta(ge=0, le=4)] | None = None
    """Number of head movements that the visitor is asked for, such as "turn to the left"; 0: none. Left out:
    2, but 0 for a visitor who must type a PIN, and 0 with `[door] staffed = true`."""
    flash: bool = False
    """Require that the face answers to a light of changing colours: `[signals] light`. Unproved on people."""
    consistency: bool = False
    """Require half a second of frames that show one face with the small movements of a living person."""
    mirrored: bool = False
    """Set to true if the camera shows a mirror image: left and right are swapped."""
    runtime: Literal["litert", "tflite"] | None = None
    """TFLite runtime; left out: ai-edge-litert if it is installed, else tflite-runtime."""


class ListsConfig(Table, frozen=True):
    """Age limits of status lists. If the site has a written policy, the stricter of the two limits holds."""

    ageing_h: Annotated[int, Meta(ge=1, le=24 * 366)] | None = None
    """Age in hours above which lists are ageing; left out: as the site's policy says, else 24."""
    stale_h: Annotated[int, Meta(ge=1, le=24 * 366)] | None = None
    """Age in hours above which lists are stale, and staff decide; left out: as the site's policy says, else
    168."""
    ageing: Literal["pass", "step-up", "staff"] | None = None
    """Action while lists are ageing. `pass`: none. `step-up`: require a matching face and one head movement.
    `staff`: staff decide. Left out: as the site's policy says, else pass."""


class StrikeConfig(Table, frozen=True):
    """The lock of the door."""

    kind: Literal["sim", "gpio", "controller", "wiegand", "osdp", "none"] = "sim"
    """`sim`: a simulated door. `gpio`: a relay on a pin of this board. `controller`: a door controller on a
    serial port. `wiegand`: a panel on the controller's Wiegand wires. `osdp`: a panel on an OSDP bus.
    `none`: no lock."""
    pin: Annotated[int, Meta(ge=0, le=27)] = 17
    """BCM number of the relay's pin; for kind = "gpio"."""
    port: FilePath = "/dev/serial0"
    """Serial port of the controller or the bus. For USB take a name from /dev/serial/by-id: it stays the
    same."""
    baud: Annotated[int, Meta(ge=9_600, le=1_000_000)] | None = None
    """Speed of that port, in bits per second; left out: 115200 for a controller, 9600 for an OSDP bus."""
    lock: Literal["fail-secure", "fail-safe"] | None = None
    """`fail-secure`: locked without power. `fail-safe`: unlocked without power. Required for a controller, as
    it was commissioned."""
    key: FilePath = "door.key"
    """Key shared with the controller (32 bytes) or the panel (16 bytes), mode 0600, made by
    `doorward door commission`."""


class PanelConfig(Table, frozen=True):
    """A third-party panel that moves the lock, for strikes of kind `wiegand` and `osdp`."""

    format: PanelFormat = "H10301"
    """Bit layout of a card number on the wires."""
    facility: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    """Facility code of the card number that this device sends."""
    number: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    """Card number that this device sends for every grant; required for a panel. Give it to no printed
    card."""
    address: Annotated[int, Meta(ge=0, le=126)] = 0
    """Address of this device on the OSDP bus."""
