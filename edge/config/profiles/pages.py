"""Pages that explain the tables of the configuration, for `doorward config show`: a path and a heading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_TECHNICIAN: Final = "tools/guide/technician.md"
# A heading is that of the page without its number signs; tests/edge/config/test_show.py finds each.
OF_TABLE: Final[Mapping[str, tuple[str, str]]] = {
    "device": ("edge/audit/JOURNAL.md", "1. Records"),
    "door": (_TECHNICIAN, "Tour: a door without hardware"),
    "face": ("models/README.md", "Models"),
    "lists": ("edge/trust/time/TIME.md", "1. Freshness"),
    "reader": (_TECHNICIAN, "Camera"),
    "camera": (_TECHNICIAN, "Camera"),
    "scanner": ("tools/guide/scanners.md", "Scanners"),
    "keypad": ("edge/venues/door/DOOR_RULES.md", "3. People"),
    "strike": (_TECHNICIAN, "Door controller"),
    "panel": ("tools/guide/integrator.md", "A third-party panel"),
    "signals": (_TECHNICIAN, "Lamps, tones and speech"),
    "risk": ("edge/policy/risk/RISK.md", "1. Risk signals (`signals.py`)"),
    "request": ("edge/request/REQUEST.md", "5. Behaviour of a device"),
    "permits": ("edge/venues/door/DOOR_RULES.md", "2. `site.toml`"),
    "desk": ("edge/venues/desk/DESK.md", "1. Order of the rules"),
    "check": ("edge/venues/check/CHECK.md", "2. Data for the host"),
    "library": ("edge/venues/library/LIBRARY.md", "1. Order of the rules"),
    "lane": ("edge/passage/lane/LANE.md", "Order of decision"),
    "sync": ("edge/sync/REPOSITORY.md", "3. The device's side"),
    "hub": ("edge/upload/UPLOAD.md", "1. Request"),
    "journal": ("edge/audit/JOURNAL.md", "5. Retention"),
    "mqtt": ("tools/guide/integrator.md", "MQTT and Home Assistant"),
    "metrics": ("tools/guide/integrator.md", "Numbers for Prometheus"),
    "paths": (_TECHNICIAN, "Install on a Raspberry Pi"),
}
# Keys that another page explains than the rest of their table.
OF_KEY: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("door", "venue"): ("README.md", "Who are you?"),
    ("face", "pad"): ("README.md", "What it does not guarantee yet"),
    ("face", "calibration"): ("models/README.md", "How to calibrate again"),
    ("risk", "ladder"): ("edge/policy/risk/RISK.md", "2. Levels and step-up order (`table.py`)"),
    ("desk", "arrivals"): ("edge/venues/desk/DESK.md", "2. Lists of arrivals"),
    ("desk", "retain_days"): ("edge/venues/desk/DESK.md", "6. Retention"),
    ("desk", "webhook"): ("edge/venues/desk/DESK.md", "5. Receivers"),
    ("desk", "authority"): ("edge/venues/desk/DESK.md", "5. Receivers"),
    ("check", "via"): ("edge/venues/check/CHECK.md", "5. Delivery"),
    ("library", "host"): ("tools/guide/library.md", "A real library system"),
    ("library", "offline"): ("edge/venues/library/LIBRARY.md", "3. While the library system is offline"),
    ("library", "lending"): ("edge/venues/library/LIBRARY.md", "4. Items"),
    ("lane", "other_trust"): ("edge/passage/lane/LANE.md", "Two authorities"),
    ("permits", "presence"): ("edge/venues/door/DOOR_RULES.md", "4. Occupancy"),
}


def page_of(table: str, key: str | None = None) -> str:
    """The page and heading that explain a table, or a key that has its own page, in words; or nothing."""
    found = OF_TABLE.get(table) if key is None else OF_KEY.get((table, key))
    return f'{found[0]}, "{found[1]}"' if found else ""
