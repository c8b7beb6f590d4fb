"""Disks that are full: a small real file system where mounts are allowed, else and always also
stores that SQLite itself keeps small (`max_page_count`)."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.faults.hand import PARTS
from tests.faults.scene import PASSWORD, Broken, Laptop, Ran, Scene

DISK_MB = 6
"""A server's folder with a county of 6 units has 1 MB, a laptop's 0.5 MB."""
ROOM_PAGES = 6
SOME_SAVES = 1 << 19
"""Bytes for the first few saves: opening a store takes up to 60 KB, a save 80 KB of its journal. With
128 KB there was room for one, and on a day's first opening for none."""
MANY = 400
"""Saves that no disk here has room for."""
LONG = 12_000
"""Characters of a text that needs more pages than there are."""
OFFLINE, DAMAGED, USAGE = 3, 5, 2
FULL = "(502)"
"""The number of the sentence for a full disk."""
UNSENT = 30


@dataclass
class SmallDisk:
    """A folder whose disk can be filled and emptied again, or the environment that does the
    same."""

    folder: Path
    is_mounted: bool

    @property
    def how(self) -> str:
        return f"tmpfs of {DISK_MB} MB" if self.is_mounted else "max_page_count"

    def fill(self) -> dict[str, str]:
        """Environment under which commands find no room."""
        if not self.is_mounted:
            return {"CUNCAO_FAULT_ROOM": str(ROOM_PAGES)}
        with contextlib.suppress(OSError), open(self.folder / "ballast", "ab", 0) as file:
            for size in (1 << 16, 1 << 12, 1):
                with contextlib.suppress(OSError):
                    while file.write(b"\0" * size):
                        pass
        return {}

    def leave(self, size: int) -> None:
        """Give `size` bytes back."""
        if self.is_mounted:
            with open(self.folder / "ballast", "ab") as file:
                file.truncate(file.tell() - size)

    def empty(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)


@contextlib.contextmanager
def small_disk(folder: Path, *, is_wanted: bool) -> Iterator[SmallDisk]:
    """A small file system in `folder`, where it is wanted and this machine lets us mount one."""
    folder.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={DISK_MB}m", "tmpfs", str(folder)]
    is_mounted = is_wanted and _ran("mount", *options)
    try:
        yield SmallDisk(folder, is_mounted)
    finally:
        if is_mounted and not _ran("umount", str(folder)):
            raise Broken(f"{folder} cannot be unmounted")


def _ran(*words: str) -> bool:
    if shutil.which(words[0]) is None:
        return False
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def may_mount(folder: Path) -> bool:
    """True where this machine lets us mount a file system of our own."""
    with small_disk(folder / "trial", is_wanted=True) as disk:
        return disk.is_mounted


def fill_disks(
    folder: Path, *, is_mounted: bool, say: Callable[[str], None], is_quick: bool = False
) -> None:
    """Save, pull, push and backup with no room, and with room again.

    Raises:
        Broken: something was lost, half done, said in the wrong words, or does not go on.
    """
    with (
        small_disk(folder / "county", is_wanted=is_mounted) as servers,
        small_disk(folder / "laptop", is_wanted=is_mounted) as laptops,
    ):
        scene = Scene(folder / "scene", servers.folder / "server", is_quick=is_quick)
        try:
            scene.start()
            victim = scene.laptop("李国华", folder=laptops.folder / "home")
            scene.laptop("陈德福")
            scene.save(victim, 5)
            scene.prove()
            for story in (_login, _save, _pull):
                story(scene, victim, laptops)
                say(f"  {story.__name__.strip('_')}: {laptops.how}")
            for of_server in (_push, _backup):
                of_server(scene, victim, servers)
                say(f"  {of_server.__name__.strip('_')}: {servers.how}")
        finally:
            scene.close()


def _told(ran: Ran) -> None:
    ran.expect(DAMAGED)
    if FULL not in ran.err:
        raise Broken(f"not the sentence for a full disk: {ran.err}")


def _login(scene: Scene, _victim: Laptop, disk: SmallDisk) -> None:
    """A laptop without room for a store says so; with room the same command sets it up."""
    fresh = scene.bare_laptop("周晓燕", disk.folder / "fresh")
    full = disk.fill()
    for room in (0, 1 << 15, 1 << 17) if disk.is_mounted else (0,):
        disk.leave(room)
        ran = fresh(*scene.login(fresh), stdin=PASSWORD + "\n", **full)
        if not full or room:
            _told(ran)
    disk.empty()
    fresh(*scene.login(fresh), stdin=PASSWORD + "\n").expect(0)
    scene.laptops.append(fresh)
    scene.prove()
    scene.discard(fresh)


def _save(scene: Scene, victim: Laptop, disk: SmallDisk) -> None:
    """What was saved before stays, what was not is said, and with room again all goes on."""
    token = scene.token()
    full = disk.fill()
    disk.leave(SOME_SAVES)
    ran = victim("save", str(MANY), token, victim.village, program="hand", **full)
    scene.note(token, victim.village, MANY, ran)
    if ran.code == 0 or not 0 < len(_said(ran)) < MANY:
        said = f"{ran.code}, {len(_said(ran))} saved; {ran.err[-1500:]}"
        raise Broken(f"the disk was not full in the middle: {said}")
    long = "写了半天的话。" * (LONG // 7)
    child = ("add", "child", "name=罗静", f"village={victim.village}", f"character={long}")
    disk.fill()
    _told(victim(*child, **full))
    disk.empty()
    if victim("status", "--json").expect(0).json["pending"] != PARTS * len(_said(ran)):
        raise Broken("a save is missing or half there")
    victim("check").expect(0)
    victim(*child).expect(0)
    victim("sync").expect(0)
    scene.prove()


def _said(ran: Ran) -> list[str]:
    return [line for line in ran.out.splitlines() if line.startswith("ok ")]


def _pull(scene: Scene, victim: Laptop, disk: SmallDisk) -> None:
    """A page that finds no room changes nothing; it comes again."""
    writer = next(one for one in scene.laptops if one is not victim)
    with writer.opened() as session:
        scene.save_in(session, MANY // 2, victim.village)
        session.sync()
    scene.save(victim, 3)
    full = disk.fill()
    disk.leave(1 << 16)
    _told(victim("sync", **full))
    disk.empty()
    victim("check").expect(0)
    victim("sync").expect(0)
    scene.prove()


def _push(scene: Scene, victim: Laptop, disk: SmallDisk) -> None:
    """A hub without room takes nothing and says so; the laptop keeps all and comes again."""
    scene.save(victim, UNSENT)
    scene.stop()  # a journal that has grown before would have room for all of it
    if disk.is_mounted:
        scene.start()
    full = disk.fill()
    if full:
        scene.start(**full)
    disk.leave(1 << 15)
    victim("sync").expect(OFFLINE)
    for reader in scene.laptops:
        if reader is not victim:
            reader("sync").expect(0)  # who only asks is answered all the same
    if victim("status", "--json").expect(0).json["pending"] != PARTS * UNSENT:
        raise Broken("the laptop did not keep all that it has to send")
    disk.empty()
    if full:
        scene.stop()
        scene.start()
    victim("sync").expect(0)
    scene.prove()


def _backup(scene: Scene, _victim: Laptop, disk: SmallDisk) -> None:
    """No room for a backup: no half one, and the older one as it was."""
    target = disk.folder / "backup.db"
    full = disk.fill()
    disk.leave(1 << 17)
    scene.command("backup", str(target), **full).expect(USAGE)
    _nothing_left(target)
    disk.empty()
    scene.command("backup", str(target)).expect(0)
    before = target.read_bytes()
    disk.fill()
    disk.leave(1 << 17)
    scene.command("backup", str(target), "--force", **full).expect(USAGE)
    if target.read_bytes() != before:
        raise Broken("the older backup is not what it was")
    _nothing_left(target, "backup.db")
    disk.empty()
    scene.command("backup", str(target), "--force").expect(0)
    scene.prove()
    scene.prove_by_commands()


def _nothing_left(target: Path, *but: str) -> None:
    left = {f.name for f in target.parent.glob("backup.db*")} - set(but)
    if left:
        raise Broken(f"of a backup that failed there is left {left}")
