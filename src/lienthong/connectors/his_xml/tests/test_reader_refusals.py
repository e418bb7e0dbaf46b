"""What cannot be read is named, and the rest goes on."""

from __future__ import annotations

import base64
import gzip
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lienthong.connectors.his_xml.checks import check
from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.connectors.his_xml.reader import ExportRefused, Limits, read_export
from lienthong.foundation.errors import LienThongError, Problem

SAMPLE = Path(__file__).parent.parent / "samples" / "transfer_3176.xml"
TEXT = SAMPLE.read_text()
HOSO = TEXT[TEXT.index("<HOSO>") : TEXT.index("</HOSO>") + len("</HOSO>")]
MANY = TEXT.replace(HOSO, "\n".join([HOSO] * 3)).replace("HOSO>1<", "HOSO>3<").encode()


def attempt(path: Path, content: bytes, limits: Limits | None = None) -> tuple[list[Dossier], Problem | None]:
    path.write_bytes(content)
    dossiers: list[Dossier] = []
    try:
        dossiers.extend(read_export(path, limits=limits) if limits else read_export(path))
    except ExportRefused as error:
        return dossiers, error.problem
    return dossiers, None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "export.xml"


def read_before(path: Path, content: bytes) -> tuple[int, Problem]:
    dossiers: list[Dossier] = []
    path.write_bytes(content)
    with pytest.raises(ExportRefused) as caught:
        dossiers.extend(read_export(path))
    return len(dossiers), caught.value.problem


@pytest.mark.parametrize(
    ("content", "code", "named"),
    [
        (b"", "his-xml-empty-file", ""),
        (b"<!DOCTYPE html><html><body>504</body></html>", "his-xml-not-an-export", "html"),
        (b"\xef\xbb\xbf \n", "his-xml-empty-file", ""),
        (TEXT.encode("utf-16"), "his-xml-encoding", "UTF-16"),
        (TEXT.encode("utf-16-le"), "his-xml-encoding", "UTF-16"),
        (TEXT.encode("utf-16-be"), "his-xml-encoding", "UTF-16"),
        (TEXT.encode("utf-32"), "his-xml-encoding", "UTF-32"),
        (base64.b64encode(TEXT.encode("utf-16")), "his-xml-encoding", "UTF-16"),
        (gzip.compress(TEXT.encode()), "his-xml-not-xml", "GZIP"),
        (b"PK\x03\x04abc", "his-xml-not-xml", "ZIP"),
        (b"%PDF-1.7", "his-xml-not-xml", "PDF"),
        (b"MA_LK,HO_TEN\n1,2\n", "his-xml-not-xml", ""),
        (b"QUJDREVGRw==", "his-xml-not-xml", ""),
        (b"<html><body>404</body></html>", "his-xml-not-an-export", "html"),
        (b"<CHITIEU_CHITIET_THUOC/>", "his-xml-lone-table", "XML2"),
        (b"<GIAMDINHHS><DANHSACHHOSO/></GIAMDINHHS>", "his-xml-no-dossier", ""),
        (b"<", "his-xml-malformed", ""),
        (b"<GIAMDINHHS", "his-xml-truncated", ""),
    ],
)
def test_files_that_are_no_export(path: Path, content: bytes, code: str, named: str) -> None:
    count, problem = read_before(path, content)
    assert (count, problem.severity) == (0, "error")
    assert problem.code == code or (code == "his-xml-malformed" and problem.code == "his-xml-truncated")
    assert named in problem.vi
    assert problem.hint_vi
    assert problem.hint_en


def test_another_encoding_is_named(path: Path) -> None:
    text = TEXT.replace('encoding="utf-8"', 'encoding="windows-1258"')
    ascii_only, problem = attempt(path, text.encode())
    assert problem is None
    assert ascii_only[0].problems == []
    spoiled = text.replace("<NOIDUNGFILE>", "<NOIDUNGFILE><!-- \udcd2 -->", 1).encode(
        "utf-8", "surrogateescape"
    )
    (dossier,), problem = attempt(path, spoiled)
    assert problem is None
    assert [(p.code, p.where["line"]) for p in dossier.problems] == [("his-xml-encoding", 13)]
    assert "windows-1258" in dossier.problems[0].vi
    outside = text.replace("<CHUKYDONVI", "<!-- \udcd2 --><CHUKYDONVI").encode("utf-8", "surrogateescape")
    count, problem = read_before(path, outside)
    assert (count, problem.code) == (1, "his-xml-encoding")
    assert "windows-1258" in problem.vi


def inner(table: str, change) -> bytes:
    """The sample with the bytes of one inner document changed."""
    start = TEXT.index(f"<LOAIHOSO>{table}</LOAIHOSO>")
    start = TEXT.index("<NOIDUNGFILE>", start) + len("<NOIDUNGFILE>")
    end = TEXT.index("</NOIDUNGFILE>", start)
    content = base64.b64encode(change(base64.b64decode(TEXT[start:end]))).decode()
    return (TEXT[:start] + content + TEXT[end:]).encode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda b: b[:-20], "his-xml-broken-table"),
        (lambda b: b.replace(b"</MA_LK>", b"</MA_LKX>", 1), "his-xml-broken-table"),
        (lambda b: b.replace(b"<STT>", b"<STT>\x0b", 1), "his-xml-broken-table"),
        (lambda b: b.replace(b"<STT>", b"<STT>&nbsp;", 1), "his-xml-broken-table"),
        (lambda b: b.replace(b"<MA_LK>", b"<MA_LK>\xd2\xe9", 1), "his-xml-encoding"),
        (lambda b: b.decode().encode("utf-16"), "his-xml-encoding"),
        (lambda b: b"khong phai xml", "his-xml-broken-table"),
        (lambda b: b.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY b "c">]>', 1), "his-xml-dtd"),
    ],
)
def test_a_broken_table(path: Path, change, code: str) -> None:
    (dossier,), problem = attempt(path, inner("XML1", change))
    assert problem is None
    assert dossier.refused
    assert dossier.problems[0].code == code
    assert dossier.problems[0].where["table"] == "XML1"
    (dossier,), problem = attempt(path, inner("XML4", change))
    assert dossier.refused == (code == "his-xml-dtd")
    assert "XML4" not in dossier.tables
    assert "XML13" in dossier.tables
    assert dossier.problems[0].where["table"] == "XML4"
    assert dossier.problems[0].where["line"] >= 1
    check(dossier)
    assert dossier.refused == (code == "his-xml-dtd")


def test_content_that_is_neither_base64_nor_xml(path: Path) -> None:
    start = TEXT.index("<NOIDUNGFILE>", TEXT.index("<LOAIHOSO>XML5<"))
    (dossier,), _ = attempt(path, (TEXT[: start + 13] + "không!" + TEXT[start + 13 :]).encode())
    assert [(p.code, p.severity) for p in dossier.problems] == [("his-xml-broken-table", "warning")]
    assert "base64" in dossier.problems[0].vi


@pytest.mark.parametrize(
    "doctype", ["<!DOCTYPE GIAMDINHHS>", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>']
)
def test_a_dtd_refuses_the_file(path: Path, doctype: str) -> None:
    for place in ("<GIAMDINHHS", "\n<GIAMDINHHS"):
        content = TEXT.replace(place, doctype + place, 1).encode()
        for form in (
            content,
            base64.b64encode(content),
            content.replace(b'<?xml version="1.0" encoding="utf-8"?>', b""),
        ):
            count, problem = read_before(path, form)
            assert (count, problem.code) == (0, "his-xml-dtd")


def test_an_entity_bomb_is_refused_without_growing(path: Path) -> None:
    bomb = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 20) for n in range(1, 12))
    for table in ("XML1", "XML4"):
        content = inner(
            table,
            lambda b: b.replace(b"?>", b'?><!DOCTYPE a [<!ENTITY e0 "x">' + bomb + b"]>", 1).replace(
                b"<STT>", b"<STT>&e11;"
            ),
        )
        (dossier,), _ = attempt(path, content)
        assert dossier.problems[0].code == "his-xml-dtd"
        assert dossier.refused


def nth(content: bytes, part: bytes, number: int) -> int:
    at = -1
    for _ in range(number):
        at = content.index(part, at + 1)
    return at


def test_a_dossier_that_is_broken_does_not_stop_its_file(path: Path) -> None:
    at = nth(MANY, b"<LOAIHOSO>", 9)
    content = MANY[:at] + b"<a>" + MANY[at:]
    dossiers, problem = attempt(path, content)
    assert problem is None
    assert [one.refused for one in dossiers] == [False, True, False]
    (broken,) = dossiers[1].problems
    assert broken.code == "his-xml-broken-dossier"
    assert broken.where["line"] >= content.count(b"\n", 0, at) + 1
    assert broken.where["line"] <= content.count(b"\n", 0, at) + 6


def test_a_file_broken_between_dossiers_is_read_up_to_there(path: Path) -> None:
    at = nth(MANY, b"</HOSO>", 2) + 7
    content = MANY[:at] + b"\n</DANHSACH>\n" + MANY[at:]
    count, problem = read_before(path, content)
    assert (count, problem.code) == (2, "his-xml-malformed")
    assert problem.where["line"] == content.count(b"\n", 0, at) + 2


def test_a_missing_end_of_a_dossier(path: Path) -> None:
    at = nth(MANY, b"</HOSO>", 2)
    content = MANY[:at] + MANY[at + 7 :]
    count, problem = read_before(path, content)
    assert (count, problem.code) == (1, "his-xml-malformed")
    assert problem.where["line"] == content.count(b"\n", 0, nth(content, b"<HOSO>", 3)) + 1


def test_a_cut_file_gives_what_is_whole(path: Path) -> None:
    ends = [nth(MANY, b"</HOSO>", n) + 7 for n in (1, 2, 3)]
    for cut in range(1, len(MANY) - 2, 397):
        count, problem = read_before(path, MANY[:cut])
        assert count == sum(end <= cut for end in ends)
        if cut > 100:
            assert problem.code == "his-xml-truncated"
    whole, problem = attempt(path, MANY)
    assert (len(whole), problem) == (3, None)


@pytest.mark.parametrize(
    ("limits", "code", "refused"),
    [
        (Limits(dossier_bytes=9000), "his-xml-dossier-too-large", True),
        (Limits(rows=5), "his-xml-too-many-rows", True),
        (Limits(text=30), "his-xml-text-too-long", False),
    ],
)
def test_limits_of_a_dossier(path: Path, limits: Limits, code: str, refused: bool) -> None:
    dossiers, problem = attempt(path, MANY, limits)
    assert problem is None
    assert len(dossiers) == 3
    for one in dossiers:
        assert code in [p.code for p in one.problems]
        assert one.refused == refused
        assert MANY[one.start : one.start + one.length] == HOSO.encode()


def test_a_dossier_that_is_too_large_is_not_kept_in_memory(path: Path) -> None:
    path.write_bytes(MANY.replace(b"<NOIDUNGFILE>", b"<NOIDUNGFILE>" + b" " * 20_000_000, 1))
    tracemalloc.start()
    dossiers = list(read_export(path, limits=Limits(dossier_bytes=1_000_000)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [one.refused for one in dossiers] == [True, False, False]
    assert peak < 6_000_000


def test_limits_of_a_file(path: Path) -> None:
    count, problem = read_before(path, b"<GIAMDINHHS>" + b"<a>" * 100)
    assert (count, problem.code) == (0, "his-xml-too-deep")
    _, problem = attempt(path, MANY, Limits(file_bytes=1000))
    assert problem is not None
    assert problem.code == "his-xml-file-too-large"
    for noise in (b"<!--" + b"x" * 2000, b"<x>" + b"y" * 2000 + b"</x>"):
        _, problem = attempt(path, b"<GIAMDINHHS>" + noise, Limits(dossier_bytes=1000))
        assert problem is not None
        assert problem.code in ("his-xml-too-much-outside", "his-xml-truncated")


def test_a_table_nested_too_deep(path: Path) -> None:
    deep = b"<CHITIEU_CHITIET_THUOC>" + b"<a>" * 3000 + b"</a>" * 3000 + b"</CHITIEU_CHITIET_THUOC>"
    (dossier,), _ = attempt(path, inner("XML2", lambda _: deep))
    assert [p.code for p in dossier.problems] == ["his-xml-broken-table"]


PIECES = [
    b"<GIAMDINHHS>", b"</GIAMDINHHS>", b"<HOSO>", b"</HOSO>", b"<HOSO/>", b"<FILEHOSO>", b"</FILEHOSO>",
    b"<LOAIHOSO>XML1</LOAIHOSO>", b"<NOIDUNGFILE>", b"</NOIDUNGFILE>", b"<![CDATA[", b"]]>", b"<!--", b"-->",
    b"<?x", b"?>", b"<!DOCTYPE a>", b"<TONG_HOP>", b"</TONG_HOP>", b"<MA_LK>1</MA_LK>", b"&amp;", b"&x;",
    b"\xd2", b"PFRPTkdfSE9QLz4=", b"<TRANG_THAI_KCB>", b"<CHI_TIEU_TRANG_THAI_KCB>",
    b" ", b"\n", b"<", b">", b"\x00",
]  # fmt: skip


@given(
    st.one_of(st.binary(max_size=300), st.lists(st.sampled_from(PIECES), max_size=25).map(b"".join)),
    st.booleans(),
)
def test_no_bytes_raise_anything_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, wire: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "noise.xml"
    path.write_bytes(base64.b64encode(content) if wire else content)
    try:
        for dossier in read_export(path):
            check(dossier)
    except LienThongError as error:
        assert error.problem.vi  # noqa: PT017


@given(st.integers(0, len(MANY) - 1), st.binary(max_size=8), st.integers(0, 30))
def test_a_damaged_file_raises_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, at: int, put: bytes, cut: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.xml"
    content = MANY[:at] + put + MANY[at + cut :]
    path.write_bytes(content)
    try:
        for dossier in read_export(path):
            check(dossier)
            assert content[dossier.start :].startswith(b"<HOSO")
    except ExportRefused as error:
        assert error.problem.severity == "error"  # noqa: PT017


@pytest.mark.parametrize("after", [b"JUNK", b"\0\0\0", b"<A/>"])
def test_what_follows_the_end_is_not_called_cut_off(path: Path, after: bytes) -> None:
    dossiers, problem = attempt(path, TEXT.encode() + after)
    assert len(dossiers) == 1
    assert problem
    assert problem.code == "his-xml-malformed"
