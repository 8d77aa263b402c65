"""All tables of the one file."""

from __future__ import annotations

from edge.config.base import Table
from edge.config.check import Check
from edge.config.desk import Desk
from edge.config.door import Device, Door, Face, Lists, Panel, Strike
from edge.config.gate import Gate
from edge.config.keeping import Journal, Paths
from edge.config.lane import Lane
from edge.config.network import Hub, Metrics, Mqtt, Sync
from edge.config.permits import Permits
from edge.config.request import Request
from edge.config.risk import Risk
from edge.config.senses import Camera, Keypad, Reader, Scanner
from edge.config.signals import Signals


class Config(Table, frozen=True):
    """The whole file."""

    device: Device = Device()
    door: Door = Door()
    face: Face = Face()
    lists: Lists = Lists()
    reader: Reader = Reader()
    camera: Camera = Camera()
    scanner: Scanner = Scanner()
    keypad: Keypad = Keypad()
    strike: Strike = Strike()
    panel: Panel = Panel()
    signals: Signals = Signals()
    risk: Risk = Risk()
    request: Request = Request()
    permits: Permits = Permits()
    desk: Desk = Desk()
    check: Check = Check()
    gate: Gate = Gate()
    lane: Lane = Lane()
    sync: Sync = Sync()
    hub: Hub = Hub()
    journal: Journal = Journal()
    mqtt: Mqtt = Mqtt()
    metrics: Metrics = Metrics()
    paths: Paths = Paths()
