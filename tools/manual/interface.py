"""The OpenAPI document of a hub as a file, from the routes of a hub that serves everything."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.hub.app import create_app
from tools.hub.files import FOLDERS
from tools.hub.openapi import document
from tools.hub.operations import WEBHOOKS
from tools.hub.schema import Database


def interface_text() -> str:
    """The document in JSON. The hub is made with an empty trust repository, and answers nothing."""
    with TemporaryDirectory() as name, closing(Database(f"{name}/hub.db")) as database:
        for folder in FOLDERS:
            (Path(name) / folder).mkdir()
        app = create_app(database, password="", repository=Path(name))
        return json.dumps(document(app.routes, WEBHOOKS), indent=1, ensure_ascii=False) + "\n"
