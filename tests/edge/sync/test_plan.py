from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import FetchError, UpdateRejected
from edge.sync import names, plan
from edge.sync.plan import MAX_WAIT_S, ListWays, Target, fit, select, wait_s

KID = b"\x01" * 8
LIST = names.ListName.of(KID, "https://s.example/1")
FOREIGN = names.ListName.of(KID, "https://lists.example/7").foreign
SITE = "tower-1/lobby/gate-2"


def targets(*listed: str | tuple[str, int]) -> dict[str, Target]:
    pairs = [item if isinstance(item, tuple) else (item, 100) for item in listed]
    return {name: Target(name, length, f"{number:064x}") for number, (name, length) in enumerate(pairs)}


# -- the targets of a device -------------------------------------------------------------------------------------

EVERYTHING = targets(
    names.TIME,
    names.issuer(KID),
    names.issuer(b"\x02" * 8),
    LIST.signed,
    LIST.full(7),
    LIST.delta(6, 7),
    FOREIGN,
    names.ListName.of(b"\x09" * 8, "x").signed,  # without its issuer's key
    "policy/default.toml",
    "policy/tower-1.toml",
    "policy/tower-1_lobby.toml",
    "policy/tower-2.toml",
    names.boxes("tower-1", KID),
    names.boxes("tower-2", KID),
    names.boxes(None, KID),
    "models/manifest.toml",
    "models/mesh.tflite",
    "models/.hidden",
    "firmware/door.bin",
    "unknown/file",
    "issuers/short.json",
)


def chosen(**how: object) -> list[str]:
    return sorted(select(EVERYTHING, **{"site": SITE, "models": False, **how}).kept())  # type: ignore[arg-type]


def test_a_door_takes_only_its_own_targets() -> None:
    assert chosen() == sorted(
        [
            names.TIME,
            names.issuer(KID),
            names.issuer(b"\x02" * 8),
            LIST.signed,
            FOREIGN,
            "policy/tower-1_lobby.toml",
            names.boxes("tower-1", KID),
            names.boxes(None, KID),
        ]
    )


def test_models_are_taken_if_they_are_enabled() -> None:
    assert set(chosen(models=True)) - set(chosen()) == {"models/manifest.toml", "models/mesh.tflite"}


@pytest.mark.parametrize(
    ("site", "policy"),
    [
        ("tower-1/lobby", "policy/tower-1_lobby.toml"),
        ("tower-1/roof", "policy/tower-1.toml"),
        ("tower-2/lobby", "policy/tower-2.toml"),
        ("tower-3", "policy/default.toml"),
    ],
)
def test_the_nearest_policy_counts(site: str, policy: str) -> None:
    assert [name for name in chosen(site=site) if name.startswith("policy/")] == [policy]


def test_lists_come_before_keys_and_policy() -> None:
    heads = [target.name for target in select(EVERYTHING, site=SITE, models=False).heads]
    assert heads[0] == LIST.signed
    assert heads[-1] == "policy/tower-1_lobby.toml"


def test_a_repository_without_a_signed_time_is_refused() -> None:
    with pytest.raises(UpdateRejected, match=r"time\.json"):
        select(targets(names.issuer(KID)), site=SITE, models=False)


@given(st.lists(st.text(max_size=60), max_size=30), st.sampled_from(["a", "a/b", "tower-1/lobby"]))
def test_unknown_names_are_never_selected(listed: list[str], site: str) -> None:
    known = targets(names.TIME, *listed)
    for name in select(known, site=site, models=True).kept():
        assert name.partition("/")[0] in {"revocation", "issuers", "policy", "sealed", "models"}
        assert name in known


# -- the downloads for the next edition of a list -------------------------------------------------------------------


def lengths(found: plan.Way) -> list[str]:
    return [target.name.removeprefix(f"{LIST.stem}.") for target in found.fetch]


FULL, FIRST, LAST = (LIST.full(7), 1_000), (LIST.delta(5, 6), 10), (LIST.delta(6, 7), 10)
WAYS: dict[str, tuple[int | None, list[tuple[str, int]], list[str]]] = {
    "one step": (6, [FULL, LAST], ["6-7.delta"]),
    "several": (5, [FULL, FIRST, LAST], ["5-6.delta", "6-7.delta"]),
    "a merged one is cheaper": (5, [FULL, FIRST, LAST, (LIST.delta(5, 7), 15)], ["5-7.delta"]),
    "the full list is cheaper": (5, [(LIST.full(7), 20), FIRST, LAST], ["7.full"]),
    "no base": (None, [FULL, LAST], ["7.full"]),
    "the base is too old": (3, [FULL, LAST], ["7.full"]),
    "here already": (7, [FULL, LAST], []),
    "ahead of the repository": (9, [FULL, (LIST.delta(7, 9), 10)], ["7.full"]),
    "only a delta": (6, [LAST], ["6-7.delta"]),
    "an older full list": (6, [(LIST.full(6), 1_000), LAST], ["6-7.delta"]),
}


@pytest.mark.parametrize("case", WAYS)
def test_the_fewest_bytes_are_downloaded(case: str) -> None:
    have, published, expected = WAYS[case]
    assert lengths(ListWays(targets(*published)).way(LIST, have=have, want=7)) == expected


@pytest.mark.parametrize("have", [None, 3, 9])
def test_an_edition_that_cannot_be_reached_is_refused(have: int | None) -> None:
    with pytest.raises(UpdateRejected, match="neither deltas nor a full list lead to serial 7"):
        ListWays(targets(LIST.delta(5, 6), LIST.full(6))).way(LIST, have=have, want=7)


edges = st.dictionaries(
    st.tuples(st.integers(1, 8), st.integers(1, 8)).filter(lambda edge: edge[0] < edge[1]),
    st.integers(1, 50),
    max_size=20,
)


@given(edges, st.integers(1, 60), st.integers(1, 8))
def test_no_other_chain_has_fewer_bytes(published: dict[tuple[int, int], int], full: int, have: int) -> None:
    known = targets(
        (LIST.full(8), full),
        *((LIST.delta(start, end), length) for (start, end), length in published.items()),
    )
    found = ListWays(known).way(LIST, have=have, want=8)

    def cheapest(at: int) -> float:
        if at == 8:
            return 0
        return min(
            (length + cheapest(end) for (start, end), length in published.items() if start == at), default=1e9
        )

    spent = sum(target.length for target in found.fetch)
    assert spent == min(cheapest(have), full)
    serial = have
    for delta in found.deltas:  # each begins at the end of the one before
        part = names.list_target(delta.name)
        assert part
        assert part.start == serial
        assert part.end
        serial = part.end
    assert not found.deltas or serial == 8


# -- bytes -----------------------------------------------------------------------------------------------------


def test_models_wait_if_the_budget_is_small() -> None:
    needed = [Target("a", 60, "")]
    models = [Target("models/1", 50, ""), Target("models/2", 40, ""), Target("models/3", 1, "")]
    assert [target.name for target in fit(needed, models, budget=100)] == ["models/2"]
    assert fit(needed, models, budget=60) == ()
    with pytest.raises(FetchError, match="allowed") as caught:
        fit(needed, models, budget=59)
    assert "max_mb" in caught.value.hint


# -- the wait until the next sync ------------------------------------------------------------------------------------------

dice = st.floats(0, 1, exclude_max=True)
every = st.floats(60, 86_400)


@given(every, dice)
def test_after_a_success_the_wait_is_the_interval_plus_or_minus_a_quarter(
    every_s: float, thrown: float
) -> None:
    wait = wait_s(0, every_s=every_s, asked_s=0, random_unit=lambda: thrown)
    assert 0.75 * every_s <= wait <= 1.25 * every_s


@given(st.integers(1, 10_000), every, dice)
def test_after_failures_the_wait_has_a_minimum_and_a_maximum(
    failures: int, every_s: float, thrown: float
) -> None:
    wait = wait_s(failures, every_s=every_s, asked_s=0, random_unit=lambda: thrown)
    assert 1 <= wait <= max(every_s, MAX_WAIT_S) + 1


@given(st.integers(0, 100), every, dice, st.floats(0, 3_600))
def test_the_delay_of_the_server_is_the_minimum(
    failures: int, every_s: float, thrown: float, asked_s: float
) -> None:
    assert wait_s(failures, every_s=every_s, asked_s=asked_s, random_unit=lambda: thrown) >= asked_s


@given(every)
def test_the_longest_wait_grows_with_every_failure(every_s: float) -> None:
    longest = [wait_s(n, every_s=every_s, asked_s=0, random_unit=lambda: 0.999) for n in range(1, 30)]
    assert longest == sorted(longest)


def test_a_thousand_devices_that_fail_together_return_at_different_times() -> None:
    thrown = random.Random(1).random
    waits = sorted(wait_s(5, every_s=900, asked_s=0, random_unit=thrown) for _ in range(1_000))
    fullest_second = max(sum(1 for wait in waits if start <= wait < start + 1) for start in range(500))
    assert fullest_second < 20


# -- growth ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lists", [3, 30])
def test_each_name_of_a_repository_is_read_once_for_all_lists(
    lists: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = [names.ListName(number.to_bytes(8, "big"), bytes(4)) for number in range(lists)]
    known = targets(
        *(name for of in ours for name in (of.signed, (of.full(9), 10_000))),
        *(of.delta(serial, serial + 1) for of in ours for serial in range(1, 9)),
    )
    read: list[str] = []
    real = names.list_target
    monkeypatch.setattr(names, "list_target", lambda name: read.append(name) or real(name))
    ways = ListWays(known)
    assert {len(ways.way(of, have=1, want=9).deltas) for of in ours} == {8}
    assert sorted(read) == sorted(known)
