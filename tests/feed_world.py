"""A hub in this process, sites that tell it their counts, and transfers between them."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from exchange_calls import HUB, OTHER, RECEIVER, RECIPIENTS, SENDER, Answer, Site
from lienthong.exchange import keys, peers
from lienthong.facilities import directory
from lienthong.foundation import clock, ids, json
from lienthong.foundation.signing import SigningKey
from lienthong.rollout.feeds import doors, message
from lienthong.rollout.feeds.usual import day_start
from lienthong.transfers import desk, taking
from lienthong.transfers.measures import reading
from lienthong.transfers.models import State, Step, Transfer


def become(facility: str, home: Path) -> None:
    """Makes this process the node of a facility; its database stays the same."""
    role: Any = "hub" if facility == HUB else "site"
    settings.NODE = replace(settings.NODE, facility=facility, role=role, home=home / facility)


@contextmanager
def hub(home: Path) -> Iterator[dict[str, Site]]:
    """This process is the hub; three sites are in its directory."""
    before = settings.NODE
    become(HUB, home)
    directory.load_known()
    found = {
        code: Site(code, SigningKey.load_or_make(home / code / "keys" / "signing.pem"))
        for code in (SENDER, RECEIVER, OTHER)
    }
    own, since = keys.own(), clock.now() - timedelta(days=1)
    directory.add_node(HUB, "hub", own.jwk, own.kid, since)
    for site in found.values():
        RECIPIENTS[site.facility] = keys.recipient(home / site.facility / "keys")
        known = (site.facility, "site", site.key.jwk, site.key.kid, since, RECIPIENTS[site.facility])
        directory.add_node(*known)
    try:
        yield found
    finally:
        peers.forget()
        settings.NODE = before


def call(site: Site | None, body: Any, method: str = "POST", path: str = message.PATH) -> Answer:
    """Calls the door as a site, or as nobody."""
    content = body if isinstance(body, bytes) else json.dumps(body)
    environ: dict[str, Any] = {"REQUEST_METHOD": method, "PATH_INFO": path, "REMOTE_ADDR": "192.0.2.1"}
    environ |= {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
    if site is not None:
        if not site.token:
            site.token = site.ask_token(site.assertion()).json["access_token"]
        environ["HTTP_AUTHORIZATION"] = f"Bearer {site.token}"
    got: list[Any] = []
    answer = doors.application(environ, lambda status, sent: got.extend((int(status[:3]), dict(sent))))
    return Answer(got[0], got[1], b"".join(answer))


def at(day: date, hour: float = 0) -> datetime:
    """An hour of a day in Viet Nam."""
    return (day_start(day) + timedelta(hours=hour)).astimezone(UTC)


def tell(
    site: Site,
    feed: str,
    counts: Mapping[datetime, int],
    *,
    until: datetime | None = None,
    fields: Mapping[str, float] | None = None,
    data: date | None = None,
    demo: bool = False,
) -> None:
    """A site tells what a feed brought, by hour; ``fields``: filled share of each."""
    rows = []
    for begin, count in counts.items():
        row: dict[str, Any] = {"feed": feed, "hour": clock.iso(begin), "fresh": count, "again": 0}
        row["first_at"] = clock.iso(begin + timedelta(minutes=2))
        row["last_at"] = clock.iso(begin + timedelta(minutes=50))
        row["days"] = {(data or begin.date()).isoformat(): count}
        row["fields"] = {name: [round(count * share), count] for name, share in (fields or {}).items()}
        rows.append(row)
    for start in range(0, max(1, len(rows)), message.MOST_HOURS):
        some = rows[start : start + message.MOST_HOURS]
        body = {"v": 1, "counted_to": clock.iso(until or clock.now()), "demo": demo, "hours": some}
        answer = call(site, body)
        while answer.status == 429:
            answer = call(site, body)
        assert answer.status == 200, answer.body


def transfer(sender: Site, receiver: Site, about: str = "", *, outcome: str = "stored") -> Transfer:
    """One transfer, and the receiver's receipt for it; ``outcome`` empty for none."""
    found = Transfer(
        loop=ids.new_id(),
        sender=sender.facility,
        receiver=receiver.facility,
        urgency="urgent",
        begun_at=clock.now(),
    )
    step = taking.fixed(found, State.SENT, clock.now(), sender.facility, person="Bác sĩ")
    body = taking.skeleton(found, step) | ({"day": about} if about else {})
    value, _ = sender.send(receiver.facility, [b"x"], kind=desk.TRANSFER, loop=found.loop, body=body)
    if outcome:
        why = {"code": "his-xml-no-patient", "message": "Thiếu người bệnh", "message_en": "No patient"}
        more: dict[str, Any] = {"outcome": outcome}
        more |= {"stored": "", "problem": why} if outcome == "refused" else {}
        assert receiver.post_receipts(receiver.receipt(value, **more)) == [{"status": "kept"}]
    while reading.read():
        pass
    return found


def outcome(found: Transfer, receiver: Site) -> None:
    """The receiver tells how the patient did."""
    step = Step(
        id=ids.new_id(),
        transfer=found,
        kind=State.OUTCOME,
        at=clock.now(),
        place=9,
        facility=receiver.facility,
        data={"diagnosis": "x"},
    )
    body = taking.skeleton(found, step)
    receiver.send(found.sender, [b"x"], kind=desk.STEP, loop=found.loop, body=body)
    while reading.read():
        pass
