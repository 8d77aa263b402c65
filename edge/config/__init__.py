"""One TOML file, typed: a table a part of the device, every key with its meaning and its default."""

from edge.config.base import DeviceName
from edge.config.check import Check
from edge.config.desk import Desk
from edge.config.door import Device, Door, Face, Lists, Panel, Strike
from edge.config.gate import Gate
from edge.config.keeping import Journal, Paths
from edge.config.lane import Lane
from edge.config.network import Hub, Metrics, Mqtt, Sync
from edge.config.permits import Permits
from edge.config.reading import MAX_CONFIG_BYTES, explain, parse_config, profile
from edge.config.request import Request
from edge.config.risk import Risk
from edge.config.senses import Camera, Keypad, Reader, Scanner
from edge.config.signals import Signals
from edge.config.whole import Config

__all__ = [
    "MAX_CONFIG_BYTES",
    "Camera",
    "Check",
    "Config",
    "Desk",
    "Device",
    "DeviceName",
    "Door",
    "Face",
    "Gate",
    "Hub",
    "Journal",
    "Keypad",
    "Lane",
    "Lists",
    "Metrics",
    "Mqtt",
    "Panel",
    "Paths",
    "Permits",
    "Reader",
    "Request",
    "Risk",
    "Scanner",
    "Signals",
    "Strike",
    "Sync",
    "explain",
    "parse_config",
    "profile",
]
