"""A running door loads no module that a passage does not need: a board has 1 GB of memory."""

from __future__ import annotations

import json
import subprocess
import sys

from conftest import ROOT

# The modules that a device loads to open its door.
DEVICE = (
    "edge.cli.run, edge.app.door_device, edge.app.loop.service, edge.app.parts.scanner, edge.app.parts.strike, edge.app.parts.signals, hw.signals.log, "
    "hw.codes.zxing, hw.codes.cascade, hw.camera.film, hw.camera.capture, hw.system.notify, hw.camera.images"
)
# Measured with smaps_rollup: 6 to 24 MB each with their imports, in sum as much as the networks.
HEAVY = {
    "structlog", "rich", "pygments", "asyncio", "ssl", "http", "segno", "tuf", "securesystemslib", "requests",
    "urllib3", "sqlite_utils", "prometheus_client", "zstandard", "cryptography", "jinja2", "paho",
}  # fmt: skip


def test_a_running_door_loads_no_heavy_module() -> None:
    told = subprocess.run(
        [sys.executable, "-c", f"import json, sys, {DEVICE}\nprint(json.dumps(list(sys.modules)))"],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        timeout=300,
    )
    loaded = {name.partition(".")[0] for name in json.loads(told.stdout)}
    assert loaded & HEAVY == set()
