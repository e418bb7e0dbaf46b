"""Other weights: what they would change is shown first, and then it is what they change."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from identity_people import CLERK, MACHINE, person
from lienthong.identity import (
    changing,
    deciding,
    events,
    index,
    models,
    problems,
    proposing,
    registering,
    versions,
)

pytestmark = pytest.mark.django_db


def _people() -> None:
    alike = {"commune": "07210", "phone": "0912000111"}
    for n, (name, born, more) in enumerate(
        [
            ("THÂN VĂN HUẤN", "1960-03-14", {}),
            ("THAN VAN HUAN", "1960-03-14", {}),
            ("THÂN VĂN HUẤN", "1960-03-14", alike),
            ("GIÁP THỊ BÍCH", "1985-07-21", alike | {"sex": "female"}),
            ("GIÁP THỊ BÍCH", "1985-12-07", alike | {"sex": "female"}),
            ("NÔNG ĐỨC CƯỜNG", "1999-09-09", {}),
            *[("NGUYỄN VĂN HÙNG", "1970-05-06", {})] * 3,
        ]
    ):
        registering.register(person(f"p{n}", name, born, **more), "24011", MACHINE)  # type: ignore[arg-type]


def _persons() -> dict[str, int]:
    return dict(models.Registration.objects.values_list("fhir_id", "person"))


def _questions() -> int:
    return len(deciding.pending())


def test_a_preview_changes_nothing_and_is_what_happens() -> None:
    _people()
    before, asked = _persons(), _questions()
    shown = changing.preview(changing.with_thresholds(4.0, -4.0, "test.1"))
    assert (_persons(), _questions(), versions.active().version) == (before, asked, "2026.11")
    links = {(c.first.fhir_id, c.second.fhir_id) for c in shown.examples["link"]}
    assert links
    event = changing.apply(shown, "thử ngưỡng thấp hơn", CLERK)
    assert versions.active().version == "test.1"
    after = _persons()
    assert all(after[one] == after[other] for one, other in links)
    assert models.Event.objects.filter(id__gt=event, kind="linked").count() == shown.counts["link"]
    assert len(set(before.values())) - len(set(after.values())) == shown.counts["link"]  # none is said twice
    assert models.Event.objects.get(id=event).kind == events.RULE_CHANGED
    back = changing.preview(changing.with_thresholds(13.0, 3.0, "test.2"))
    assert back.counts["unlink"] > 0
    changing.apply(back, "trở lại ngưỡng cũ", CLERK)
    assert _persons() == before
    again = changing.preview(changing.with_thresholds(13.0, 3.0, "test.3"))
    assert not again.counts


def test_a_persons_word_stands_under_any_rule() -> None:
    _people()
    numbers = {r.fhir_id: r.id for r in models.Registration.objects.all()}
    pair = (numbers["p0"], numbers["p1"])
    deciding.decide(pair, "different", "hai anh em họ", CLERK)
    changing.apply(changing.preview(changing.with_thresholds(-20.0, -30.0, "test.1")), "thử", CLERK)
    people = _persons()
    assert people["p0"] != people["p1"]


def test_a_preview_of_other_weights_than_are_in_use_is_refused_and_a_change_needs_a_reason() -> None:
    _people()
    shown = changing.preview(changing.with_thresholds(4.0, -4.0, "test.1"))
    with pytest.raises(problems.CannotDecide, match="identity-no-reason"):
        changing.apply(shown, " ", CLERK)
    changing.apply(shown, "thử", CLERK)
    assert changing.since(shown.state) is None
    with pytest.raises(problems.CannotDecide, match="identity-preview-old") as error:
        changing.apply(shown, "thử lại", CLERK)
    assert error.value.problem.retry


def _alike(n: int) -> registering.Outcome:
    more = {"name": "NÔNG ĐỨC CƯỜNG", "born": "1999-09-09"}
    return registering.register(person(f"new{n}", **more), "01929", MACHINE)  # type: ignore[arg-type]


def test_what_comes_since_a_preview_is_told_and_judged_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    _people()
    monkeypatch.setattr(changing, "STEP", 2)
    monkeypatch.setattr(changing, "AT_ONCE", 2)
    proposing.propose(changing.with_thresholds(4.0, -4.0, "test.1"), CLERK)
    steps = 0
    while not proposing.work(0):  # one step at a time, and somebody is registered after each
        _alike(steps % 4)
        steps += 1
    assert steps > 4
    registering.register(person("p4", "GIÁP THỊ BÍCH", "1985-12-08", "female"), "24011", MACHINE)
    proposal = proposing.present()
    assert proposal is not None
    come = proposing.since(proposal)
    assert come is not None
    assert (come.new, come.changed) == (4, 1)
    event = proposing.apply(proposal, "đã xem", CLERK)
    said: Any = models.Event.objects.get(id=event).detail
    assert said["since"]["new"] == 4
    assert not changing.finish(MACHINE, threading.Event(), 0.0)
    while changing._go_on(MACHINE):
        _alike(4)
    assert models.WeightsInUse.objects.get().done
    people = _persons()
    assert len({people[f"new{n}"] for n in range(5)} | {people["p5"]}) == 1
    assert not changing.preview(changing.with_thresholds(4.0, -4.0, "test.2")).counts


def test_a_change_that_was_cut_off_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    _people()
    shown = changing.preview(changing.with_thresholds(4.0, -4.0, "test.1"))
    monkeypatch.setattr(changing, "AT_ONCE", 2)
    cut = threading.Event()
    cut.set()
    changing.apply(shown, "thử", CLERK, cut)
    assert not models.WeightsInUse.objects.get().done
    changing.finish(MACHINE, threading.Event())
    assert models.WeightsInUse.objects.get().done
    after = _persons()
    assert all(after[c.first.fhir_id] == after[c.second.fhir_id] for c in shown.examples["link"])
    assert index.person_of("24011", "p5") == index.of("24011", "p5").number  # type: ignore[union-attr]
