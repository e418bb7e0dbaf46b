"""What people do at a node beside its processes: in a process that goes on, one command after the other.

To start one anew for each command would cost more than all the commands.
"""

from __future__ import annotations

import json
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lienthong.config import setup

PIPES: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
"""With these a process that calls ``serve`` is started."""


def ask(console: subprocess.Popen[bytes], command: str, *more: Any) -> Any:
    """Has a command done; what came of it."""
    assert console.stdin is not None
    assert console.stdout is not None
    console.stdin.write(json.dumps([command, *more]).encode() + b"\n")
    console.stdin.flush()
    answer = console.stdout.readline()
    assert answer, f"{command} was not done"
    return json.loads(answer)


def end(console: subprocess.Popen[bytes]) -> None:
    """Ends a console that has nothing to do."""
    console.communicate()


def serve(home: Path, commands: dict[str, Callable[..., Any]]) -> None:
    """Does what is asked at the node in ``home``; ends at the first command that raises."""
    setup.use(home)
    for line in sys.stdin:
        command, *more = json.loads(line)
        try:
            answer = json.dumps(commands[command](*more), default=str)
        except Exception:
            traceback.print_exc()
            sys.exit(1)
        print(answer, flush=True)
