"""The rehearsal county: a real server process, three people's laptops, edits that meet, and the
review.

The story runs on the sample rosters in tui/data/demo (nobody in them exists). Everything lives in a
temporary folder that is gone afterwards.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schema.kinds import KINDS
from sync.language import N_
from sync.session import Session
from tui.paths import home_at

DATA = Path(__file__).with_name("data") / "demo"
COUNTY = "510811"
SCHOOL = "太公镇中心小学"
SCHOOL_TOWNSHIP = "510811105"
ROSTERS_OF_THE_COUNTY = ("village-ledger.xlsx", "township-summary.csv")
ROSTER_OF_THE_SCHOOL = "school-roster.xlsx"
TEACHER, DIRECTOR, ADMIN = "周晓燕", "何秀英", "陈德福"
PEOPLE = {"teacher": TEACHER, "director": DIRECTOR, "admin": ADMIN}

Tell = Callable[[str], None]


class StoryBroke(Exception):
    """Something in the story did not hold; the message says what."""


@dataclass
class Story:
    """What happened, as `--json` prints it."""

    imported: int = 0
    devices: int = 0
    meetings: list[dict[str, Any]] = field(default_factory=list)
    resolved: int = 0
    digests_equal: bool = False
    seconds: float = 0.0


def _environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONIOENCODING": "utf-8", **more}


class County:
    """The server in a process of its own."""

    def __init__(self, folder: Path, password: str) -> None:
        self.folder = folder
        self.password = password
        self.process: subprocess.Popen[str] | None = None
        self.address = ""

    def call(self, *words: str, with_password: bool = False) -> str:
        """Run `cuncao-server` with these words; its stdout."""
        command = [sys.executable, "-m", "server", *words]
        if with_password:
            command.append("--password-stdin")
        done = subprocess.run(  # noqa: S603 - our own program
            command,
            input=self.password + "\n" if with_password else "",
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=_environment(CUNCAO_SERVER_HOME=str(self.folder)),
            check=False,
        )
        if done.returncode:
            raise StoryBroke(f"cuncao-server {words[0]}: {done.stderr.strip()[-500:]}")
        return done.stdout

    def start(self) -> None:
        log = open(self.folder / "demo.log", "w", encoding="utf-8")  # noqa: SIM115 - the process's
        with log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "server", "run", "--port", "0"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                encoding="utf-8",
                env=_environment(CUNCAO_SERVER_HOME=str(self.folder)),
            )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if "listening on " not in line:
            raise StoryBroke("the server did not start")
        self.address = line.split()[-1]

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None


class Rehearsal:
    """The county, its three people and what they do."""

    def __init__(self, folder: Path, tell: Tell) -> None:
        self.folder = folder
        self.tell = tell
        self.passphrase = secrets.token_urlsafe(12)
        self.county = County(folder / "county", self.passphrase)
        self.sessions: dict[str, Session] = {}
        self.story = Story()

    def close(self) -> None:
        for session in self.sessions.values():
            session.close()
        self.county.stop()

    # -- the county and its people

    def set_up(self) -> None:
        self.tell(N_("建县：昭化区，到村"))
        self.county.folder.mkdir(parents=True)
        self.county.call(
            "init", "--divisions", str(DATA / f"{COUNTY}.csv"), "--admin", ADMIN, with_password=True
        )
        import json

        made = self.county.call("school", "add", SCHOOL, "--township", SCHOOL_TOWNSHIP, "--json")
        self.school = json.loads(made)["code"]
        self._add_user(TEACHER, "teacher", self.school)
        self.county.start()
        self._log_in(ADMIN)
        self._log_in(TEACHER)

    def _add_user(self, name: str, role: str, unit: str) -> None:
        self.county.call("user", "add", name, "--role", role, "--unit", unit, with_password=True)

    def home_of(self, name: str) -> Path:
        role = next(r for r, n in PEOPLE.items() if n == name)
        return self.folder / f"laptop-{role}"

    def _log_in(self, name: str) -> None:
        home = home_at(self.home_of(name))
        session = home.login(
            self.county.address, name, self.passphrase, lambda _is_new: self.passphrase
        )
        self.sessions[name] = session
        session.sync()
        self.story.devices += 1

    # -- rosters

    def bring_in_rosters(self) -> None:
        self.tell(N_("导入三张名册"))
        self._import(TEACHER, ROSTER_OF_THE_SCHOOL, self.school)
        self._sync(TEACHER, ADMIN)
        for name in ROSTERS_OF_THE_COUNTY:
            self._import(ADMIN, name, None)
        self._sync(ADMIN, TEACHER)
        self.village = self._busiest_village()
        self._add_user(DIRECTOR, "director", self.village)
        self._log_in(DIRECTOR)

    def _import(self, name: str, roster: str, school: str | None) -> None:
        from casework import rosters

        replica = self.sessions[name].replica
        rehearsal = rosters.rehearse(replica, DATA / roster, school=school)
        self.story.imported += rosters.write(replica, rehearsal).created

    def _busiest_village(self) -> str:
        """Where most of the school's children live: there teacher and director share files."""
        counts: dict[str, int] = {}
        for row in self.sessions[TEACHER].replica.select("child"):
            if row["village"]:
                counts[row["village"]] = counts.get(row["village"], 0) + 1
        if not counts:
            raise StoryBroke("no child of the school has a village")
        return max(sorted(counts), key=lambda code: counts[code])

    # -- edits that meet

    def edit_offline(self) -> None:
        """Teacher and director, both without network, edit the same children."""
        self.tell(N_("两个人没网时各改各的"))
        teacher, director = (self.sessions[n].replica for n in (TEACHER, DIRECTOR))
        mine = {r["id"] for r in teacher.select("child")}
        shared = [r["id"] for r in director.select("child") if r["id"] in mine]
        if len(shared) < 2:
            raise StoryBroke("teacher and director share no child")
        first, second = shared[:2]
        self.shared = (first, second)
        with director.together():
            director.save("child", {"phone": "13800004471", "address": "2组 11号"}, id=first)
            director.save(
                "contact",
                {
                    "child": second,
                    "kind": "home_visit",
                    "on": time.strftime("%Y-%m-%d"),
                    "summary": "门敲了十分钟才开，屋里只有孩子，灶是冷的。",
                },
            )
            director.save("child", {"lives_with": "alone", "risk_level": "high"}, id=second)
            director.save("child", {"categories": ["guardianship_missing"]}, id=first)
        with teacher.together():
            teacher.save("child", {"phone": "13800004741", "hobbies": "画画"}, id=first)
            teacher.save("child", {"lives_with": "relatives"}, id=second)
            teacher.save("child", {"categories": ["study"]}, id=first)

    def meet(self) -> None:
        self.tell(N_("都连上网，收发"))
        self._sync(DIRECTOR, TEACHER, DIRECTOR, ADMIN)
        admin = self.sessions[ADMIN].replica
        for conflict in admin.conflicts():
            self.story.meetings.append({
                "kind": conflict.meeting,
                "field": conflict.slot,
                "values": [h.value for h in conflict.heads],
                "authors": [h.mark.author for h in conflict.heads],
            })
        view = admin.get(self.shared[0])
        assert view is not None
        for kind, names in (("parallel", ("address", "hobbies")), ("merged", ("categories",))):
            self.story.meetings.append({
                "kind": kind,
                "field": "、".join(names),
                "values": [view.values.get(n) for n in names],
                "authors": sorted({str(view.author(n)) for n in names}),
            })
        self._expect_meetings()

    def _expect_meetings(self) -> None:
        met = {(m["kind"], m["field"]): m for m in self.story.meetings}
        contested = met.get(("contested", "phone"))
        if contested is None or set(contested["values"]) != {"13800004471", "13800004741"}:
            raise StoryBroke("two phones did not meet")
        critical = met.get(("critical", "lives_with"))
        if critical is None or critical["values"][0] != "alone":
            raise StoryBroke("the more worrying value does not stand")
        if set(contested["authors"]) != {TEACHER, DIRECTOR}:
            raise StoryBroke("an author is missing")
        if met["parallel", "address、hobbies"]["values"] != ["2组 11号", "画画"]:
            raise StoryBroke("edits of different fields did not both stand")
        merged = set(met["merged", "categories"]["values"][0] or ())
        if not {"guardianship_missing", "study"} <= merged:
            raise StoryBroke("the two sets were not merged")

    def review(self) -> None:
        self.tell(N_("县里核对，定下来"))
        admin = self.sessions[ADMIN].replica
        for conflict in admin.conflicts():
            admin.resolve(conflict.id, "winner", note="电话核实过")
            self.story.resolved += 1
        self._sync(ADMIN, TEACHER, DIRECTOR)
        left = {n: len(s.replica.conflicts()) for n, s in self.sessions.items()}
        if any(left.values()):
            raise StoryBroke("a conflict is still open")

    def compare(self) -> None:
        """Everyone in step with the county, and shared files the same on every laptop."""
        reports = [s.sync() for s in self.sessions.values()]
        views = [[_content(s.replica.get(i)) for i in self.shared] for s in self.sessions.values()]
        self.story.digests_equal = all(r.in_step for r in reports) and all(
            v == views[0] for v in views
        )
        if not self.story.digests_equal:
            raise StoryBroke("the laptops do not hold the same")

    def _sync(self, *names: str) -> None:
        for name in names:
            report = self.sessions[name].sync()
            if report.rejected:
                raise StoryBroke("a change was refused")


def _content(view: Any) -> Mapping[str, Any]:
    if view is None:
        raise StoryBroke("a shared child is missing")
    kind = KINDS[view.kind]
    return {f.name: (view.values.get(f.name), view.version(f.name)) for f in kind.fields}


@contextmanager
def rehearsal(tell: Tell) -> Iterator[Rehearsal]:
    """A rehearsal in a temporary folder; everything is stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="cuncao-", ignore_cleanup_errors=True) as text:
        made = Rehearsal(Path(text), tell)
        try:
            yield made
        finally:
            made.close()


def play(tell: Tell) -> Story:
    """The whole story without a screen."""
    began = time.monotonic()
    with rehearsal(tell) as county:
        county.set_up()
        county.bring_in_rosters()
        county.edit_offline()
        county.meet()
        county.review()
        county.compare()
        story = county.story
    story.seconds = round(time.monotonic() - began, 1)
    return story
