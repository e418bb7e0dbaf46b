"""FHIR R4 in XML: there and back nothing is lost, and what is not FHIR is refused with its place."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from lienthong.connectors.his_xml import samples
from lienthong.foundation import json
from lienthong.records import validation, xml
from lienthong.records.xml import problems

Resource = dict[str, Any]
BUNDLES = sorted(Path(samples.FOLDER).glob("*.bundle.json"))
RESOURCES: list[Resource] = [
    e["resource"] for file in BUNDLES for e in json.loads(file.read_bytes())["entry"]
]
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Sốt &lt;39 độ &amp; ho<br/><b>x</b></div>'
XMLNS = 'xmlns="http://hl7.org/fhir"'

FULL: Resource = {
    "resourceType": "Observation",
    "id": "o1",
    "meta": {"profile": ["https://a.example/p", "https://b.example/q"], "tag": [{"code": "x"}]},
    "text": {"status": "additional", "div": DIV},
    "contained": [{"resourceType": "Patient", "id": "p", "active": False}],
    "extension": [
        {"id": "e", "url": "urn:unknown", "valueDecimal": Decimal("0.10")},
        {"url": "urn:nested", "extension": [{"url": "a", "valueString": " có  dấu cách\t\r\n"}]},
    ],
    "status": "final",
    "_status": {"id": "s", "extension": [{"url": "urn:why", "valueCode": "a"}]},
    "code": {"id": "c", "text": "Mạch <&\"'>"},
    "subject": {"reference": "#p"},
    "performer": [{"display": "A"}, {"display": "B"}],
    "valueQuantity": {"value": Decimal("1.50"), "unit": "g/L"},
    "component": [{"code": {"text": "a"}, "valueInteger": -3}, {"code": {"text": "b"}, "valueBoolean": True}],
}
NAMES: Resource = {
    "resourceType": "Patient",
    "name": [
        {
            "given": ["A", None, "C"],
            "_given": [None, {"extension": [{"url": "u", "valueCode": "c"}]}, None],
            "_family": {"extension": [{"url": "u", "valueCode": "masked"}]},
        }
    ],
    "birthDate": "1960",
}


def back(resource: Resource) -> Resource:
    return xml.read(xml.write(resource))


@pytest.mark.parametrize("resource", [FULL, NAMES])
def test_there_and_back_nothing_changes(resource: Resource) -> None:
    assert json.dumps(back(resource)) == json.dumps(resource) or json.digest(back(resource)) == json.digest(
        resource
    )
    assert xml.write(json.dumps(resource)) == xml.write(back(resource))


def test_every_resource_of_the_connector_comes_back_with_the_same_content() -> None:
    for resource in RESOURCES:
        again = back(resource)
        assert json.digest(again) == json.digest(resource)
        assert json.dumps(back(again)) == json.dumps(again)
    for file in BUNDLES:
        bundle = json.loads(file.read_bytes())
        assert json.digest(back(bundle)) == json.digest(bundle)


text = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
    min_size=1,
)
number = st.integers(-(10**12), 10**12) | st.decimals(-1000, 1000, places=3) | st.decimals(0, 1, places=1)


@given(st.sampled_from(RESOURCES), text, number)
def test_any_text_and_number_comes_back_byte_for_byte(
    resource: Resource, words: str, value: int | Decimal
) -> None:
    resource = {
        **resource,
        "extension": [
            {"url": "urn:words", "valueString": words},
            {"url": "urn:number", "valueDecimal": value},
            {"url": "urn:date", "_valueDate": {"id": words}},
        ],
    }
    first = back(resource)
    assert json.digest(first) == json.digest(resource)
    assert json.dumps(first["extension"]) == json.dumps(
        [
            {"url": "urn:words", "valueString": words},
            {"url": "urn:number", "valueDecimal": value},
            resource["extension"][2],
        ]
    )
    assert json.dumps(back(first)) == json.dumps(first)


def test_elements_stand_in_the_order_of_r4() -> None:
    written = etree.fromstring(
        xml.write({"status": "final", "resourceType": "Observation", "code": {"text": "a"}, "id": "1"})
    )
    assert [etree.QName(node).localname for node in written] == ["id", "status", "code"]
    assert etree.QName(written).namespace == "http://hl7.org/fhir"


def test_xml_as_others_write_it() -> None:
    read = xml.read(
        b"""<?xml version="1.0" encoding="UTF-8"?>
        <!-- from elsewhere -->
        <f:Patient xmlns:f="http://hl7.org/fhir" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
                   xsi:schemaLocation="http://hl7.org/fhir patient.xsd">
          <f:id value="p"/>
          <f:text><f:status value="generated"/>
            <div xmlns="http://www.w3.org/1999/xhtml"><p>A</p></div></f:text>
          <f:active value="true"/>
          <f:multipleBirthInteger value="2"/>
        </f:Patient>"""
    )
    assert read == {
        "resourceType": "Patient",
        "id": "p",
        "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p>A</p></div>'},
        "active": True,
        "multipleBirthInteger": 2,
    }
    assert validation.problems(read, thorough=True) == []


@pytest.mark.parametrize(
    ("content", "path", "line"),
    [
        (f"<Patient {XMLNS}><colour value='x'/></Patient>", "Patient.colour", 1),
        (f"<Patient {XMLNS}>\n<active value='maybe'/></Patient>", "Patient.active", 2),
        (f"<Patient {XMLNS}><active value='true'/><active value='true'/></Patient>", "Patient.active", 1),
        (f"<Patient {XMLNS}><active/></Patient>", "Patient.active", 1),
        (f"<Patient {XMLNS} id='p'/>", "Patient.@id", 1),
        (f"<Patient {XMLNS}><name use='official'/></Patient>", "Patient.name.@use", 1),
        (f"<Patient {XMLNS}>text</Patient>", "Patient (text)", 1),
        (f"<Patiant {XMLNS}/>", "Patiant", 1),
        ("<Patient/>", "Resource.Patient", 1),
        (f"<Observation {XMLNS}><valueInteger value='1.0'/></Observation>", "Observation.valueInteger", 1),
        (f"<Observation {XMLNS}><valueQuantity><value value='1,5'/></valueQuantity></Observation>", None, 1),
        (f"<Observation {XMLNS}><contained/></Observation>", "Observation.contained", 1),
        ("<Patient", "", 1),
        ("", "", None),
    ],
)
def test_what_is_not_fhir_is_refused_with_its_place(content: str, path: str | None, line: int | None) -> None:
    with pytest.raises(problems.NotRead) as caught:
        xml.read(content.encode())
    problem = caught.value.problem
    assert problem.code == "fhir-xml"
    assert path is None or problem.where["path"] == path
    assert line is None or problem.where["line"] == line


@pytest.mark.parametrize(
    "content",
    [
        f'<!DOCTYPE Patient><Patient {XMLNS}/>',
        f'<!DOCTYPE p [<!ENTITY a "x">]><Patient {XMLNS}><id value="&a;"/></Patient>',
        f'<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd">]><Patient {XMLNS}><id value="1"/></Patient>',
        f'<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><Patient {XMLNS}><id value="&b;"/></Patient>',
        f"<Patient {XMLNS}>" + "<contained>" * 400 + "</contained>" * 400 + "</Patient>",
    ],
)  # fmt: skip
def test_no_document_type_no_entities_no_depth(content: str) -> None:
    with pytest.raises(problems.NotRead):
        xml.read(content.encode())


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Patiant"},
        {"resourceType": "Patient", "colour": "red"},
        {"resourceType": "Patient", "name": [{"text": "\x01"}]},
        {"resourceType": "Patient", "text": {"status": "generated", "div": "<div>"}},
        {
            "resourceType": "Patient",
            "text": {"status": "generated", "div": "<p xmlns='http://www.w3.org/1999/xhtml'/>"},
        },
        {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {}}]},
    ],
)
def test_what_xml_cannot_hold_is_not_written(resource: Resource) -> None:
    with pytest.raises(problems.NotWritten):
        xml.write(resource)


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for whole in (content, b'<Patient xmlns="http://hl7.org/fhir">' + content + b"</Patient>"):
        try:
            assert xml.read(whole)["resourceType"] == "Patient"
        except problems.NotRead:
            continue
