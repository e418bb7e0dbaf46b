from typing import NamedTuple, Any
from lienthong.records import keys, values
from lienthong.foundation.text import name_words, fold


class Rows(NamedTuple):
    tokens: set
    links: set
    strings: set
    dates: set
    numbers: set


def rows(resource):
    r = Rows(set(), set(), set(), set(), set())
    kind = resource["resourceType"]
    ids = resource.get("identifier", [])
    for i in ids if isinstance(ids, list) else [ids]:
        r.tokens.add(
            (
                keys.param(kind, "identifier"),
                keys.hash64(i.get("value", "")),
                keys.hash32(i.get("system", "")),
            )
        )
        if kind == "Patient":
            r.tokens.add(
                (keys.param(kind, "number"), keys.hash64("".join(i.get("value", "").split()).upper()), 0)
            )
    if kind == "Patient":
        for n in resource.get("name", ()):
            for w in name_words(n.get("text", "")):
                r.strings.add((keys.param(kind, "name"), w))
        if resource.get("birthDate"):
            from datetime import datetime

            low = int(datetime.fromisoformat(values.utc(resource["birthDate"])).timestamp() * 1000)
            n = len(resource["birthDate"])
            r.dates.add((keys.param(kind, "birthdate"), low, low + {4: 365, 7: 28, 10: 1}[n] * 86400000 - 1))
    if kind == "Appointment":
        r.strings.add((keys.param(kind, "appointed"), values.appointed_day(resource)))
    for name in ("code", "medicationCodeableConcept", "vaccineCode", "type"):
        c = resource.get(name)
        if isinstance(c, dict):
            for x in c.get("coding", ())[:1]:
                r.tokens.add(
                    (
                        keys.param(kind, "code"),
                        keys.hash64(x.get("code", "")),
                        keys.hash32(x.get("system", "")),
                    )
                )
            break
    return r
