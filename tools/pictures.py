"""Draws docs/screens/*.png: every place over the made-up village of the screen tests.

Run by hand after a screen changed, then look at each picture: `python -m tools.pictures`. Needs
Pillow and the Noto CJK fonts.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests" / "tui"))
OUT = ROOT / "docs" / "screens"
ROSTER = ROOT / "tui" / "data" / "demo" / "village-ledger.xlsx"

SCREENS: dict[str, tuple[str, tuple[str, ...]]] = {
    "01-home": ("何秀英", ()),
    "02-children": ("何秀英", ("f7", *"lj")),
    "03-file": ("何秀英", ("f7", *"罗静", "enter")),
    "04-visit": ("何秀英", ("f7", *"罗静", "f2", *"奶奶腿好多了，能自己做饭。", "f9", "@", "tab", "1", "tab", "2")),
    "05-conflict": ("陈德福", ("f6",)),
    "06-duplicate": ("陈德福+twice", ("ctrl+o", "down", "down")),
    "07-sync": ("何秀英", ("ctrl+r",)),
    "08-import": ("陈德福", ("f10", *"导入", "enter", *str(ROSTER), "enter", "@")),
    "10-palette": ("何秀英", ("f7", *"lj", "f10", *"zf")),
    "11-help": ("何秀英", ("f7", "f1")),
    "15-notices": ("周晓燕", ("ctrl+g",)),
    "16-questions": ("何秀英+question", ("ctrl+b",)),
    "17-ask": ("刘国强", ("f6", "6", "5")),
    "09-safeguarding": ("何秀英+danger", ("f8",)),
    "20-danger": ("何秀英+danger", ()),
    "21-care": ("何秀英+help", ("f7", *"罗静", "enter", "5")),
    "22-help": ("何秀英+help", ("f7", *"罗静", "enter", "6")),
    "23-growth": ("何秀英+help", ("f7", *"罗静", "enter", "7")),
    "24-agreement": ("何秀英+help", ("f7", *"罗静", "enter", "5", "enter", "pagedown")),
    "25-helpers": ("何秀英+help", ("f10", *"帮扶人", "enter")),
    "26-put-off": ("何秀英", ("f9", *"去了没人")),
    "27-ledger": ("何秀英", ("f10", *"建档结案", "enter", "@")),
    "28-papers": ("何秀英+help", ("f7", *"罗静", "enter", "ctrl+k")),
    "12-form": ("何秀英", ("f7", *"罗静", "enter", "f4")),
}  # fmt: skip
"""Name to user (and what was told besides, see `Village.tell_…`) and keys."""
VARIANTS = (("zh", "dark", (80, 24), ""), ("en", "dark", (80, 24), "-en"))
MORE = {
    "01-home": (("zh", "light", (80, 24), "-light"), ("zh", "plain", (80, 24), "-plain")),
    "02-children": (("zh", "plain", (80, 24), "-plain"), ("zh", "dark", (120, 36), "-120x36")),
    "03-file": (("zh", "light", (80, 24), "-light"), ("zh", "dark", (120, 36), "-120x36")),
    "09-safeguarding": (("zh", "light", (80, 24), "-light"), ("zh", "plain", (80, 24), "-plain")),
    "05-conflict": (("zh", "light", (80, 24), "-light"),),
}


async def _draw(name: str, user: str, keys: tuple[str, ...], variant: tuple[Any, ...]) -> None:
    from dump import save_picture
    from village import Village

    from sync import language

    lang, theme, size, ending = variant
    language.use(lang)
    village = Village()
    user, *stories = user.split("+")
    for story in stories:
        getattr(village, f"tell_{story}")()
    app = village.program(user, theme)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.2)
        for key in keys:
            if key == "@":
                await pilot.pause(0.8)
            else:
                await pilot.press(key)
        await pilot.pause(0.3)
        path = OUT / f"{name}-{lang if not ending.startswith('-en') else ''}{ending}.png"
        save_picture(app, Path(str(path).replace("--", "-")), 18)


def main(wanted: list[str]) -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    for name, (user, keys) in SCREENS.items():
        if wanted and not any(w in name for w in wanted):
            continue
        for variant in (*VARIANTS, *MORE.get(name, ())):
            asyncio.run(_draw(name, user, keys, variant))


if __name__ == "__main__":
    main(sys.argv[1:])
