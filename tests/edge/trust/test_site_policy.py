"""The written policy of a site: its file, and the stricter of two policies."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.card.claims import Freshness
from edge.errors import TrustFault
from edge.trust import generation
from edge.trust.generation import Generation
from edge.trust.site_policy import MAX_POLICY_BYTES, LocalLists, SitePolicy, age_policy_for, parse
from edge.trust.time.freshness import AgeAction, AgePolicy, AgeRule, Budgets, TrustInput, aged, strictest

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ISSUED = datetime(2026, 11, 22, 6, tzinfo=UTC)
HEAD = b'version = "2026-11-22.1"\nissued_at = 2026-11-22T06:00:00Z\nsite = "tower-1"\n'


def test_the_shortest_policy_keeps_every_default() -> None:
    assert parse(HEAD) == SitePolicy("2026-11-22.1", "tower-1", ISSUED)
    assert parse(HEAD).age_policy == AgePolicy()


def test_a_policy_sets_the_action_for_each_age() -> None:
    policy = parse(
        HEAD
        + b"""
        [door]
        min_assurance = 2
        face = "if-bound"
        prompts = 1
        [freshness.status]
        fresh_h = 6
        stale_h = 48
        ageing = "step-up"
        [freshness.keys]
        stale_h = 720
        fresh_h = 720
        stale = "step-up"
        [clock]
        suspect = "step-up"
        """
    )
    assert (policy.min_assurance, policy.face, policy.prompts) == (2, "if-bound", 1)
    assert policy.age_policy == AgePolicy(
        keys=AgeRule(Budgets(720 * HOUR, 720 * HOUR), stale=AgeAction.STEP_UP),
        status=AgeRule(Budgets(6 * HOUR, 48 * HOUR), ageing=AgeAction.STEP_UP),
        clock=AgeAction.STEP_UP,
    )


BROKEN: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "missing required field version"),
    "not TOML": (b"[door\n", "line"),
    "not text": (b"\xff", "utf-8"),
    "an unknown key": (HEAD + b"[door]\nrelease_ms = 3\n", "unknown field release_ms"),
    "an unknown kind": (HEAD + b"[freshness.firmware]\nfresh_h = 1\n", "unknown field firmware"),
    "a time without a zone": (HEAD.replace(b"00Z", b"00"), "timezone"),
    "a time in the year 2200": (HEAD.replace(b"2026-11-22T", b"2200-11-22T"), "1970 to 2100"),
    "a name with a space": (HEAD.replace(b"-22.1", b" 22"), "version"),
    "a site with capitals": (HEAD.replace(b"tower-1", b"Tower"), "site"),
    "an assurance of 4": (HEAD + b"[door]\nmin_assurance = 4\n", "min_assurance"),
    "hours without end": (HEAD + b"[freshness.status]\nstale_h = 99999\n", "stale_h"),
    "stale before ageing": (HEAD + b"[freshness.status]\nfresh_h = 200\n", "stale_h is less than fresh_h"),
    "stricter when younger": (HEAD + b'[freshness.status]\nageing = "staff"\nstale = "pass"\n', "stricter"),
    "a suspect clock that passes": (HEAD + b'[clock]\nsuspect = "pass"\n', "suspect"),
    "a word for a number": (HEAD + b'[door]\nprompts = "1"\n', "prompts"),
    "nested without end": (HEAD + b"a = " + b"[" * 5_000, "toml"),
    "a number without end": (HEAD + b"a = " + b"9" * 5_000, "4300|digits"),
    "too large": (b"#" * (MAX_POLICY_BYTES + 1), "at most 16384 are allowed"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_an_invalid_policy_is_a_trust_fault(broken: str) -> None:
    data, message = BROKEN[broken]
    with pytest.raises(TrustFault, match=message) as caught:
        parse(data)
    assert caught.value.hint
    assert caught.value.message.startswith("policy.toml: ")
    assert "\n" not in caught.value.message


@given(st.binary(max_size=200) | st.binary(max_size=60).map(lambda tail: HEAD + tail))
def test_any_bytes_are_a_policy_or_a_trust_fault(data: bytes) -> None:
    with suppress(TrustFault):
        assert isinstance(parse(data), SitePolicy)


LIMITS = {  # of a key: the last text that is allowed, and the first that is not
    "hours, at least": ("[freshness.time]\nfresh_h = {}\n", "1", "0"),
    "hours, at most a leap year": ("[freshness.keys]\nstale_h = {}\n", "8784", "8785"),
    "an assurance": ("[door]\nmin_assurance = {}\n", "3", "4"),
    "movements of the head": ("[door]\nprompts = {}\n", "4", "5"),
}


@pytest.mark.parametrize(("keys", "last", "beyond"), LIMITS.values(), ids=LIMITS)
def test_a_number_goes_up_to_its_limit(keys: str, last: str, beyond: str) -> None:
    parse(HEAD + keys.format(last).encode())
    with pytest.raises(TrustFault):
        parse(HEAD + keys.format(beyond).encode())


@pytest.mark.parametrize(("key", "most"), [(b"2026-11-22.1", 40), (b"tower-1", 80)])
def test_a_word_has_so_many_letters_at_most(key: bytes, most: int) -> None:
    parse(HEAD.replace(key, b"a" * most))
    with pytest.raises(TrustFault, match=f"length <= {most}"):
        parse(HEAD.replace(key, b"a" * (most + 1)))


def test_a_policy_is_from_1970_at_the_earliest() -> None:
    parse(HEAD.replace(b"2026-11-22T06", b"1970-01-01T00"))
    with pytest.raises(TrustFault, match="1970 to 2100"):
        parse(HEAD.replace(b"2026-11-22T06:00:00Z", b"1969-12-31T23:59:59.5Z"))


SITES = {  # site of the policy, site of the door, whether the policy covers it
    "the site itself": ("tower-1", "tower-1", True),
    "a door in it": ("tower-1", "tower-1/lobby", True),
    "everywhere": ("*", "tower-2/lobby", True),
    "a site with a longer name": ("tower-1", "tower-10", False),
    "the site that contains it": ("tower-1/lobby", "tower-1", False),
}


@pytest.mark.parametrize(("there", "here", "good"), SITES.values(), ids=SITES)
def test_a_policy_of_another_site_is_a_fault(there: str, here: str, good: bool) -> None:
    policy = SitePolicy("1", there, ISSUED)
    if good:
        policy.check_site(here)
    else:
        with pytest.raises(TrustFault, match=there):
            policy.check_site(here)


# -- the stricter of two -----------------------------------------------------------------------------------

RUNGS = st.sampled_from(AgeAction)
BUDGETS = st.tuples(st.integers(1, 500), st.integers(0, 500)).map(
    lambda hours: Budgets(hours[0] * HOUR, (hours[0] + hours[1]) * HOUR)
)
RULES = st.builds(
    lambda budgets, a, b: AgeRule(budgets, min(a, b, key=list(AgeAction).index), strictest(a, b)),
    BUDGETS, RUNGS, RUNGS,
)  # fmt: skip
LOCAL = st.builds(
    LocalLists,
    st.none() | st.integers(1, 500).map(lambda h: h * HOUR),
    st.none() | st.integers(1, 500).map(lambda h: h * HOUR),
    st.none() | RUNGS,
)


@given(RULES, LOCAL, st.integers(0, 1_200))
def test_a_device_may_be_stricter_than_its_site_and_never_laxer(
    rule: AgeRule, local: LocalLists, h: int
) -> None:
    policy = SitePolicy("1", "*", ISSUED, AgePolicy(status=rule))
    both = age_policy_for(policy, local).status
    then = aged(TrustInput.STATUS, ISSUED, ISSUED + h * HOUR, both)
    site = aged(TrustInput.STATUS, ISSUED, ISSUED + h * HOUR, rule)
    assert strictest(then.action, site.action) is then.action
    if local.stale is not None and h * HOUR > local.stale:
        assert then.freshness is Freshness.STALE
    if local.ageing is not None and then.freshness is not Freshness.FRESH:
        assert strictest(then.action, local.ageing) is then.action


STRICTER = {  # fresh and stale of the policy, then of the device, then those that hold; in hours
    "the device is stricter in both": ((24, 168), (6, 48), (6, 48)),
    "the site is stricter in both": ((6, 48), (24, 168), (6, 48)),
    "the device is fresh for less time": ((24, 168), (6, 500), (6, 168)),
    "the device is stale after less time": ((24, 168), (30, 48), (24, 48)),
    "the device says only how old is ageing": ((24, 168), (6, None), (6, 168)),
    "the device says only how old is stale": ((24, 168), (None, 48), (24, 48)),
    "the device says nothing": ((24, 168), (None, None), (24, 168)),
}


@pytest.mark.parametrize(("site", "device", "holds"), STRICTER.values(), ids=STRICTER)
def test_the_shorter_age_of_each_kind_holds(
    site: tuple[int, int], device: tuple[int | None, int | None], holds: tuple[int, int]
) -> None:
    policy = SitePolicy("1", "*", ISSUED, AgePolicy(status=AgeRule(Budgets(*(h * HOUR for h in site)))))
    local = LocalLists.of(ageing_h=device[0], stale_h=device[1], ageing=None)
    assert age_policy_for(policy, local).status.budgets == Budgets(*(h * HOUR for h in holds))


LOCAL_ONLY = {  # fresh and stale of a device without a policy of its site, then those that hold
    "both": ((6, 48), (6, 48)),
    "only how old is ageing": ((6, None), (6, 168)),
    "only how old is stale": ((None, 48), (24, 48)),
    "nothing": ((None, None), (24, 168)),
}


@pytest.mark.parametrize(("device", "holds"), LOCAL_ONLY.values(), ids=LOCAL_ONLY)
def test_without_a_policy_each_age_of_the_device_holds(
    device: tuple[int | None, int | None], holds: tuple[int, int]
) -> None:
    local = LocalLists.of(ageing_h=device[0], stale_h=device[1], ageing=None)
    assert age_policy_for(None, local).status.budgets == Budgets(*(h * HOUR for h in holds))


def test_without_a_policy_stale_data_needs_staff_whatever_the_configuration_says() -> None:
    loose = LocalLists(400 * HOUR, 8_000 * HOUR, AgeAction.PASS)
    assert age_policy_for(None, loose).status == AgeRule(
        Budgets(400 * HOUR, 8_000 * HOUR), stale=AgeAction.STAFF
    )
    assert age_policy_for(None, LocalLists()) == AgePolicy()


@pytest.mark.parametrize("ageing", AgeAction)
def test_the_device_says_what_ageing_lists_lead_to(ageing: AgeAction) -> None:
    local = LocalLists.of(ageing_h=None, stale_h=None, ageing=ageing.value)
    assert age_policy_for(None, local).status.action(Freshness.AGEING) is ageing
    assert age_policy_for(parse(HEAD), local).status.action(Freshness.AGEING) is ageing


def test_a_written_policy_may_let_old_lists_pass() -> None:
    policy = parse(HEAD + b'[freshness.status]\nstale = "pass"\n')
    assert age_policy_for(policy, LocalLists()).status.action(Freshness.STALE) is AgeAction.PASS


# -- generation.json ---------------------------------------------------------------------------------


def test_a_generation_reads_back() -> None:
    made = Generation(
        ISSUED, ISSUED - HOUR, "https://trust.example/", {"root": 1, "revocation": 7}, ISSUED - DAY
    )
    assert generation.parse(generation.encode(made)) == made


@pytest.mark.parametrize(
    ("source", "counts"), [("https://t.example/", True), ("http://10.0.0.1/", True), ("/media/stick", False)]
)
def test_a_network_sets_clocks_and_a_stick_does_not(source: str, counts: bool) -> None:
    assert Generation(ISSUED, source=source).as_first().network_at == (ISSUED if counts else None)


NETWORK, STICK = "https://t.example/", "/media/stick"
BEFORE = Generation(ISSUED - DAY, ISSUED - DAY, NETWORK, network_at=ISSUED - DAY)
FOLLOWERS = {  # the signed time and source of the next sync, and what the device knows of the network then
    "a newer signed time over the network": (ISSUED - HOUR, NETWORK, ISSUED),
    "the same signed time, as a frozen mirror serves it": (ISSUED - DAY, NETWORK, ISSUED - DAY),
    "the same signed time, from a stick": (ISSUED - DAY, STICK, ISSUED - DAY),
    "a newer signed time, from a stick": (ISSUED - HOUR, STICK, None),
}


@pytest.mark.parametrize(("signed", "source", "network_at"), FOLLOWERS.values(), ids=FOLLOWERS)
def test_only_a_newer_signed_time_shows_that_a_network_was_there(
    signed: datetime, source: str, network_at: datetime | None
) -> None:
    later = BEFORE.followed_by(Generation(ISSUED, signed, source))
    assert (later.synced_at, later.network_at) == (ISSUED, network_at)


def test_a_frozen_mirror_shows_no_network_after_a_stick() -> None:
    stick = BEFORE.followed_by(Generation(ISSUED, ISSUED, STICK))
    assert stick.followed_by(Generation(ISSUED + HOUR, ISSUED, NETWORK)).network_at is None


BROKEN_GENERATIONS = {
    "nothing": b"",
    "no time": b"{}",
    "no zone": b'{"synced_at": "2026-11-22T06:00:00"}',
    "an unknown key": b'{"synced_at": "2026-11-22T06:00:00Z", "x": 1}',
    "before 1970": b'{"synced_at": "1969-11-22T06:00:00Z"}',
    "deep": b'{"versions": ' + b"[" * 10_000,
    "large": b" " * 20_000,
}


@pytest.mark.parametrize("data", BROKEN_GENERATIONS.values(), ids=BROKEN_GENERATIONS)
def test_an_invalid_generation_is_a_trust_fault(data: bytes) -> None:
    with pytest.raises(TrustFault, match=r"generation\.json"):
        generation.parse(data)
