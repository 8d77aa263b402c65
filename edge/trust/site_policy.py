"""The written policy of a site: strict parser of `policy.toml` of the trust folder (TIME.md section 1).

It arrives with keys and lists, so the signer of the distribution signs it too. The configuration of a device
can make the policy stricter, never laxer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

from edge.card import numbers as n
from edge.card.claims import within
from edge.errors import TrustFault
from edge.formats.untrusted_text import toml_table
from edge.trust.scope import ANYWHERE
from edge.trust.time.freshness import AgeAction, AgePolicy, AgeRule, Budgets, strictest

MAX_POLICY_BYTES: Final = 16_384  # a file with every key and a comment for each takes 2 kB

_HINT: Final = "fetch the policy again from its authority"
_Hours = Annotated[int, Meta(ge=1, le=24 * 366)]  # a year, as in the device's own configuration
_Version = Annotated[
    str, Meta(pattern=r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z", max_length=40)
]  # as records accept it
_Site = Annotated[str, Meta(pattern=r"\A(\*|[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*)\Z", max_length=80)]
_Instant = Annotated[datetime, Meta(tz=True)]
_Face = Literal["required", "if-bound", "none"]


class _Table(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    pass


class _Door(_Table, frozen=True):
    min_assurance: Annotated[int, Meta(ge=0, le=3)] = 0
    face: _Face | None = None
    prompts: Annotated[int, Meta(ge=0, le=4)] = 0


class _Ages(_Table, frozen=True):
    fresh_h: _Hours | None = None
    stale_h: _Hours | None = None
    ageing: AgeAction | None = None
    stale: AgeAction | None = None


class _Freshness(_Table, frozen=True):
    keys: _Ages = _Ages()
    status: _Ages = _Ages()
    policy: _Ages = _Ages()
    time: _Ages = _Ages()


class _Clock(_Table, frozen=True):
    # Not "pass": under a suspect clock the age of a code is unknown.
    suspect: Literal["step-up", "staff"] = "staff"


class _File(_Table, frozen=True):
    version: _Version
    issued_at: _Instant
    site: _Site
    door: _Door = _Door()
    freshness: _Freshness = _Freshness()
    clock: _Clock = _Clock()


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """The requirements of a site for every door in it. `site`: the doors that it covers, or "*".

    `face`: "required", "if-bound", "none", or None if each door decides. `prompts`: the least number of
    movements of the head at each comparison of a face.
    """

    version: str
    site: str
    issued_at: datetime
    age_policy: AgePolicy = field(default_factory=AgePolicy)
    min_assurance: int = 0
    face: str | None = None
    prompts: int = 0

    def check_site(self, site: str) -> None:
        """Check that the policy covers this door. Raises TrustFault."""
        if self.site != ANYWHERE and not within(site, (self.site,)):
            raise TrustFault(f"policy.toml: site {self.site} does not cover this door, {site}", hint=_HINT)


@dataclass(frozen=True, slots=True)
class LocalLists:
    """The ages in the device's own configuration ([lists]); None for a key that it leaves out."""

    fresh: timedelta | None = None
    stale: timedelta | None = None
    ageing: AgeAction | None = None

    @classmethod
    def of(cls, *, ageing_h: int | None, stale_h: int | None, ageing: str | None) -> LocalLists:
        """The ages from the keys of the configuration, in hours."""
        return cls(
            None if ageing_h is None else timedelta(hours=ageing_h),
            None if stale_h is None else timedelta(hours=stale_h),
            None if ageing is None else AgeAction(ageing),
        )


def parse(data: bytes) -> SitePolicy:
    """The policy in a file. Raises TrustFault, which names the wrong key."""
    if len(data) > MAX_POLICY_BYTES:
        raise TrustFault(
            f"policy.toml: {len(data)} bytes, at most {MAX_POLICY_BYTES} are allowed", hint=_HINT
        )
    try:
        file = msgspec.convert(toml_table(data.decode()), _File)
        issued_at = file.issued_at.astimezone(UTC)
        ages = file.freshness
        default = AgePolicy(clock=AgeAction(file.clock.suspect))
        age_policy = replace(
            default,
            keys=_rule(ages.keys, default.keys, "keys"),
            status=_rule(ages.status, default.status, "status"),
            policy=_rule(ages.policy, default.policy, "policy"),
            time=_rule(ages.time, default.time, "time"),
        )
        if not 0 <= issued_at.timestamp() <= n.MAX_TIME:
            raise ValueError("issued_at: not from 1970 to 2100")  # noqa: TRY301  one way out
    except (ValueError, OverflowError) as error:  # UnreadableText and msgspec's are ValueErrors
        raise TrustFault(f"policy.toml: {_reason(error)}", hint=_HINT) from error
    return SitePolicy(
        version=file.version,
        site=file.site,
        issued_at=issued_at,
        age_policy=age_policy,
        min_assurance=file.door.min_assurance,
        face=file.door.face,
        prompts=file.door.prompts,
    )


def age_policy_for(site: SitePolicy | None, local: LocalLists) -> AgePolicy:
    """The age policy of a door: the stricter of its site's policy and its own configuration.

    Without a policy the configuration alone sets the budgets; stale data then needs staff.
    """
    if site is None:
        plain = AgeRule()
        budgets = Budgets(local.fresh or plain.budgets.fresh, local.stale or plain.budgets.ageing)
        return AgePolicy(status=AgeRule(budgets, ageing=local.ageing or plain.ageing))
    rule = site.age_policy.status
    budgets = Budgets(
        min(rule.budgets.fresh, local.fresh or rule.budgets.fresh),
        min(rule.budgets.ageing, local.stale or rule.budgets.ageing),
    )
    ageing = strictest(rule.ageing, local.ageing or AgeAction.PASS)
    return replace(
        site.age_policy, status=AgeRule(budgets, ageing=ageing, stale=strictest(rule.stale, ageing))
    )


def _rule(ages: _Ages, default: AgeRule, kind: str) -> AgeRule:
    fresh = default.budgets.fresh if ages.fresh_h is None else timedelta(hours=ages.fresh_h)
    stale = default.budgets.ageing if ages.stale_h is None else timedelta(hours=ages.stale_h)
    rule = AgeRule(Budgets(fresh, stale), ages.ageing or default.ageing, ages.stale or default.stale)
    if stale < fresh:
        raise ValueError(f"freshness.{kind}: stale_h is less than fresh_h")
    if strictest(rule.ageing, rule.stale) is not rule.stale:
        raise ValueError(f"freshness.{kind}: ageing, {rule.ageing}, is stricter than stale, {rule.stale}")
    return rule


def _reason(error: Exception) -> str:
    """One line without the quotes of msgspec; messages of TOML and msgspec name keys, not people."""
    return " ".join(str(error).lower().replace("`", "").split())[:200] or "cannot be read"
