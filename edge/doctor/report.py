"""The commissioning report: one HTML file with the findings at a door, and a picture of its camera."""

from __future__ import annotations

import base64
import io
import platform
from typing import TYPE_CHECKING

from edge.errors import EdgeError
from edge.version import software_version

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from edge.doctor.device_probe import DeviceProbe
    from edge.doctor.findings import Finding
    from edge.ports import Pixels


def write(file: Path, probe: DeviceProbe, findings: Sequence[Finding]) -> None:
    """Write the report. Raises StorageFault."""
    from edge.app.parts.camera import system_clock
    from edge.app.parts.trust_folder import open_files

    # The picture is that of the camera check, if it shows the test card; without the card it may show a
    # person.
    look = probe.__dict__.get("look")
    shows_card = look is not None and not isinstance(look, EdgeError) and look.card is not None
    picture = look.frame.luma if look is not None and shows_card else None
    html = page(probe, findings, now=system_clock().now(), picture=picture)
    open_files(file.parent).write(file.name, html.encode())


def page(probe: DeviceProbe, findings: Sequence[Finding], *, now: datetime, picture: Pixels | None) -> str:
    """The report as HTML. `picture`: luma, uint8 (H, W), of the test card."""
    from edge.app.pages import pages

    return (
        pages("edge.doctor")
        .get_template("report.html.j2")
        .render(
            site=probe.config.door.site,
            device=probe.config.device.id,
            date=now.strftime("%Y-%m-%d %H:%M UTC"),
            version=software_version(),
            python=platform.python_version(),
            system=f"{platform.system()} {platform.release()} {platform.machine()}",
            findings=findings,
            errors=sum(finding.level == "ERROR" for finding in findings),
            skipped=sum(finding.level == "SKIP" for finding in findings),
            warnings=sum(finding.level == "WARN" for finding in findings),
            picture=None if picture is None else _jpeg(picture),
        )
    )


def _jpeg(picture: Pixels) -> str:
    from PIL import Image

    data = io.BytesIO()
    Image.fromarray(picture).save(data, "jpeg", quality=85)
    return base64.b64encode(data.getvalue()).decode()
