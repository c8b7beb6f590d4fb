"""The catalogues: complete, compiled, and the program speaks the language it is asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from sync import language
from tools import messages

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Surroundings that say nothing about a language."""
    for name in ("CUNCAO_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_both_catalogues_are_complete_and_compiled() -> None:
    faults = messages.faults()
    assert not faults, "run python tasks.py messages\n" + "\n".join(faults)


def test_the_chinese_of_the_program_is_the_chinese_of_the_catalogue() -> None:
    catalogue = messages.read("zh")
    assert {text for text, given in catalogue.items() if given != (text,)} == set()


def test_english_has_no_chinese_left_in_it() -> None:
    left = {
        text: given
        for text, given in messages.read("en").items()
        if any(messages.CHINESE.search(form) for form in given)
    }
    # A language is named in itself, and a class is called what people call it.
    assert set(left) <= {"English", "在学校里加一个班，如 四年级2班、初一1班、2023级2班"}, left


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({}, "zh"),
        ({"LANG": "C"}, "zh"),
        ({"LANG": "C.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "zh_CN.GBK"}, "zh"),
        ({"LANG": "de_DE.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "CUNCAO_LANG": "en"}, "en"),
        ({"LANG": "en_GB.UTF-8", "CUNCAO_LANG": "zh"}, "zh"),
        ({"LANG": "en_GB.UTF-8", "CUNCAO_LANG": "klingon"}, "en"),
    ],
)
def test_the_language_is_asked_for_then_the_locales_else_chinese(
    quiet: pytest.MonkeyPatch, variables: dict[str, str], expected: str
) -> None:
    if sys.platform == "win32" and not variables:
        pytest.skip("Windows asks the system")
    for name, value in variables.items():
        quiet.setenv(name, value)
    language.use(None)
    assert language.current() == expected


def test_a_choice_made_in_the_program_beats_the_surroundings(quiet: pytest.MonkeyPatch) -> None:
    quiet.setenv("CUNCAO_LANG", "zh")
    try:
        language.use("en")
        assert (language.current(), language._("姓名")) == ("en", "Name")
    finally:
        language.use(None)
    assert (language.current(), language._("姓名")) == ("zh", "姓名")


def test_a_language_without_a_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="de"):
        language.use("de")


def test_a_text_nobody_translated_stays_readable() -> None:
    assert language._("没人翻译过这一句") == "没人翻译过这一句"
    assert language._("") == ""  # gettext would answer with the catalogue's header


def test_translating_needs_nothing_but_the_standard_library() -> None:
    code = (
        "import sys; from sync.language import _, use; use('en'); assert _('\\u59d3\\u540d') == 'Name';"
        "assert 'babel' not in sys.modules and 'tools' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_a_message_is_found_wherever_it_can_be_written() -> None:
    source = (
        '_("甲"); N_("乙"); ngettext("丙", "丁", 2); Problem("code", "戊", args=(("field", "不要"),))\n'
        'problems.Problem(code="x", message="己"); _refuse("code", "庚"); print("不要")\n'
    )
    found = dict(messages.written(ast.parse(source)))
    assert found == {"甲": "", "乙": "", "丙": "丁", "戊": "", "己": "", "庚": ""}


def test_nothing_is_put_into_a_message_before_it_is_translated() -> None:
    """`_(f"…")` and `_("…".format())` look up a sentence no catalogue has."""
    found = []
    for room in messages.ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and messages.called(node) in messages.TRANSLATORS:
                    first = node.args[0] if node.args else None
                    is_filled = isinstance(first, ast.JoinedStr) or (
                        isinstance(first, ast.Call) and messages.called(first) == "format"
                    )
                    if is_filled:
                        found.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert not found
