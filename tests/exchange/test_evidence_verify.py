"""The verifier: a right package passes, whatever is changed in it is found, and openssl agrees."""

from __future__ import annotations

import hashlib
import io
import json as plain
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import evidence_world as world
import fixed_tsa
from evidence_world import HUB, LOOP, NOTHING, OTHER, RECEIVER, SENDER, Directory, Sent, key_of, moment
from lienthong.exchange.evidence import verify
from lienthong.foundation import json

PROGRAM = Path(verify.__file__)
HUB_KEY = key_of(HUB).kid
ROOTS = [fixed_tsa.certificates()[0]]


@pytest.fixture
def at_receiver(node_home: Path, db: None) -> None:
    """This process is the receiver's node."""
    from django.conf import settings as django

    django.NODE = replace(django.NODE, facility=RECEIVER)


Make = Callable[..., bytes]


@pytest.fixture
def make(at_receiver: None, node_home: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Builds a package at the receiver: ``make(messages, directory, reference=…, with_content=…)``."""

    def build(
        messages: list[Sent] | None = None,
        directory: Directory | None = None,
        reference: str = LOOP,
        with_content: bool = True,
    ) -> bytes:
        from lienthong.exchange.evidence import package

        found = world.transfer() if messages is None else messages
        world.store(node_home, directory or world.directory(), found)
        world.record(monkeypatch, found)
        out = io.BytesIO()
        package.build(reference, out, with_content=with_content)
        return out.getvalue()

    return build


@pytest.fixture(scope="module")
def package() -> bytes:
    """The committed package of the test vector."""
    return (Path(__file__).parent.parent / "data" / "evidence" / "transfer.zip").read_bytes()


def check(data: bytes, pinned: bool = True) -> verify.Report:
    return verify.verify(io.BytesIO(data), [HUB_KEY] if pinned else [], ROOTS if pinned else [])


def codes(report: verify.Report, *marks: str) -> set[str]:
    return {step.code for step in report.steps if step.mark in (marks or ("broken",))}


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def packed(members: dict[str, bytes], signer: str = RECEIVER) -> bytes:
    """A package in its one form with a list signed anew, as a dishonest maker could write it."""
    rest = {name: data for name, data in members.items() if name != verify.INDEX}
    value = {**payload(members[verify.INDEX]), "by": {"facility": signer, "kid": key_of(signer).kid}}
    value["members"] = [
        {"name": name, "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in sorted(rest.items())
    ]
    rest[verify.INDEX] = key_of(signer).jws(json.canonical(value), verify.PACKAGE).encode()
    out, written = b"", []
    for name, data in sorted(rest.items()):
        written.append((name, len(data), verify.zlib.crc32(data)))
        out += verify.local_header(*written[-1]) + data
    return out + verify.ending(written, len(out))


def payload(jws: bytes) -> dict[str, Any]:
    value: dict[str, Any] = plain.loads(verify._base64url(jws.decode().split(".")[1]))
    return value


def folder(sent: Sent) -> str:
    return f"messages/{sent.id}"


def test_a_right_package_is_valid_and_says_who_when_and_what(make: Make) -> None:
    report = check(make())
    assert (report.verdict, report.status) == ("valid", 0)
    assert codes(report, "broken", "missing") == set()
    first, second = report.messages
    assert (first.sender, first.receiver, first.outcome) == (SENDER, RECEIVER, "stored")
    assert (first.accepted, first.received, first.stamped) == (moment(302), moment(305), moment(1800))
    assert second.stored == hashlib.sha256(b'{"state":"answered"}').hexdigest()
    text = verify.as_text(report, 0, "x.zip")
    assert "HỢP LỆ" in text
    assert "Bệnh viện huyện A (24011) đã gửi gói tin" in text
    assert "✗" not in text
    english = verify.as_text(report, 1, "x.zip")
    assert "Referral hospital B (01929) HAS RECEIVED AND STORED the message" in english


def test_the_same_state_gives_the_same_bytes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from lienthong.access import audit
    from lienthong.foundation import clock
    from lienthong.transfers import evidence

    first = make()
    soon = clock.from_iso(moment(310))  # so near that events of taking lie among those of the message
    monkeypatch.setattr(clock, "now", lambda: soon)
    out = io.BytesIO()
    built = evidence.take(LOOP, out, with_content=True, actor=audit.system("test"), why="court")
    assert out.getvalue() == first
    out = io.BytesIO()
    evidence.take(LOOP, out, with_content=True, actor=audit.system("test"), why="court")
    assert out.getvalue() == first
    assert built.sha256 == hashlib.sha256(first).hexdigest()
    taken = audit.trail(action="evidence-taken")
    assert [(event.why, event.detail["content"]) for event in taken] == [("court", True)] * 2


def test_without_pinned_keys_the_report_says_loudly_that_they_are_as_stated(make: Make) -> None:
    report = check(make(), pinned=False)
    assert report.status == 0
    assert {"hub-key-as-stated", "stamp-as-stated"} <= codes(report, "note")
    assert {step.code for step in report.unproven} >= {"unproven-hub-key", "unproven-service"}
    assert "AS STATED IN THE PACKAGE" in verify.as_text(report, 1, "x")


def test_another_hub_key_or_another_root_does_not_pass(make: Make) -> None:
    data = make()
    other = verify.verify(io.BytesIO(data), [key_of("another").kid], ROOTS)
    assert other.status == 1
    assert "directory-not-trusted" in codes(other)
    foreign = verify.x509.load_pem_x509_certificate(fixed_tsa.root_pem())
    assert verify.verify(io.BytesIO(data), [HUB_KEY], [foreign]).status == 0
    unit = fixed_tsa.certificates()[1]
    made = verify.x509.CertificateBuilder(unit.issuer, unit.issuer, fixed_tsa.key("foreign").public_key(), 9)
    made = made.not_valid_before(fixed_tsa._SINCE).not_valid_after(fixed_tsa._UNTIL)
    made = made.add_extension(verify.x509.BasicConstraints(True, 0), critical=True)
    wrong = made.sign(fixed_tsa.key("foreign"), verify.hashes.SHA256())
    assert "bad-event" in codes(verify.verify(io.BytesIO(data), [HUB_KEY], [wrong]))


def test_without_content_the_hashes_are_named(make: Make) -> None:
    data = make(with_content=False)
    assert not any(name.startswith("parts/") for name in opened(data))
    report = check(data)
    assert report.status == 0
    assert "parts-by-hash" in codes(report, "note")


def test_one_message_alone(make: Make) -> None:
    messages = world.transfer()
    report = check(make(messages, reference=messages[1].id))
    assert report.status == 0
    assert [one.id for one in report.messages] == [messages[1].id]


def test_a_missing_signature_is_incomplete(make: Make) -> None:
    messages = world.transfer()
    messages[1].receipt = messages[1].receipt_at = ""
    report = check(make(messages))
    assert (report.verdict, report.status) == ("incomplete", 3)
    assert codes(report, "missing") == {"missing-receipt"}


def test_a_refusal_is_proven_as_a_refusal(make: Make) -> None:
    report = check(make([world.send(1, SENDER, RECEIVER, 300, world.CONTENTS, refused=True)]))
    assert report.status == 0
    assert {step.code for step in report.proven} >= {"proven-refused"}
    assert "Lý do từ chối: Không nhận." in verify.as_text(report, 0, "x")


# What a dishonest maker could change, with a list of the package signed anew


def changes(members: dict[str, bytes]) -> dict[str, tuple[dict[str, bytes], str]]:
    """Changed packages by name, with the code that must be found."""
    first, second = world.transfer()
    another = world.send(1, SENDER, RECEIVER, 300, [b"another content"])
    stranger = world.send(1, SENDER, RECEIVER, 300, world.CONTENTS, signer=OTHER)
    forged = world.transfer()[0]
    world.answer(forged, 305, signer=OTHER)
    meddling = world.transfer()[0]
    world.answer(meddling, 305, signer=OTHER, facility=OTHER)
    part = f"parts/{hashlib.sha256(world.CONTENTS[0]).hexdigest()}"
    event = next(name for name in members if name.endswith(".event"))
    proof = plain.loads(members[event.replace(".event", ".json")])
    batch = plain.loads(members["audit/batch-1.json"])
    at = folder(first)
    return {
        "another receipt": ({f"{at}/receipt.jws": another.receipt.encode()}, "bad-receipt"),
        "another acceptance": ({f"{at}/acceptance.jws": another.acceptance.encode()}, "bad-acceptance"),
        "another manifest": ({f"{at}/manifest.jws": another.jws.encode()}, "bad-receipt"),
        "a receipt of somebody else": ({f"{at}/receipt.jws": second.receipt.encode()}, "bad-receipt"),
        "a receipt by a third facility": ({f"{at}/receipt.jws": forged.receipt.encode()}, "bad-receipt"),
        "a receipt in the name of a third facility": (
            {f"{at}/receipt.jws": meddling.receipt.encode()},
            "bad-receipt",
        ),
        "a manifest by a third facility": ({f"{at}/manifest.jws": stranger.jws.encode()}, "bad-manifest"),
        "a receipt as acceptance": ({f"{at}/acceptance.jws": first.receipt.encode()}, "bad-acceptance"),
        "another part": ({part: b"x" * len(world.CONTENTS[0])}, "bad-part"),
        "an event": ({event: members[event].replace(b"exchange", b"exchangf")}, "bad-event"),
        "an event's hash": (
            {event.replace(".event", ".json"): plain.dumps({**proof, "hash": "0" * 64}).encode()},
            "bad-event",
        ),
        "an event's place": (
            {event.replace(".event", ".json"): plain.dumps({**proof, "index": 0}).encode()},
            "bad-event",
        ),
        "an event's path": (
            {
                event.replace(".event", ".json"): plain.dumps(
                    {**proof, "path": ["0" * 64, *proof["path"][1:]]}
                ).encode()
            },
            "bad-event",
        ),
        "a batch": ({"audit/batch-1.json": plain.dumps({**batch, "last": 6}).encode()}, "bad-event"),
        "a stamp": ({"audit/batch-1.tsr": fixed_tsa.answer(b"other", world.START, 1)}, "bad-event"),
    }


def test_what_a_dishonest_maker_changes_is_found(make: Make) -> None:
    members = opened(make())
    assert check(packed(members)).status == 0
    for name, (changed, code) in changes(members).items():
        report = check(packed({**members, **changed}))
        assert code in codes(report), name
        assert report.status == 1, name


def test_an_unchanged_package_listed_by_a_stranger_is_not_his(make: Make) -> None:
    members = opened(make())
    assert "bad-maker" in codes(check(packed(members, signer="nobody")))
    assert "bad-event" in codes(check(packed(members, signer=SENDER)))  # the trail is another facility's


def test_what_proves_nothing_is_named(make: Make) -> None:
    members = opened(make()) | {"notes.txt": b"x", "parts/" + "0" * 64: b"y"}
    report = check(packed(members))
    assert report.status == 0
    named = {step.en.split()[0] for step in report.steps if step.code == "proves-nothing"}
    assert named == {"notes.txt", "parts/" + "0" * 64}


# Keys: valid, rotated, revoked, doubtful


def test_a_key_that_was_rotated_later_still_proves(make: Make) -> None:
    found = world.Directory()
    for facility in (HUB, SENDER, RECEIVER):
        found.enter(facility, moment(-86_400))
    found.sign(moment(-3600))
    found.change(SENDER, until=moment(2_000))
    found.enter(SENDER, moment(2_000), "24011 second key")
    found.sign(moment(2_000))
    assert check(make(directory=found)).status == 0


@pytest.mark.parametrize(("until", "good"), [(299, False), (300, False), (301, True)])
def test_a_key_that_was_replaced_counts_for_what_it_signed_before(
    make: Make, until: float, good: bool
) -> None:
    """The message was created at 300 s and accepted at 302 s."""
    found = world.directory()
    found.change(SENDER, until=moment(until))
    found.sign(moment(4_000))
    report = check(make(world.transfer()[:1], directory=found))
    assert codes(report) == (set() if good else {"bad-manifest"})


def test_a_message_of_a_key_that_had_not_begun_at_the_hub_is_found(make: Make) -> None:
    found = world.directory()
    found.nodes[1]["from"] = moment(303)
    found.sign(moment(4_000))
    assert codes(check(make(world.transfer()[:1], directory=found))) == {"bad-manifest"}


@pytest.mark.parametrize(
    ("at", "since", "status", "code"),
    [
        (301, None, 1, "bad-manifest"),
        (302, None, 1, "bad-manifest"),
        (303, None, 0, "key-revoked-later"),
        (2_000, 299, 3, "key-doubtful"),
        (2_000, 906, 0, "key-revoked-later"),
    ],
)
def test_a_revoked_key_is_judged_by_the_hubs_time(
    make: Make, at: float, since: float | None, status: int, code: str
) -> None:
    """The message was created at 300 s and accepted at 302 s."""
    messages = world.transfer()[:1]
    found = world.directory()
    found.change(SENDER, revoked={"at": moment(at), "why": "lost", "since": moment(since) if since else None})
    found.sign(moment(4_000))
    report = check(make(messages, directory=found))
    assert report.status == status
    assert code in codes(report, "broken", "missing", "note")
    assert ("proven-sent" in {step.code for step in report.proven}) == (status == 0)


def test_the_hub_may_rotate_its_key_and_the_pinned_one_may_be_old_or_new(make: Make) -> None:
    found = world.directory()
    found.change(HUB, until=moment(10_000))
    found.enter(HUB, moment(5_000), "hub second key")
    found.sign(moment(5_000))
    found.sign(moment(6_000), signer="hub second key")
    data = make(directory=found)
    for kid in (HUB_KEY, key_of("hub second key").kid):
        assert verify.verify(io.BytesIO(data), [kid], ROOTS).status == 0


def test_a_hub_key_that_was_revoked_signs_no_directory(make: Make) -> None:
    found = world.directory()
    found.enter(HUB, moment(3_700), "hub second key")
    found.change(HUB, revoked={"at": moment(3_900), "why": "stolen", "since": None})
    found.sign(moment(3_950), signer=HUB)
    assert "bad-directory" in codes(check(make(directory=found)))


def test_a_directory_that_forks_is_found(make: Make) -> None:
    found = world.directory()
    number, at, _, jws = found.signed[0]
    found.signed = [(number, at, "ab" * 32, jws)]
    found.sign(moment(3_700))
    assert "directory-forked" in codes(check(make(directory=found)))


def test_without_any_directory_nothing_is_proven(make: Make) -> None:
    report = check(make(directory=world.Directory()))
    assert report.status == 1
    assert "no-directory" in codes(report, "missing")
    assert report.proven == []


# The sender's numbers


def test_numbers_that_follow_and_numbers_that_fork(make: Make) -> None:
    first = world.send(1, SENDER, RECEIVER, 300, [b"1"])
    second = world.send(2, SENDER, RECEIVER, 400, [b"2"], seq=2, prev=first.digest)
    fork = world.send(3, SENDER, RECEIVER, 500, [b"3"], seq=2, prev=first.digest)
    report = check(make([first, second]))
    assert "follows" in codes(report, "holds")
    members = opened(packed(opened(make_again([first, second, fork]))))
    report = check(packed(members))
    assert "forked" in codes(report)


def make_again(messages: list[Sent]) -> bytes:
    """The package with further messages, which are entered beside those that are here."""
    from django.conf import settings as django

    from lienthong.exchange.evidence import package

    world.store(django.NODE.home, world.Directory(), messages[2:])
    out = io.BytesIO()
    package.build(LOOP, out, with_content=True)
    return out.getvalue()


@pytest.mark.parametrize("prev", ["ab" * 32])
def test_a_first_message_that_follows_another_forks(make: Make, prev: str) -> None:
    assert "forked" in codes(check(make([world.send(1, SENDER, RECEIVER, 300, [b"1"], prev=prev)])))
    assert prev != NOTHING


# Bits


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(min_value=0), bit=st.integers(0, 7), back=st.booleans())
def test_no_bit_of_a_package_is_free(package: bytes, place: int, bit: int, back: bool) -> None:
    at = place % len(package)
    at = len(package) - 1 - at if back else at
    changed = package[:at] + bytes([package[at] ^ 1 << bit]) + package[at + 1 :]
    assert check(changed).status == 1


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_of_a_member_is_free_even_when_the_list_is_signed_anew(
    package: bytes, data: st.DataObject
) -> None:
    """Only README, names and what proves nothing may change then: no signed fact does."""
    members = opened(package)
    name = data.draw(st.sampled_from(sorted(set(members) - {verify.INDEX, "README.md"})))
    at = data.draw(st.integers(0, len(members[name]) - 1))
    value = data.draw(st.integers(0, 255))
    assume(value != members[name][at])
    changed = members[name][:at] + bytes([value]) + members[name][at + 1 :]
    report = check(packed({**members, name: changed}))
    before = check(package)
    if report.status == 0:
        assert name.endswith((".tsr", ".json"))  # DER and JSON that say the same in other bytes
        assert report.messages == before.messages
        assert {step.en for step in report.proven} == {step.en for step in before.proven}


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300), st.integers(min_value=0), st.integers(0, 400))
def test_anything_else_is_refused_and_never_raises(package: bytes, junk: bytes, place: int, cut: int) -> None:
    at = place % len(package)
    assert check(junk).status == 1
    assert check(package + junk).status == (0 if not junk else 1)
    assert check(package[:at] + junk + package[at + cut :]).status in ((0, 1) if len(junk) == cut else (1,))


@settings(max_examples=100)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.floats(),
        lambda inside: (
            st.lists(inside, max_size=3) | st.dictionaries(st.text(max_size=6), inside, max_size=3)
        ),
        max_leaves=6,
    ),
    st.sampled_from([verify.MANIFEST, verify.ACCEPTANCE, verify.RECEIPT, verify.DIRECTORY, verify.PACKAGE]),
)
def test_signed_nonsense_is_a_fault_and_no_crash(value: Any, typ: str) -> None:
    signed = key_of(SENDER).jws(plain.dumps(value).encode(), typ)
    with pytest.raises(verify.Fault):
        verify.shaped(verify.read_jws(signed.encode(), typ))


def test_a_year_beyond_the_calendar_is_a_fault() -> None:
    for at in ("9999-12-31T23:59:59.000Z", "0001-01-01T00:00:00.000Z", "2025-02-30T00:00:00.000Z"):
        assert not verify._moment(at)


def test_json_that_can_be_read_in_two_ways_is_refused() -> None:
    for text in (b'{"a":1,"a":2}', b'{"a":NaN}', b"[1]", b'{"a":' * 100_000, b"\xff{}"):
        with pytest.raises(verify.Fault):
            verify.parse(text)


def test_a_zip_of_another_make_is_refused(package: bytes) -> None:
    members = opened(package)
    for options in ({"compression": zipfile.ZIP_DEFLATED}, {}):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", **options) as file:  # type: ignore[arg-type]
            for name, data in members.items():
                file.writestr(name, data)
        assert codes(check(out.getvalue())) == {"not-a-package"}


@pytest.mark.parametrize(
    "name", ["../x", "/x", "a//b", "a/../b", "C:x", "a\\b", ".x", "a b", "a/b/c/d/e", "é"]
)
def test_names_that_lead_elsewhere_are_refused(name: str) -> None:
    raw = name.encode("latin-1")
    head = verify._LOCAL.pack(b"PK\x03\x04", 20, 0, 0, 0, verify._DAY, 0, 0, 0, len(raw), 0) + raw
    numbers = (20, 20, 0, 0, 0, verify._DAY, 0, 0, 0, len(raw), 0, 0, 0, 0, 0, 0)
    entry = verify._CENTRAL.pack(b"PK\x01\x02", *numbers) + raw
    end = verify._END.pack(b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(head), 0)
    with pytest.raises(verify.Fault, match="name"):
        verify.Package(io.BytesIO(head + entry + end))


# Independent means


def test_the_file_runs_alone(package: bytes, tmp_path: Path) -> None:
    """A copy elsewhere, in a Python that knows nothing of this project, and by ``lienthong verify``."""
    (tmp_path / "verify.py").write_bytes(PROGRAM.read_bytes())
    (tmp_path / "p.zip").write_bytes(package)
    (tmp_path / "ca.pem").write_bytes(fixed_tsa.root_pem())
    words = ["p.zip", "--hub-key", HUB_KEY, "--tsa-ca", "ca.pem", "--json"]
    alone = subprocess.run(
        [sys.executable, "-I", "verify.py", *words],
        cwd=tmp_path,
        capture_output=True,
        env={"PYTHONUTF8": "1"},
    )
    assert alone.returncode == 0, alone.stderr
    told = plain.loads(alone.stdout)
    assert (told["verdict"], told["status"], len(told["messages"])) == ("valid", 0, 2)
    command = [sys.executable, "-m", "lienthong.config.cli", "verify", "p.zip", "--lang", "en"]
    source = str(PROGRAM.parents[3])
    environment = {"PYTHONPATH": source, "PYTHONUTF8": "1"}
    ours = subprocess.run(command, cwd=tmp_path, capture_output=True, env=environment)
    assert ours.returncode == 0, ours.stderr
    assert b"VALID" in ours.stdout
    assert not list(tmp_path.glob("var*"))
    (tmp_path / "p.zip").write_bytes(package[:-1])
    assert subprocess.run([*command], cwd=tmp_path, capture_output=True, env=environment).returncode == 1


def test_the_file_imports_the_standard_library_and_cryptography_only() -> None:
    import ast

    found = set()
    for node in ast.walk(ast.parse(PROGRAM.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").split(".")[0])
    assert found - set(sys.stdlib_module_names) == {"cryptography"}


def test_openssl_finds_the_same_signatures_and_the_same_stamp_right(package: bytes, tmp_path: Path) -> None:
    members = opened(package)
    owners = {"manifest": SENDER, "acceptance": HUB, "receipt": RECEIVER}
    for name, owner in owners.items():
        header, body, signature = members[f"{folder(world.transfer()[0])}/{name}.jws"].decode().split(".")
        public = world.seeded(owner).public_key()
        form = world.serialization.PublicFormat.SubjectPublicKeyInfo
        (tmp_path / "key.pem").write_bytes(public.public_bytes(world.serialization.Encoding.PEM, form))
        (tmp_path / "signed").write_bytes(f"{header}.{body}".encode())
        (tmp_path / "signature").write_bytes(verify._base64url(signature))
        words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in", "signed"]
        done = subprocess.run([*words, "-sigfile", "signature"], cwd=tmp_path, capture_output=True)
        assert done.returncode == 0, done.stderr
    (tmp_path / "tsr").write_bytes(members["audit/batch-1.tsr"])
    (tmp_path / "data").write_bytes(members["audit/batch-1.json"])
    (tmp_path / "ca.pem").write_bytes(fixed_tsa.root_pem())
    words = ["openssl", "ts", "-verify", "-in", "tsr", "-data", "data", "-CAfile", "ca.pem"]
    assert subprocess.run(words, cwd=tmp_path, capture_output=True).returncode == 0


def test_the_committed_package_is_what_the_code_makes_and_passes(make: Make, package: bytes) -> None:
    """``LIENTHONG_WRITE_VECTORS=1`` writes it anew."""
    import os

    made = make()
    target = Path(__file__).parent.parent / "data" / "evidence" / "transfer.zip"
    if os.environ.get("LIENTHONG_WRITE_VECTORS"):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(made)
        (target.parent / "tsa-root.pem").write_bytes(fixed_tsa.root_pem())
    assert made == target.read_bytes()
    assert (target.parent / "tsa-root.pem").read_bytes() == fixed_tsa.root_pem()
    assert check(made).status == 0
