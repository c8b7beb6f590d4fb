"""`kill -9` of either side in the middle of a save, push, pull, first fill, migration, backup or
restore.

A kill counts only when the process was killed (exit -9) and its own log says that the phase was
open: it wrote `kill KIND` just before it killed itself at a chosen point, or, killed from outside at
a random moment, `enter KIND` without `leave KIND`.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from schema.kinds import KINDS
from server.check import check
from server.store.sqlite import SqliteStore
from sync.tables import quoted, table
from tests.faults.armed import SIGKILL
from tests.faults.scene import (
    PASSWORD,
    USERS,
    Broken,
    Laptop,
    Ran,
    Scene,
    eventually,
    finish,
    open_raw,
    spawn,
)

LONG, LEAST = 200, 20
Arm = tuple[str, str]
ARMS: tuple[Arm, ...] = (
    ("save", "laptop"),
    ("push", "laptop"),
    ("push", "server"),
    ("pull", "laptop"),
    ("pull", "server"),
    ("snapshot", "laptop"),
    ("snapshot", "server"),
    ("migration", "laptop"),
    ("migration", "server"),
    ("backup", "server"),
    ("restore", "server"),
)
FIRST_GUESS = 40
"""Points of a phase, before one has been seen to its end."""
PROMISING = {"backup": ("COMMIT", "BACKUP", "replacing"), "restore": ("COMMIT", "DELETE", "INSERT")}
"""Points that are few and matter most: every fifth kill is aimed at one of them."""
TRIES = 12
"""A point beyond the end of its phase, or a moment outside, kills nothing that counts."""
FROM_OUTSIDE, AT_PROMISING = 0.25, 0.2
"""Shares of the kills; the others strike at a point chosen by number."""
SLOW_S = 0.002
"""At each point while somebody outside takes aim: a phase is then 20 to 300 ms long."""
STEP_TAKEN_BACK = "0004_sticks"
FIRST_LOGIN = 0.3
"""Share of the laptop's migrations and first fills that happen in `cuncao login`, to a new
store."""
FILL_PAGE = "20"
SEEDED = 60
"""Saves at the beginning: a first fill has several pages of 20."""


class Kills:
    """Round after round in one county that lives on."""

    def __init__(self, scene: Scene, seed: int) -> None:
        self.scene = scene
        self.rng = random.Random(seed)
        self.lengths: dict[Arm, int] = {}
        self.whole: set[Arm] = set()
        self.ran: Ran | None = None
        self.done: Counter[Arm] = Counter()
        self.where: Counter[str] = Counter()
        self.misses = self.orders = 0
        scene.start()
        self.victim = scene.laptop("李国华")
        self.others = [scene.laptop(user) for user in USERS if user != self.victim.user]
        scene.save(self.others[0], SEEDED // 2)
        scene.save(self.victim, SEEDED // 2)
        scene.prove()

    def round(self, arm: Arm) -> None:
        """One kill that counts, what comes after it, and the proof."""
        rounds: dict[str, Callable[[str], bool]] = {
            "save": self._save, "push": self._push, "pull": self._pull,
            "snapshot": self._snapshot, "migration": self._migration, "backup": self._backup,
            "restore": self._restore,
        }  # fmt: skip
        kind, side = arm
        for _ in range(TRIES):
            is_killed = rounds[kind](side)
            if self.scene.process is None:
                self.scene.start()
            self.victim("sync").expect(0)
            self.scene.prove()
            if is_killed:
                self.done[arm] += 1
                return
            self.misses += 1
        raise Broken(f"{arm}: never hit in {TRIES} tries")

    # ------------------------------------------------------------ each phase

    def _save(self, side: str) -> bool:
        token, times = self.scene.token(), self.rng.randint(1, 4)
        words = ("save", str(times), token, self.victim.village)
        ran, is_killed = self._kill_laptop(("save", side), self.victim, "hand", *words)
        self.scene.note(token, self.victim.village, times, ran)
        return is_killed

    def _push(self, side: str) -> bool:
        self.scene.save(self.victim, self.rng.randint(1, 5))
        return self._synced(("push", side), self.victim)

    def _pull(self, side: str) -> bool:
        writer = self.others[self.rng.randint(0, 1)]
        self.scene.save(writer, self.rng.randint(1, 5))
        self.scene.sync([writer])
        return self._synced(("pull", side), self.victim)

    def _snapshot(self, side: str) -> bool:
        if side == "laptop" and self.rng.random() < FIRST_LOGIN:
            return self._first_login(("snapshot", side), "sync")
        user = self.rng.choice(list(USERS))
        fresh = self.scene.laptop(user, is_filled=False)
        is_killed = self._synced(("snapshot", side), fresh, FILL_PAGE)
        if self.scene.process is None:
            self.scene.start()
        fresh("sync").expect(0)
        self.scene.prove()  # the new laptop too
        self.scene.discard(fresh)
        return is_killed

    def _migration(self, side: str) -> bool:
        if side == "server":
            self.scene.stop()
            self._age_server()
            is_killed = self._kill_server(("migration", side), self.scene.launch, is_fresh=True)
            self.scene.command("check").expect(0)
            return is_killed
        if self.rng.random() < FIRST_LOGIN:
            return self._first_login(("migration", side), "login")
        self.scene.save(self.victim, 1)  # unsent work in the old store
        self._age_laptop()
        is_killed = self._kill_laptop(("migration", side), self.victim, "cuncao", "sync")[1]
        self.victim("check").expect(0)
        return is_killed

    def _first_login(self, arm: Arm, again: str) -> bool:
        """A store killed while it is made, or in its first fill; the same command mends it."""
        fresh = self.scene.bare_laptop(self.rng.choice(list(USERS)))
        login, password = self.scene.login(fresh), PASSWORD + "\n"
        is_killed = self._kill_laptop(arm, fresh, "cuncao", *login, stdin=password)[1]
        fresh(*(login if again == "login" else ["sync"]), stdin=password).expect(0)
        self.scene.laptops.append(fresh)
        self.scene.prove()
        self.scene.discard(fresh)
        return is_killed

    def _backup(self, _side: str) -> bool:
        """The file is there whole or not at all; what was there before is whole."""
        target = self.scene.folder / "backup.db"
        is_there = self.rng.random() < 0.5
        target.unlink(missing_ok=True)
        if is_there:
            self.scene.admin("backup", str(target)).expect(0)
        before = target.read_bytes() if is_there else b""
        self.scene.save(self.victim, 1)
        self.scene.sync([self.victim])
        words = ("backup", str(target), *(["--force"] if is_there else []))
        arm = ("backup", "server")
        log_from = self._log_size(arm)
        aim = self._aim(arm)
        process = spawn("cuncao-server", *words, env=self.scene.server_env())
        is_killed = self._hit(arm, process, aim, log_from)
        if target.exists() != is_there or (is_there and target.read_bytes() != before):
            self._prove_backup(target)  # killed after the new one had taken its place
        self.scene.admin("backup", str(target), "--force").expect(0)
        self._prove_backup(target)
        left = [f.name for f in self.scene.folder.glob("backup.db?*")]
        if left:
            raise Broken(f"a backup leaves {left}")
        return is_killed

    def _restore(self, side: str) -> bool:
        """The county is as it was or as it was backed up; its laptops bring back what came since."""
        source = self.scene.folder / "last-night.db"
        self.scene.admin("backup", str(source), "--force").expect(0)
        for laptop in (self.victim, self.others[-1]):
            self.scene.save(laptop, 2)
        self.scene.sync()
        self.scene.save(self.victim, 1)
        arm = ("restore", side)
        log_from = self._log_size(arm)
        aim = self._aim(arm)
        words = ("restore", str(source))
        process = spawn("cuncao-server", *words, env=self.scene.server_env())
        return self._hit(arm, process, aim, log_from)

    def _prove_backup(self, target: Path) -> None:
        copy = target.with_name("opened-backup.db")
        shutil.copyfile(target, copy)
        connection = open_raw(copy, self.scene.home.key())
        try:
            if not check(SqliteStore(connection)).is_whole:
                raise Broken("half a backup stands under its name")
        finally:
            connection.close()
            for file in self.scene.folder.glob("opened-backup.db*"):
                file.unlink()

    # ------------------------------------------------------------ older stores

    def _age_laptop(self) -> None:
        """Take some fields out of the victim's store, as if they had not been declared yet."""
        with self.victim.opened() as session:
            run = session.replica.connection.execute
            held = run("SELECT sql FROM sqlite_master WHERE type IN ('index', 'trigger', 'view')")
            used_by_others = " ".join(sql for (sql,) in held if sql)
            for kind in KINDS.values():
                for field in kind.fields:
                    column, name = quoted(field.name), table(kind.name)
                    is_used = run(f"SELECT count({column}) FROM {name}").fetchone()[0]
                    if is_used or re.search(rf"\b{field.name}\b", used_by_others):
                        continue
                    if self.rng.random() < 0.2:
                        run(f"ALTER TABLE {name} DROP COLUMN {column}")
                        step = f"{kind.name}.field.{field.name}"
                        run("DELETE FROM _sqlite_migrations WHERE name = ?", (step,))
            run("PRAGMA user_version = 1")

    def _age_server(self) -> None:
        """Take a step of the hub's schema back."""
        connection = open_raw(self.scene.home.store_file, self.scene.home.key())
        try:
            for name in ("device_keys", "ticket"):
                connection.execute(f"DROP TABLE {name}")
            run = connection.execute
            run("DELETE FROM _sqlite_migrations WHERE name = ?", (STEP_TAKEN_BACK,))
            run("PRAGMA user_version = 3")
        finally:
            connection.close()

    # ---------------------------------------------------------------- killing

    def _synced(self, arm: Arm, laptop: Laptop, page: str = "") -> bool:
        """Kill one of the two while `laptop` synchronises."""
        # The command would try again when the server dies under it, which takes seconds.
        by_hand = page or arm[1] == "server"
        program, *words = ("hand", "sync", page or "2000") if by_hand else ("cuncao", "sync")
        if arm[1] == "laptop":
            return self._kill_laptop(arm, laptop, program, *words)[1]

        def run() -> subprocess.Popen[str]:
            return spawn(program, *words, env=laptop.env())

        return self._kill_server(arm, run)

    def _kill_laptop(
        self, arm: Arm, laptop: Laptop, program: str, *words: str, stdin: str = ""
    ) -> tuple[Ran, bool]:
        log_from = self._log_size(arm)
        aim = self._aim(arm)
        env = laptop.env(**self.scene.fault_env("laptop"))
        process = spawn(program, *words, env=env, stdin=stdin)
        is_hit = self._hit(arm, process, aim, log_from)
        assert self.ran is not None
        return self.ran, is_hit

    def _kill_server(
        self, arm: Arm, begin: Callable[[], subprocess.Popen[str]], *, is_fresh: bool = False
    ) -> bool:
        """`begin` starts what makes the server work, or (`is_fresh`) the server itself."""
        log_from = self._log_size(arm)
        aim = self._aim(arm)
        begun = begin()
        if is_fresh:
            self.scene.process = begun
        server = self.scene.process
        assert server is not None
        is_struck = self._strike(arm, server, aim, log_from)
        if is_fresh:
            assert begun.stdout is not None
            if server.poll() is None and not begun.stdout.readline():  # it runs, or it is dead
                server.wait(20)
        else:
            finish(begun).expect(0, 3)
        self.scene.order(arm[1]).unlink()
        if is_struck or "kill " in self._log(arm, log_from):
            server.wait(20)  # it is dead, and known to be a moment later
        if server.poll() is None:
            self._learn(arm, log_from)
            return False
        code = self.scene.reap()
        return self._counts(arm, code, log_from, aim)

    def _hit(self, arm: Arm, process: subprocess.Popen[str], aim: float, log_from: int) -> bool:
        self._strike(arm, process, aim, log_from)
        self.ran = finish(process)
        self.scene.order(arm[1]).unlink()
        if self.ran.code != -SIGKILL:
            self.ran.expect(0)
            self._learn(arm, log_from)
            return False
        return self._counts(arm, self.ran.code, log_from, aim)

    def _aim(self, arm: Arm) -> float:
        """Arm the fuse; seconds into the phase at which to strike from outside, or 0."""
        length = self.lengths.get(arm, FIRST_GUESS)
        self.orders += 1
        way, aim = self.rng.random(), 0.0
        order = f"0 {SLOW_S} {self.orders}"
        if way < FROM_OUTSIDE:
            aim = self.rng.uniform(0.0005, length * SLOW_S)
        elif way < FROM_OUTSIDE + AT_PROMISING:
            word = self.rng.choice(PROMISING.get(arm[0], ("COMMIT",)))
            order = f"{self.rng.randint(1, 2)} 0 {self.orders} {word}"
        else:
            order = f"{self.rng.randint(1, length)} 0 {self.orders}"
        self.scene.order(arm[1]).write_text(f"{arm[0]} {order}", encoding="utf-8")
        return aim

    def _strike(self, arm: Arm, process: subprocess.Popen[str], aim: float, log_from: int) -> bool:
        if not aim:
            return False
        enter = f"enter {arm[0]}"
        eventually(lambda: enter in self._log(arm, log_from) or process.poll() is not None, 20)
        time.sleep(aim)
        if process.poll() is not None:
            return False
        process.kill()
        return True

    def _counts(self, arm: Arm, code: int, log_from: int, aim: float) -> bool:
        """Was it killed, and inside?"""
        lines = [line.split() for line in self._log(arm, log_from).splitlines()]
        opened = sum(1 for line in lines if line[:2] == ["enter", arm[0]])
        closed = sum(1 for line in lines if line[:2] == ["leave", arm[0]])
        shots = [line for line in lines if line[0] == "kill"]
        self._learn(arm, log_from, is_whole=False)
        if code != -SIGKILL or opened <= closed:
            return False
        if not aim and not shots:
            raise Broken("killed by somebody else")
        self.where["from outside, at a random moment" if aim else " ".join(shots[-1][3:])] += 1
        return True

    def _learn(self, arm: Arm, log_from: int, *, is_whole: bool = True) -> None:
        """How many points a command passes in its phases of a kind."""
        lines = [line.split() for line in self._log(arm, log_from).splitlines()]
        passed = sum(int(w[2]) for w in lines if w[0] in ("leave", "kill") and w[1] == arm[0])
        if is_whole and passed:
            self.lengths[arm] = passed
            self.whole.add(arm)
        elif arm not in self.whole:
            self.lengths[arm] = max(self.lengths.get(arm, FIRST_GUESS), 2 * passed)

    def _log_size(self, arm: Arm) -> int:
        log = self.scene.log(arm[1])
        return log.stat().st_size if log.exists() else 0

    def _log(self, arm: Arm, start: int) -> str:
        log = self.scene.log(arm[1])
        if not log.exists():
            return ""
        with open(log, encoding="utf-8") as file:
            file.seek(start)
            return file.read()


def run_kills(
    scene: Scene,
    kills: int,
    seed: int,
    say: Callable[[str], None],
    arms: tuple[Arm, ...] = ARMS,
) -> Kills:
    """Kills spread evenly over `arms`, in an order of the seed's; the proof after each one. A long
    run has at least `LEAST` of each."""
    kills = max(kills, LEAST * len(arms)) if kills >= LONG else kills
    story = Kills(scene, seed)
    began = time.monotonic()
    queue = [arms[i % len(arms)] for i in range(kills)]
    story.rng.shuffle(queue)
    for number, arm in enumerate(queue, 1):
        try:
            story.round(arm)
        except Broken as error:
            raise Broken(f"kill {number} ({' '.join(arm)}), seed {seed}: {error}") from error
        if number % 20 == 0:
            scene.prove_by_commands()
            say(f"  {number} kills, {time.monotonic() - began:.0f} s")
    scene.prove_by_commands()
    scene.prove()
    return story
