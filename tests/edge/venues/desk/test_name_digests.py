"""Comparison of names by digests, and the difference of each kind of digest from the others."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.card.birth_date import BirthDate
from edge.card.person import Person
from edge.venues.desk.name_digests import Digests, reference, spellings

KEY = bytes(range(32))
# ruff: noqa: RUF001  the tests are about letters that look alike
SAME = {
    "case": ("García", "Ana", "GARCIA", "ANA"),
    "ä": ("Bäcker", "Ana", "Baecker", "Ana"),
    "ü as Spain writes it in an MRZ": ("Güell", "Ana", "GUXXELL", "ANA"),
    "ñ": ("Muñoz", "Ana", "Munoz", "Ana"),
    "ñ as Spain may write it in an MRZ": ("Muñoz", "Ana", "MUNXXOZ", "ANA"),
    "å": ("Åberg", "Ana", "Aaberg", "Ana"),
    "å without its ring": ("Åberg", "Ana", "Aberg", "Ana"),
    "ø": ("Sørensen", "Ana", "Soerensen", "Ana"),
    "ł": ("Wałęsa", "Ana", "Walesa", "Ana"),
    "đ": ("Đorđević", "Ana", "Dordevic", "Ana"),
    "ħ and ŋ": ("Ħabŋa", "Ana", "Habna", "Ana"),
    "ŧ": ("Ŧane", "Ana", "Tane", "Ana"),
    "ß": ("Weiß", "Ana", "WEISS", "Ana"),
    "ẞ": ("WEIẞ", "Ana", "Weiss", "Ana"),
    "Þ": ("Þórsdóttir", "Ana", "Thorsdottir", "Ana"),
    "a ligature": ("Ĳssel", "Ana", "IJssel", "Ana"),
    "dotless i": ("Y\u0131lmaz", "Ana", "Yilmaz", "Ana"),
    "dotted capital i": ("İnan", "Ana", "Inan", "Ana"),
    "a middle dot between letters": ("Gal·la", "Ana", "Galla", "Ana"),
    "Vietnamese": ("Nguyễn", "Thị Hoa", "Nguyen", "Thi Hoa"),
    "more given names": ("Silva", "Maria Inês Dos Santos", "Silva", "Maria"),
    "a double given name": ("Silva", "Jean-Pierre", "Silva", "Jean Pierre"),
    "fillers of an MRZ": ("SILVA<COSTA", "MARIA<INES<<<<", "Silva Costa", "Maria Inês"),
    "particles together or apart": ("de la Cruz", "Ana", "Delacruz", "Ana"),
    "a decomposed accent": ("Jose\u0301", "Ana", "Jos\u00e9", "Ana"),
    "full width": ("ＳＩＬＶＡ", "Ａｎａ", "Silva", "Ana"),
    "half-width kana": ("ﾀｶﾀﾞ", "ｹﾝ", "タカダ", "ケン"),
    "a voiced mark with a width of its own": ("タカタ゛", "ケン", "タカダ", "ケン"),
    "a wide space": ("タカダ", "ケン　イチ", "タカダ", "ケン イチ"),
    "Greek case and tonos": ("Παπαδόπουλος", "Νίκος", "ΠΑΠΑΔΟΠΟΥΛΟΣ", "ΝΙΚΟΣ"),
    "Cyrillic with and without dots": ("Фёдоров", "Пётр", "ФЕДОРОВ", "ПЕТР"),
    "Hangul as jamo": ("\u1100\u1175\u11b7", "민", "김", "민"),
    "Arabic presentation forms": ("\ufee3\ufea4\ufee4\ufeaa", "علي", "محمد", "علي"),
    "a joiner": ("می\u200cخوا", "علی", "میخوا", "علی"),
    "Russian as ICAO writes it": ("Щеглова", "Юлия", "SHCHEGLOVA", "IULIIA"),
    "Ukrainian as ICAO writes it": ("Гавриленко", "Юлія", "HAVRYLENKO", "YULIIA"),
    "Serbian as ICAO writes it": ("Живковић", "Чедо", "ZIVKOVIC", "CEDO"),
    "Bulgarian as ICAO writes it": ("Щерев", "Иван", "SHTEREV", "IVAN"),
    "Macedonian as ICAO writes it": ("Ѓорѓиевски", "Јован", "GJORGJIEVSKI", "JOVAN"),
    "Belorussian as ICAO writes it": ("Гёман", "Ян", "HIOMAN", "IAN"),
    "Arabic as ICAO writes it": ("محمود", "عبّاس", "MXHMWD", "EBBAS"),
    "shadda after a vowel": ("عبَّاس", "علي", "EBBAS", "ELY"),
    "teh marbuta at the end": ("فضّة", "علي", "FXDZDZXAH", "ELY"),
}
SAME |= {
    f"an apostrophe U+{ord(sign):04X}": (f"O{sign}Brien", f"D{sign}Arcy", "OBrien", "DArcy")
    for sign in "'`´ʹʻʼʽʾʿˈ‘’‚‛′‵＇"
}
OTHERS = {
    "another family": ("Silva", "Ana", "Silvar", "Ana"),
    "another given name": ("Silva", "Ana", "Silva", "Anna"),
    "names swapped": ("Ana", "Silva", "Silva", "Ana"),
    "no given name": ("Silva", "", "Silva", "Ana"),
    "ö is not u": ("Möller", "Ana", "Muller", "Ana"),
    "Cyrillic and Latin that look alike": ("Ра", "Ana", "Pa", "Ana"),
    "a vowel sign of Devanagari": ("शर्मा", "राम", "शर्मा", "राज"),
    "two names of Devanagari without their signs": ("शर्मा", "राम", "शरम", "रम"),
    "vowel signs of Bengali": ("দাস", "মিনা", "দাস", "মানা"),
    "a virama of Tamil": ("குமார்", "ராம்", "குமார", "ராம"),
    "a voiced mark": ("タカダ", "ケン", "タカタ", "ケン"),
    "a semi-voiced mark": ("ハパ", "ケン", "ハハ", "ケン"),
    "a small kana": ("キヨウ", "ケン", "キョウ", "ケン"),
    "a long vowel of kana": ("オノ", "ユウ", "オーノ", "ユウ"),
    "points of Hebrew": ("שׁם", "א", "שׂם", "א"),
    "a vowel of Arabic": ("مُحمد", "علي", "مَحمد", "علي"),
    "hamza of Arabic": ("أحمد", "علي", "احمد", "علي"),
    "a tone of Thai": ("ไก่", "นา", "ไก้", "นา"),
    "a vowel of Thai": ("กิ", "นา", "กี", "นา"),
    "final consonants of Hangul": ("강", "민", "가", "민"),
    "Cyrillic names with one romanisation": ("Элина", "Ян", "Елина", "Ян"),
    "Han in two shapes": ("国", "明", "國", "明"),
    "a Han name and its romanisation": ("王", "明", "Wang", "Ming"),
}


def same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether a guest of one name is found in a list with the other; the direction makes no difference."""
    digests = Digests(KEY)
    found = [bool(digests.shown(*a) & digests.listed(*b)) for a, b in ((one, other), (other, one))]
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize("name", SAME)
def test_two_spellings_of_one_name_match(name: str) -> None:
    a, b, c, d = SAME[name]
    assert same((a, b), (c, d))


@pytest.mark.parametrize("name", OTHERS)
def test_two_names_do_not_match(name: str) -> None:
    a, b, c, d = OTHERS[name]
    assert not same((a, b), (c, d))


@pytest.mark.parametrize(
    "name", ["", " ", "-", "...", "'", "’", "\u200b", "\u3164", "\u2800", "\u0301", "<<<"]
)
def test_an_empty_name_matches_nothing(name: str) -> None:
    assert not same((name, "Ana"), (name, "Ana"))
    assert not same((name, ""), (name, ""))


def test_an_apostrophe_of_another_script_is_one_sign() -> None:
    assert same(("ג׳ורג", "א"), ("ג'ורג", "א"))
    assert not same(("ג׳ורג", "א"), ("גורג", "א"))


SCRIPTS = (
    "DEVANAGARI",
    "BENGALI",
    "TAMIL",
    "THAI",
    "HEBREW",
    "ARABIC",
    "KATAKANA",
    "HIRAGANA",
    "HANGUL",
    "CJK",
)
NON_LATIN = sorted(
    {
        char
        for char in map(chr, [*range(0x590, 0xE80), *range(0x3041, 0x3100), *range(0x4E00, 0x4F00), *range(0xAC00, 0xAD00)])
        if unicodedata.category(char) in ("Lo", "Lm", "Mn", "Mc")
        and unicodedata.name(char).startswith(SCRIPTS)
        and unicodedata.normalize("NFKC", char) == char
    }
)  # fmt: skip
letters = st.text(st.sampled_from(NON_LATIN), max_size=5)


@given(letters, st.sampled_from(NON_LATIN), st.sampled_from(NON_LATIN), letters)
def test_names_that_differ_in_a_letter_of_another_script_are_never_one(
    before: str, one: str, other: str, after: str
) -> None:
    first, second = (unicodedata.normalize("NFC", "क" + before + char + after) for char in (one, other))
    assume(first != second)
    assert not same((first, "राम"), (second, "राम"))
    assert not same(("राम", first), ("राम", second))


@given(st.text(max_size=12), st.text(max_size=12))
def test_folding_is_idempotent(family: str, given_name: str) -> None:
    for spelling in spellings(family, given_name):
        folded, first = spelling.split("\0")[:2]
        assert spelling in spellings(folded, first)


@given(st.text(max_size=12), st.text(max_size=12))
def test_composition_does_not_matter(family: str, given_name: str) -> None:
    said = spellings(family, given_name)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        if unicodedata.normalize(form, family + given_name).isalpha():
            names = (unicodedata.normalize(form, name) for name in (family, given_name))
            assert spellings(*names) == said


LETTERS = st.text(st.sampled_from("AÁBCÇDEÉFGHIJKLMNÑOÖPQRSTUÜVWXYZØŁÞŽ'- "), min_size=1, max_size=12)


@given(LETTERS, LETTERS)
def test_case_and_width_do_not_matter(family: str, given_name: str) -> None:
    wide = {ord(char): chr(ord(char) + 0xFEE0) for char in map(chr, range(0x21, 0x7F))}
    said = spellings(family, given_name)
    assert spellings(family.lower(), given_name.title()) == said
    assert spellings(family.translate(wide), given_name.translate(wide)) == said


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_name_has_at_most_three_spellings_and_is_found_by_itself(family: str, given_name: str) -> None:
    said = spellings(family, given_name)
    assert len(said) <= 3
    assert same((family, given_name), (family, given_name)) == bool(said)


def test_only_letters_and_digits_of_a_reference_count() -> None:
    assert reference(" ab-12 / 3 ") == reference("AB123")
    assert reference("AB124") != reference("AB123")
    assert reference("का-1") != reference("कि-1")


def test_a_digest_of_an_earlier_version_equals_no_name_that_has_lost_its_marks() -> None:
    """Earlier versions stored `शर्मा, राम` as `शरम, रम`."""
    assert "शरम\0रम" not in spellings("शरम", "रम")
    assert "muller\0ana" in spellings("Müller", "Ana")


def test_birth_dates_are_equal_as_far_as_they_are_known() -> None:
    digests = Digests(KEY)
    day, month, year = (digests.births(BirthDate.parse(text)) for text in ("1978-05-31", "1978-05", "1978"))
    assert year < month < day
    assert not year & digests.births(BirthDate(1979))
    assert digests.births(None) == frozenset()


def test_digests_differ_by_kind_and_by_key() -> None:
    one, other = Digests(KEY), Digests(bytes(32))
    text = "2026"
    kinds = {
        one.reference(text),
        one.person(Person("x", text)),
        *one.births(BirthDate(2026)),
    } | one.names(text, "")
    assert len(kinds) == 4
    assert one.reference(text) != other.reference(text)
    assert "00010203" not in repr(one)
