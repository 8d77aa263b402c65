"""The configuration as JSON Schema, for editors: `doorward config schema`, and config.schema.json here."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from edge.config import Config, explain

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Tables and keys with their descriptions, for TOML: a key without a value is left out."""
    whole = msgspec.json.schema(Config)
    names = {field.name: type(field.default).__name__ for field in msgspec.structs.fields(Config)}
    for table, key, _, note in explain():
        found = whole["$defs"][names[table]]["properties"]
        found[key] = _of_toml(found[key]) | ({"description": note} if note else {})
    for table in whole["$defs"]["Config"]["properties"].values():
        table["default"] = {}  # each key has its own default
    return {"$schema": DIALECT, "title": "Doorward: the configuration of a door", **whole}


def _of_toml(part: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null, and JSON Schema writes the ends of a string `^` and `$`."""
    part = dict(part)
    if "default" in part and part["default"] is None:
        del part["default"]
    if "anyOf" in part:
        kinds = [_of_toml(kind) for kind in part.pop("anyOf") if kind != {"type": "null"}]
        part |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if "enum" in part:
        part["enum"] = [word for word in part["enum"] if word is not None]
    if "items" in part and isinstance(part["items"], dict):
        part["items"] = _of_toml(part["items"])
    if "prefixItems" in part:
        part["prefixItems"] = [_of_toml(item) for item in part["prefixItems"]]
    if "pattern" in part:
        ends = part["pattern"].replace(r"\A", "^").replace(r"\Z", "$")
        part["pattern"] = re.sub(r"\\x([0-9a-f]{2})", r"\\u00\1", ends)
    return part
