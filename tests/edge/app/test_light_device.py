"""A board has 1 GB for everything: what works a door brings nothing along that a passage does not need."""

from __future__ import annotations

import json
import subprocess
import sys

from conftest import ROOT

# What a device loads to open its door, without starting anything.
DEVICE = (
    "edge.cli.run, edge.app.door_device, edge.app.loop.service, edge.app.parts.scanner, edge.app.parts.strike, edge.app.parts.signals, hw.signals.log, "
    "hw.codes.zxing, hw.codes.cascade, hw.camera.film, hw.camera.capture, hw.system.notify, hw.camera.images"
)
# Measured with smaps_rollup: 6 to 24 MB each with what they bring, in sum as much as the networks.
HEAVY = {
    "structlog", "rich", "pygments", "asyncio", "ssl", "http", "segno", "tuf", "securesystemslib", "requests",
    "urllib3", "sqlite_utils", "prometheus_client", "zstandard", "cryptography", "jinja2", "paho",
}  # fmt: skip


def test_what_works_a_door_brings_nothing_heavy_along() -> None:
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
