"""Each port has one suite that runs on every adapter.

A test that needs a device has the mark `hardware`, and an environment variable names the device: tools/guide/hardware.md.
"""

from __future__ import annotations

import ast

import pytest
from conftest import ROOT

HERE = ROOT / "tests" / "hw"

# By port: its suite, and the variable that names a device for `--hardware`. None: the suite needs no device, and
# always runs on the machine itself.
SUITES: dict[str, tuple[str, str | None]] = {
    "Camera": ("camera/test_camera_contract.py", "DOORWARD_CAMERA"),
    "TellsHealth": ("camera/test_camera_contract.py", "DOORWARD_CAMERA"),
    "Scanner": ("scanner/test_scanner_contract.py", "DOORWARD_SCANNER"),
    "Strike": ("door/test_strike_contract.py", "DOORWARD_RELAY"),
    "Recounts": ("door/test_strike_contract.py", "DOORWARD_CONTROLLER"),
    "Signals": ("signals/test_signals_contract.py", "DOORWARD_LAMPS"),
    "Files": ("system/test_files.py", "DOORWARD_FOLDER"),
    "Screen": ("signals/test_screen_contract.py", None),
    "ColourLight": ("signals/test_colour_lamp.py", None),
    "Keypad": ("scanner/test_keypad_contract.py", None),
    "LaneSensors": ("lane/test_lane_sensors_contract.py", None),
    "HostLine": ("network/test_host_line_contract.py", None),
    "CodeReader": ("codes/test_reader_contract.py", None),
    "Network": ("inference/test_networks.py", None),
    "Clock": ("system/test_clock_contract.py", None),
    "Source": ("network/test_source_contract.py", None),
    "Post": ("network/test_post_http.py", None),
    "Broker": ("network/test_broker_contract.py", None),
}
# The simulated adapters. The tests of Network and Files use real graphs and files.
SIMULATED = {
    "Camera": "hw.sim.camera",
    "Scanner": "hw.sim.scanner",
    "Strike": "hw.sim.door",
    "Signals": "hw.sim.signals",
    "ColourLight": "hw.sim.colour_light",
    "CodeReader": "hw.sim.reader",
    "Clock": "hw.sim.clock",
    "Source": "hw.sim.source",
    "Post": "hw.sim.hub",
    "Broker": "hw.sim.broker",
}


def ports() -> set[str]:
    """Every Protocol of edge.ports."""
    tree = ast.parse((ROOT / "edge" / "ports.py").read_text("utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base) == "Protocol" for base in node.bases)
    }


def text_of(suite: str) -> str:
    (found,) = (ROOT / "tests" / "hw").rglob(suite)
    return found.read_text("utf-8")


def test_every_port_has_a_suite() -> None:
    assert ports() == set(SUITES)
    assert all(text_of(suite) for suite, _ in SUITES.values())


@pytest.mark.parametrize("port", SIMULATED)
def test_the_simulated_adapter_is_in_the_suite(port: str) -> None:
    suite, _ = SUITES[port]
    assert f"from {SIMULATED[port]} import" in text_of(suite)


@pytest.mark.parametrize("port", [port for port, (_, named) in SUITES.items() if named])
def test_a_suite_for_a_device_has_a_documented_variable(port: str) -> None:
    suite, named = SUITES[port]
    text = text_of(suite)
    assert "mark.hardware" in text
    assert named is not None
    assert f'"{named}"' in text
    assert f"`{named}`" in (ROOT / "tools" / "guide" / "hardware.md").read_text("utf-8")
