"""The ``lienthong`` command."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from datetime import date
from pathlib import Path

DEMO_FOLDER = Path("var/demo")


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    status: int = options.run(options)
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
    serve.add_argument("--with-parent", action="store_true", help="end when the starting process ends")
    serve.set_defaults(run=_run_serve)
    _account(commands.add_parser("account", help="enter an account at a node"))
    audit = commands.add_parser("audit", help="check the chain of a node's audit trail")
    _home(audit)
    audit.set_defaults(run=_run_audit)
    _reconcile(commands.add_parser("reconcile", help="check what is kept of messages, compare, mend"))
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


def _run_audit(options: argparse.Namespace) -> int:
    from lienthong.config import setup

    setup.use(options.home)
    from lienthong.access import audit

    broken = audit.broken_at()
    if broken is None:
        print("Chuỗi nhật ký nguyên vẹn. / The audit chain holds.")
        return 0
    print(
        f"Chuỗi nhật ký bị đứt ở sự kiện {broken}. / The audit chain is broken at event {broken}.",
        file=sys.stderr,
    )
    return 1


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
