"""Programs of others against the door: fhirpy, fhirclient, fhir-kit-client and Medplum's client."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import fhirclient.client
import fhirclient.models.bundle
import fhirclient.models.fhirabstractbase
import fhirclient.models.observation
import fhirclient.models.patient
import fhirpy
import fhirpy.base.exceptions
import pytest
import requests

from fhir_door import SCOPE, Door

SCRIPTS = Path(__file__).parent / "js"
OBSERVATION = "urn:uuid:5f0e2d8a-0b0c-4f2f-9a35-6a1d6b0c1a22"
PATIENT = "urn:uuid:1c0f8a04-5d5c-4a39-8a5e-1f2b7c3d4e5f"


@pytest.mark.parametrize("program", ["fhir_kit_client", "medplum"])
def test_javascript(door: Door, program: str) -> None:
    node = shutil.which("node")
    assert node
    told = {
        "base": door.base,
        "client": door.client.client,
        "kid": door.client.kid,
        "pem": door.pem,
        "scope": SCOPE,
    }
    ran = subprocess.run(
        [node, str(SCRIPTS / f"{program}.mjs")],
        input=json.dumps(told),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ran.returncode, ran.stdout.strip()) == (0, "done"), ran.stderr[-3000:]


def _weight(subject: str, value: float) -> dict[str, object]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "subject": {"reference": subject},
        "effectiveDateTime": "2025-02-16T08:30:00+07:00",
        "valueQuantity": {"value": value, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
    }


def test_fhirpy(door: Door) -> None:
    answer = door.client.ask_token()
    client = fhirpy.SyncFHIRClient(door.base, authorization=f"Bearer {answer.body['access_token']}")
    assert client.execute("metadata", method="get")["fhirVersion"] == "4.0.1"
    with pytest.raises(fhirpy.base.exceptions.AuthorizationError):
        fhirpy.SyncFHIRClient(door.base).get("Patient", "x")

    identifier = {"system": "urn:example:fhirpy", "value": "1"}
    patient = client.resource("Patient", identifier=[identifier], name=[{"family": "Vi", "given": ["Thụ"]}])
    patient.save()
    assert patient["meta"]["versionId"] == "1"
    patient["gender"] = "male"
    patient.save()
    assert patient["meta"]["versionId"] == "2"
    patient.patch(birthDate="1958-03-02", gender=None)
    again = client.get("Patient", patient.id)
    assert (again["birthDate"], "gender" in again) == ("1958-03-02", False)
    patient.refresh()
    assert patient["meta"]["versionId"] == "3"
    mine = client.resources("Patient").search(identifier="urn:example:fhirpy|1")
    _same, made = mine.get_or_create(client.resource("Patient", identifier=[identifier]))
    assert not made

    late = fhirpy.SyncFHIRClient(
        door.base, authorization=client.authorization, extra_headers={"If-Match": 'W/"1"'}
    )
    with pytest.raises(fhirpy.base.exceptions.MultipleResourcesFound):  # what fhirpy makes of 412
        late.save(late.resource("Patient", **again))

    entries = [
        {"fullUrl": PATIENT, "request": {"method": "POST", "url": "Patient"}},
        *({"request": {"method": "POST", "url": "Observation"}} for _ in range(5)),
    ]
    values = [70.0, 71.5, 72, 73.25, 74.125]
    entries[0]["resource"] = {"resourceType": "Patient", "identifier": [{**identifier, "value": "2"}]}
    for entry, value in zip(entries[1:], values, strict=True):
        entry["resource"] = _weight(PATIENT, value)
    client.resource("Bundle", type="transaction", entry=entries).save()
    other = client.resources("Patient").search(identifier="urn:example:fhirpy|2").get()
    weights = client.resources("Observation").search(patient=other.to_reference().reference)
    found = [one["valueQuantity"]["value"] for one in weights.sort("value-quantity").limit(2)]
    assert found == values
    assert weights.count() == 5
    assert len(weights.search(value_quantity__gt="72").fetch()) == 2
    with_patient = weights.include("Observation", "patient").limit(1).fetch_raw()
    assert [one["search"]["mode"] for one in with_patient["entry"]] == ["match", "include"]
    chained = client.resources("Observation").search(**{"patient.identifier": "urn:example:fhirpy|2"})
    assert chained.count() == 5
    history = client.execute(f"Patient/{patient.id}/_history", method="get")
    assert [one["resource"]["meta"]["versionId"] for one in history["entry"]] == ["3", "2", "1"]
    assert client.execute(f"Patient/{patient.id}/_history/1", method="get")["name"][0]["family"] == "Vi"
    assert patient.is_valid()
    assert not client.resource("Observation", status="final").is_valid()
    with pytest.raises(fhirpy.base.exceptions.OperationOutcome):
        client.resource("Observation", status="final").save()
    patient.delete()
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound):
        client.get("Patient", patient.id)


def test_fhirclient(door: Door) -> None:
    settings = {
        "app_id": door.client.client,
        "api_base": door.base,
        "scope": SCOPE,
        "jwt_token": door.client.assertion(),
    }
    smart = fhirclient.client.FHIRClient(settings=settings)
    smart.wants_patient = False
    assert smart.server.capabilityStatement.fhirVersion == "4.0.1"
    assert not smart.ready
    smart.authorize()
    assert smart.ready
    server = smart.server

    people = fhirclient.models.patient
    person = people.Patient(
        {
            "resourceType": "Patient",
            "identifier": [{"system": "urn:example:fhirclient", "value": "1"}],
            "name": [{"family": "Lò", "given": ["Thị", "Hặc"]}],
            "birthDate": "1971-09-02",
        }
    )
    made = people.Patient(person.create(server))
    read = people.Patient.read(made.id, server)
    assert read.as_json() == made.as_json()
    read.gender = "female"
    server.session.headers["If-Match"] = f'W/"{read.meta.versionId}"'
    assert read.update()["meta"]["versionId"] == "2"
    with pytest.raises(requests.HTTPError) as late:
        read.update()
    assert late.value.response.status_code == 412
    del server.session.headers["If-Match"]

    entries = [
        {
            "fullUrl": PATIENT,
            "request": {
                "method": "POST",
                "url": "Patient",
                "ifNoneExist": "identifier=urn:example:fhirclient|1",
            },
            "resource": person.as_json(),
        },
        {
            "fullUrl": OBSERVATION,
            "request": {"method": "POST", "url": "Observation"},
            "resource": _weight(PATIENT, 48.5),
        },
        *(
            {"request": {"method": "POST", "url": "Observation"}, "resource": _weight(PATIENT, 49 + n)}
            for n in range(4)
        ),
    ]
    bundle = fhirclient.models.bundle.Bundle(
        {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    )
    answer = fhirclient.models.bundle.Bundle(bundle.create(server))
    assert [entry.response.status[:3] for entry in answer.entry] == ["200", *["201"] * 5]

    observations = fhirclient.models.observation.Observation
    wanted = {"patient": f"Patient/{made.id}", "_count": "2"}
    found = list(observations.where(wanted).perform_resources_iter(server))
    assert sorted(one.valueQuantity.value for one in found) == [48.5, 49, 50, 51, 52]
    wanted = {"patient.identifier": "urn:example:fhirclient|1", "value-quantity": "lt50"}
    assert len(list(observations.where(wanted).perform_resources_iter(server))) == 2
    included = observations.where({"patient": made.id, "_count": "1"}).include("subject").perform(server)
    assert [entry.search.mode for entry in included.entry] == ["match", "include"]
    assert not list(people.Patient.where({"name": {"$exact": "lò"}}).perform_resources_iter(server))

    history = fhirclient.models.bundle.Bundle(server.request_json(f"Patient/{made.id}/_history"))
    assert [entry.resource.meta.versionId for entry in history.entry] == ["2", "1"]
    assert re.fullmatch(r'W/"2"', history.entry[0].response.etag)
    assert people.Patient.read(made.id, server).identifier[0].value == "1"
    with pytest.raises(requests.HTTPError) as pointed_at:
        people.Patient.read(made.id, server).delete()
    assert pointed_at.value.response.status_code == 409
    weight = observations.read(found[0].id, server)
    weight.delete()
    with pytest.raises(requests.HTTPError) as gone:
        observations.read(weight.id, server)
    assert gone.value.response.status_code == 410
