"""The letter: what it says, that it survives its symbols, that no change of it passes, who is believed."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from letters import DOCTOR, FORM, NURSE, RECEIVER, SENDER, arrive, go_to_receiver, message, sent
from lienthong import records
from lienthong.facilities import directory
from lienthong.facilities.models import Node
from lienthong.foundation import clock
from lienthong.foundation.errors import LienThongError
from lienthong.transfers import desk
from lienthong.transfers import form as forms
from lienthong.transfers.letter import coding, signed, symbols
from lienthong.transfers.letter import minimum as minimums
from lienthong.transfers.letter.minimum import Minimum
from lienthong.transfers.letter.signed import Proof
from lienthong.transfers.models import State, Transfer

SLOW = hypothesis_settings(max_examples=60, suppress_health_check=list(HealthCheck))
MOMENT = datetime(2026, 11, 23, 1, 15, tzinfo=UTC)


def draft(form: Any, **columns: Any) -> Transfer:
    """A transfer as a row that is kept nowhere."""
    given = {"patient_name": "NGUYỄN VĂN A", "birth": "1960", "gender": "male", "diagnosis": "Viêm phổi"}
    given |= {"loop": "0190f0a1" * 4, "sender": SENDER, "receiver": RECEIVER, "patient": "p1", **columns}
    given |= {"started_by": "BS A", "changed_at": MOMENT, "begun_at": MOMENT, "since": MOMENT}
    return Transfer(**given, form=form)


_luck = random.Random(20_250_116)


def chance(length: int) -> str:
    """Digits that no compression makes shorter than half."""
    return "".join(_luck.choice("0123456789abcdef") for _ in range(length))


def code(problem: pytest.ExceptionInfo[LienThongError]) -> str:
    return problem.value.problem.code


def there_and_back(whole: Minimum) -> Minimum:
    """Through frame and symbols, as printing and scanning does, without a signature."""
    frame = coding.pack(whole)
    read = symbols.gather(reversed(symbols.split(frame)))
    return coding.unpack(read.letter)


_text = st.text(max_size=300)
_any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_text, inner, max_size=4),
    max_leaves=12,
)
_row = st.dictionaries(
    st.sampled_from(["test", "value", "unit", "substance", "reaction", "name", "dose", "flag"]),
    _text,
    max_size=6,
)
_listed = st.fixed_dictionaries(
    {}, optional={"state": _text, "list": st.lists(_row, max_size=60), "note": _text}
)
_form = st.fixed_dictionaries(
    {},
    optional={
        **{
            name: st.text(max_size=3000) | _any
            for name in ("diagnosis", "medicines", "condition", "signs", "results")
        },
        **{
            name: _any
            for name in forms.FIELDS
            if name not in ("diagnosis", "medicines", "condition", "signs")
        },
        "allergies": _listed | _any,
        "home_medicines": _listed | _any,
        "key_results": st.lists(_row, max_size=60) | _any,
    },
)


class TestMinimum:
    def test_it_says_what_the_form_says_under_the_forms_own_names(self) -> None:
        said = minimums.of(draft(FORM)).as_dict()
        assert said["left_out"] == {}
        assert said["form"]["allergies"] == FORM["allergies"]
        assert said["form"]["home_medicines"] == FORM["home_medicines"]
        assert said["form"]["key_results"] == FORM["key_results"]
        assert said["form"]["medicines"] == FORM["medicines"]
        assert forms.cleaned_form(said["form"])["vitals"] == forms.cleaned("vitals", FORM["vitals"])
        assert (said["sender"], said["receiver"], said["slip"]) == (SENDER, RECEIVER, FORM["slip"])

    def test_an_empty_form_gives_what_the_transfer_itself_says(self) -> None:
        said = minimums.of(draft({})).as_dict()
        assert said["form"]["person"] == {"name": "NGUYỄN VĂN A", "birth": "1960", "gender": "male"}
        assert said["form"]["diagnosis"] == "Viêm phổi"
        assert said["form"]["allergies"] == {"state": "", "list": []}
        assert "one_year" not in said["form"]

    def test_a_slip_of_the_his_stands_in_only_where_the_form_says_nothing(self) -> None:
        besides = {"signs": "Sốt", "condition": "Tỉnh", "person": {"card": "GD1"}}
        said = minimums.of(draft({"signs": "Ho"}), besides).as_dict()["form"]
        assert (said["signs"], said["condition"], said["person"]["card"]) == ("Ho", "Tỉnh", "GD1")

    def test_what_is_too_long_is_cut_in_the_fixed_order_and_named(self) -> None:
        results = [{name: chance(80) for name in ("test", "value", "unit")} for _ in range(40)]
        results[30]["flag"] = "H"
        long = chance(800)
        fitted = signed.fit(
            minimums.of(draft({**FORM, "key_results": results, "signs": long, "results": long}))
        )
        assert not fitted.signs
        assert not fitted.results
        assert {"signs", "results", "key_results"} <= set(fitted.left_out)
        assert fitted.left_out["key_results"] == 40 - len(fitted.key_results)
        assert [r.flag for r in fitted.key_results].count("H") == 1, "an abnormal result goes last"
        assert fitted.allergies == minimums.of(draft(FORM)).allergies
        assert fitted.diagnosis == FORM["diagnosis"]

    def test_text_beside_the_needed_stays_only_while_one_row_of_symbols_holds_all(self) -> None:
        long = {name: chance(900) for name in ("signs", "treatment", "results", "direction")}
        fitted = signed.fit(minimums.of(draft({**FORM, **long})))
        assert len(coding.pack(fitted)) <= signed.ROW_FRAME
        assert fitted.left_out
        assert set(fitted.left_out) <= {"signs", "treatment", "results", "direction"}

    @given(form=_form)
    @SLOW
    def test_any_form_survives_and_what_does_not_fit_is_named(self, form: Any) -> None:
        whole = minimums.of(draft(form))
        fitted = signed.fit(whole)
        assert len(coding.pack(fitted)) <= signed.MOST_FRAME
        assert there_and_back(fitted) == fitted
        changed = {name for name in whole.__struct_fields__ if getattr(whole, name) != getattr(fitted, name)}
        assert changed - {"left_out"} <= set(fitted.left_out)

    def test_the_worst_that_a_form_can_hold_still_fits(self) -> None:
        rare = iter(chr(0x20000 + n * 7919 % 42_000) for n in range(10**6))

        def words(length: int) -> str:
            return "".join(next(rare) for _ in range(length))

        rows = [
            {n: words(100) for n in ("test", "value", "unit", "substance", "name", "dose")} for _ in range(60)
        ]
        listed = {"state": words(100), "list": rows, "note": words(100)}
        form = {name: words(3000) for name in forms.FIELDS if name not in ("person", "vitals", "one_year")}
        form |= {
            "person": {n: words(100) for n in forms.PERSON},
            "vitals": {n: words(100) for n in forms.VITALS},
        }
        form |= {
            "allergies": listed,
            "home_medicines": listed,
            "infection": {**listed, "list": [words(90)] * 30},
        }
        form |= {"key_results": rows}
        columns = {"slip": words(50), "ma_lk": words(100), "signed_by": words(120), "patient": "p" * 64}
        fitted = signed.fit(minimums.of(draft(form, **columns)))
        assert len(coding.pack(fitted)) <= signed.MOST_FRAME
        assert there_and_back(fitted) == fitted


class TestSymbols:
    LETTER = bytes(range(256)) * 6

    def test_any_order_repetition_and_codes_of_other_things(self) -> None:
        first, second, third = symbols.split(self.LETTER)
        read = symbols.gather([third, "https://example.vn/1", first, third])
        assert (read.letter, read.missing, read.others) == (b"", [2], 1)
        assert symbols.gather([*read.texts.values(), second]).letter == self.LETTER

    def test_every_symbol_fits_the_printed_size(self) -> None:
        texts = symbols.split(bytes(symbols.CAPACITY))
        assert len(texts) == symbols.MOST_SYMBOLS
        assert max(map(len, texts)) <= symbols.MOST_DIGITS
        with pytest.raises(ValueError, match="fit"):
            symbols.split(bytes(symbols.CAPACITY + 1))

    @given(st.binary(min_size=1, max_size=symbols.CAPACITY))
    def test_any_letter_comes_back(self, letter: bytes) -> None:
        assert symbols.gather(symbols.split(letter)).letter == letter

    @given(place=st.integers(0, 1300), digit=st.sampled_from("0123456789"))
    def test_a_mistyped_digit_never_gives_another_letter(self, place: int, digit: str) -> None:
        one, two, three = symbols.split(self.LETTER)
        place %= len(two)
        wrong = f"{two[:place]}{digit}{two[place + 1 :]}"
        read = symbols.gather([one, wrong, three])
        assert read.letter == (self.LETTER if wrong == two else b"")

    def test_symbols_of_two_letters_are_not_mixed(self) -> None:
        with pytest.raises(LienThongError) as problem:
            symbols.gather([symbols.split(self.LETTER)[0], symbols.split(self.LETTER[1:])[1]])
        assert code(problem) == "letter-two-letters"

    def test_a_newer_layout_says_so(self) -> None:
        text = symbols.split(self.LETTER)[0]
        raw = int(text).to_bytes(-(-int(text).bit_length() // 8), "big")
        newer = symbols._digits(raw[:2] + b"\x02" + raw[3:-4])
        with pytest.raises(LienThongError) as problem:
            symbols.gather([newer])
        assert code(problem) == "letter-newer"

    @pytest.mark.parametrize("typed", ["{0}\n{1}\n{2}\n", " {2}\t{0}  {1}", "{1}\r\n{1}\r\n{0}\r\n{2}"])
    def test_what_a_scanner_types(self, typed: str) -> None:
        texts = symbols.texts_in(typed.format(*symbols.split(self.LETTER)))
        assert symbols.gather(texts).letter == self.LETTER

    @given(st.text(max_size=2000) | st.from_regex(r"[0-9]{1,1700}", fullmatch=True))
    def test_no_text_breaks_the_reader(self, typed: str) -> None:
        assert symbols.gather(symbols.texts_in(typed)).letter == b""


@pytest.mark.django_db
@pytest.mark.usefixtures("hospitals")
class TestSigned:
    def test_proven_at_the_receiver_from_the_directory_alone(self) -> None:
        data, minimum = signed.make(draft(FORM, signed_at=clock.now()))
        go_to_receiver()
        letter = signed.read(data)
        assert (letter.proof, letter.remarks, letter.minimum) == (Proof.PROVEN, (), minimum)

    def test_the_same_transfer_gives_the_same_letter(self) -> None:
        assert signed.make(draft(FORM)) == signed.make(draft(FORM))

    def test_no_change_of_a_byte_is_ever_proven(self) -> None:
        data, _ = signed.make(draft(FORM))
        for place, bit in itertools.product(range(len(data)), (1, 0x80)):
            altered = bytearray(data)
            altered[place] ^= bit
            outcome = self._outcome(bytes(altered))
            expected = "letter-newer" if place == 0 else Proof.UNKNOWN if place < 33 else "letter-altered"
            assert outcome == expected, "only the name of the key may change, and then nothing is proven"

    def _outcome(self, data: bytes) -> Proof | str:
        try:
            return signed.read(data).proof
        except LienThongError as error:
            return error.problem.code

    @pytest.mark.parametrize("cut", [0, 1, 50, 97, 98, 300])
    def test_half_a_letter_is_refused(self, cut: int) -> None:
        data, _ = signed.make(draft(FORM))
        with pytest.raises(LienThongError):
            signed.read(data[:cut])

    def test_a_key_that_nobody_knows_here(self) -> None:
        data, _ = signed.make(draft(FORM, signed_at=clock.now()))
        Node.objects.filter(facility=SENDER).delete()
        go_to_receiver()
        letter = signed.read(data)
        assert letter.proof is Proof.UNKNOWN
        assert [p.code for p in letter.remarks] == ["letter-unknown-key"]

    def test_a_revoked_key_counts_for_nothing_however_early_it_says_it_signed(self) -> None:
        data, _ = signed.make(draft(FORM, signed_at=clock.now() - timedelta(days=2)))
        Node.objects.filter(facility=SENDER).update(revoked_at=clock.now())
        letter = signed.read(data)
        assert (letter.proof, letter.remarks[0].code) == (Proof.REVOKED, "letter-key-revoked")

    @pytest.mark.parametrize(("days", "proof"), [(-1, Proof.PROVEN), (1, Proof.UNKNOWN)])
    def test_a_replaced_key_counts_for_what_it_signed_before(self, days: int, proof: Proof) -> None:
        ended = clock.now() - timedelta(days=5)
        Node.objects.filter(facility=SENDER).update(valid_from=ended - timedelta(days=90), valid_to=ended)
        data, _ = signed.make(draft(FORM, signed_at=ended + timedelta(days=days)))
        assert signed.read(data).proof is proof

    def test_nobody_signs_for_another_hospital(self) -> None:
        data, _ = signed.make(draft(FORM, sender="24004"))
        with pytest.raises(LienThongError) as problem:
            signed.read(data)
        assert code(problem) == "letter-foreign-sender"

    @pytest.mark.parametrize(
        ("columns", "days", "codes"),
        [
            ({}, -40, ["letter-old"]),
            ({}, 3, ["letter-future"]),
            ({"receiver": "24022"}, 0, ["letter-other-receiver"]),
            ({}, -5, []),
        ],
    )
    def test_what_a_person_is_told_of_a_genuine_letter(
        self, columns: dict[str, str], days: int, codes: list[str]
    ) -> None:
        data, _ = signed.make(draft(FORM, **columns, signed_at=clock.now() + timedelta(days=days)))
        go_to_receiver()
        assert [p.code for p in signed.read(data).remarks] == codes

    def test_a_letter_for_a_year_is_not_old_after_a_month(self) -> None:
        month = clock.now() - timedelta(days=31)
        data, _ = signed.make(draft({**FORM, "one_year": True}, signed_at=month))
        go_to_receiver()
        assert signed.read(data).remarks == ()

    @pytest.mark.parametrize(
        "columns",
        [
            {"signed_at": datetime(9999, 12, 31, 23, tzinfo=UTC)},
            {"signed_at": datetime(1999, 1, 1, tzinfo=UTC)},
            {"sender": "24011 or another", "receiver": RECEIVER},
            {"patient": "../p1"},
        ],
        ids=str,
    )
    def test_values_that_no_store_takes_are_refused(self, columns: dict[str, Any]) -> None:
        data, _ = signed.make(draft(FORM, **columns))
        with pytest.raises(LienThongError) as problem:
            signed.read(data)
        assert code(problem) == "letter-unreadable"

    def test_a_frame_that_swells_is_not_opened(self) -> None:
        import zstandard

        bomb = zstandard.ZstdCompressor(dict_data=coding.dictionary()).compress(bytes(40_000_000))
        assert len(bomb) < symbols.CAPACITY
        with pytest.raises(ValueError, match="dictionary of letters"):
            coding.unpack(bomb)


@pytest.mark.django_db
@pytest.mark.usefixtures("hospitals")
class TestArrival:
    """The letter and the message of one transfer, in both orders: one transfer, one patient, nothing twice."""

    @pytest.fixture(autouse=True)
    def own_node(self, settings: Any) -> None:
        assert settings.NODE.facility == SENDER

    def test_letter_first_then_the_message_joins(self) -> None:
        transfer = sent()
        data, _ = signed.make(transfer)
        incoming = message(transfer)
        go_to_receiver()
        opened = desk.begin_from_letter(signed.read(data).minimum.as_dict(), actor=NURSE)
        assert (opened.loop, opened.patient, opened.state) == (
            transfer.loop,
            transfer.patient,
            State.RECEIVED,
        )
        assert opened.form["allergies"] == transfer.form["allergies"]
        arrive(incoming)
        self._one(transfer)

    def test_message_first_then_the_letter_leads_to_it(self) -> None:
        transfer = sent()
        data, _ = signed.make(transfer)
        incoming = message(transfer)
        go_to_receiver()
        arrive(incoming)
        found = desk.begin_from_letter(signed.read(data).minimum.as_dict(), actor=NURSE)
        assert found.loop == transfer.loop
        self._one(transfer)

    def _one(self, sent_one: Transfer) -> None:
        transfer = Transfer.objects.get()
        assert (transfer.loop, transfer.patient, transfer.state) == (
            sent_one.loop,
            sent_one.patient,
            State.RECEIVED,
        )
        assert [step.kind for step in transfer.steps.all()] == [State.SENT, State.RECEIVED]
        assert transfer.form == sent_one.form
        assert [s.id for s in records.find_patients(FORM["person"]["citizen"])] == [sent_one.patient]

    def test_a_draft_printed_before_it_is_sent_names_the_same_patient(self) -> None:
        begun = desk.draft(actor=DOCTOR, form=FORM, receiver=RECEIVER)
        _, minimum = signed.make(begun)
        sent_one = desk.send_draft(begun.loop, version=begun.version, actor=DOCTOR)
        assert minimum.patient == sent_one.patient

    def test_the_directory_here_is_the_receivers(self) -> None:
        go_to_receiver()
        assert directory.here() == settings.NODE.facility == RECEIVER
