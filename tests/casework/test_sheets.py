"""Spreadsheets as rows: encodings, kinds of file, row numbers, and files that must be refused."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
import xlwt

from casework import sheets
from tests.casework.counties import ROSTERS

ROWS = [
    ["姓名", "身份证号", "村"],
    ["杨𬭎", "510811201203080011", "冯家岭村"],
    ["曾娜", "", "卫子村"],
]


def text_of(delimiter: str, end: str) -> str:
    return end.join(delimiter.join(row) for row in ROWS) + end


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_text_table_reads_the_same_in_every_encoding(
    tmp_path: Path, encoding: str, delimiter: str, end: str
) -> None:
    path = tmp_path / "表 格.csv"
    path.write_bytes(text_of(delimiter, end).encode(encoding))
    (sheet,) = sheets.read(path)
    assert [[c or "" for c in row] for row in sheet.rows] == ROWS


def test_the_kind_of_file_is_told_by_its_bytes_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "roster.xls"
    path.write_bytes((ROSTERS / "village-ledger.xlsx").read_bytes())
    assert sheets.read(path)[0].rows[1][1] == "儿童姓名"


def test_row_numbers_are_those_the_spreadsheet_program_shows(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active["C7"] = "姓名"
    book.active["C8"] = "罗静"
    book.active["C10"] = "曾娜"
    book.save(tmp_path / "a.xlsx")
    (sheet,) = sheets.read(tmp_path / "a.xlsx")
    found = {
        c: sheet.number(i) for i, row in enumerate(sheet.rows) for c in row if isinstance(c, str)
    }
    assert found == {"姓名": 7, "罗静": 8, "曾娜": 10}


def test_an_old_workbook_keeps_types(tmp_path: Path) -> None:
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("台账")
    sheet.write(0, 0, "姓名")
    sheet.write(1, 0, "上官若兰")
    sheet.write(1, 1, 13900002741)
    day = xlwt.easyxf(num_format_str="YYYY-MM-DD")
    sheet.write(1, 2, datetime.date(2015, 3, 8), day)
    book.save(str(tmp_path / "a.xls"))
    (read,) = sheets.read(tmp_path / "a.xls")
    name, phone, born = read.rows[1]
    assert (name, phone) == ("上官若兰", 13900002741.0)
    assert str(born)[:10] == "2015-03-08"


def test_hidden_rows_columns_and_sheets_are_read_too(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    first = book.active
    first.append(["姓名", "身份证号"])
    first.append(["罗静", "510811201503080029"])
    first.column_dimensions["B"].hidden = True
    first.row_dimensions[2].hidden = True
    second = book.create_sheet("二")
    second.append(["姓名"])
    second.append(["曾娜"])
    second.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    read = sheets.read(tmp_path / "a.xlsx")
    assert [s.rows[1] for s in read] == [["罗静", "510811201503080029"], ["曾娜"]]


def _xlsx(cells: str) -> bytes:
    """A workbook by hand: one sheet with `cells` as its XML."""
    out = io.BytesIO()
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
        )
        z.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        z.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
            '<sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        z.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
            f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        z.writestr(
            "xl/worksheets/sheet1.xml",
            f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
        )
    return out.getvalue()


FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
REFUSED = {
    "empty": (b"", "file_empty"),
    "blank": (b"\n \r\n", "file_empty"),
    "empty workbook": (_xlsx(""), "file_empty"),
    "cut workbook": ((ROSTERS / "village-ledger.xlsx").read_bytes()[:9000], "file_damaged"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40, None),
    "a web page": (b"<html><body>404</body></html>", "not_a_spreadsheet"),
    "a paper": (b"%PDF-1.7 \n1 0 obj", "not_a_spreadsheet"),
    "old container": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 4000, "file_damaged"),
    "encrypted": (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600 + "EncryptedPackage".encode("utf-16-le"),
        "file_encrypted",
    ),
    "cells far apart": (_xlsx(FAR), "file_too_large"),
    "bomb": (_xlsx("<row>" + "<c/>" * 1 + " " * 450_000_000 + "</row>"), "file_too_large"),
    "rows without end": ("姓名\n".encode() * 120_000, "file_too_large"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_one_clear_problem(tmp_path: Path, what: str) -> None:
    data, code = REFUSED[what]
    path = tmp_path / "a.xlsx"
    path.write_bytes(data)
    with pytest.raises(sheets.Unreadable) as refused:
        sheets.read(path)
    if code:
        assert refused.value.problem.code == code
    assert refused.value.problem.text()


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "没有.xlsx", tmp_path):
        with pytest.raises(sheets.Unreadable, match="file_missing"):
            sheets.read(path)
