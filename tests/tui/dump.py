"""A painted screen as text and as a picture: what the tests compare and what a person judges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rich.cells import get_character_cell_size
from rich.style import Style

Cell = tuple[str, Style]

FONT = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
SIMPLIFIED_MONO = 7
"""Noto Sans Mono CJK SC inside the collection."""


def screen_cells(app: Any) -> list[list[Cell]]:
    """Rows of cells; the second cell of a wide character is empty text."""
    width, height = app.size
    rows: list[list[Cell]] = []
    for strip in app.screen._compositor.render_strips():
        row: list[Cell] = []
        for segment in strip:
            if segment.control:
                continue
            style = segment.style or Style.null()
            for character in segment.text:
                size = get_character_cell_size(character)
                if size == 0:
                    if row:
                        row[-1] = (row[-1][0] + character, row[-1][1])
                    continue
                row.append((character, style))
                row.extend([("", style)] * (size - 1))
        assert len(row) == width, f"a row of {len(row)} cells, not {width}"
        rows.append(row)
    return rows[:height]


def screen_text(app: Any) -> list[str]:
    """The rows as text, without the spaces at their ends."""
    return ["".join(text for text, _ in row).rstrip() for row in screen_cells(app)]


def save_picture(app: Any, path: Path, size: int = 20) -> None:
    """A PNG drawn from the cells, each glyph centred in its one or two; needs Pillow and Noto
    CJK."""
    from PIL import Image, ImageDraw, ImageFont

    regular = ImageFont.truetype(str(FONT), size, index=SIMPLIFIED_MONO)
    bold = ImageFont.truetype(str(FONT).replace("Regular", "Bold"), size, index=SIMPLIFIED_MONO)
    wide, high = round(size * 0.6), round(size * 1.35)
    cells = screen_cells(app)
    plain = app.look.is_plain or not app.look.has_colour
    page = app.look.tokens
    fore, back = ("#D0D0D0", "#0C0C0C") if plain else (page["text"], page["bg"])
    picture = Image.new("RGB", (len(cells[0]) * wide, len(cells) * high), back)
    draw = ImageDraw.Draw(picture)
    for y, row in enumerate(cells):
        for x, (text, style) in enumerate(row):
            ink, paper = _colours(style, fore, back)
            left, top = x * wide, y * high
            if text or x == 0:
                cover = 2 if x + 1 < len(row) and row[x + 1][0] == "" else 1
                draw.rectangle([left, top, left + cover * wide - 1, top + high - 1], fill=paper)
        for x, (text, style) in enumerate(row):
            ink, _ = _colours(style, fore, back)
            left, top = x * wide, y * high
            cover = 2 if x + 1 < len(row) and row[x + 1][0] == "" else 1
            if text.strip() and not _draw_shape(draw, text, left, top, wide, high, ink):
                font = bold if style.bold else regular
                length = font.getlength(text)
                at = left + (cover * wide - length) / 2
                draw.text((at, top - size * 0.06), text, font=font, fill=ink)
            if style.underline:
                draw.line([left, top + high - 2, left + cover * wide - 1, top + high - 2], fill=ink)
    picture.save(path, optimize=True)


def _colours(style: Style, fore: str, back: str) -> tuple[str, str]:
    ink = style.color.get_truecolor().hex if style.color and not style.color.is_default else fore
    paper = (
        style.bgcolor.get_truecolor().hex
        if style.bgcolor and not style.bgcolor.is_default
        else back
    )
    return (paper, ink) if style.reverse else (ink, paper)


def _draw_shape(draw: Any, text: str, x: int, y: int, w: int, h: int, ink: str) -> bool:
    """Bars and rules as shapes, so that they join."""
    eighths = "▁▂▃▄▅▆▇█".find(text)
    if eighths >= 0:
        draw.rectangle([x, y + h - round(h * (eighths + 1) / 8), x + w - 1, y + h - 1], fill=ink)
    elif text == "▌":
        draw.rectangle([x, y, x + w // 2 - 1, y + h - 1], fill=ink)
    elif text == "►":  # not in the font
        middle = y + h // 2
        draw.polygon([(x, middle - w // 2), (x, middle + w // 2), (x + w - 1, middle)], fill=ink)
    elif text == "─":
        draw.line([x, y + h // 2, x + w - 1, y + h // 2], fill=ink)
    elif text == "│":
        draw.line([x + w // 2, y, x + w // 2, y + h - 1], fill=ink)
    else:
        return False
    return True
