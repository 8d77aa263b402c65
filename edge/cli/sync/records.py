"""Upload of records to the hub, for `doorward sync`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.cli.output import tell
from edge.cli.repeat import bar

if TYPE_CHECKING:
    from edge.app.sync.uploads import Uploads
    from edge.config import Config
    from edge.upload.client import Uploaded


def send(uploads: Uploads, *, as_json: bool, news_only: bool = False) -> bool:
    """Send the records that the hub does not have; returns whether more are left.

    `news_only`: print no line if there was nothing to send.
    Raises the errors of `edge.app.sync.uploads.Uploads.run`.
    """
    with bar("sending records", counts_bytes=False) as watch:
        uploaded = uploads.run(watch=watch)
    if uploaded is None or (news_only and not uploaded.count):
        return False
    _show(uploaded, uploads.config, as_json=as_json)
    return uploaded.left > 0


def whose(config: Config) -> str:
    """The prefix of each text line: a lane can sync for two authorities."""
    return f"{config.device.id}: " if config.door.venue == "lane" else ""


def _show(uploaded: Uploaded, config: Config, *, as_json: bool) -> None:
    row = {"result": "sent", "records": uploaded.count, "next": uploaded.next, "left": uploaded.left}
    left = f", {uploaded.left:,} to go" if uploaded.left else ""
    said = f"records: {uploaded.count:,} sent, the hub has all before {uploaded.next:,}{left}"
    tell(row | {"device": config.device.id}, whose(config) + said, as_json=as_json)
