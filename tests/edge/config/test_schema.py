"""The schema agrees with the program, in the terms of JSON Schema and TOML."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from conftest import ROOT

from edge.__main__ import main
from edge.config import Config, explain
from edge.config.schema import schema

COMMITTED = ROOT / "edge" / "config" / "config.schema.json"


def parts(node: object) -> list[dict[str, Any]]:
    """Every object in the schema."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list | tuple) else ()
    return ([node] if isinstance(node, dict) else []) + [part for each in inner for part in parts(each)]


def of_table(whole: dict[str, Any], table: str) -> dict[str, Any]:
    """The part of the schema for this table."""
    name = whole["$defs"]["Config"]["properties"][table]["$ref"].removeprefix("#/$defs/")
    part: dict[str, Any] = whole["$defs"][name]
    return part


def test_the_published_schema_is_the_one_that_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "schema"]) == 0
    assert capsys.readouterr().out == COMMITTED.read_text("utf-8"), (
        "doorward config schema > edge/config/config.schema.json"
    )


def test_every_key_is_there_with_what_it_means_and_no_other() -> None:
    whole = schema()
    for table, key, _, note in explain():
        part = of_table(whole, table)
        assert part["additionalProperties"] is False
        assert part["properties"][key].get("description", "") == note
    keys = {(table, key) for table, key, _, _ in explain()}
    tables = whole["$defs"]["Config"]["properties"]
    assert {(table, key) for table in tables for key in of_table(whole, table)["properties"]} == keys


def test_a_default_is_the_one_that_the_program_takes() -> None:
    whole = schema()
    for table, key, _, _ in explain():
        default = msgspec.to_builtins(getattr(getattr(Config(), table), key))
        assert of_table(whole, table)["properties"][key].get("default") == default


def test_nothing_in_it_is_null_for_toml_has_none() -> None:
    for part in parts(schema()):
        assert None not in part.values()
        assert part.get("type") != "null"


def test_its_expressions_are_those_of_json_schema() -> None:
    patterns = [part["pattern"] for part in parts(schema()) if isinstance(part.get("pattern"), str)]
    assert len(patterns) > 10
    for pattern in patterns:
        assert pattern.startswith("^")
        assert pattern.endswith("$")
        assert not re.search(r"\\[AZx]", pattern)


def test_it_is_json() -> None:
    assert json.loads(COMMITTED.read_text("utf-8"))["$schema"].endswith("2020-12/schema")
