"""Every variation of an export that arrives in practice gives the same dossier."""

from __future__ import annotations

import base64
import tracemalloc
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from lienthong.connectors.his_xml import scanner
from lienthong.connectors.his_xml.dossier import Dossier
from lienthong.connectors.his_xml.reader import read_export

SAMPLE = Path(__file__).parent.parent / "samples" / "transfer_3176.xml"
HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'


def inner_documents() -> dict[str, str]:
    root = etree.fromstring(SAMPLE.read_bytes())
    return {
        file.findtext("LOAIHOSO"): base64.b64decode(file.findtext("NOIDUNGFILE")).decode()
        for file in root.iter("FILEHOSO")
    }


DOCUMENTS = inner_documents()


def undeclared(text: str) -> str:
    return text.removeprefix(HEAD)


def hidden(text: str, form: str) -> str:
    """The content of NOIDUNGFILE in one of the forms met in practice."""
    if form == "base64":
        return base64.b64encode(text.encode()).decode()
    if form == "wrapped":
        return "\r\n  " + base64.encodebytes(text.encode()).decode().replace("\n", "\r\n  ")
    if form == "bom":
        return base64.b64encode(b"\xef\xbb\xbf" + text.encode()).decode()
    if form == "blank first":
        return base64.b64encode(b"\r\n  " + text.encode()).decode()
    if form == "bare":
        return base64.b64encode(undeclared(text).encode()).decode()
    if form == "wrong label":
        return base64.b64encode(text.replace("utf-8", "utf-16").encode()).decode()
    if form == "odd label":
        return base64.b64encode(text.replace("utf-8", "TCVN-3").encode()).decode()
    if form == "cdata":
        return f"<![CDATA[{text}]]>"
    if form == "escaped":
        return text.replace("&", "&amp;").replace("<", "&lt;")
    return undeclared(text)  # child elements


FORMS = [
    "base64",
    "wrapped",
    "bom",
    "blank first",
    "bare",
    "wrong label",
    "odd label",
    "cdata",
    "escaped",
    "elements",
]


def file_hoso(label: str, content: str) -> str:
    return f"<FILEHOSO>\n<LOAIHOSO>{label}</LOAIHOSO>\n<NOIDUNGFILE>{content}</NOIDUNGFILE>\n</FILEHOSO>\n"


def envelope(*dossiers: str, count: str = "", facility: str = "24004", head: str = HEAD) -> bytes:
    body = "".join(f"<HOSO>\n{one}</HOSO>\n" for one in dossiers)
    return (
        f'{head}<GIAMDINHHS xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f"<THONGTINDONVI><MACSKCB>{facility}</MACSKCB></THONGTINDONVI>\n<THONGTINHOSO>"
        f"<SOLUONGHOSO>{count or len(dossiers)}</SOLUONGHOSO>\n<DANHSACHHOSO>\n{body}</DANHSACHHOSO>"
        "</THONGTINHOSO>\n<CHUKYDONVI/>\n</GIAMDINHHS>\n"
    ).encode()


def dossier_of(form: str = "base64", **changed: str) -> str:
    return "".join(
        file_hoso(name, hidden(text, form)) for name, text in (DOCUMENTS | changed).items() if text
    )


def read(tmp_path: Path, content: bytes) -> list[Dossier]:
    path = tmp_path / "export.xml"
    path.write_bytes(content)
    return list(read_export(path))


def values(dossier: Dossier) -> dict[str, list[dict[str, str]]]:
    return {table: [row.values for row in rows] for table, rows in sorted(dossier.tables.items())}


def codes(dossier: Dossier) -> list[str]:
    return [problem.code for problem in dossier.problems]


EXPECTED = values(next(read_export(SAMPLE)))


def test_the_sample_is_read_whole() -> None:
    (dossier,) = read_export(SAMPLE)
    assert (dossier.facility, dossier.ma_lk, dossier.edition) == ("24004", "24004VIDU0001", "3176")
    counts = {table: len(rows) for table, rows in dossier.tables.items()}
    assert counts == {"XML1": 1, "XML2": 1, "XML3": 2, "XML4": 2, "XML5": 2, "XML8": 1, "XML13": 1}
    assert dossier.row("XML1").values["HO_TEN"] == "TRẦN THỊ VÍ DỤ"
    assert "NHOM_MAU" not in dossier.row("XML1").values
    assert dossier.tables["XML4"][1].values["TEN_CHI_SO"] == "Huyết sắc tố"
    assert dossier.tables["XML4"][1].line == 18
    assert dossier.problems == []


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_the_inner_document(tmp_path: Path, form: str) -> None:
    (dossier,) = read(tmp_path, envelope(dossier_of(form)))
    assert values(dossier) == EXPECTED
    assert dossier.problems == []


@pytest.mark.parametrize(
    "change",
    [
        lambda b: b"\xef\xbb\xbf" + b,
        lambda b: b.replace(HEAD.encode(), b""),
        lambda b: b.replace(b"<?xml version", b"\n\n<?xml version").lstrip(),
        lambda b: b.replace(b'"utf-8"', b'"UTF-8" standalone="yes"'),
        lambda b: b.replace(b"<HOSO>", b"<!-- <HOSO> --><HOSO >").replace(b"</HOSO>", b"</HOSO\n>"),
        lambda b: b.replace(b"<HOSO>", b"<HOSO><!-- </HOSO> <HOSO> --><?x </HOSO>?>"),
        lambda b: b.replace(b"<LOAIHOSO>XML1<", b"<LOAIHOSO>\n xml 1 <"),
        lambda b: b.replace(b"<LOAIHOSO>XML13<", b"<LOAIHOSO>Xml13<"),
        lambda b: b.replace(b"<GIAMDINHHS ", b'<GIAMDINHHS xmlns="urn:x" '),
        lambda b: b.replace(b"\n", b"\r\n"),
        base64.b64encode,
        base64.encodebytes,
    ],
)
def test_every_form_of_the_envelope(tmp_path: Path, change) -> None:
    (dossier,) = read(tmp_path, change(envelope(dossier_of())))
    assert values(dossier) == EXPECTED
    assert dossier.facility == "24004"


def test_places_are_those_of_the_file(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbf" + envelope(*(dossier_of(form) for form in FORMS)).replace(b"\n", b"\r\n")
    dossiers = read(tmp_path, content)
    assert [one.position for one in dossiers] == list(range(1, len(FORMS) + 1))
    for one in dossiers:
        part = content[one.start : one.start + one.length]
        assert part.startswith(b"<HOSO>")
        assert part.endswith(b"</HOSO>")
        assert part.count(b"<HOSO>") == 1
        assert one.line == content.count(b"\n", 0, one.start) + 1
    elements = dossiers[-1]
    lines = content.split(b"\n")
    for row in elements.tables["XML4"]:
        assert b"<CHI_TIET_CLS>" in lines[row.line - 1]


@pytest.mark.parametrize("chunk", [200, 257, 1000])
def test_it_does_not_matter_where_a_chunk_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(scanner, "_CHUNK", chunk)
    body = (
        "<HOSO ><!-- </HOSO> --><?x </HOSO>?>" + dossier_of("cdata", XML2="", XML3="", XML8="") + "</HOSO >"
    )
    whole = envelope(dossier_of(XML2="", XML3="")).replace(
        b"</DANHSACHHOSO>", body.encode() + b"</DANHSACHHOSO>"
    )
    for shift in range(0, 80, 3):
        content = whole.replace(b"<DANHSACHHOSO>", b"<!-- <HOSO> " + b"x" * shift + b"--><DANHSACHHOSO>")
        first, second = read(tmp_path, content)
        assert values(first)["XML13"] == values(second)["XML13"] == EXPECTED["XML13"]
        for one in (first, second):
            assert content[one.start :].startswith((b"<HOSO>", b"<HOSO >"))
            assert content[: one.start + one.length].endswith((b"</HOSO>", b"</HOSO >"))
            assert one.line == content.count(b"\n", 0, one.start) + 1


def test_a_wrapped_file_has_the_whole_file_as_its_place(tmp_path: Path) -> None:
    content = base64.b64encode(envelope(dossier_of(), dossier_of()))
    assert [(one.start, one.length) for one in read(tmp_path, content)] == [(0, len(content))] * 2


def test_fields_empty_or_missing_or_in_another_order(tmp_path: Path) -> None:
    text = DOCUMENTS["XML1"]
    plain = text.replace("<NHOM_MAU/>", "").replace("<DIEN_THOAI/>", "<DIEN_THOAI></DIEN_THOAI>")
    plain = plain.replace("<GHI_CHU/>", "<GHI_CHU>\n </GHI_CHU>").replace("<DU_PHONG>155</DU_PHONG>", "")
    plain = plain.replace("<STT>1</STT>", "<STT>1</STT><DU_PHONG>155</DU_PHONG>")
    (dossier,) = read(tmp_path, envelope(dossier_of(XML1=plain)))
    assert values(dossier) == EXPECTED


def test_free_text_in_cdata_stays_text(tmp_path: Path) -> None:
    html = "<p>Mạch 90 & <b>sốt</b></p>\n• ho <!DOCTYPE html>"
    text = DOCUMENTS["XML8"].replace("<QT_BENHLY>", f"<QT_BENHLY><![CDATA[{html}]]>", 1)
    (dossier,) = read(tmp_path, envelope(dossier_of(XML8=text)))
    assert dossier.row("XML8").values["QT_BENHLY"].startswith(html)
    assert dossier.problems == []


def test_a_prefix_declared_on_the_envelope(tmp_path: Path) -> None:
    text = DOCUMENTS["XML1"].replace("<NHOM_MAU/>", '<NHOM_MAU xsi:nil="true"/>')
    (dossier,) = read(tmp_path, envelope(dossier_of("elements", XML1=text)))
    assert values(dossier) == EXPECTED


def test_markup_in_a_field_keeps_its_text_and_warns(tmp_path: Path) -> None:
    text = DOCUMENTS["XML8"].replace("<QT_BENHLY>", "<QT_BENHLY>sốt <b>cao</b> ", 1)
    for form in ("base64", "elements"):
        (dossier,) = read(tmp_path, envelope(dossier_of(form, XML8=text)))
        assert dossier.row("XML8").values["QT_BENHLY"].startswith("sốt cao ")
        assert codes(dossier) == ["his-xml-markup"]
        assert dossier.problems[0].where["field"] == "QT_BENHLY"


def test_a_field_that_stands_twice(tmp_path: Path) -> None:
    text = DOCUMENTS["XML1"].replace("<HO_TEN>", "<HO_TEN>NGUYỄN VĂN KHÁC</HO_TEN><HO_TEN>")
    (dossier,) = read(tmp_path, envelope(dossier_of(XML1=text)))
    assert dossier.row("XML1").values["HO_TEN"] == "NGUYỄN VĂN KHÁC"
    assert codes(dossier) == ["his-xml-field-twice"]


def test_several_documents_of_the_same_table(tmp_path: Path) -> None:
    fields = "<MA_LK>24004VIDU0001</MA_LK><SO_GIAYHEN_KL>{}</SO_GIAYHEN_KL>"
    slip = f"<CHI_TIEU_GIAYHEN_KHAMLAI>{fields}</CHI_TIEU_GIAYHEN_KHAMLAI>"
    content = dossier_of() + "".join(file_hoso("XML14", hidden(slip.format(n), "base64")) for n in (7, 8))
    (dossier,) = read(tmp_path, envelope(content + file_hoso("XML7", "") + "<FILEHOSO/>"))
    assert [row.get("SO_GIAYHEN_KL") for row in dossier.tables["XML14"]] == ["7", "8"]
    assert "XML7" not in dossier.tables
    assert dossier.problems == []


def test_several_documents_in_one_content(tmp_path: Path) -> None:
    both = hidden(DOCUMENTS["XML4"], "elements") + hidden(DOCUMENTS["XML5"], "elements")
    content = dossier_of(XML4="", XML5="") + file_hoso("XML4", both)
    (dossier,) = read(tmp_path, envelope(content, count="01"))
    assert values(dossier) == EXPECTED
    assert codes(dossier) == ["his-xml-table-label"]


def test_a_slip_with_the_names_of_4750(tmp_path: Path) -> None:
    text = DOCUMENTS["XML13"].replace("MA_CSKCB_DEN", "MA_NOI_DEN").replace("MA_CSKCB_DI", "MA_NOI_DI")
    text = text.replace("TINH_TRANG_CT", "PP_DIEU_TRI")
    old, new = read(tmp_path, envelope(dossier_of(XML13=text), dossier_of()))
    assert (old.edition, new.edition) == ("4750", "3176")
    assert old.row("XML13").get("MA_NOI_DEN") == "01929"


@pytest.mark.parametrize(
    ("occupation", "blood", "left", "edition"),
    [
        ("63", "", "202502010800", "3176"),
        ("63000", "", "202407020800", "4750"),
        ("63000", "", "202406300800", "130"),
        ("63000", "O", "202406300800", "4750"),
        ("63000", "O", "202306300800", "130"),
        ("63", "", "202306300800", "130"),
        ("63000", "", "202502010800", "4750"),
        ("", "", "202502010800", "3176"),
        ("", "", "202412310800", "4750"),
    ],
)
def test_edition_without_a_slip(tmp_path: Path, occupation: str, blood: str, left: str, edition: str) -> None:
    text = DOCUMENTS["XML1"].replace(">63</MA_NGHE", f">{occupation}</MA_NGHE")
    text = text.replace("<NHOM_MAU/>", f"<NHOM_MAU>{blood}</NHOM_MAU>").replace(
        "202603051400</NGAY_RA", f"{left}</NGAY_RA"
    )
    (dossier,) = read(tmp_path, envelope(dossier_of(XML1=text, XML13="")))
    assert dossier.edition == edition


def test_check_in_alone_is_one_dossier_for_each_row(tmp_path: Path) -> None:
    rows = "".join(
        f"<TRANG_THAI_KCB><MA_LK>LK{n}</MA_LK><HO_TEN>VÍ DỤ</HO_TEN>"
        "<MA_CSKCB>24004</MA_CSKCB></TRANG_THAI_KCB>\n"
        for n in (1, 2)
    )
    content = (
        f"{HEAD}<CHI_TIEU_TRANG_THAI_KCB>\n<DSACH_TRANG_THAI_KCB>\n{rows}</DSACH_TRANG_THAI_KCB>\n"
        "<CHUKYDONVI></CHUKYDONVI></CHI_TIEU_TRANG_THAI_KCB>"
    ).encode()
    first, second = read(tmp_path, content)
    assert (first.ma_lk, first.facility, list(first.tables), first.line) == ("LK1", "24004", ["XML0"], 4)
    assert (second.ma_lk, second.row("XML0").line) == ("LK2", 5)
    assert content[second.start :].startswith(b"<TRANG_THAI_KCB><MA_LK>LK2")


@pytest.mark.parametrize("name", ["GIAM_DINH_YKHOA", "GIAM_DINH_Y_KHOA"])
def test_medical_assessment_alone_and_in_an_envelope(tmp_path: Path, name: str) -> None:
    row = f"<{name}><HO_TEN>VÍ DỤ</HO_TEN><SO_BIEN_BAN>12/BB</SO_BIEN_BAN></{name}>"
    text = f"<CHI_TIEU_{name}><DSACH_{name}>{row}</DSACH_{name}></CHI_TIEU_{name}>"
    (alone,) = read(tmp_path, (HEAD + text).encode())
    assert (alone.ma_lk, alone.tables["XML12"][0].get("HO_TEN")) == ("12/BB", "VÍ DỤ")
    (inside,) = read(tmp_path, envelope(file_hoso("XML12", hidden(text, "base64"))))
    assert (inside.ma_lk, inside.facility) == ("12/BB", "24004")
    assert inside.tables["XML12"][0].values == alone.tables["XML12"][0].values


def test_a_visit_summary_alone(tmp_path: Path) -> None:
    (dossier,) = read(tmp_path, DOCUMENTS["XML1"].encode())
    assert (dossier.facility, dossier.ma_lk) == ("24004", "24004VIDU0001")
    assert dossier.row("XML1").values == EXPECTED["XML1"][0]


def test_differences_that_only_warn(tmp_path: Path) -> None:
    first, last = read(tmp_path, envelope(dossier_of(), dossier_of(), count="3", facility="24005"))
    assert codes(first) == ["his-xml-other-facility"]
    assert codes(last) == ["his-xml-other-facility", "his-xml-visit-twice", "his-xml-wrong-count"]
    assert first.facility == "24004"
    assert not last.refused


def test_the_content_decides_what_table_it_is(tmp_path: Path) -> None:
    content = dossier_of(XML4="") + file_hoso("XML6", hidden(DOCUMENTS["XML4"], "base64"))
    (dossier,) = read(tmp_path, envelope(content))
    assert values(dossier) == EXPECTED
    assert codes(dossier) == ["his-xml-table-label"]
    odd = file_hoso("PHULUC", hidden("<PHU_LUC><A>1</A></PHU_LUC>", "base64"))
    (dossier,) = read(tmp_path, envelope(dossier_of() + odd))
    assert codes(dossier) == ["his-xml-unknown-table"]
    assert values(dossier) == EXPECTED


def test_rows_of_another_visit_are_left_out(tmp_path: Path) -> None:
    text = DOCUMENTS["XML4"].replace("24004VIDU0001", "24004VIDU0002", 1)
    (dossier,) = read(tmp_path, envelope(dossier_of(XML4=text)))
    assert [row.get("STT") for row in dossier.tables["XML4"]] == ["2"]
    assert codes(dossier) == ["his-xml-other-visit"]


def test_two_visits_in_one_dossier_are_refused(tmp_path: Path) -> None:
    other = DOCUMENTS["XML1"].replace("24004VIDU0001", "24004VIDU0002")
    (dossier,) = read(tmp_path, envelope(dossier_of() + file_hoso("XML1", hidden(other, "base64"))))
    assert codes(dossier) == ["his-xml-two-visits"]
    assert dossier.refused


def test_memory_is_flat(tmp_path: Path) -> None:
    one = dossier_of(
        "base64", XML8=DOCUMENTS["XML8"].replace("<QT_BENHLY>", "<QT_BENHLY>" + "Ho sốt. " * 6000)
    )
    path = tmp_path / "large.xml"
    path.write_bytes(envelope(*([one] * 400)))
    assert path.stat().st_size > 30_000_000
    tracemalloc.start()
    assert sum(1 for _ in read_export(path)) == 400
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8_000_000


@given(
    seed=st.integers(0, 2**32),
    forms=st.lists(st.sampled_from(FORMS), min_size=len(DOCUMENTS), max_size=len(DOCUMENTS)),
    space=st.sampled_from(["", " ", "\n", "\r\n\t", "<!-- x -->"]),
    case=st.sampled_from([str, str.lower, str.title]),
    bom=st.booleans(),
    wire=st.booleans(),
)
def test_any_order_and_form_gives_the_same_dossier(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    forms: list[str],
    space: str,
    case,
    bom: bool,
    wire: bool,
) -> None:
    names = list(DOCUMENTS)
    Random(seed).shuffle(names)  # noqa: S311
    files = [
        file_hoso(case(name), hidden(DOCUMENTS[name], form)).replace("\n<NOIDUNG", f"{space}<NOIDUNG")
        for name, form in zip(names, forms, strict=True)
    ]
    content = envelope(space.join(files))
    content = b"\xef\xbb\xbf" + content if bom else content
    content = base64.encodebytes(content) if wire else content
    path = tmp_path_factory.getbasetemp() / "any.xml"
    path.write_bytes(content)
    (dossier,) = read_export(path)
    assert values(dossier) == EXPECTED
    assert dossier.problems == []


@pytest.mark.parametrize("before", ["\n", "\ufeff\r\n  "])
def test_blanks_before_the_declaration_are_stepped_over(tmp_path: Path, before: str) -> None:
    (dossier,) = read(tmp_path, before.encode() + envelope(dossier_of()))
    assert codes(dossier) == []
    assert dossier.tables.keys() == DOCUMENTS.keys()
    content = (before.encode() + envelope(dossier_of()))[dossier.start : dossier.start + dossier.length]
    assert content.startswith(b"<HOSO")
    assert content.endswith(b"</HOSO>")
    assert dossier.line == 7


def test_a_slip_number_of_two_people_and_the_line_of_the_dossier_are_told(tmp_path: Path) -> None:
    other = {n: t.replace("24004VIDU0001", "24004VIDU0002") for n, t in DOCUMENTS.items()}
    person = other | {"XML1": other["XML1"].replace("VIDU000001", "VIDU000002")}
    parts = ["".join(file_hoso(n, hidden(t, "base64")) for n, t in one.items()) for one in (other, person)]
    first, same, else_ = read(tmp_path, envelope(dossier_of(), *parts))
    assert (codes(first), codes(same)) == ([], [])
    assert codes(else_) == ["his-xml-visit-twice", "his-xml-slip-twice"]
    assert {problem.where["line"] for problem in else_.problems} == {else_.line}


def test_a_table_that_130_lacks_tells_the_edition_whatever_the_date(tmp_path: Path) -> None:
    early = DOCUMENTS["XML1"].replace("202603051400</NGAY_RA", "202306300800</NGAY_RA")
    slip = "<CHI_TIEU_GIAYHEN_KHAMLAI><MA_LK>24004VIDU0001</MA_LK></CHI_TIEU_GIAYHEN_KHAMLAI>"
    (plain,) = read(tmp_path, envelope(dossier_of(XML1=early, XML13="")))
    (dossier,) = read(
        tmp_path, envelope(dossier_of(XML1=early, XML13="") + file_hoso("XML14", hidden(slip, "bare")))
    )
    assert (plain.edition, dossier.edition) == ("130", "4750")
