"""Everything that people type into the roll-out: who, when, before and after, and the way back.

A table that is typed into derives from :class:`Typed` and is written through :func:`batch` alone. One batch is one
thing a person did (a form, an import): one transaction, one row of the audit trail, one :class:`Change` for each field.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar

from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import Q
from django.utils.functional import Promise

from lienthong.access import audit
from lienthong.foundation import clock, ids, json
from lienthong.foundation.errors import LienThongError, Problem

Words = str | Promise
_OWN = ("changed_at", "changed_by")


class Typed(models.Model):
    """A table that people type into.

    ``THING`` is its word in the history (``task``), ``LABEL`` the same for people; ``SILENT`` names fields that say
    nothing to people, such as a hash. Links to other rows are foreign keys or rows of their own; many-to-many fields
    are not followed.
    """

    THING: ClassVar[str] = ""
    LABEL: ClassVar[Words] = ""
    SILENT: ClassVar[frozenset[str]] = frozenset()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=120)

    class Meta:
        abstract = True

    def unit_code(self) -> str:
        """The facility that the row is about; empty for the whole province."""
        return str(getattr(self, "facility", ""))

    def seen(self) -> str:
        """What a form hands back as ``seen``, so that nobody overwrites what he has not read."""
        return clock.iso(self.changed_at)


class BatchRow(models.Model):
    """What a person did in one go. ``what`` is a word of :data:`lienthong.web.board.history.WHAT`."""

    id = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=60)
    by_name = models.CharField(max_length=120)
    what = models.CharField(max_length=40)
    unit = models.CharField(max_length=16, db_default="")
    why = models.CharField(max_length=400, db_default="")
    undoes = models.CharField(max_length=32, db_default="")
    undone_by = models.CharField(max_length=32, db_default="")

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["at"], name="rollout_batch_at"),
            models.Index(fields=["unit", "at"], name="rollout_batch_unit"),
        ]


class Change(models.Model):
    """A field of a row before and after (texts; None: empty). ``kind``: ``made``, ``changed`` or ``removed``."""

    batch = models.ForeignKey(BatchRow, on_delete=models.PROTECT, related_name="changes")
    thing = models.CharField(max_length=30)
    row = models.CharField(max_length=64)
    unit = models.CharField(max_length=16, db_default="")
    kind = models.CharField(max_length=7)
    field = models.CharField(max_length=40)
    before = models.TextField(null=True)
    after = models.TextField(null=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["thing", "row"], name="rollout_change_row")]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a batch cannot be undone: a field has another value since, or another row needs this one."""

    thing: str
    row: str
    field: str
    expected: str | None
    found: str | None


class Batch:
    """An open batch; see :func:`batch`."""

    def __init__(self, row: BatchRow) -> None:
        self.row = row
        self.changes = 0

    @property
    def id(self) -> str:
        return self.row.id

    def save(self, row: Typed, *, seen: str | None = None) -> bool:
        """Adds a row or writes what differs; False when nothing does.

        Args:
            seen: :meth:`Typed.seen` of the row that the person had before him.

        Raises:
            LienThongError: ``row-changed`` when another person wrote the row since.
        """
        stored = _stored(type(row), row.pk)
        if stored is not None and seen is not None and stored.seen() != seen:
            raise LienThongError(_overtaken(stored))
        fields = _fields(row)
        before = {name: _text(stored, field) for name, field in fields.items()} if stored is not None else {}
        after = {name: _text(row, field) for name, field in fields.items() if name != row._meta.pk.attname}
        differing = [name for name, value in after.items() if stored is None or before[name] != value]
        if stored is not None and not differing:
            return False
        row.changed_at, row.changed_by = self.row.at, self.row.by_name
        row.save(force_insert=stored is None, force_update=stored is not None)
        kind = "changed" if stored is not None else "made"
        self._note(row, kind, [(name, before.get(name), after[name]) for name in differing])
        return True

    def remove(self, row: Typed) -> None:
        """Removes a row; the history keeps what it held."""
        fields = _fields(row)
        held = [(name, _text(row, f), None) for name, f in fields.items() if name != row._meta.pk.attname]
        self._note(row, "removed", held)
        row.delete()

    def _note(self, row: Typed, kind: str, fields: Sequence[tuple[str, str | None, str | None]]) -> None:
        if not self.changes:
            self.row.save(force_insert=True)
        self.changes += 1
        Change.objects.bulk_create(
            Change(
                batch=self.row,
                thing=row.THING,
                row=str(row.pk),
                unit=row.unit_code(),
                kind=kind,
                field=name,
                before=before,
                after=after,
            )
            for name, before, after in fields
        )


@contextmanager
def batch(by: audit.Actor, what: str, *, unit: str = "", why: str = "", page: str = "") -> Iterator[Batch]:
    """One transaction in which a person types; leaves a row of the audit trail if anything changed.

    Args:
        what: what he did, a word of the history page, e.g. ``facts``, ``import``, ``task``.
        unit: the facility that it is about; empty for the province or for several.
    """
    row = BatchRow(
        id=ids.new_id(),
        at=clock.now(),
        by=by.id[:60],
        by_name=by.name[:120],
        what=what,
        unit=unit,
        why=why[:400],
    )
    with transaction.atomic():
        made = Batch(row)
        yield made
        if made.changes:
            detail = {"batch": row.id, "what": what, "unit": unit, "changes": made.changes}
            audit.record(by, "board-changed", page=page, why=why[:200], detail=detail)


def of(row: Typed) -> list[Change]:
    """What was ever typed into a row, newest first, each with its ``batch``."""
    found = Change.objects.filter(thing=row.THING, row=str(row.pk))
    return list(found.select_related("batch").order_by("-id"))


def since(moment: datetime, unit: str = "") -> list[BatchRow]:
    """Batches after a moment, newest first; those that touch a unit, if one is given."""
    found = BatchRow.objects.filter(at__gt=moment)
    if unit:
        found = found.filter(Q(unit=unit) | Q(changes__unit=unit)).distinct()
    return list(found.prefetch_related("changes"))


def undo(batch_id: str, by: audit.Actor, *, page: str = "") -> list[Conflict]:
    """Takes a batch back exactly, as a batch of its own; with conflicts nothing is changed and they are given.

    Raises:
        LienThongError: ``batch-undone`` when that was done before or there is no such batch.
    """
    done = BatchRow.objects.filter(pk=batch_id).first()
    if done is None or done.undone_by:
        raise LienThongError(
            Problem(
                "batch-undone",
                "Lần nhập này không có hoặc đã được hoàn tác.",
                "There is no such entry, or it has been undone already.",
                "Xem lịch sử thay đổi.",
                "See the history of changes.",
            )
        )
    try:
        with batch(by, "undo", unit=done.unit, why=done.what, page=page) as back:
            conflicts = _take_back(done, back)
            if conflicts:
                raise _Conflicts(conflicts)
            if (
                connection.vendor == "postgresql"
            ):  # SQLite says so when the transaction ends, PostgreSQL when asked
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            BatchRow.objects.filter(pk=back.id).update(undoes=done.id)
            BatchRow.objects.filter(pk=done.id).update(undone_by=back.id)
    except _Conflicts as stop:
        return stop.conflicts
    except IntegrityError:
        return [Conflict("", "", "", None, None)]
    return []


class _Conflicts(Exception):
    def __init__(self, conflicts: list[Conflict]) -> None:
        super().__init__(f"{len(conflicts)} conflicts")
        self.conflicts = conflicts


def _take_back(done: BatchRow, back: Batch) -> list[Conflict]:
    rows: dict[tuple[str, str], list[Change]] = {}
    for change in done.changes.order_by("-id"):
        rows.setdefault((change.thing, change.row), []).append(change)
    conflicts: list[Conflict] = []
    for (thing, key), changes in rows.items():
        model = models_by_thing()[thing]
        stored = _stored(model, key)
        kinds = {change.kind for change in changes}
        if "made" in kinds and "removed" in kinds:
            continue
        if "removed" in kinds:
            if stored is not None:
                conflicts.append(Conflict(thing, key, "", None, key))
            else:
                back.save(_remade(model, key, _first(changes)))
            continue
        if stored is None:
            conflicts.append(Conflict(thing, key, "", key, None))
            continue
        fields = _fields(stored)
        for name, change in _last(changes).items():
            found = _text(stored, fields[name])
            if found != change.after:
                conflicts.append(Conflict(thing, key, name, change.after, found))
        if "made" in kinds:
            if not conflicts:
                back.remove(stored)
            continue
        for name, change in _first(changes).items():
            setattr(stored, fields[name].attname, _value(fields[name], change.before))
        if not conflicts:
            back.save(stored)
    return conflicts


def _last(changes: list[Change]) -> dict[str, Change]:
    """Of changes newest first, the newest of each field."""
    found: dict[str, Change] = {}
    for change in changes:
        found.setdefault(change.field, change)
    return found


def _first(changes: list[Change]) -> dict[str, Change]:
    """The oldest of each field."""
    return {change.field: change for change in changes}


def _remade(model: type[Typed], key: str, changes: dict[str, Change]) -> Typed:
    row = model()
    row.pk = model._meta.pk.to_python(key)
    fields = _fields(row)
    for name, change in changes.items():
        setattr(row, fields[name].attname, _value(fields[name], change.before))
    return row


def models_by_thing() -> dict[str, type[Typed]]:
    """Every table that people type into, by its word."""
    every = apps.get_app_config("rollout").get_models()
    return {model.THING: model for model in every if issubclass(model, Typed)}


def _stored(model: type[Typed], key: Any) -> Any:
    if key is None:
        return None
    rows = model._default_manager.filter(pk=key)
    return (rows.select_for_update() if connection.vendor == "postgresql" else rows).first()


def _fields(row: Typed) -> dict[str, Any]:
    return {f.attname: f for f in row._meta.concrete_fields if f.name not in _OWN}


def _text(row: Typed, field: Any) -> str | None:
    value = (
        field.to_python(getattr(row, field.attname)) if not field.is_relation else getattr(row, field.attname)
    )
    if value is None:
        return None
    if isinstance(field, models.JSONField):
        return json.canonical(value).decode()
    if isinstance(field, models.DecimalField):  # as the database gives it back, however it was typed
        return f"{value:.{field.decimal_places}f}"
    if isinstance(value, datetime):
        return clock.iso(value)
    return value.isoformat() if isinstance(value, date) else str(value)


def _value(field: Any, text: str | None) -> Any:
    if text is None:
        return None
    if isinstance(field, models.JSONField):
        return json.loads(text)
    if isinstance(field, models.DateTimeField):
        return clock.from_iso(text)
    return (field.target_field if field.is_relation else field).to_python(text)


def _overtaken(stored: Typed) -> Problem:
    when = stored.changed_at.astimezone(clock.VIETNAM).strftime("%d/%m/%Y %H:%M")
    return Problem(
        "row-changed",
        f"{stored.changed_by} vừa sửa mục này lúc {when}; nội dung của bạn chưa được ghi.",
        f"{stored.changed_by} changed this at {when}; what you typed was not written.",
        "Mở lại trang, xem nội dung mới rồi sửa tiếp.",
        "Open the page again, read what is new, then go on.",
    )
