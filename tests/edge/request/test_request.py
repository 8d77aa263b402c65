"""The request of a venue, compared with the attributes that the holder disclosed."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest
from worlds.trust import verified

from edge.card.attributes import Attribute
from edge.card.documents import BY_WORD
from edge.config.sections.request import RequestedAttribute, RequestedDocument
from edge.decision import Reason
from edge.errors import Refused
from edge.request.request import Request, asked_for, check_disclosed

NAME, BIRTH, ADDRESS = Attribute.FAMILY_NAME, Attribute.BIRTH_DATE, Attribute.ADDRESS
REQUEST = Request(site="inn/desk", purpose="check-in", needed=(NAME, BIRTH), optional=(ADDRESS,))
SAID = {NAME: "Lovelace", BIRTH: "1815-12-10", ADDRESS: "London", Attribute.PATRON: "7"}


def card(*told: Attribute):
    return replace(verified(), disclosed=tuple((attribute, SAID[attribute]) for attribute in told))


MISSING = {
    "all that is needed": ((NAME, BIRTH), ""),
    "and more": ((NAME, BIRTH, ADDRESS), ""),
    "one is missing": ((NAME, ADDRESS), "not disclosed: birth_date"),
    "nothing was disclosed": ((), "not disclosed: family_name, birth_date"),
}


@pytest.mark.parametrize(("told", "missing"), MISSING.values(), ids=MISSING)
def test_a_refusal_names_the_needed_attributes_that_are_missing(told, missing):
    if not missing:
        check_disclosed(card(*told), REQUEST)
        return
    with pytest.raises(Refused) as refused:
        check_disclosed(card(*told), REQUEST)
    assert (refused.value.reason, refused.value.detail) == (Reason.DISCLOSURE_MISSING, missing)


def test_attributes_outside_the_request_are_dropped():
    assert asked_for(card(*SAID), REQUEST) == tuple((key, SAID[key]) for key in (NAME, BIRTH, ADDRESS))
    assert asked_for(card(*SAID), Request(site="inn", purpose="to open this door")) == ()


def test_the_configuration_knows_every_attribute_and_every_document():
    assert set(get_args(RequestedAttribute)) == {attribute.value for attribute in Attribute}
    assert set(get_args(RequestedDocument)) == set(BY_WORD)
