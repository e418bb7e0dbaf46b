from dataclasses import dataclass, field
from typing import *


@dataclass(frozen=True)
class View:
    restricted: bool = False
    within: Any = None


class Page(NamedTuple):
    matches: list
    included: list
    total: int | None
    following: str
    previous: str
    applied: list
    ignored: list


class Shape:
    pass


def shape(q):
    return None


def trimmed(s, shape):
    return s.resource


def find(kind, parameters, view=None, *, most=2):
    from django.db import connection

    from lienthong.records import keys

    out = None
    for n, v in parameters:
        s, _, c = v.rpartition("|")
        with connection.cursor() as cur:
            cur.execute(
                "select r.ref from records_token t join records_resource r on r.id=t.resource where t.param=%s and t.value=%s and (t.system=%s or %s=0)",
                [keys.param(kind, n), keys.hash64(c), keys.hash32(s), keys.hash32(s)],
            )
            got = {r[0].partition("/")[2] for r in cur.fetchall()}
        out = got if out is None else out & got
    return sorted(out or ())[:most]


def matches(resource, q):
    return True


def search(kind, parameters, view=None, *, strict=True, patient=""):
    from lienthong import records

    ids = find(kind, [(n, v) for n, v in parameters if n[0] != "_"], view, most=20)
    ms = [records.read(kind, i) for i in ids]
    return Page(ms, [], len(ms), "", "", list(parameters), [])
