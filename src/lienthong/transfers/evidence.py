"""Evidence packages of messages and transfers, with the trace that taking one leaves."""

from __future__ import annotations

from typing import BinaryIO

from lienthong.access import audit
from lienthong.exchange.evidence import package
from lienthong.exchange.evidence.package import Built
from lienthong.transfers.models import Transfer


def take(reference: str, out: BinaryIO, *, with_content: bool, actor: audit.Actor, why: str) -> Built:
    """Writes the evidence package of a message or a loop and notes in the trail who took it, for whom, why.

    Args:
        with_content: also the clinical content kept here, otherwise only hashes.
        why: the purpose.

    Raises:
        LienThongError: ``evidence-nothing-found``, ``evidence-too-many``, ``evidence-too-large``,
            ``evidence-damaged-content``.
    """
    built = package.build(reference, out, with_content=with_content)
    transfer = Transfer.objects.filter(loop=built.loop).first()
    audit.record(
        actor,
        package.TAKEN,
        patient=transfer.patient if transfer else "",
        page=f"evidence/{reference}",
        why=why,
        detail={
            "reference": reference,
            "content": with_content,
            "parts": built.parts,
            "sha256": built.sha256,
        },
    )
    return built
