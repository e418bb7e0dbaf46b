"""The ``lienthong`` command."""

from __future__ import annotations

import argparse
import getpass
import importlib.util
import os
import sys
from datetime import date, datetime
from pathlib import Path

DEMO_FOLDER = Path("var/demo")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    words = sys.argv[1:] if arguments is None else arguments
    if words[:1] == ["verify"]:
        return _verify(words[1:])
    options = _parser().parse_args(words)
    status: int = options.run(options)
    return status


def _verify(words: list[str]) -> int:
    """Runs the program that checks evidence packages as it runs by itself: no node, no settings."""
    path = Path(__file__).resolve().parent.parent / "exchange" / "evidence" / "verify.py"
    spec = importlib.util.spec_from_file_location("lienthong_verify", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    program = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = program
    spec.loader.exec_module(program)
    status: int = program.main(words)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lienthong", description="Liên Thông: hồ sơ bệnh án liên thông của một tỉnh."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _demo(commands.add_parser("demo", help="a province on this machine, with invented patients"))
    _init(commands.add_parser("init", help="make a node: folder, key, database, directory"))
    serve = commands.add_parser("serve", help="run a node until Ctrl-C")
    _home(serve)
    serve.add_argument(
        "--with-parent", type=int, default=0, metavar="PID", help="end when that starting process ends"
    )
    serve.set_defaults(run=_run_serve)
    _account(commands.add_parser("account", help="enter an account at a node"))
    _join(commands.add_parser("join", help="site: join a hub with the code from the Department of Health"))
    _cut_off(commands.add_parser("cut-off", help="hub: cut a compromised or lost site off"))
    rotate = commands.add_parser("rotate-keys", help="renew the keys of a node without a break")
    _home(rotate)
    rotate.set_defaults(run=_run_rotate)
    audit = commands.add_parser("audit", help="check the chain of a node's audit trail")
    _home(audit)
    audit.add_argument(
        "--full", action="store_true", help="from the first event, not from the last checked stamp"
    )
    audit.set_defaults(run=_run_audit)
    _send_again(commands.add_parser("send-again", help="send or try again what was set aside or refused"))
    give_up = commands.add_parser("give-up", help="close a message that was set aside or refused")
    _home(give_up)
    give_up.add_argument("message", metavar="MESSAGE")
    give_up.add_argument("--why", required=True, help="the reason, for the audit trail")
    give_up.set_defaults(run=_run_give_up)
    _reconcile(commands.add_parser("reconcile", help="check what is kept of messages, compare, mend"))
    _report(commands.add_parser("report", help="hub: the report of a period as DOCX and PDF"))
    _evidence(commands.add_parser("evidence", help="write the evidence package of a message or a transfer"))
    commands.add_parser("verify", help="check an evidence package: lienthong verify FILE", add_help=False)
    _drill(commands.add_parser("drill", help="make a province fail on purpose, and count what arrived"))
    his_xml = commands.add_parser(
        "his-xml", help="the insurance XML: check files, make invented ones, read again"
    )
    _his_xml(his_xml.add_subparsers(required=True, metavar="WHAT"))
    return parser


def _home(parser: argparse.ArgumentParser) -> None:
    default = os.environ.get("LIENTHONG_HOME")
    parser.add_argument(
        "--home",
        type=Path,
        default=Path(default) if default else None,
        required=not default,
        help="the node's folder",
    )


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir", type=Path, default=DEMO_FOLDER, help="folder of the province (default %(default)s)"
    )
    parser.add_argument("--port", type=int, default=8710, help="first of four ports (default %(default)s)")
    parser.add_argument("--exit", action="store_true", help="stop when the last receipt is there")
    parser.add_argument("--json", action="store_true", help="say the result as one JSON line")
    parser.add_argument(
        "--ready-json",
        action="store_true",
        help="print addresses and accounts as one JSON line when all is there",
    )
    parser.add_argument("--seconds", type=float, default=900, help="give up after (default %(default)s)")
    parser.set_defaults(run=_run_demo)


def _run_demo(options: argparse.Namespace) -> int:
    from lienthong.config import demo

    return demo.run(
        options.dir,
        port=options.port,
        leave=options.exit,
        as_json=options.json,
        ready_json=options.ready_json,
        patience=options.seconds,
    )


def _init(parser: argparse.ArgumentParser) -> None:
    _home(parser)
    parser.add_argument("--role", choices=["hub", "site"], required=True)
    parser.add_argument("--facility", required=True, help="MA_CSKCB of the hospital, or the hub's short name")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8710)
    parser.add_argument("--hub-url", default="")
    parser.add_argument("--database", default="", help="postgresql://…; embedded SQLite when left out")
    parser.add_argument("--names", default="", help="host names people use, separated by commas")
    parser.add_argument(
        "--tls-certificate", default="", help="PEM file; without it a server in front ends TLS"
    )
    parser.add_argument("--tls-key", default="", help="PEM file of the certificate's key")
    parser.add_argument(
        "--plain-http", action="store_true", help="pages without HTTPS: for a trial on one machine"
    )
    parser.set_defaults(run=_run_init)


def _run_init(options: argparse.Namespace) -> int:
    from lienthong.config import node, setup

    config = node.NodeConfig(
        home=options.home.absolute(),
        role=options.role,
        facility=options.facility,
        host=options.host,
        port=options.port,
        hub_url=options.hub_url,
        database=options.database,
        names=options.names,
        tls_certificate=options.tls_certificate,
        tls_key=options.tls_key,
        secure=not options.plain_http,
    )
    setup.init(config)
    print(f"{config.home}: {config.role} {config.facility}, kid {setup.signing_key(config.home).kid}")
    return 0


def _run_serve(options: argparse.Namespace) -> int:
    from lienthong.config import serve

    return serve.run(options.home, with_parent=options.with_parent)


def _account(parser: argparse.ArgumentParser) -> None:
    _home(parser)
    parser.add_argument("username")
    parser.add_argument("full_name")
    parser.add_argument("roles", nargs="+", help="doctor nurse it head protection department")
    parser.set_defaults(run=_run_account)


def _run_account(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.access import accounts, audit
    from lienthong.access.models import Role
    from lienthong.foundation.errors import LienThongError

    password = (
        getpass.getpass("Mật khẩu / Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    )
    roles = [Role(role) for role in options.roles]
    by = audit.system("command-line")
    try:
        accounts.create_account(options.username, options.full_name, password, roles, by=by, must_change=True)
    except LienThongError as error:
        print(f"{error.problem.vi}\n{error.problem.en}", file=sys.stderr)
        return 1
    return 0


def _join(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", help="as printed: seven groups, @, the hub's address")
    _home(parser)
    parser.add_argument(
        "--no-wait", action="store_true", help="do not wait for the approval; a running site asks by itself"
    )
    parser.set_defaults(run=_run_join)


def _run_join(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.config import trust_commands

    return trust_commands.join(options.code, wait=not options.no_wait)


def _cut_off(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("facility", help="code of the facility whose site is cut off")
    _home(parser)
    parser.add_argument("--reason", required=True, help="every site can read it")
    parser.add_argument(
        "--since",
        type=datetime.fromisoformat,
        help="ISO 8601: what it signed from then on is shown as doubtful",
    )
    parser.set_defaults(run=_run_cut_off)


def _run_cut_off(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.config import trust_commands

    return trust_commands.cut_off(options.facility, options.reason, options.since)


def _run_rotate(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.config import trust_commands

    return trust_commands.rotate_keys()


def _run_audit(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.access import timestamps

    found = timestamps.check(full=options.full)
    span = f"{found.since + 1}–{found.since + found.events}" if found.events else "–"
    print(f"Sự kiện đã kiểm tra / events checked: {span}")
    print(
        f"Có dấu thời gian đến sự kiện / stamped up to event: {found.stamped} {found.stamped_at};"
        f" lô đang chờ / batches waiting: {found.waiting}"
    )
    if found.broken is not None:
        print(
            f"Chuỗi nhật ký bị đứt ở sự kiện {found.broken}. / The audit chain is broken at event {found.broken}.",
            file=sys.stderr,
        )
    if found.bad_batch is not None:
        print(
            f"Lô {found.bad_batch} không khớp với nhật ký hoặc dấu thời gian của nó."
            f" / Batch {found.bad_batch} does not fit the trail or its time-stamp.",
            file=sys.stderr,
        )
    if not found.holds:
        return 1
    print("Chuỗi nhật ký nguyên vẹn. / The audit chain holds.")
    return 0


def _evidence(parser: argparse.ArgumentParser) -> None:
    _home(parser)
    parser.add_argument("reference", metavar="MESSAGE_OR_LOOP")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE")
    parser.add_argument("--without-content", action="store_true", help="hashes only, no clinical content")
    parser.add_argument("--why", default="command-line", help="purpose, for the audit trail")
    parser.set_defaults(run=_run_evidence)


def _run_evidence(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.access import audit
    from lienthong.foundation.errors import LienThongError
    from lienthong.transfers import evidence

    partial = options.out.with_name(f".{options.out.name}.part")
    try:
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            built = evidence.take(
                options.reference,
                out,
                with_content=not options.without_content,
                actor=audit.system("command-line"),
                why=options.why,
            )
        partial.replace(options.out)
    except LienThongError as error:
        print(f"{error.problem.vi}\n{error.problem.en}", file=sys.stderr)
        return 1
    finally:
        partial.unlink(missing_ok=True)
    print(f"{options.out}: {built.size} B, SHA-256 {built.sha256}")
    print(f"{len(built.messages)} gói tin / messages, {built.parts} nội dung / contents")
    return 0


def _report(parser: argparse.ArgumentParser) -> None:
    _home(parser)
    parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, metavar="DATE")
    parser.add_argument(
        "--to", dest="last", type=date.fromisoformat, required=True, metavar="DATE", help="day of the closing"
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument(
        "--kind",
        choices=["fortnight", "levels", "health-book"],
        default="fortnight",
        help="default %(default)s",
    )
    parser.set_defaults(run=_run_report)


def _run_report(options: argparse.Namespace) -> int:
    from lienthong.config import node, setup

    if node.load(options.home).role != "hub":
        print(
            f"{options.home} không phải là thư mục của trục tỉnh. / {options.home} is no folder of a hub.",
            file=sys.stderr,
        )
        return 1
    setup.use(options.home)
    setup.migrate()
    from lienthong.config import report_command

    return report_command.run(options.kind, options.first, options.last, options.out)


def _drill(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=_seeds, default="1-25", metavar="A-B", help="default %(default)s")
    parser.add_argument("--json", action="store_true", help="the counts as one JSON line, as the last line")
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite", help="of the hub")
    parser.add_argument("--hub-processes", type=int, default=1, metavar="N", help="web processes of the hub")
    parser.add_argument(
        "--only", action="append", default=[], metavar="KIND", help="this kind of event; may be repeated"
    )
    parser.add_argument("--keep", action="store_true", help="keep the folders of runs that held, too")
    parser.add_argument("--stop", action="store_true", help="stop at the first run that does not hold")
    parser.add_argument(
        "--patience",
        type=float,
        default=150,
        metavar="SECONDS",
        help="for the rest to arrive (default %(default)s)",
    )
    parser.set_defaults(run=_run_drill)


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    found = range(int(first), int(last or first) + 1)
    if not found:
        raise ValueError(text)
    return found


def _run_drill(options: argparse.Namespace) -> int:
    from lienthong.config.drill import command

    return command.run(
        options.seeds,
        postgresql=options.database == "postgresql",
        processes=options.hub_processes,
        only=tuple(options.only),
        keep=options.keep,
        patience=options.patience,
        stop=options.stop,
        as_json=options.json,
    )


def _send_again(parser: argparse.ArgumentParser) -> None:
    _home(parser)
    parser.add_argument("messages", nargs="*", metavar="MESSAGE", help="ids, in the order of sending")
    parser.add_argument("--all", action="store_true", help="all that were set aside or refused")
    parser.set_defaults(run=_run_send_again)


def _run_send_again(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.access import audit
    from lienthong.exchange import again
    from lienthong.foundation.errors import LienThongError

    failed = 0
    for message in again.open_messages() if options.all else options.messages:
        try:
            print(f"{message} → {again.again(message, actor=audit.system('command-line'))}")
        except LienThongError as error:
            failed += 1
            print(f"{message}: {error.problem.vi} / {error.problem.en}", file=sys.stderr)
    return 1 if failed else 0


def _run_give_up(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.access import audit
    from lienthong.exchange import again
    from lienthong.foundation.errors import LienThongError

    try:
        again.give_up(options.message, why=options.why, actor=audit.system("command-line"))
    except LienThongError as error:
        print(f"{error.problem.vi}\n{error.problem.en}", file=sys.stderr)
        return 1
    return 0


def _reconcile(parser: argparse.ArgumentParser) -> None:
    _home(parser)
    parser.add_argument(
        "--now", action="store_true", help="begin at once, show how it goes on, wait for its end"
    )
    parser.add_argument("--json", action="store_true", help="say the result as one JSON line")
    parser.add_argument(
        "--seconds", type=float, default=3600, help="with --now, wait at most so long (default %(default)s)"
    )
    parser.set_defaults(run=_run_reconcile)


def _run_reconcile(options: argparse.Namespace) -> int:
    from lienthong.config import reconcile

    return reconcile.run(options.home, now=options.now, as_json=options.json, patience=options.seconds)


def _his_xml(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    check = commands.add_parser("check", help="read as the connector would, write nothing")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    check.add_argument("--json", action="store_true", help="one JSON line a dossier")
    check.set_defaults(run=_run_check)
    make = commands.add_parser("make", help="invented exports")
    make.add_argument("--dossiers", type=int, required=True, metavar="N")
    make.add_argument("--seed", type=int, required=True, metavar="S")
    make.add_argument("--out", type=Path, required=True, metavar="DIR")
    make.add_argument("--facility", default="24011")
    make.add_argument("--transfers", type=int, default=0, help="so many of them are transfers to Bạch Mai")
    make.add_argument("--start", type=date.fromisoformat, default=date(2025, 1, 12))
    make.add_argument("--end", type=date.fromisoformat, default=date(2025, 2, 16))
    make.add_argument("--edition", choices=["130", "4750", "3176"])
    make.set_defaults(run=_run_make)
    replay = commands.add_parser("replay", help="read kept exports again, e.g. after a corrected mapping")
    _home(replay)
    replay.add_argument("sha256", nargs="*", help="which exports; all of them when none is named")
    replay.set_defaults(run=_run_replay)


def _run_check(options: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lienthong.config.settings")
    from lienthong.connectors.his_xml import check_command

    return check_command.run(options.files, options.json)


def _run_make(options: argparse.Namespace) -> int:
    from lienthong.connectors.his_xml import make

    paths = make.write_exports(
        options.out,
        count=options.dossiers,
        seed=options.seed,
        facility=options.facility,
        start=options.start,
        end=options.end,
        edition=options.edition,
        transfers=options.transfers,
    )
    print(f"{options.dossiers} hồ sơ trong {len(paths)} tệp / dossiers in {len(paths)} files: {options.out}")
    return 0


def _run_replay(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.connectors.his_xml import intake

    for export in intake.replay(options.sha256):
        print(f"{export.name}: {export.stored} lưu / stored, {export.refused} từ chối / refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
