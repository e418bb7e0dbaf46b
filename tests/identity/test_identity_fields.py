from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_people import person
from lienthong.identity import areas, comparing, fields, names, numbers, rules, weights
from lienthong.identity.comparing import FIELDS
from lienthong.terminology import systems

SPELLED = (
    "Nguyễn Nguyen NGUYỄN Ng. Ng~ Trần Tr. Thân Đặng Dang Văn V. Thị T. thi Đức Hoà Hòa Hoa Ánh Anh Lý Lí"
)
WORDS = st.sampled_from(SPELLED.split())
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
DAYS = st.dates().map(str) | st.sampled_from(["1960", "1960-03", "1960-01-01", "1960-03-14", "1960-04-13"])
PEOPLE = st.builds(
    person,
    name=NAMES,
    born=DAYS,
    sex=st.sampled_from(["male", "female", "unknown"]),
    citizen=st.sampled_from(["", "024060001234", "024060001243", "024160001234", "024160777001"]),
    social=st.sampled_from(["", "2400123456", "2400123465"]),
    phone=st.sampled_from(["", "0912000111", "+84 912 000 111", "0912000112"]),
    commune=st.sampled_from(["", "07210", "07228", "09487", "00004"]),
    home=st.sampled_from(["", "Thôn Mậu", "mậu, xã X"]),
)


def level(one: dict[str, object], other: dict[str, object], field: str) -> str:
    found = comparing.levels(fields.of(one), fields.of(other))
    return dict(zip(FIELDS, found, strict=True))[field]


@given(st.text(max_size=60) | NAMES)
def test_the_normal_form_of_a_name_is_its_own_normal_form(text: str) -> None:
    normal = names.normal(text)
    assert names.normal(normal.marked) == normal
    assert names.normal(normal.words).words == normal.words


@given(st.text(max_size=30), st.sampled_from(["citizen", "old_card", "passport", "social", "phone"]))
def test_the_normal_form_of_a_number_is_its_own_normal_form(text: str, kind: str) -> None:
    normal = getattr(numbers, kind)
    assert normal(normal(text)) == normal(text)


@given(st.text(max_size=40))
def test_the_first_part_of_an_address_is_its_own(text: str) -> None:
    assert fields.home(fields.home(text)) == fields.home(text)


@given(PEOPLE)
def test_fields_survive_packing(one: dict[str, object]) -> None:
    found = fields.of(one)
    assert fields.unpack(fields.pack(found)) == found == fields.of(one)


@given(PEOPLE, PEOPLE)
def test_two_registrations_compare_the_same_both_ways_round(
    one: dict[str, object], other: dict[str, object]
) -> None:
    a, b = fields.of(one), fields.of(other)
    assert rules.judge(a, b, weights.packaged()) == rules.judge(b, a, weights.packaged())


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["system", "value", "use", "period", "text", "given", "family", "extension", "url"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    ),
    st.sampled_from(["identifier", "name", "telecom", "address", "birthDate", "gender", "deceasedDateTime"]),
)
def test_no_shape_of_a_resource_is_too_odd(value: object, member: str) -> None:
    found = fields.of({"resourceType": "Patient", "id": "a", member: value})
    assert fields.unpack(fields.pack(found)) == found


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("NGUYỄN THỊ HOÀ", "Nguyễn Thị Hòa", "same"),
        ("Lý Thị Mỵ", "Lí Thị Mị", "same"),
        ("ĐẶNG THỊ ÁNH", "DANG THI ANH", "unmarked"),
        ("Trần Văn Hạ", "Trần Văn Hà", "marks"),
        ("Ánh Nguyễn Thị", "Nguyễn Thị Ánh", "order"),
        ("Ng~ T. Ánh", "Nguyễn Thị Ánh", "short"),
        ("Nguyễn Ánh", "Nguyễn Thị Ánh", "short"),
        ("Nguyễn Thị Thuý", "Nguyễn Thị Thyú", "typed"),
        ("Nguyễn Văn Hùng", "Nguyễn Đức Hùng", "middle"),
        ("Vi Văn Tuấn Hùng", "Lê Văn Tuấn Hùng", "family"),
        ("Nguyễn Thị Lan", "Nguyễn Văn Bách", "sibling"),
        ("Nguyễn Thị Lan", "Giáp Văn Bách", "other"),
        ("CON BÀ NGUYỄN THỊ LAN", "Nguyễn Thị Lan", "missing"),
    ],
)
def test_names_as_they_are_written(one: str, other: str, expected: str) -> None:
    assert level(person(name=one), person(name=other), "name") == expected
    assert level(person(name=other), person(name=one), "name") == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1960-03-14", "1960-03-14", "day"),
        ("1960-03-04", "1960-04-03", "swapped"),
        ("1960-03-14", "1960-03-15", "near"),
        ("1960-03-14", "1960-03-41", "near"),
        ("1960-03-14", "1960-11-25", "year"),
        ("1960-01-01", "1960-01-01", "first"),
        ("1960-01-01", "1960-11-25", "dayless"),
        ("1960", "1960-11-25", "dayless"),
        ("1960", "1961-11-25", "close"),
        ("1960-03-14", "1977-11-25", "other"),
        ("", "1977-11-25", "missing"),
    ],
)
def test_birth_dates(one: str, other: str, expected: str) -> None:
    assert comparing.birth(one, other) == comparing.birth(other, one) == expected


def test_a_newborn_is_the_child_of_its_mother_and_twins_have_an_order() -> None:
    assert names.read("CON BÀ TRẦN THỊ HOÀ 2") == names.read("Con thứ 2 của bà Trần Thị Hòa")
    assert names.read("CB Trần Thị Hòa").mother.words == "tran thi hoa"
    assert names.read("Trẻ sơ sinh con bà Trần Thị Hòa").order == ""
    assert names.read("Côn Thị Hòa").mother.words == ""
    assert all(
        names.read(text).unknown
        for text in ("VÔ DANH 01", "Người bệnh không rõ", "BN chưa xác định", "unknown")
    )
    assert not names.read("Vô Danh Thị").name.words  # nobody is called so


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+84 912 000 111", "0912000111"),
        ("0084912000111", "0912000111"),
        ("0168 200 0111", "0382000111"),
        ("0240 3854 321", "02403854321"),
        ("0000000000", ""),
        ("12", ""),
    ],
)
def test_phones_of_before_2018_are_those_of_today(text: str, expected: str) -> None:
    assert numbers.phone(text) == expected


def test_numbers_are_sorted_by_what_they_are_and_fillers_are_none() -> None:
    found = fields.of(
        person(
            identifiers=(
                {"system": systems.CITIZEN_NUMBER, "value": "121234567"},
                {"system": systems.OLD_IDENTITY_CARD, "value": "0240 6000 1234"},
                {"system": systems.CITIZEN_NUMBER, "value": "C1234567"},
                {"system": systems.CITIZEN_NUMBER, "value": "111111111111"},
                {
                    "system": systems.INSURANCE_CARD,
                    "value": "GD4242400123456",
                    "period": {"end": "2020-12-31"},
                },
                {"system": systems.CITIZEN_NUMBER, "value": "024060009999", "use": "old"},
            )
        ),
        today="2026-11-23",
    )
    assert (found.citizen, found.old_card, found.passport) == (
        ("024060001234",),
        ("121234567",),
        ("C1234567",),
    )
    assert found.social == ("2400123456",)
    assert found.former == ("citizen:024060009999",)


def test_a_number_that_is_a_parents_does_not_fit_its_child() -> None:
    father = person(name="THÂN VĂN HUẤN", born="1990-03-14", citizen="024090001234")
    child = person(name="THÂN ĐỨC AN", born="2021-05-02", citizen="024090001234")
    assert level(father, child, "citizen") == "unfit"
    assert rules.judge(fields.of(father), fields.of(child), weights.packaged()).outcome == "no"


def test_a_small_childs_card_that_is_no_childs_is_its_parents() -> None:
    card = {"system": systems.INSURANCE_CARD, "value": "GD4242400123456", "period": {"start": "2026-01-01"}}
    assert fields.of(person(born="2025-12-20", identifiers=(card,))).social == ()
    assert fields.of(person(born="1960-12-20", identifiers=(card,))).social == ("2400123456",)


def test_communes_of_both_lists_lie_in_the_same_old_district() -> None:
    old, new = areas.area("07213"), areas.area("07210")
    assert old.district == new.district == "213"
    assert old.province == areas.area("09487").province == areas.area(province="27").province == "24"
    assert areas.named("phường Hoàng Văn Thụ", "Bắc Giang", "Tỉnh Bắc Giang").commune == "07210"
    assert areas.named("xã Không Có", "Lục Nam", "Bắc Giang").commune == ""
    assert areas.named("", "", "Tỉnh Nào Đó") == areas.Area()


def test_a_very_frequent_name_says_less_than_a_rare_one() -> None:
    known = weights.packaged()
    frequent = known.rarity("nguyen thi huong", "nguyen thi huong", "same")
    rare = known.rarity("khuong the khai", "khuong the khai", "same")
    assert frequent < 0 < rare


def test_the_parts_add_up_to_the_score() -> None:
    known = weights.packaged()
    a = fields.of(person(phone="0912000111", commune="07210", home="thôn Mậu"))
    b = fields.of(person(phone="0912000111", commune="07210", home="Mậu", name="THAN VAN HUAN"))
    score = known.score(a, b)
    assert score.kept > 0  # phone and home are one household
    total = known.prior_bits + sum(part.bits for part in known.parts(score)) - score.kept
    assert score.bits == pytest.approx(total)


@pytest.mark.parametrize(
    "changed",
    [
        {"prior": 1},
        {"fields": {}},
        {"thresholds": {"link": 1, "ask": 2}},
        {"caps": [{"fields": ["shoe"], "bits": 1}]},
        {"words": {"family": {"nguyen": 0.3}, "middle": {}, "given": {}}},
        {"version": ""},
    ],
)
def test_weights_that_cannot_be_used_are_refused(changed: dict[str, object]) -> None:
    from lienthong.foundation import json

    value = json.loads(weights.packaged_file()) | changed
    with pytest.raises(weights.BadWeights):
        weights.read(json.dumps(value))
