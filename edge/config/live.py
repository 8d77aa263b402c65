"""Keys of a configuration that change between two passages, and keys that need a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

if TYPE_CHECKING:
    from edge.config import Config

# Each passage, and each cleaning of the journal, reads these keys anew. All others are read once, at the
# start: hardware, models with their thresholds, paths, and the identity of device and door.
LIVE: Final = frozenset(
    {
        ("door", "jurisdiction"),
        ("door", "release_ms"),
        ("door", "min_assurance"),
        ("door", "staffed"),
        ("face", "time_ms"),
        ("face", "prompts"),
        ("face", "consistency"),
        ("face", "mirrored"),
        ("risk", "raised"),
        ("risk", "high"),
        ("risk", "severe"),
        ("risk", "ladder"),
        ("risk", "velocity_doors"),
        ("risk", "velocity_min"),
        ("risk", "failures"),
        ("risk", "failures_min"),
        ("risk", "margin"),
        ("risk", "assurance"),
        ("risk", "quiet"),
        ("risk", "issuers"),
        ("door", "zone"),
        ("lists", "ageing_h"),
        ("lists", "stale_h"),
        ("lists", "ageing"),
        ("journal", "segment_mb"),
        ("journal", "keep_days"),
        ("journal", "spare_mb"),
    }
)


def changed(old: Config, new: Config) -> list[tuple[str, str]]:
    """The (table, key) pairs that differ, in the order of the file."""
    return [
        (table.name, key.name)
        for table in msgspec.structs.fields(old)
        for key in msgspec.structs.fields(getattr(old, table.name))
        if getattr(getattr(old, table.name), key.name) != getattr(getattr(new, table.name), key.name)
    ]


def merged(old: Config, new: Config) -> tuple[Config, list[str], list[str]]:
    """The configuration of a running device: `old`, with the keys of `new` that change without a restart.

    Returns it, the names of the keys that changed, and the names of those that need a restart.
    """
    differ = changed(old, new)
    now = [key for key in differ if key in LIVE]
    tables: dict[str, dict[str, object]] = {}
    for table, key in now:
        tables.setdefault(table, {})[key] = getattr(getattr(new, table), key)
    replaced = {
        table: msgspec.structs.replace(getattr(old, table), **values) for table, values in tables.items()
    }
    return (
        msgspec.structs.replace(old, **replaced),
        [f"{table}.{key}" for table, key in now],
        [f"{table}.{key}" for table, key in differ if (table, key) not in LIVE],
    )
