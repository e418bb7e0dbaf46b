"""The watched folder: the HIS drops exports, finished ones go to ``done/``, refused ones to ``refused/``.

A file is taken when it is completely written: its size and time stood still between two looks and it ends with a
closing root element. One that stands still without it is taken after :data:`PATIENCE` seconds, and then refused with
the reason. While there is no room for more, files stay where they are.
"""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from django.db import close_old_connections

from lienthong.connectors.his_xml import intake
from lienthong.connectors.his_xml.models import Export, Finding
from lienthong.connectors.his_xml.report import write_report
from lienthong.exchange import space

PATIENCE = 60.0
LOOK_SECONDS = 0.5
_SLOWEST_LOOK = 60.0
_ENDINGS = (b"</GIAMDINHHS>", b"</CHI_TIEU_TRANG_THAI_KCB>", b"</CHI_TIEU_GIAM_DINH_YKHOA>")
_log = logging.getLogger(__name__)

Stamp = tuple[int, int]


@dataclass(slots=True)
class Folder:
    """Looks at a folder again and again.

    Attributes:
        root: where the HIS drops files; ``done`` and ``refused`` are made below it.
        patience: seconds after which a file without its end is taken as it is.
    """

    root: Path
    patience: float = PATIENCE
    _seen: dict[Path, tuple[Stamp, float]] = field(default_factory=dict)
    _put_off: dict[Path, tuple[float, float]] = field(default_factory=dict)
    _no_room: bool = False

    def __post_init__(self) -> None:
        for folder in (self.root, self.done, self.refused):
            folder.mkdir(parents=True, exist_ok=True)

    @property
    def done(self) -> Path:
        """Files that were read whole, with every dossier taken."""
        return self.root / "done"

    @property
    def refused(self) -> Path:
        """Files of which something was refused, each with its report."""
        return self.root / "refused"

    def run(self, stop: threading.Event) -> None:
        """Looks and takes until ``stop``; a fault waits and tries again, longer each time."""
        pause = LOOK_SECONDS
        while not stop.is_set():
            try:
                close_old_connections()
                took = self.look(stop)
                pause = LOOK_SECONDS
                if took:
                    continue
            except Exception:
                _log.exception("the export folder cannot be read now; trying again in %.0f s", pause)
                pause = min(pause * 2, _SLOWEST_LOOK)
            stop.wait(pause)

    def look(self, stop: threading.Event | None = None) -> int:
        """Takes every complete file, oldest first; returns how many.

        A file that cannot be taken now waits, longer each time, and holds up no other.
        """
        took = 0
        files = sorted(self._files(), key=lambda f: (f[1][1], f[0].name))
        self._seen = {path: self._seen[path] for path, _ in files if path in self._seen}
        for path, stamp in files:
            if stop is not None and stop.is_set():
                break
            due, pause = self._put_off.get(path, (0.0, LOOK_SECONDS))
            if time.monotonic() < due or not self._complete(path, stamp) or not self._room_for(stamp[0]):
                continue
            try:
                self.take(path)
            except Exception as error:
                if isinstance(error, space.NoRoom) or space.disk_failed(error):
                    self._say_no_room(str(error))
                else:
                    _log.exception("%r cannot be taken now; trying again in %.0f s", path.name, pause)
                self._put_off[path] = (time.monotonic() + pause, min(pause * 2, _SLOWEST_LOOK))
                continue
            self._put_off.pop(path, None)
            self._no_room = False
            took += 1
        return took

    def _room_for(self, size: int) -> bool:
        problem = space.input_problem(size)
        if problem is not None:
            self._say_no_room(problem.en)
        return problem is None

    def _say_no_room(self, why: str) -> None:
        if not self._no_room:
            _log.warning("exports stay in the folder until there is room: %s", why)
        self._no_room = True

    def _files(self) -> list[tuple[Path, Stamp]]:
        found = []
        for path in self.root.iterdir():
            if path.suffix.lower() == ".xml" and not path.name.startswith(".") and path.is_file():
                try:
                    stat = path.stat()
                except FileNotFoundError:
                    continue
                found.append((path, (stat.st_size, stat.st_mtime_ns)))
        return found

    def _complete(self, path: Path, stamp: Stamp) -> bool:
        last = self._seen.get(path)
        if last is None or last[0] != stamp:
            self._seen[path] = (stamp, time.monotonic())
            return False
        return _ended(path) or time.monotonic() - last[1] >= self.patience

    def take(self, path: Path) -> Export:
        """Reads one file and moves it; a report goes beside a refused one."""
        export = intake.take(path)
        done = export.state == Export.State.DONE
        place = _free((self.done if done else self.refused) / path.name, export.sha256)
        if not done:
            findings = Finding.objects.filter(export=export).order_by("position", "id")
            write_report(place, export, list(findings))
        path.replace(place)
        self._seen.pop(path, None)
        return export


def _ended(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 4096))
        return file.read().rstrip(b" \t\r\n\0").endswith(_ENDINGS)


def _free(place: Path, sha256: str) -> Path:
    """The place itself, or beside another file of that name, one with the content's hash in its name."""
    return place.with_name(f"{place.stem}.{sha256[:12]}{place.suffix}") if place.exists() else place
