"""The door: who it is, what it asks for, and what moves its lock."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from edge.config.sections.base import DeviceName, FilePath, Jurisdiction, SiteName, Table


class DeviceConfig(Table, frozen=True):
    """Who this device is."""

    id: DeviceName = "doorward-1"
    """Stands in every record and in the origin line of every checkpoint."""
    key: FilePath = "device.key"
    """Ed25519 seed of the device, 32 bytes, mode 0600; made at the first start."""


class DoorConfig(Table, frozen=True):
    """The door and what it asks for."""

    site: SiteName = "tower-1/lobby"
    """The door's name as cards and issuers scope it; `/` goes from the large to the small."""
    venue: Literal["door", "desk", "library", "lane", "check"] = "door"
    """What kind of place this is; issuers may be trusted for some kinds only."""
    jurisdiction: Jurisdiction | None = None
    """Whose law holds here: an ISO 3166 code such as MO or CN-GD; left out: only issuers for anywhere."""
    zone: Annotated[str, Meta(max_length=64)] = "UTC"
    """Time zone of this place, such as Asia/Macau, for hours of the day."""
    release_ms: Annotated[int, Meta(ge=200, le=10_000)] = 3_000
    """How long the strike is released for one grant; the door relocks earlier when it opens."""
    face: Literal["required", "if-bound", "none"] = "required"
    """Whether a face is compared before this door opens."""
    min_assurance: Annotated[int, Meta(ge=0, le=3)] = 0
    """How well the issuer must have checked the face at enrolment: 0 unknown .. 3 supervised."""


class FaceConfig(Table, frozen=True):
    """The comparison."""

    one_in: Annotated[int, Meta(ge=100, le=10_000_000)] | None = None
    """Accept one false match in this many strangers; left out: the models' own careful default."""
    calibration: FilePath | None = None
    """What `doorward face calibrate` wrote: the site's own strangers say which similarity 1 in N is."""
    time_ms: Annotated[int, Meta(ge=1_000, le=60_000)] = 8_000
    """How long a visitor has to look into the camera."""
    pad: tuple[Literal["geometry", "texture", "passive"], ...] = ("geometry", "texture")
    """What a frame must pass to be taken for a person; "passive" needs weights: models/README.md."""
    prompts: Annotated[int, Meta(ge=0, le=4)] = 0
    """Ask the visitor for this many movements of the head ("turn to the left"); 0 asks for none."""
    consistency: bool = False
    """Want half a second of looks that show one face, moving as the living do."""
    mirrored: bool = False
    """The camera shows a looking-glass picture: left and right are swapped."""
    runtime: Literal["litert", "tflite"] | None = None
    """TFLite runtime; left out: ai-edge-litert where it is installed, else tflite-runtime."""


class ListsConfig(Table, frozen=True):
    """How old status lists may be. Where the site has a written policy, the stricter of the two holds."""

    ageing_h: Annotated[int, Meta(ge=1, le=24 * 366)] | None = None
    """Older than this is ageing; left out: what the site's policy says, else 24."""
    stale_h: Annotated[int, Meta(ge=1, le=24 * 366)] | None = None
    """Older than this is stale, and staff decide; left out: what the site's policy says, else 168."""
    ageing: Literal["pass", "step-up", "staff"] | None = None
    """What ageing lists leave of a passage; left out: what the site's policy says, else "pass"."""


class StrikeConfig(Table, frozen=True):
    """What moves the lock."""

    kind: Literal["sim", "gpio", "controller", "wiegand", "osdp", "none"] = "sim"
    """`sim`: a simulated door. `gpio`: a relay on a pin of this board. `controller`: one on a serial line.
    `wiegand`: a panel on that controller's wires. `osdp`: a panel on an OSDP bus. `none`: there is none."""
    pin: Annotated[int, Meta(ge=0, le=27)] = 17
    """BCM number of the relay's pin, for `gpio`."""
    port: FilePath = "/dev/serial0"
    """Serial port of controller or bus; over USB best a name from /dev/serial/by-id, which stays the same."""
    baud: Annotated[int, Meta(ge=9_600, le=1_000_000)] | None = None
    """Speed of that port; left out: 115200 to a controller, 9600 on an OSDP bus."""
    lock: Literal["fail-secure", "fail-safe"] | None = None
    """Locked or free without power; must be said for a controller, and be what it was commissioned with."""
    key: FilePath = "door.key"
    """Key shared with the controller (32 bytes) or the panel (16), mode 0600: doorward door commission."""


class PanelConfig(Table, frozen=True):
    """A third-party panel that moves the lock in our place, for strikes of kind `wiegand` and `osdp`."""

    format: Annotated[str, Meta(max_length=2_000)] = "H10301"
    """How a card number is written in bits: H10301, H10302, H10304, H10306, or a layout with masks."""
    facility: Annotated[int, Meta(ge=0, le=2**32 - 1)] = 0
    """Facility of this device's one card number, as the panel knows it."""
    number: Annotated[int, Meta(ge=0, le=2**53 - 1)] | None = None
    """That number: sent for every grant; no printed card should have it. Must be said for a panel."""
    address: Annotated[int, Meta(ge=0, le=126)] = 0
    """Address on the OSDP bus."""
