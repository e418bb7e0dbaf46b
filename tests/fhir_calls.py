"""A hospital's own system as a client of the FHIR door: its key, its tokens, its resources (all invented)."""

from __future__ import annotations

import base64
import io
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

Resource = dict[str, Any]
Transport = Callable[[str, str, dict[str, str], bytes], "Answer"]

SID = "https://lienthong.example/fhir/sid/"
CODES = "https://lienthong.example/fhir/CodeSystem/"
FORM = "https://lienthong.example/fhir/StructureDefinition/transfer-form"
FACILITY = "http://fhir.ehealth.gov.vn/core/sid/provider-code"
CITIZEN = "http://fhir.ehealth.gov.vn/core/sid/national_id"
CARD = "http://fhir.ehealth.gov.vn/core/sid/insurance_number"
HIS = "urn:example:his-son-dong"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EVERYTHING = "system/ServiceRequest.crus system/Task.rus system/Patient.r system/Composition.r"


@dataclass
class Answer:
    """Status, headers (lower case) and JSON of an answer."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def problem(self) -> str:
        """Code of the first issue."""
        return str(self.body["issue"][0]["details"]["coding"][0]["code"])


def make_key(kind: str = "EC") -> tuple[Any, str, Resource]:
    """A private key, its algorithm, and its public JWK."""
    if kind == "RSA":
        key: Any = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        algorithm: Any = jwt.algorithms.RSAAlgorithm
        name = "RS384"
    elif kind == "OKP":
        key, algorithm, name = ed25519.Ed25519PrivateKey.generate(), jwt.algorithms.OKPAlgorithm, "EdDSA"
    else:
        key, algorithm, name = ec.generate_private_key(ec.SECP384R1()), jwt.algorithms.ECAlgorithm, "ES384"
    return key, name, json.loads(algorithm.to_jwk(key.public_key())) | {"kid": f"his-{kind}"}


def in_process(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
    """Calls the door of this process."""
    from lienthong.config import fhir as doors

    found: dict[str, Any] = {}

    def start(status: str, sent: list[tuple[str, str]]) -> None:
        found.update(status=int(status[:3]), headers={name.lower(): value for name, value in sent})

    target, _, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": target,
        "QUERY_STRING": query,
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8710",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE",) else f"HTTP_{key}"] = value
    content = b"".join(doors.application(environ, start))
    is_json = "ndjson" not in found["headers"].get("content-type", "json")
    return Answer(
        found["status"], found["headers"], json.loads(content) if content and is_json else content or None
    )


def over_http(address: str) -> Transport:
    """Calls a node at ``http://host:port``, as any program would."""
    import urllib3

    pool = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(30))

    def call(method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        answer = pool.request(method, address + path, headers=headers, body=body or None)
        sent = {name.lower(): value for name, value in answer.headers.items()}
        return Answer(answer.status, sent, json.loads(answer.data) if answer.data else None)

    return call


@dataclass
class Client:
    """A registered system."""

    client: str
    key: Any
    algorithm: str
    kid: str
    transport: Transport = in_process
    audience: str = "http://127.0.0.1:8710/fhir/token"
    scope: str = EVERYTHING
    person: str = ""
    token: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def assertion(self, **changed: Any) -> str:
        """A client assertion of this moment."""
        claims = {
            "iss": self.client,
            "sub": self.client,
            "aud": self.audience,
            "exp": int(time.time()) + 120,
            "jti": uuid.uuid4().hex,
            **changed,
        }
        return jwt.encode(claims, self.key, algorithm=self.algorithm, headers={"kid": self.kid})

    def ask_token(self, assertion: str = "", **changed: str) -> Answer:
        """Calls the token endpoint."""
        form = {
            "grant_type": "client_credentials",
            "scope": self.scope,
            "client_assertion_type": TYPE,
            "client_assertion": assertion or self.assertion(),
            **changed,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.transport("POST", "/fhir/token", headers, urlencode(form).encode())

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Calls the door with a token."""
        if not self.token:
            answer = self.ask_token()
            assert answer.status == 200, answer.body
            self.token = answer.body["access_token"]
        sent = {"Authorization": f"Bearer {self.token}", **self.more}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if self.person:
            sent["X-Acting-Person"] = self.person
        data = b""
        if body is not None:
            sent.setdefault("Content-Type", "application/fhir+json")
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.transport(method, f"/fhir{path}", sent, data)

    def step(self, loop: str, step: str, *, match: str = "", output: Any = (), **said: Any) -> Answer:
        """Reads the Task, then writes it with another business status and the data of the step."""
        task = self.call("GET", f"/Task/{loop}")
        return self.put(task, step, match=match, output=output, **said)

    def put(self, task: Answer, step: str, *, match: str = "", output: Any = (), **said: Any) -> Answer:
        """Writes a Task that was read."""
        body = dict(task.body)
        body["businessStatus"] = {"coding": [{"system": f"{CODES}transfer-state", "code": step}]}
        body["input"] = [*body.get("input", []), *(entry(step, name, value) for name, value in said.items())]
        body["output"] = [*body.get("output", []), *output]
        body = {name: value for name, value in body.items() if value != []}
        return self.call("PUT", f"/Task/{body['id']}", body, If_Match=match or task.headers["etag"])


def entry(step: str, name: str, value: Any) -> Resource:
    """One field of a step as ``Task.input`` or ``Task.output``."""
    shape = "valueDateTime" if name.endswith("at") and name != "condition" else "valueString"
    kind = {"coding": [{"system": f"{CODES}transfer-step-data", "code": f"{step}.{name}"}]}
    return {"type": kind, **(value if isinstance(value, dict) else {shape: value})}


def register(scope: str = EVERYTHING, kind: str = "EC", **more: Any) -> Client:
    """Lets an invented HIS in at this process's node."""
    from lienthong.access import audit, systems

    key, algorithm, jwk = make_key(kind)
    keys = systems.read_keys(json.dumps({"keys": [jwk]}))
    made = systems.register(
        "HIS thử",
        keys,
        scope.split(),
        by=audit.system("test"),
        purposes=("TREAT", "ETREAT"),
        bases=("treatment", "emergency"),
    )
    return Client(made.id, key, algorithm, jwk["kid"], scope=scope, **more)


def person(**more: Any) -> Resource:
    """An invented patient."""
    return {
        "resourceType": "Patient",
        "id": "nb",
        "name": [{"text": "VI VĂN THỤ"}],
        "birthDate": "1958-03-02",
        "gender": "male",
        "identifier": [
            {"system": CITIZEN, "value": "024058001234"},
            {"system": CARD, "value": "GD4242400123456", "period": {"end": "2026-12-31"}},
        ],
        "telecom": [{"system": "phone", "value": "0912 000 111"}],
        "address": [{"text": "Thôn Mậu, xã Tây Yên Tử"}],
        **more,
    }


def request(
    number: str = "CT-1", *, receiver: str = "01929", status: str = "active", **more: Any
) -> Resource:
    """A whole emergency ServiceRequest with what stands beside it contained."""
    loinc = "http://loinc.org"
    about = {"reference": "#nb"}
    signs = {"8867-4": 112, "9279-1": 24, "59408-5": 93, "8310-5": 37.2}
    vitals: list[Resource] = [
        {
            "resourceType": "Observation",
            "id": f"v{code}",
            "status": "final",
            "code": {"coding": [{"system": loinc, "code": code}]},
            "subject": about,
            "effectiveDateTime": "2026-11-20T08:30:00+07:00",
            "valueQuantity": {"value": value},
        }
        for code, value in signs.items()
    ]
    pressure = {
        "resourceType": "Observation",
        "id": "ha",
        "status": "final",
        "code": {"coding": [{"system": loinc, "code": "85354-9"}]},
        "subject": about,
        "component": [
            {"code": {"coding": [{"system": loinc, "code": code}]}, "valueQuantity": {"value": value}}
            for code, value in (("8480-6", 95), ("8462-4", 60))
        ],
    }
    troponin = {
        "resourceType": "Observation",
        "id": "tn",
        "status": "final",
        "code": {"text": "Troponin T hs"},
        "subject": about,
        "issued": "2026-11-20T08:10:00+07:00",
        "valueQuantity": {"value": 812.5, "unit": "ng/L"},
        "referenceRange": [{"text": "< 14"}],
        "interpretation": [{"text": "H"}],
    }
    condition = {
        "resourceType": "Condition",
        "id": "cd",
        "subject": about,
        "code": {
            "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "I21.0"}],
            "text": "Nhồi máu cơ tim cấp thành trước",
        },
    }
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "du",
        "patient": about,
        "code": {"text": "Penicillin"},
        "reaction": [{"manifestation": [{"text": "Nổi mề đay"}], "severity": "moderate"}],
    }
    medicine = {
        "resourceType": "MedicationStatement",
        "id": "th",
        "status": "active",
        "subject": about,
        "medicationCodeableConcept": {"text": "Amlodipin 5 mg"},
        "dosage": [{"text": "1 viên", "timing": {"code": {"text": "sáng"}}}],
    }
    flag = {
        "resourceType": "Flag",
        "id": "lc",
        "status": "active",
        "subject": about,
        "code": {"coding": [{"system": f"{CODES}infection-alert", "code": "influenza"}]},
    }
    said = {
        "case": "heart",
        "basis": "emergency",
        "signs": "Đau ngực trái, vã mồ hôi",
        "course": "Đau ngực từ 6 giờ sáng",
        "treatment": "Aspirin 300 mg, clopidogrel 300 mg",
        "condition": "Tỉnh, thở oxy kính 3 lít/phút",
        "direction": "Chụp và can thiệp mạch vành",
        "transport": "ambulance",
        "escort_name": "Nịnh Văn Sáng",
        "escort_title": "Bác sĩ",
        "person.workplace": "Tự do",
    }
    fields: list[Resource] = [{"url": name, "valueString": value} for name, value in said.items()]
    fields.append({"url": "onset_at", "valueDateTime": "2026-11-20T06:00:00+07:00"})
    return {
        "resourceType": "ServiceRequest",
        "status": status,
        "intent": "order",
        "priority": "stat",
        "identifier": [{"system": HIS, "value": number}],
        "subject": about,
        "performer": [{"identifier": {"system": FACILITY, "value": receiver}}],
        "reasonCode": [{"coding": [{"system": f"{CODES}ma-lydo-ct", "code": "2"}]}],
        "note": [{"text": "Đề nghị can thiệp mạch vành cấp cứu"}],
        "contained": [person(), condition, allergy, medicine, flag, *vitals, pressure, troponin],
        "extension": [{"url": FORM, "extension": fields}],
        **more,
    }


def bundle(order: Resource, **entry_request: Any) -> Resource:
    """The same as a transaction, with everything beside the request as entries of their own."""
    beside = order["contained"]
    alone = {name: value for name, value in order.items() if name != "contained"}
    alone = json.loads(json.dumps(alone).replace('"#nb"', '"urn:uuid:nb"'))
    others = json.loads(json.dumps(beside).replace('"#nb"', '"urn:uuid:nb"'))
    entries = [
        {
            "fullUrl": f"urn:uuid:{one['id']}",
            "resource": one,
            "request": {"method": "POST", "url": one["resourceType"]},
        }
        for one in others
    ]
    asked = {"method": "POST", "url": "ServiceRequest", **entry_request}
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [*entries, {"fullUrl": "urn:uuid:order", "resource": alone, "request": asked}],
    }


def encoded(value: Any) -> str:
    """Base64url of JSON, for tokens made by hand."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()
