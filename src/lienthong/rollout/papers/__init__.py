"""Documents of the administration in the form of Decree 30/2020/NĐ-CP, as DOCX and PDF."""

from lienthong.rollout.papers import docx, pdf

__all__ = ["docx", "pdf"]
