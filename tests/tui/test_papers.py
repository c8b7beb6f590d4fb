"""A child's papers: taken in from a path, listed, saved as a file again; what is no paper is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playing import play, shown
from village import Village

from sync import scans


def test_a_photo_goes_in_by_its_path_and_comes_out_byte_for_byte(
    village: Village, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 400
    photo, out = tmp_path / "委托书.jpg", tmp_path / "out.jpg"
    photo.write_bytes(content)

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "ctrl+k")
        assert "还没有材料。F9 从文件添一份。" in await shown(app, pilot)
        await pilot.press("f9")
        app.screen.field.value = str(photo)
        await pilot.press("enter")
        assert "添" not in app.screen.title_path(), "what it is stands in the form next"
        await pilot.press("escape")
        rows = await shown(app, pilot)
        assert "照片" in rows and "100 KB" in rows and "委托书.jpg" in rows
        assert "文件在这台电脑上" in rows and "↑" in rows
        await pilot.press("enter")
        app.screen.field.value = str(out)
        await pilot.press("enter")
        assert "存好了：out.jpg" in await shown(app, pilot)
        await pilot.press("enter")
        app.screen.field.value = str(out)
        await pilot.press("enter")
        assert "out.jpg 已经有了，没有换掉它" in await shown(app, pilot)

    play(village, story)
    assert out.read_bytes() == content


def test_a_file_that_is_too_large_is_refused_in_words(village: Village, tmp_path: Path) -> None:
    large = tmp_path / "扫描.pdf"
    large.write_bytes(bytes(scans.MOST + 1))

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "5", "down", "f9")
        for typed, said in ((large, "超过 2 MB"), (tmp_path / "none.pdf", "没有添")):
            app.screen.field.value = str(typed)
            await pilot.press("enter")
            assert said in await shown(app, pilot)

    play(village, story)
    assert not village.replicas["何秀英"].select("paper")


def test_what_is_at_the_county_alone_is_asked_for(village: Village) -> None:
    he, luo = village.replicas["何秀英"], village.ids["罗静"]
    paper = he.save("paper", {"child": luo, "sort": "photo", "size": 3, "digest": "0" * 64})

    async def story(app: Any, pilot: Any) -> None:
        await pilot.press("f7", *"罗静", "enter", "ctrl+k")
        assert "Enter 从县里取" in await shown(app, pilot)
        await pilot.press("enter")
        assert app.screen.place == "papers"

    play(village, story)
    assert paper in village.replicas["何秀英"].records.kind_of([paper])
    from sync import paperbytes

    assert paperbytes.wished(he.connection) == [paper]
