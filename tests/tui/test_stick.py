"""Exchange by USB stick from the sync centre: F6 writes a bundle, F9 reads the county's answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playing import play, shown
from village import Village

from server import bundles, senders
from server.home import make_county_keys
from server.workers import Desk
from sync import courier


def county_of(village: Village) -> Desk:
    """The village's hub with a county's keys, to which the director's laptop is known."""
    desk = Desk(village.hub.store)
    desk.hub = desk.accounts.hub = village.hub
    he = village.replicas["何秀英"]
    make_county_keys(village.hub.store)
    village.hub.store.connection.execute("INSERT INTO user VALUES ('何秀英', '何秀英', '', 0, 0)")
    for grant in he.identity.grants:
        village.hub.store.connection.execute(
            "INSERT INTO user_grant VALUES ('何秀英', ?, ?, ?)",
            (grant.role, grant.unit, grant.child),
        )
    village.hub.store.connection.execute(
        "INSERT INTO device (id, user, token, created, issued) VALUES (?, '何秀英', x'01', 0, 0)",
        (he.identity.device,),
    )
    us = bundles.county(desk)
    he.set_state(county_seal=us.public_key, county_verify=us.verify_key)
    senders.put_keys(desk, he.identity.device, courier.keys_of(he).public)
    return desk


def test_unsent_work_goes_out_by_stick_and_the_answer_counts_it_as_sent(
    village: Village, tmp_path: Path
) -> None:
    desk = county_of(village)
    he = village.replicas["何秀英"]
    unsent = he.pending_count()
    assert unsent

    async def choose(app: Any, pilot: Any, file: Path) -> str:
        app.screen.field.value = str(file)
        await pilot.press("enter")
        return await shown(app, pilot)

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("ctrl+r", "f6")
        rows = await choose(app, pilot, tmp_path / "out")
        assert f"{unsent} 条没交的写进包里了" in rows
        assert he.pending_count() == unsent  # nothing counts as sent before the county says so
        done = bundles.read(desk, (tmp_path / "out").read_bytes())
        (tmp_path / "back").write_bytes(done.data)
        await pilot.press("f9")
        rows = await choose(app, pilot, tmp_path / "back")
        assert f"交上 {unsent} 条" in rows
        assert "只在这台电脑上" not in rows

    play(village, story)
    assert not he.has_unsent()


def test_a_wrong_file_is_said_in_a_sentence_and_the_path_stays(
    village: Village, tmp_path: Path
) -> None:
    county_of(village)
    (tmp_path / "photo").write_bytes(b"\x89PNG")

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("ctrl+r", "f9")
        app.screen.field.value = str(tmp_path / "photo")
        await pilot.press("enter")
        rows = await shown(app, pilot)
        assert "这不是寸草的包。什么都没动；换一个文件再试。 (601)" in rows
        assert app.screen.field.value == str(tmp_path / "photo")
        await pilot.press("escape")
        assert "只在这台电脑上" in await shown(app, pilot)

    play(village, story)
