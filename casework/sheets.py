"""Spreadsheets as rows of raw cells: .xlsx, .xls and .csv, with the row numbers the spreadsheet
program shows.

The format is told by the file's first bytes, not by its name; sizes are bounded before anything is
unpacked.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct

from schema.problems import Problem
from sync.language import N_

MAX_BYTES = 40_000_000
MAX_UNPACKED = 400_000_000
MAX_ROWS = 100_000
MAX_COLUMNS = 500
MAX_CELLS = 4_000_000

Cell = Any
"""None, str, int, float, bool, date, datetime, time or timedelta, as the spreadsheet holds it."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_DELIMITERS = ",\t;|，"


class Unreadable(Exception):
    """The file cannot be read; nothing was written. Carries a `Problem`."""

    def __init__(self, code: str, message: str, **args: object) -> None:
        self.problem = Problem(code, message, args=tuple((k, str(v)) for k, v in args.items()))
        super().__init__(f"{code}: {self.problem.text()}")


class Sheet(Struct):
    """One sheet. `rows[i]` is the row that the program shows as `first_row + i`."""

    name: str
    rows: list[list[Cell]]
    first_row: int = 1
    spans: list[tuple[int, int, int]] = []
    """Cells merged over several rows of one column: (index of the top row, column, index of the
    last)."""

    def fill_down(self, start: int, stop: int) -> None:
        """Say again in each row of `start` to `stop` what a merged cell that begins there says
        once."""
        for top, column, bottom in self.spans:
            if not start <= top < stop or column >= len(self.rows[top]):
                continue
            for row in self.rows[top + 1 : min(bottom + 1, stop)]:
                row.extend([None] * (column + 1 - len(row)))
                if row[column] is None:
                    row[column] = self.rows[top][column]

    def number(self, index: int) -> int:
        """The row number on the screen of the spreadsheet program."""
        return self.first_row + index


def read(path: str | Path) -> list[Sheet]:
    """Every sheet of the file that holds anything.

    Raises:
        Unreadable: missing, empty, damaged, encrypted, too large, or no spreadsheet at all.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise _too_large()
        data = path.read_bytes()
    except OSError:
        raise Unreadable("file_missing", N_("打不开这个文件：{name}。"), name=path.name) from None
    if not data.strip(b"\x00 \r\n\t"):
        raise Unreadable("file_empty", N_("这个文件是空的。"))
    if data.startswith(b"PK"):
        _look_into_zip(data)
        sheets = _workbook(data)
    elif data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise _encrypted()
        sheets = _workbook(data)
    else:
        sheets = [_text_table(path.stem, data)]
    sheets = [s for s in sheets if any(_is_filled(c) for row in s.rows for c in row)]
    if not sheets:
        raise Unreadable("file_empty", N_("这个文件是空的。"))
    return sheets


def _is_filled(cell: Cell) -> bool:
    return cell is not None and cell != ""


def _too_large() -> Unreadable:
    return Unreadable(
        "file_too_large",
        N_("这个文件太大了：最多 {rows} 行、{columns} 列。把它分成几个再导入。"),
        rows=MAX_ROWS,
        columns=MAX_COLUMNS,
    )


def _encrypted() -> Unreadable:
    return Unreadable(
        "file_encrypted", N_("这个表格加了密码。先在表格软件里去掉密码，另存再导入。")
    )


def _not_a_spreadsheet() -> Unreadable:
    return Unreadable("not_a_spreadsheet", N_("这个文件不是表格。要 .xlsx、.xls 或 .csv。"))


def _damaged() -> Unreadable:
    return Unreadable(
        "file_damaged", N_("这个文件坏了，或者不是表格。用表格软件打开，另存为 .xlsx 再试。")
    )


# -- workbooks


def _look_into_zip(data: bytes) -> None:
    """Refuse what would unpack to a great size, or claims a cell far away (the reader fills all
    between)."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if any(e.flag_bits & 1 for e in entries):
                raise _encrypted()
            if not any(e.filename == "xl/workbook.xml" for e in entries):
                raise _not_a_spreadsheet()  # a zip of other things; .ods and .xlsb have other bombs
            if sum(e.file_size for e in entries) > MAX_UNPACKED or len(entries) > 5000:
                raise _too_large()
            for entry in entries:
                if entry.filename.endswith(".xml") and "sheet" in entry.filename.lower():
                    with archive.open(entry) as stream:
                        _look_into_sheet(stream)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError):
        raise _damaged() from None


_TAG = re.compile(rb"<(?:\w+:)?(row|c)\b([^>]*)>")
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]*)(\d{1,9})["']""")


def _look_into_sheet(stream: Any) -> None:
    """Count as the reader will: rows and columns up to the farthest cell that holds a value.

    The reader allocates the whole area at once, and ends the process when there is not that much
    memory.
    """
    row = column = last_row = last_column = read_bytes = 0
    rest = b""
    while chunk := stream.read(1 << 20):
        read_bytes += len(chunk)
        if read_bytes > MAX_UNPACKED:
            raise _too_large()
        block = rest + chunk
        end = 0
        for tag in _TAG.finditer(block):
            end = tag.end()
            place = _PLACE.search(tag[2])
            if tag[1] == b"row":
                row, column = int(place[2]) if place else row + 1, 0
            else:
                column = _column_number(place[1].upper()) if place else column + 1
                row = int(place[2]) if place else row
                if not tag[2].endswith(b"/"):
                    last_row, last_column = max(last_row, row), max(last_column, column)
        rest = block[max(end, len(block) - 400) :]
    if last_row * last_column > 2 * MAX_CELLS:
        raise _too_large()


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _workbook(data: bytes) -> list[Sheet]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = list(book.sheet_names)
    except BaseException as error:  # a panic of the Rust reader is not an Exception
        raise _reader_problem(error) from None
    sheets = []
    for name in names:
        try:
            sheet = book.get_sheet_by_name(name)
            if sheet.start is None or sheet.end is None:
                continue
            height = sheet.end[0] - sheet.start[0] + 1
            width = sheet.end[1] - sheet.start[1] + 1
            if height * width > 4 * MAX_CELLS:
                raise _too_large()
            rows = sheet.to_python(skip_empty_area=True)
            merged = sheet.merged_cell_ranges or []
        except Unreadable:
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            if type(error).__name__ == "WorksheetNotFound":  # a chart sheet
                continue
            raise _reader_problem(error) from None
        top, left = sheet.start
        spans = [
            (a - top, b - left, c - top)
            for (a, b), (c, d) in merged
            if b == d and a < c and a >= top and b >= left
        ]
        sheets.append(Sheet(name, _bounded(rows), top + 1, spans))
    return sheets


def _reader_problem(error: BaseException) -> Exception:
    if isinstance(error, (KeyboardInterrupt, MemoryError)):
        raise error
    if "password" in str(error).lower() or "Password" in type(error).__name__:
        return _encrypted()
    return _damaged()


def _bounded(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Rows up to the last filled one, blank cells as None, within the bounds."""
    kept: list[list[Cell]] = []
    cells = last = 0
    for row in rows:
        values = [None if c == "" else c for c in row]
        while values and values[-1] is None:
            values.pop()
        kept.append(values)
        if values:
            last = len(kept)
            cells += len(values)
            if last > MAX_ROWS or len(values) > MAX_COLUMNS or cells > MAX_CELLS:
                raise _too_large()
    return kept[:last]


# -- text


def decode(data: bytes) -> str:
    """Text of a table saved by some Chinese spreadsheet program: UTF-8, UTF-16 or GB18030.

    Raises:
        Unreadable: it is none of these.
    """
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return _decoded(data, encoding)
    head = data[:4000]
    if b"\x00" in head:
        little = head[1::2].count(0) >= head[::2].count(0)
        return _decoded(data, "utf-16-le" if little else "utf-16-be")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _decoded(data, "gb18030")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise _damaged() from None


def _text_table(name: str, data: bytes) -> Sheet:
    text = decode(data)
    head = text[:2000].lstrip()
    controls = sum((c < " " and c not in "\r\n\t") or c == "\ufffd" for c in text[:4000])
    if head.startswith(("<", "%PDF", "{\\rtf")) or controls > 4:
        raise _not_a_spreadsheet()
    named = re.match(r"sep=(.)\r?\n", text)
    if named:  # Excel takes this line as an instruction and does not show it
        text = text[named.end() :]
    delimiter = named[1] if named else sniff(text)
    rows = list(_records(text, delimiter))
    return Sheet(name, _bounded(rows))


def _records(text: str, delimiter: str) -> Iterator[list[Cell]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, record in enumerate(reader):
            if number > MAX_ROWS + 1000 or len(record) > 50 * MAX_COLUMNS:
                raise _too_large()
            yield [_unwrapped(c) for c in record]
    except csv.Error:
        raise _damaged() from None


def _unwrapped(text: str) -> Cell:
    """`="510811…"` is how some programs keep Excel from spoiling a number."""
    text = text.strip()
    found = re.fullmatch(r'="(.*)"', text)
    return (found[1] if found else text) or None


def sniff(text: str) -> str:
    """The delimiter: what stands most evenly in the first lines."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()][:30]
    best, most = ",", 0
    for delimiter in _DELIMITERS:
        counts = sorted(line.count(delimiter) for line in lines)
        typical = counts[len(counts) // 2] if counts else 0
        if typical > most:
            best, most = delimiter, typical
    return best
