"""One configuration for each authority of a device."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from edge.config.sections.network import HubConfig, MetricsConfig, MqttConfig

if TYPE_CHECKING:
    from edge.config.root import Config


def authorities(config: Config) -> tuple[Config, ...]:
    """The configuration of the device's own authority and, at a joint lane, that of the second authority."""
    if config.door.venue != "lane" or config.lane.other_trust is None:
        return (config,)
    return (config, _other(config, config.lane.other_trust))


def _other(config: Config, trust: str) -> Config:
    """The second authority's configuration, from `[lane] other_*`; broker and metrics stay with the first."""
    lane = config.lane
    return structs.replace(
        config,
        device=structs.replace(config.device, id=lane.other_id, key=lane.other_key),
        door=structs.replace(
            config.door, jurisdiction=lane.other_jurisdiction, min_assurance=lane.other_min_assurance
        ),
        lane=structs.replace(
            lane,
            documents=lane.other_documents,
            socket=lane.other_socket,
            officers=lane.other_officers,
            other_trust=None,
        ),
        sync=structs.replace(
            config.sync,
            url=lane.other_sync_url,
            root=lane.other_sync_root,
            baked=lane.other_sync_baked,
            models=False,
        ),
        hub=HubConfig(
            url=lane.other_hub_url,
            ca=lane.other_hub_ca,
            cert=lane.other_hub_cert,
            cert_key=lane.other_hub_cert_key,
        ),
        paths=structs.replace(
            config.paths, trust=trust, journal=lane.other_journal, state=f"{config.paths.state}/other"
        ),
        mqtt=MqttConfig(),
        metrics=MetricsConfig(),
    )
