"""The root of the configuration: all tables of the file."""

from __future__ import annotations

from edge.config.sections.access_rules import PermitsConfig
from edge.config.sections.base import Table
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


class Config(Table, frozen=True):
    """The whole configuration file."""

    device: DeviceConfig = DeviceConfig()
    door: DoorConfig = DoorConfig()
    face: FaceConfig = FaceConfig()
    lists: ListsConfig = ListsConfig()
    reader: ReaderConfig = ReaderConfig()
    camera: CameraConfig = CameraConfig()
    scanner: ScannerConfig = ScannerConfig()
    keypad: KeypadConfig = KeypadConfig()
    strike: StrikeConfig = StrikeConfig()
    panel: PanelConfig = PanelConfig()
    signals: SignalsConfig = SignalsConfig()
    risk: RiskConfig = RiskConfig()
    request: RequestConfig = RequestConfig()
    permits: PermitsConfig = PermitsConfig()
    desk: DeskConfig = DeskConfig()
    check: CheckConfig = CheckConfig()
    library: LibraryConfig = LibraryConfig()
    lane: LaneConfig = LaneConfig()
    sync: SyncConfig = SyncConfig()
    hub: HubConfig = HubConfig()
    journal: JournalConfig = JournalConfig()
    mqtt: MqttConfig = MqttConfig()
    metrics: MetricsConfig = MetricsConfig()
    paths: PathsConfig = PathsConfig()
