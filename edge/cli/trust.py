"""`doorward trust`: issuer keys, status lists and policy of this device, and the effect of their age."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from edge.app.parts.trust_folder import open_trust
from edge.app.sync.updates import Updates
from edge.card.claims import Freshness
from edge.cli.config import given
from edge.cli.output import harmless, tell, utc
from edge.cli.sync.sync import age
from edge.cli.verbs import CONFIG_OR_DEFAULTS, json_lines, verb
from edge.errors import Exit
from edge.sync.generation import read_generation
from edge.trust.site_policy import LocalLists, age_policy_for
from edge.trust.time.clock_slack import is_ahead
from edge.trust.time.freshness import AgeAction, TrustInput, aged
from edge.trust.time.trust_age import trust_state

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator
    from pathlib import Path

    from edge.trust.generation import Generation
    from edge.trust.scope import IssuerKey
    from edge.trust.snapshot import TrustSnapshot
    from edge.trust.status.status import StatusList
    from edge.trust.time.trust_age import TrustState

MEANS = {
    AgeAction.PASS: "cards pass",
    AgeAction.STEP_UP: "cards need a step-up",
    AgeAction.STAFF: "staff decide",
}


def _show(args: argparse.Namespace) -> int:
    config, base = given(args.config, only_reads=True)
    folder = (base / config.paths.trust).resolve()  # one generation, also during a sync
    trust = open_trust(folder)
    lists = LocalLists.of(
        ageing_h=config.lists.ageing_h, stale_h=config.lists.stale_h, ageing=config.lists.ageing
    )
    trusted_time = Updates(config, base).time(trust)
    row = _row(
        folder,
        trust,
        trust_state(trust, trusted_time, age_policy_for(trust.policy, lists)),
        read_generation(folder),
    )
    tell(row, *map(harmless, _lines(row)), as_json=args.json)
    return Exit.OK


def _row(folder: Path, trust: TrustSnapshot, at: TrustState, generation: Generation | None) -> dict[str, Any]:
    return {
        "generation": folder.name,
        "source": generation.source if generation else None,
        "synced_at": utc(generation.synced_at) if generation else None,
        "signed_at": utc(trust.floor),
        "now": utc(at.at.now),
        "clock": at.at.anomaly or "trusted",
        "clock_leaves": at.clock,
        "versions": dict(generation.versions) if generation else {},
        "policy": trust.policy.version if trust.policy else None,
        "ages": [
            {
                "kind": part.kind,
                "issued_at": utc(part.issued_at),
                "age_s": int(part.age.total_seconds()),
                "freshness": part.freshness,
                "leaves": part.action,
            }
            for part in at.ages
        ],
        "issuers": [
            issuer_row(key)
            | {"in_force": not is_ahead(key.valid_from, at.at.now) and at.at.now < key.valid_until}
            for key in trust.issuers.values()
        ],
        "lists": [_list(kid, uri, status, at) for (kid, uri), status in trust.status_lists.items()],
        "sealed": len(trust.sealed),
    }


def issuer_row(key: IssuerKey) -> dict[str, Any]:
    """An issuer's key with its name, its scope and its dates."""
    return {
        "kid": key.kid.hex(),
        "name": key.name,
        "venues": list(key.scope.venues),
        "sites": list(key.scope.sites),
        "jurisdictions": list(key.scope.jurisdictions),
        "valid_from": utc(key.valid_from),
        "valid_until": utc(key.valid_until),
    }


def _list(kid: bytes, uri: str, status: StatusList, at: TrustState) -> dict[str, Any]:
    part = aged(TrustInput.STATUS, status.issued_at, at.at.now, at.age_policy.status)
    expired = at.at.now >= status.expires
    return {
        "uri": uri,
        "issuer": kid.hex(),
        "serial": status.serial or None,
        "cards": status.size,
        "issued_at": utc(status.issued_at),
        "expires": utc(status.expires),
        "age_s": int(part.age.total_seconds()),
        "freshness": Freshness.STALE if expired else part.freshness,
        "leaves": at.age_policy.status.stale if expired else part.action,
    }


def _lines(row: dict[str, Any]) -> Iterator[str]:
    came = (
        f", fetched {row['synced_at']} from {row['source']}" if row["synced_at"] else ", copied here by hand"
    )
    yield f"trust     {row['generation']}{came}"
    clock = "" if row["clock"] == "trusted" else f", suspect ({row['clock']}): {MEANS[row['clock_leaves']]}"
    yield f"now       {row['now']}{clock}"
    yield f"policy    {row['policy'] or 'none: only the configuration counts'}"
    for part in row["ages"]:
        yield f"{part['kind']:9} {_aged(part)}"
    for key in row["issuers"]:
        scope = f"{'+'.join(key['venues'])} at {'+'.join(key['sites'])}"
        dates = f"{key['valid_from'][:10]} to {key['valid_until'][:10]}"
        now = "" if key["in_force"] else ", not in force now"
        yield f"issuer    {key['kid']}  {key['name']}  {scope}  {dates}{now}"
    for part in row["lists"]:
        serial = f"serial {part['serial']}, " if part["serial"] else ""
        yield f"list      {part['uri']}  {serial}{part['cards']} cards, {_aged(part)}"
    yield f"sealed    {row['sealed']} templates"


def _aged(part: dict[str, Any]) -> str:
    how_old = age(timedelta(seconds=part["age_s"]))
    return f"signed {part['issued_at']}, {how_old}: {part['freshness']}, {MEANS[part['leaves']]}"


VERBS = (
    verb(
        "show",
        "print issuers and status lists, their ages, and the effect on cards",
        _show,
        CONFIG_OR_DEFAULTS,
        json_lines("print one JSON object"),
    ),
)
