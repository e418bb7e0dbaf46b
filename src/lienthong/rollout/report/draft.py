"""The document: the parts of a kind, in the generated or the officer's words, in the elements of Decree 30/2020."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

import msgspec

from lienthong.foundation import json
from lienthong.rollout.papers.paper import Block, Bullet, Heading, Letterhead, Paper, Paragraph, Signer
from lienthong.rollout.report import issuers
from lienthong.rollout.report.kinds import Kind, Part
from lienthong.rollout.report.kinds.kind import Said

TO, COPIES = "to", "copies"
_HEADING = re.compile(r"\d{1,2}\. ")
_POSTS = {"director": ("", "GIÁM ĐỐC"), "deputy": ("KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC")}


@dataclass(frozen=True, slots=True)
class Letter:
    """What is not of the data: number and day once the clerk gave them, who signs, the planned day."""

    planned: date
    signer: str = "director"
    signer_name: str = ""
    number: int | None = None
    day: date | None = None


def generated(kind: Kind, said: Said, planned: date) -> dict[str, str]:
    """The generated text of every part that has one, line by line; ``to`` and ``copies`` are the recipients."""
    found = issuers.recipients(kind.code, planned, len(said.content.material.units))
    return {
        TO: "\n".join(one.name for one in found if one.role == TO),
        **{part.key: "\n".join(part.lines(said)) for part in kind.parts if part.lines is not None},
        COPIES: "\n".join(["Như trên", *(one.name for one in found if one.role != TO)]),
    }


def paper(kind: Kind, said: Said, letter: Letter, texts: Mapping[str, str]) -> Paper:
    """The document.

    Args:
        texts: the words of each part: generated ones, or the officer's where he wrote any.
    """
    issuer = said.issuer
    number = f"{letter.number}/BC-{issuer.code}" if letter.number else f"/BC-{issuer.code}"
    authority, post = _POSTS[letter.signer]
    return Paper(
        letterhead=Letterhead(issuer.superior, issuer.issuer, issuer.place, issuer.name),
        number=number,
        day=letter.day,
        kind="BÁO CÁO",
        subject=kind.subject(said),
        to=lines(texts[TO]),
        body=tuple(_body(kind, said, texts)),
        signer=Signer(authority, post, letter.signer_name),
        copies=lines(texts[COPIES]),
        archive=issuer.archive,
        annexes=tuple(kind.annexes(said)),
        draft=letter.number is None,
        year=letter.planned.year,
    )


def seen(paper: Paper) -> str:
    """The hash of what somebody had before him: everything but number, day and the mark of a draft."""
    bare = replace(paper, number="", day=None, draft=False, year=0)
    return json.digest(msgspec.to_builtins(bare))


def lines(text: str) -> tuple[str, ...]:
    """The lines of a text that hold something."""
    return tuple(line for raw in text.splitlines() if (line := " ".join(raw.split())))


def blocks(part: Part, text: str) -> list[Block]:
    """A part's heading and its text: ``- `` begins a bullet, ``1. `` a heading."""
    found: list[Block] = []
    if part.level == 1:
        found.append(Heading(1, part.heading))
    elif part.level:
        found.append(Heading(2, part.heading))
    for line in lines(text):
        if line.startswith(("- ", "– ")):
            found.append(Bullet(line[2:]))
        elif _HEADING.match(line) and part.level == 1:
            found.append(Heading(2, line))
        else:
            found.append(Paragraph(line))
    return found


def _body(kind: Kind, said: Said, texts: Mapping[str, str]) -> Iterator[Block]:
    for part in kind.parts:
        yield from blocks(part, texts.get(part.key, ""))
        if part.tables is not None:
            yield from part.tables(said)
