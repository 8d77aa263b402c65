"""From the folder of an office to the files that devices fetch: signers, scopes, and paths between editions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from worlds.office import URI, enrolment, new_issuer
from worlds.publishing import revoke_many
from worlds.trust_repository import Client, RepositoryWorld

from edge.card import cbor
from edge.errors import InputError, TrustFault
from edge.ports import Files
from edge.sync import names
from edge.sync.names import ListName
from edge.trust import folder as bundle
from edge.trust.issuer_file import read_issuer
from edge.trust.scope import Scope
from tools.issuing import publication
from tools.issuing.checking import check_target
from tools.issuing.publication import (
    ListPublisher,
    Term,
    add_issuer,
    boxes,
    issuers,
    only_issuer,
    plain,
    remove_issuer,
)
from tools.issuing.repository import Repository


class Office:
    """An issuer and the trust folder that it publishes, by name."""

    def __init__(self, world: RepositoryWorld, *, seed: int = 1) -> None:
        self.world = world
        self.issuer = new_issuer(seed=seed)
        self.boxes: list[bytes] = []

    @property
    def list_name(self) -> ListName:
        return ListName.of(self.issuer.kid, URI)

    def enrol(self, **changes) -> int:
        request = replace(enrolment(expires=self.world.now + timedelta(days=30)), **changes)
        issued = self.issuer.enrol(request, now=self.world.now)
        if issued.box:
            self.boxes.append(issued.box)
        return issued.entries[0].index

    def publish(self, **options) -> dict[str, bytes]:
        return dict(self.issuer.publish(self.world.now, boxes=self.boxes, **options))

    def key(self):
        (name,) = (name for name in self.publish() if name.startswith("issuers/"))
        return read_issuer(name, self.issuer.kid, self.publish()[name])


@pytest.fixture
def world(tmp_path) -> RepositoryWorld:
    return RepositoryWorld(tmp_path)


@pytest.fixture
def office(world) -> Office:
    office = Office(world)
    world.publish(dict([add_issuer(office.key(), Term(), now=world.now)]))
    return office


def publish(world: RepositoryWorld, trust: dict[str, bytes]) -> None:
    """Publish a trust folder with the online keys."""
    world.later()
    world.publish(ListPublisher(world.repository()).lists(trust, now=world.now), world.online)


def check(world: RepositoryWorld) -> None:
    repository = world.repository()
    for target in repository:
        check_target(repository, target.path, issuers(repository))


def test_an_authority_narrows_the_scope_of_an_office(world, office):
    scope = Scope(("door",), ("tower-1",), ("CN-GD",))
    term = Term(scope=scope, valid_until=world.now + timedelta(days=90))
    world.publish(dict([add_issuer(office.key(), term, now=world.now)]))
    (key,) = issuers(world.repository()).values()
    assert (key.scope, key.valid_until, key.issued_at) == (
        scope,
        world.now - timedelta(minutes=1) + timedelta(days=90),
        world.now - timedelta(minutes=1),
    )
    assert key.public_key == office.key().public_key


def test_the_scope_of_a_folder_is_never_used(world, office):
    scope = Scope(("door",), ("tower-1",), ("CN-GD",))
    world.publish(dict([add_issuer(office.key(), Term(scope=scope), now=world.now)]))
    publish(world, office.publish())
    assert [key.scope for key in issuers(world.repository()).values()] == [scope]


def test_an_issuer_that_was_not_added_publishes_nothing(world, office):
    stranger = Office(world, seed=2)
    with pytest.raises(InputError, match="not an issuer of this authority"):
        publish(world, stranger.publish())
    with pytest.raises(InputError, match="not an issuer of this authority"):
        publish(world, office.publish() | stranger.publish())


def test_a_list_is_published_as_it_was_signed(world, office):
    trust = office.publish()
    publish(world, trust)
    (signed,) = (data for name, data in trust.items() if name.endswith(".cwt"))
    assert world.repository().read(office.list_name.signed) == signed
    check(world)


def test_a_manifest_publishes_the_full_list_and_then_deltas(world, office):
    office.issuer.register.capacity = 50_000
    revoke_many(office.issuer, 2_000, now=world.now)  # a list of this size is worth some deltas
    for expected in ([], [(1, 2)], [(1, 2), (2, 3)]):
        publish(world, office.publish(manifest=True))
        ways = {
            (way.start, way.end)
            for target in world.repository()
            if (way := names.list_target(target.path)) and way.start
        }
        assert ways == set(expected)
        check(world)
        office.issuer.revoke(office.enrol())
    client = Client(world.folder.parent / "device", world.anchor)
    assert client.read(world.folder, office.list_name.delta(2, 3))


def test_a_list_that_fits_into_one_file_again_leaves_no_editions(world, office):
    publish(world, office.publish(manifest=True))
    publish(world, office.publish(manifest=False))
    assert [
        target.path for target in world.repository() if target.path.startswith(office.list_name.stem)
    ] == [office.list_name.signed]


def test_a_list_does_not_go_back(world, office):
    old = office.publish()
    world.later()
    publish(world, office.publish())
    with pytest.raises(InputError, match="older than the published list"):
        publish(world, old)


def test_a_list_from_the_future_is_refused(world, office):
    trust = dict(office.issuer.publish(world.now + timedelta(hours=1)))
    with pytest.raises(InputError, match="in the future"):
        publish(world, trust)


BROKEN = {
    "a list under another name": lambda office: {office.list_name.signed.replace("revocation", "status"): b"x"},
    "a bitmap that the issuer did not sign": lambda office: {next(n for n in office.publish(manifest=True) if n.endswith(".revoked")): bytes(125)},
    "a manifest without its bitmaps": lambda office: {next(n for n in office.publish(manifest=True) if n.endswith(".revoked")): None},
    "a name that trust does not use": lambda office: {"status/notes.txt": b"x"},
}  # fmt: skip


@pytest.mark.parametrize("change", BROKEN.values(), ids=BROKEN)
def test_a_file_that_a_device_refuses_is_not_published(world, office, change):
    office.issuer.revoke(office.enrol())
    trust = office.publish(manifest=True) | change(office)
    with pytest.raises(TrustFault):
        publish(world, {name: data for name, data in trust.items() if data is not None})


def test_sealed_templates_are_one_file_for_a_site_and_an_issuer(world, office):
    other = Office(world, seed=2)
    world.publish(dict([add_issuer(other.key(), Term(), now=world.now)]))
    for place, count in ((office, 2), (other, 1)):
        for _ in range(count):
            place.enrol(sealed=True)
        trust = place.publish()
        world.publish(
            boxes(world.repository(), trust, kid=only_issuer(trust), site="tower-1/lobby"), world.online
        )
    name = f"sealed/tower-1_lobby.{office.issuer.kid.hex()}.boxes"
    held = cbor.decode(world.repository().read(name), limit=10_000)
    assert sorted(held) == sorted(office.boxes)
    assert held == [data for _, data in sorted(bundle.sealed_file(box) for box in held)]
    assert len([target for target in world.repository() if target.path.startswith("sealed/")]) == 2


def test_sealed_templates_that_are_not_in_the_folder_are_removed(world, office):
    index = office.enrol(sealed=True)
    trust = office.publish()
    world.publish(boxes(world.repository(), trust, kid=office.issuer.kid, site=None), world.online)
    office.issuer.revoke(index)
    world.publish(boxes(world.repository(), office.publish(), kid=office.issuer.kid, site=None), world.online)
    assert world.repository().find(names.boxes(None, office.issuer.kid)) is None
    assert boxes(world.repository(), office.publish(), kid=office.issuer.kid, site=None) == {}


def test_the_issuer_of_sealed_templates_must_be_clear(world, office):
    with pytest.raises(InputError, match="2 issuers in this folder"):
        only_issuer(office.publish() | Office(world, seed=2).publish())


def test_removing_an_issuer_removes_its_lists_and_boxes(world, office):
    other = Office(world, seed=2)
    world.publish(dict([add_issuer(other.key(), Term(), now=world.now)]))
    for place in (office, other):
        place.enrol(sealed=True)
        publish(world, place.publish(manifest=True))
        world.publish(
            boxes(world.repository(), place.publish(), kid=place.issuer.kid, site="tower-1"), world.online
        )
    world.publish(remove_issuer(world.repository(), office.issuer.kid))
    left = [target.path for target in world.repository()]
    assert not [name for name in left if office.issuer.kid.hex() in name]
    assert len([name for name in left if other.issuer.kid.hex() in name]) == 4
    with pytest.raises(InputError, match="no issuer has the key"):
        remove_issuer(world.repository(), office.issuer.kid)


def test_a_list_without_its_issuer_is_found_by_the_check(world, office):
    publish(world, office.publish())
    world.publish({names.issuer(office.issuer.kid): None})
    with pytest.raises(InputError, match="its issuer is not published"):
        check(world)


@pytest.mark.parametrize("name", ["", ".hidden", "a/b", "a b", "\u00e4", "x" * 101, "../x"])
def test_a_file_name_must_work_on_every_server(name):
    with pytest.raises(InputError, match="not a name for a target"):
        plain("models", name, b"")


# -- growth ------------------------------------------------------------------------------------------------------


class CountingFiles:
    """A Files port that counts its reads."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self.reads = 0

    def names(self) -> Sequence[str]:
        return self._files.names()

    def read(self, name: str, *, limit: int) -> bytes:
        self.reads += 1
        return self._files.read(name, limit=limit)

    def write(self, name: str, data: bytes, *, secret: bool = False) -> None:
        self._files.write(name, data, secret=secret)


@pytest.mark.parametrize("manifest", [False, True])
def test_a_folder_is_published_with_as_many_reads_beside_many_offices_as_beside_few(
    world, monkeypatch, manifest
):
    reads, parsed = [], []
    real = publication.list_target
    offices: list[Office] = []
    for count in (2, 20):
        offices += [Office(world, seed=10 + number) for number in range(len(offices), count)]
        world.publish({names.issuer(o.issuer.kid): o.publish()[names.issuer(o.issuer.kid)] for o in offices})
        for _ in range(2):  # the second time each has a published list
            folders = [office.publish(manifest=manifest) for office in offices]
            files = CountingFiles(world.files)
            repository = Repository.load(files)
            before, files.reads = files.reads, 0
            names_read: list[str] = []

            def counted(name: str, read: list[str] = names_read):
                read.append(name)
                return real(name)

            monkeypatch.setattr(publication, "list_target", counted)
            publisher = ListPublisher(repository)
            puts = {}
            for folder in folders:
                puts |= publisher.lists(folder, now=world.later())
            monkeypatch.setattr(publication, "list_target", real)
            assert before < 20
            targets = len(repository.targets("revocation").targets)
            for office in offices:
                office.issuer.revoke(office.enrol())
            world.publish(puts)
        reads.append(files.reads / count)
        parsed.append(len(names_read) / targets)
    assert reads[0] == reads[1] <= 3
    assert parsed == [1, 1]
