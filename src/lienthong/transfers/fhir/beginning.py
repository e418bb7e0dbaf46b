"""A transfer that a hospital's own system begins, fills in or sends: once, however often the call is repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from lienthong import records
from lienthong.access.callers import Caller
from lienthong.facilities import directory
from lienthong.foundation import clock, json
from lienthong.foundation.errors import LienThongError
from lienthong.foundation.wsgi import HttpError
from lienthong.terminology import systems
from lienthong.transfers import desk, drafts, rules, taking
from lienthong.transfers import problems as transfer_problems
from lienthong.transfers.fhir import problems, reading, words
from lienthong.transfers.fhir.words import Resource
from lienthong.transfers.models import RequestIdentifier, State, Transfer


@dataclass(frozen=True, slots=True)
class Begun:
    """What became of a call: the transfer, whether this call began it, and what of the content had no place."""

    transfer: Transfer
    new: bool
    ignored: Sequence[str] = ()


def begin(
    request: Resource,
    beside: Sequence[Resource],
    *,
    caller: Caller,
    key: str = "",
    unless: tuple[str, str] | None = None,
) -> Begun:
    """Begins a transfer (``status`` draft) or begins and sends it (active), in one transaction.

    Args:
        beside: contained resources and those of the same Bundle.
        key: header ``Idempotency-Key``.
        unless: identifier of ``If-None-Exist``; where it is known nothing is done.

    Raises:
        HttpError: 409, 422. LienThongError: as :func:`lienthong.transfers.desk.send_draft`.
    """
    asked = reading.asked(request, beside)
    known = [*asked.identifiers, *([unless] if unless else [])]
    known += [(words.KEY, f"{caller.id}:{key}")] if key else []
    if not known:
        raise HttpError(422, problems.no_identifier())
    content = json.digest([request, *beside])
    try:
        return _once(asked, known, content, caller, unless)
    except IntegrityError:  # the same call at the same moment, committed first
        return _once(asked, known, content, caller, unless)


def _once(
    asked: reading.Asked,
    known: list[tuple[str, str]],
    content: str,
    caller: Caller,
    unless: tuple[str, str] | None,
) -> Begun:
    with transaction.atomic():
        found = _known(known)
        if found is not None:
            meant = unless is not None and (found.system, found.value) == unless
            if not meant and found.content not in ("", content):
                raise HttpError(409, problems.differs(found.transfer_id))
            return Begun(found.transfer, new=False)
        transfer = _joined(asked)
        new = transfer is None
        if transfer is None:
            transfer = _draft(asked, caller)
        else:
            transfer = _filled(transfer, asked, caller)
        RequestIdentifier.objects.bulk_create(
            RequestIdentifier(transfer=transfer, system=system, value=value, content=content)
            for system, value in dict.fromkeys(known)
        )
        if asked.send:
            transfer = desk.send_draft(transfer.loop, version=transfer.version, actor=caller.actor)
        return Begun(transfer, new, asked.ignored)


def _known(identifiers: list[tuple[str, str]]) -> RequestIdentifier | None:
    for system, value in identifiers:
        found = (
            RequestIdentifier.objects.filter(system=system, value=value).select_related("transfer").first()
        )
        if found:
            return found
    return None


def _joined(asked: reading.Asked) -> Transfer | None:
    """The transfer that was begun already for this episode or slip, by a page or by an export."""
    here = Transfer.objects.select_for_update().filter(sender=directory.here()).exclude(state__in=rules.ENDED)
    slip = asked.form.get("slip", "")
    ways = ({"ma_lk": asked.ma_lk}, {"slip": slip, "slip_year": clock.today().year})
    for wanted, value in zip(ways, (asked.ma_lk, slip), strict=True):
        found = here.filter(**wanted).order_by("-changed_at").first() if value else None
        if found and (not asked.receiver or found.receiver in ("", asked.receiver)):
            return found
    return None


def _draft(asked: reading.Asked, caller: Caller) -> Transfer:
    receiver = asked.receiver
    if receiver and (receiver == directory.here() or not directory.connected(receiver)):
        raise LienThongError(transfer_problems.not_connected(receiver))
    if asked.patient and records.read("Patient", asked.patient) is None:
        raise HttpError(422, problems.not_known(f"Patient/{asked.patient}"))
    transfer = desk.draft(
        actor=caller.actor,
        patient=asked.patient or _at_home(asked.person or {}),
        encounter=asked.encounter,
        form=asked.form,
        receiver=receiver,
    )
    if asked.ma_lk and transfer.ma_lk != asked.ma_lk:
        transfer.ma_lk = asked.ma_lk
        transfer.words = drafts.words(transfer)
        transfer.save(update_fields=["ma_lk", "words"])
    return transfer


def _at_home(person: Resource) -> str:
    """The FHIR id of the one person of the record who has this hospital's patient number or this citizen number."""
    own = systems.patient_number(directory.here())
    for system in (own, systems.CITIZEN_NUMBER):
        number = words.identified(person.get("identifier"), system)
        found = records.patients_numbered(number) if number else []
        if len(found) == 1:
            return found[0]
    return ""


def change(
    loop: str, request: Resource, beside: Sequence[Resource], *, version: int | None, caller: Caller
) -> Begun:
    """Fills in a draft or a sent transfer, and sends it (again) when ``status`` is active.

    Raises:
        HttpError: 412: changed since ``version``. LienThongError: as the desk's.
    """
    asked = reading.asked(request, beside, begun=True)
    with transaction.atomic():
        transfer = taking.locked(loop)
        if version is not None and version != transfer.version:
            raise HttpError(412, taking.what_changed(transfer, version))
        before = transfer.version
        transfer = _filled(transfer, asked, caller)
        if asked.send and (transfer.state == State.DRAFTED or transfer.version != before):
            transfer = desk.send_draft(loop, version=transfer.version, actor=caller.actor)
        return Begun(transfer, new=False, ignored=asked.ignored)


def _filled(transfer: Transfer, asked: reading.Asked, caller: Caller) -> Transfer:
    """Keeps the fields that say something new."""
    given = dict(asked.form)
    if asked.receiver:
        given["receiver"] = asked.receiver
    for name, value in given.items():
        before = transfer.receiver if name == "receiver" else transfer.form.get(name)
        if value != before:
            transfer = desk.save_field(
                transfer.loop, name, value, version=transfer.version, actor=caller.actor
            )
    return transfer
