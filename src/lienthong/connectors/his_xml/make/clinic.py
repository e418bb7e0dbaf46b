"""What happens during an episode: orders, results, drugs and notes (XML2 to XML5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from lienthong.connectors.his_xml.make.episode import Episode, add_drug, add_service, shares, stamp
from lienthong.connectors.his_xml.make.lists import load

FULL_COVER_BELOW = 351_000 * 100
"""15 % of the base salary, in hundredths of a đồng: below it no co-payment (insurance law, article 22)."""
MOST_NOTES = 8
LENGTHS = {"chay_than": (205, 240), "hoa_chat": (90, 150), "cpap": (240, 300), "tho_may": (120, 240)}
"""Minutes of procedures that take longer or shorter than is usual for their group."""
DAILY_ORDERS = 2
"""Drugs are ordered day by day so long, then for the rest of the stay."""


def treat(episode: Episode) -> None:
    """Fills the clinical tables."""
    _examine(episode)
    _laboratory(episode)
    _image(episode)
    _procedures(episode)
    _drugs(episode)
    _bed(episode)
    _notes(episode)
    if 0 < episode.benefit < 100 and episode.drug_total + episode.service_total < FULL_COVER_BELOW:
        episode.benefit = 100
        for row in (*episode.drugs, *episode.services):
            row.update(shares(episode, int(row["THANH_TIEN_BV"].replace(".", ""))))


def _minutes(episode: Episode, low: int, high: int) -> timedelta:
    return timedelta(minutes=episode.rng.randint(low, high))


def _examine(episode: Episode) -> None:
    if episode.scenario.newborn:
        return
    begun = episode.arrived + timedelta(minutes=2)
    add_service(
        episode, episode.scenario.exam, episode.arrived, begun, begun + timedelta(minutes=8), episode.doctor
    )


def _sampling_times(episode: Episode) -> list[datetime]:
    """One time for each group of panels."""
    groups = len(episode.scenario.panels)
    first = episode.arrived + timedelta(minutes=8)
    if groups <= 1 or episode.days == 0:
        return [first] * min(groups, 1)
    wanted = min(groups, episode.days + 1)
    days = [round(i * episode.days / (wanted - 1)) for i in range(wanted)]
    times = [first]
    for day in dict.fromkeys(days[1:]):
        moment = (episode.started + timedelta(days=day)).replace(hour=6, minute=5)
        if moment + timedelta(hours=3) < episode.left:
            times.append(moment)
    return times


def _laboratory(episode: Episode) -> None:
    lists = load("laboratory.json")
    for group, sampled in zip(episode.scenario.panels, _sampling_times(episode), strict=False):
        ready = sampled + _minutes(episode, 45, 85)
        reader = episode.rng.choice(episode.staff.laboratory)
        for panel in group:
            for service, indicators in lists["panels"][panel].items():
                begun = sampled + _minutes(episode, 4, 12)
                row = add_service(episode, service, sampled, begun, ready, reader)
                values = {
                    indicator: _value(episode, indicator, lists["indicators"][indicator][2:], ready)
                    for indicator in indicators
                }
                _agree(episode, values)
                for indicator, value in values.items():
                    _result(episode, row["MA_DICH_VU"], indicator, value, ready, reader.code(episode.edition))


def _agree(episode: Episode, values: dict[str, str]) -> None:
    """What follows from other indicators of the same sample, unless the scenario sets it."""
    given = episode.scenario.values or {}
    shake = episode.rng.uniform(0.97, 1.03)
    if "HGB" in values:
        if "HCT" not in given:
            values["HCT"] = f"{float(values['HGB']) * 0.003 * shake:.3f}"
        if "RBC" in values and "MCV" in values:
            cells = float(values["HCT"]) * 1000 / float(values["MCV"])
            values["RBC"] = f"{cells:.2f}"
            values["MCH"] = f"{float(values['HGB']) / cells:.1f}"
    if "NEU" in values and "LYM" in values:
        rest = 100 - float(values["NEU"])
        values["LYM"] = f"{rest * episode.rng.uniform(0.62, 0.8):.1f}"
    if "HCO3" in values:
        values["BE"] = f"{float(values['HCO3']) - 24.6 * shake:.1f}"


def _result(episode: Episode, service: str, indicator: str, value: str, ready: datetime, reader: str) -> None:
    name, unit = load("laboratory.json")["indicators"][indicator][:2]
    if indicator in (episode.scenario.values or {}):
        episode.found.setdefault(indicator, []).append(value)
    episode.results.append(
        {
            "MA_LK": episode.ma_lk,
            "STT": str(len(episode.results) + 1),
            "MA_DICH_VU": service,
            "MA_CHI_SO": indicator,
            "TEN_CHI_SO": name,
            "GIA_TRI": value,
            "DON_VI_DO": unit,
            "NGAY_KQ": stamp(ready),
            "MA_BS_DOC_KQ": reader,
        }
    )


def _value(episode: Episode, indicator: str, normal: list[Any], ready: datetime) -> str:
    special = (episode.scenario.values or {}).get(indicator)
    share = episode.share(ready)
    if special is None:
        if isinstance(normal[0], str):
            return normal[0]
        low, high, places = float(normal[0]), float(normal[1]), int(normal[2])
        if indicator == "CREA" and episode.person.age(episode.left.date()) < 15:
            low, high = low * 0.45, high * 0.55
        return f"{episode.rng.uniform(low, high):.{places}f}"
    last = special[2] if episode.send_to and len(special) > 2 else special[1]
    if isinstance(special[0], str):
        return str(last if share > 0.6 else special[0])
    places = int(normal[2])
    start, end = float(special[0]), float(last)
    middle = start + (end - start) * share
    low, high = float(normal[0]), float(normal[1])
    shake = min(0.06, (high - low) / (high + low) / 2)
    return f"{middle * episode.rng.uniform(1 - shake, 1 + shake):.{places}f}"


def _image(episode: Episode) -> None:
    ordered = episode.arrived + timedelta(minutes=12)
    for service, description, conclusion in episode.scenario.imaging:
        begun = ordered + _minutes(episode, 8, 20)
        done = begun + _minutes(episode, 10, 25)
        reader = episode.rng.choice(episode.staff.imaging)
        row = add_service(episode, service, ordered, begun, done, reader)
        episode.results.append(
            {
                "MA_LK": episode.ma_lk,
                "STT": str(len(episode.results) + 1),
                "MA_DICH_VU": row["MA_DICH_VU"],
                "TEN_CHI_SO": row["TEN_DICH_VU"],
                "MO_TA": description,
                "KET_LUAN": conclusion,
                "NGAY_KQ": stamp(done),
                "MA_BS_DOC_KQ": reader.code(episode.edition),
            }
        )
        ordered += timedelta(minutes=5)


def _procedures(episode: Episode) -> None:
    for service, day in episode.scenario.procedures:
        operation = load("services.json")[service][2] == 8
        if day > episode.days or (operation and _operated_elsewhere(episode)):
            continue
        ordered = episode.round_time(day) + timedelta(minutes=15)
        begun = ordered + _minutes(episode, 10, 40)
        length = LENGTHS.get(service, (50, 120) if operation else (15, 45))
        done = min(begun + _minutes(episode, *length), episode.left - timedelta(minutes=5))
        if begun < done:
            add_service(episode, service, ordered, begun, done, episode.doctor)


def _operated_elsewhere(episode: Episode) -> bool:
    return bool(episode.send_to and episode.scenario.treatment_sent)


def _drugs(episode: Episode) -> None:
    if not episode.scenario.inpatient:
        ordered = episode.left - timedelta(minutes=6)
        for key, dose, times, days in episode.scenario.drugs:
            add_drug(episode, key, float(dose), times, days, ordered, None)
        return
    stay = max(1, episode.days)
    for day in range(min(stay, DAILY_ORDERS + 1)):
        ordered = episode.round_time(day) + timedelta(minutes=8)
        for key, dose, times, first, last in episode.scenario.drugs:
            end = min(stay - 1, last) if last >= 0 else stay - 1
            begins = max(day, first) if day == DAILY_ORDERS else day
            anaesthesia = key in ("bupivacain", "propofol") and _operated_elsewhere(episode)
            if first > begins or begins > end or anaesthesia:
                continue
            days = end - begins + 1 if day == DAILY_ORDERS else 1
            at = ordered + timedelta(days=begins - day)
            given = min(at + _minutes(episode, 12, 40), episode.left - timedelta(minutes=20))
            if given >= at:
                add_drug(episode, key, float(dose), times, days, at, given)


def _bed(episode: Episode) -> None:
    if episode.admitted:
        code = f"H{episode.rng.randint(1, 60):03d}"
        add_service(
            episode,
            episode.scenario.bed,
            episode.admitted,
            episode.admitted,
            episode.left,
            episode.doctor,
            max(1, episode.days),
            code,
        )


def _notes(episode: Episode) -> None:
    scenario = episode.scenario
    if not scenario.inpatient:
        text = f"{episode.text(scenario.history)} {scenario.notes[0]}"
        _note(episode, text, episode.arrived + timedelta(minutes=6))
        return
    last = episode.left - timedelta(minutes=45)
    middle = scenario.notes[1:-1] or scenario.notes[-1:]
    days = list(range(episode.days + 1))
    if len(days) > MOST_NOTES:
        step = len(days) / MOST_NOTES
        days = [days[int(i * step)] for i in range(MOST_NOTES)]
    _note(episode, f"{episode.text(scenario.history)} Khám: {scenario.notes[0]}", episode.round_time(0))
    said = ""
    progress = load("phrases.json")["progress"]
    for number, day in enumerate(days[1:-1]):
        text = middle[number * len(middle) // max(1, len(days) - 2)]
        _note(
            episode,
            progress[(day + episode.ill_days) % len(progress)] if text == said else text,
            episode.round_time(day),
        )
        said = text
    if scenario.surgery and any(service["MA_NHOM"] == "8" for service in episode.services):
        moment = next(s["NGAY_KQ"] for s in episode.services if s["MA_NHOM"] == "8")
        episode.course.append(_note_row(episode, "Bệnh nhân sau mổ tỉnh, huyết động ổn định.", moment, 0.3))
        episode.course[-1]["PHAU_THUAT"] = scenario.surgery
        episode.course.sort(key=lambda row: row["THOI_DIEM_DBLS"])
    if episode.send_to:
        _note(episode, scenario.signs, last)
        place = load("places.json")["names"].get(episode.send_to, "tuyến trên")
        episode.course[-1]["HOI_CHAN"] = (
            f"Hội chẩn khoa với lãnh đạo trực: {episode.diagnosis_text}. Bệnh vượt quá khả năng chuyên môn, "
            f"thống nhất giải thích gia đình và chuyển {place}."
        )
    else:
        _note(episode, scenario.notes[-1], last)
    for number, row in enumerate(episode.course, 1):
        row["STT"] = str(number)


def _note(episode: Episode, text: str, moment: datetime) -> None:
    episode.course.append(_note_row(episode, episode.text(text), stamp(moment), episode.share(moment)))


def _note_row(episode: Episode, text: str, moment: str, share: float) -> dict[str, str]:
    return {
        "MA_LK": episode.ma_lk,
        "STT": "1",
        "DIEN_BIEN_LS": f"{text} {vital_signs(episode, share)}",
        "THOI_DIEM_DBLS": moment,
        "NGUOI_THUC_HIEN": episode.doctor.code(episode.edition),
    }


def vital_signs(episode: Episode, share: float) -> str:
    """CSST<…> (since Decision 4750); in words before."""
    start = episode.scenario.vitals[0]
    end = episode.scenario.vitals[2 if episode.send_to and len(episode.scenario.vitals) > 2 else 1]
    shake = episode.rng.uniform
    pulse, heat, systolic, diastolic, breaths, oxygen = (
        float(a) + (float(b) - float(a)) * share for a, b in zip(start, end, strict=True)
    )
    pulse, breaths = round(pulse * shake(0.97, 1.03)), round(breaths * shake(0.97, 1.03))
    pressure = f"{round(systolic / 5) * 5}/{round(diastolic / 5) * 5}"
    heat, oxygen = heat + shake(-0.1, 0.1), min(100, round(oxygen))
    if episode.edition == "130":
        return (
            f"Mạch {pulse} lần/phút, nhiệt độ {heat:.1f} độ C, huyết áp {pressure} mmHg, "
            f"nhịp thở {breaths} lần/phút, SpO2 {oxygen}%."
        )
    care = 1 if oxygen < 92 or systolic < 90 else 2 if episode.admitted else 3
    return f"CSST<M{pulse}_T{heat:.1f}_HA{pressure}_NT{breaths}_SP{oxygen}_HL{care}>"
