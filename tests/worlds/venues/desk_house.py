"""A folder with a hotel's desk, for the commands of `doorward desk`."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from nacl.public import PrivateKey
from worlds.venues.desk import DeskWorld

from edge.__main__ import main

TABLE = """
[device]
id = "desk-1"
[door]
site = "harbour-hotel/desk"
venue = "desk"
[desk]
{more}
"""


class House:
    """A folder with a configuration, a pair of keys, and a desk for guests."""

    def __init__(self, folder: Path, **more: object) -> None:
        self.folder = folder
        self.key = folder / "desk.key"
        assert main(["desk", "key", str(self.key)]) == 0
        self.config = folder / "door.toml"
        self.config.write_text(
            TABLE.format(
                more="\n".join(f"{k} = {json.dumps(v)}" for k, v in ({"arrivals": "inbox"} | more).items())
            )
        )
        self.world = DeskWorld(folder, **({"arrivals": "inbox"} | more))
        # DeskWorld made its own pair of keys; the test uses that of the command line.
        self.world.close()
        self.world.private = PrivateKey(self.key.read_bytes())
        public = bytes(self.world.private.public_key).hex()
        (folder / "desk.key.pub").write_text(public + "\n")
        self.world.open()
        self.world.now = datetime.now(UTC).replace(microsecond=0)  # the time of the commands

    def expect(self, *stays: dict[str, object]) -> None:
        """A list for today."""
        today = self.world.now.date()
        days = {"arrival": f"{today}", "departure": f"{today + timedelta(days=3)}"}
        self.world.expect(*(stay | days for stay in stays))

    def run(self, verb: str, *args: str) -> int:
        return main(["desk", verb, *args, "--config", str(self.config)])

    def close(self) -> None:
        self.world.close()
