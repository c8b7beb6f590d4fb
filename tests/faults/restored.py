"""A server put back to last night's backup, announced and by hand, with laptops that had
synchronised since."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable

from tests.faults.hand import tokens_of
from tests.faults.scene import EAST, PASSWORD, WEST, Broken, Laptop, Scene

REFUSED, NEEDS_A_PERSON = 4, 1
ROUNDS = 3
"""After a restore a laptop learns in one synchronisation what it has to send again, sends it, and
gets the others' in the next."""


def restore_last_night(
    scene: Scene, *, is_announced: bool, seed: int, say: Callable[[str], None]
) -> None:
    """What was acknowledged since the backup is there again once everybody has been online.

    Raises:
        Broken: it is not, or not once, or a laptop differs.
    """
    rng = random.Random(seed)
    scene.start()
    li, zhou, chen, he = (scene.laptop(user) for user in ("李国华", "周晓燕", "陈德福", "何秀英"))
    backup = scene.folder / "last-night.db"
    for laptop in (li, zhou, he):
        scene.save(laptop, 3)
    scene.prove()
    scene.command("backup", str(backup)).expect(0)

    for laptop in (li, zhou, he):
        scene.save(laptop, 4)
    scene.prove()
    moved = _moved_by_admin(scene, chen)
    edited = _edited_by_a_colleague(scene, li, zhou)
    late = scene.laptop("李国华")  # the restored server has never heard of it
    scene.save(late, 2)
    scene.prove()  # everything is acknowledged by the county, nothing is unsent
    for laptop in (li, he):
        scene.save(laptop, 2)  # acknowledged by the laptop alone

    _put_back(scene, backup, is_announced=is_announced)
    late("sync").expect(REFUSED)
    late(*scene.login(late), stdin=PASSWORD + "\n").expect(0, NEEDS_A_PERSON)
    order = scene.laptops * ROUNDS
    rng.shuffle(order)
    for laptop in [*order, *scene.laptops]:
        laptop("sync").expect(0, NEEDS_A_PERSON)
    say(f"  {len(order)} synchronisations, {len(scene.acknowledged)} saves to be found again")
    scene.prove()
    scene.prove_by_commands()
    if _value(chen, moved, "village") != WEST:
        raise Broken("a child that moved after the backup is where it was before")
    if _value(li, edited, "small_name") != "小宝":
        raise Broken("a colleague's edit of what came after the backup is lost")


def _moved_by_admin(scene: Scene, admin: Laptop) -> str:
    """A child made since the backup moves out of reach of whoever made it."""
    child = _newest(admin, EAST)
    admin("set", child, f"village={WEST}").expect(0)
    scene.prove()
    return child


def _edited_by_a_colleague(scene: Scene, li: Laptop, zhou: Laptop) -> str:
    child = _newest(li, EAST)
    zhou("set", child, "small_name=小宝").expect(0)
    scene.prove()
    return child


def _newest(laptop: Laptop, village: str) -> str:
    """The child saved last: ids begin with the time."""
    with laptop.opened() as session:
        rows = session.replica.select("child", {"village": village})
        return max(row["id"] for row in rows if tokens_of(row))


def _value(laptop: Laptop, record: str, field: str) -> object:
    with laptop.opened() as session:
        view = session.replica.get(record)
        return view.values.get(field) if view else None


def _put_back(scene: Scene, backup: object, *, is_announced: bool) -> None:
    if is_announced:
        scene.command("restore", str(backup)).expect(0)  # while it runs
        return
    scene.stop()
    for suffix in ("-wal", "-shm"):
        file = scene.home.store_file
        file.with_name(file.name + suffix).unlink(missing_ok=True)
    shutil.copyfile(str(backup), scene.home.store_file)
    scene.start()
