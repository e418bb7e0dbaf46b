"""Transfers for tests of the letter: forms as doctors fill them, and the way from one hospital to the other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, transaction

from lienthong import exchange
from lienthong.access import audit
from lienthong.exchange import manifest
from lienthong.foundation import clock
from lienthong.transfers import desk
from lienthong.transfers.models import Step, Transfer

SENDER, RECEIVER = "24011", "01929"
DOCTOR = audit.Actor("bs", "Bác sĩ Nguyễn Thị Thử", "doctor", "127.0.0.1")
NURSE = audit.Actor("dd", "Điều dưỡng Lê Văn Nhận", "nurse", "127.0.0.1")

FORM: dict[str, Any] = {
    "urgency": "emergency",
    "case": "heart",
    "reason": "2",
    "basis": "emergency",
    "person": {
        "name": "Trần Thị Ánh Nguyệt",
        "birth": "1958-04-12",
        "gender": "female",
        "citizen": "024158000123",
        "card": "GD4242400012345",
        "card_until": "2027-12-31",
        "address": "Thôn Đồng Đỉnh, xã Bình Sơn, tỉnh Bắc Ninh",
    },
    "diagnosis": "Nhồi máu cơ tim cấp thành dưới giờ thứ 3, Killip II",
    "diagnosis_code": "I21.1",
    "other_diagnoses": "Tăng huyết áp vô căn (I10); Đái tháo đường típ 2 (E11.9)",
    "signs": "Đau ngực trái lan lên vai, vã mồ hôi, ran ẩm hai đáy phổi.",
    "treatment": "Thở oxy kính 3 lít/phút, kháng kết tập tiểu cầu kép, chống đông.",
    "medicines": "Aspirin 324 mg uống lúc 08:10; Clopidogrel 300 mg uống lúc 08:10; Enoxaparin 60 mg tiêm dưới da",
    "condition": "Tỉnh, mạch 98, huyết áp 105/70, SpO2 95% thở oxy 3 lít/phút, còn đau ngực nhẹ.",
    "question": "Đề nghị tiếp nhận can thiệp mạch vành qua da cấp cứu.",
    "onset_at": "2026-11-23T05:30:00.000Z",
    "vitals": {
        "at": "2026-11-23T08:00:00.000Z",
        "pulse": 98,
        "systolic": 105,
        "diastolic": 70,
        "breaths": 22,
        "spo2": 95,
        "temperature": 36.8,
    },
    "allergies": {
        "state": "known",
        "list": [{"substance": "Penicillin", "reaction": "Phản vệ độ II", "severity": "nặng"}],
    },
    "home_medicines": {
        "state": "listed",
        "list": [
            {"name": "Amlodipin 5 mg", "dose": "1 viên", "frequency": "sáng"},
            {"name": "Metformin 500 mg", "dose": "1 viên", "frequency": "2 lần mỗi ngày"},
        ],
    },
    "infection": {"state": "none-known", "list": [], "note": ""},
    "key_results": [
        {
            "test": "Troponin T hs",
            "value": "684",
            "unit": "ng/L",
            "at": "2026-11-23T07:50:00.000Z",
            "flag": "H",
        },
        {"test": "Creatinin", "value": "88", "unit": "µmol/L", "at": "2026-11-23T07:50:00.000Z"},
        {"test": "Glucose", "value": "11,2", "unit": "mmol/L", "at": "2026-11-23T07:50:00.000Z", "flag": "H"},
        {"test": "Kali", "value": "4,1", "unit": "mmol/L", "at": "2026-11-23T07:50:00.000Z"},
    ],
    "transport": "ambulance",
    "escort_name": "Phạm Văn Hộ",
    "escort_title": "Điều dưỡng",
    "one_year": False,
    "slip": "00128/2026/PCCSKBCB",
}


def sent(form: dict[str, Any] | None = None) -> Transfer:
    """A transfer that this hospital (the sender) has signed and sent from a form."""
    draft = desk.draft(actor=DOCTOR, form={**FORM, **(form or {})}, receiver=RECEIVER)
    return desk.send_draft(draft.loop, version=draft.version, actor=DOCTOR)


def message(transfer: Transfer) -> exchange.Incoming:
    """The transfer's newest message as the receiver's handler gets it."""
    row = max(exchange.messages_of(transfer.loop), key=lambda m: m.created)
    said = manifest.read_manifest(manifest.payload_of(exchange.signed_manifest(row)))
    created = clock.from_iso(said.created)
    parts = tuple(said.parts)
    return exchange.Incoming(said.id, said.kind, said.loop, SENDER, created, said.basis, said.body, parts)


def go_to_receiver(facility: str = RECEIVER) -> None:
    """From now on this node is the receiving hospital, which has no transfer, no record and no message yet."""
    settings.NODE = replace(settings.NODE, facility=facility)
    Step.objects.all().delete()
    Transfer.objects.all().delete()
    for model in apps.get_app_config("records").get_models():
        model._default_manager.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE exchange_message SET loop = 'elsewhere'")


def arrive(incoming: exchange.Incoming) -> None:
    """The message comes by line."""
    with transaction.atomic():
        desk.take_dossier(incoming)
