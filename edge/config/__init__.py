"""Types of the configuration file: a table for each part of the device, with defaults and descriptions."""

from edge.config.parse import MAX_CONFIG_BYTES, explain, parse_config, profile
from edge.config.root import Config
from edge.config.sections.access_rules import PermitsConfig
from edge.config.sections.base import DeviceName
from edge.config.sections.check import CheckConfig
from edge.config.sections.desk import DeskConfig
from edge.config.sections.door import (
    DeviceConfig,
    DoorConfig,
    FaceConfig,
    ListsConfig,
    PanelConfig,
    StrikeConfig,
)
from edge.config.sections.lane import LaneConfig
from edge.config.sections.library import LibraryConfig
from edge.config.sections.network import HubConfig, MetricsConfig, MqttConfig, SyncConfig
from edge.config.sections.readers import CameraConfig, KeypadConfig, ReaderConfig, ScannerConfig
from edge.config.sections.request import RequestConfig
from edge.config.sections.risk import RiskConfig
from edge.config.sections.signals import SignalsConfig
from edge.config.sections.storage import JournalConfig, PathsConfig

__all__ = [
    "MAX_CONFIG_BYTES",
    "CameraConfig",
    "CheckConfig",
    "Config",
    "DeskConfig",
    "DeviceConfig",
    "DeviceName",
    "DoorConfig",
    "FaceConfig",
    "HubConfig",
    "JournalConfig",
    "KeypadConfig",
    "LaneConfig",
    "LibraryConfig",
    "ListsConfig",
    "MetricsConfig",
    "MqttConfig",
    "PanelConfig",
    "PathsConfig",
    "PermitsConfig",
    "ReaderConfig",
    "RequestConfig",
    "RiskConfig",
    "ScannerConfig",
    "SignalsConfig",
    "StrikeConfig",
    "SyncConfig",
    "explain",
    "parse_config",
    "profile",
]
