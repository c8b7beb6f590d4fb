"""Keeps the catalogues true: collects every message of the program, updates the .po files, compiles
them.

A message is a Chinese text inside `_()`, `N_()` or `ngettext()`, a sentence given to a `Problem`,
or a label of a declaration in schema/. Chinese catalogues fill themselves; English is translated by
a person in `sync/locale/en/LC_MESSAGES/cuncao.po`, one sorted entry per message, so that two
people's work merges.
"""

from __future__ import annotations

import ast
import gettext
import importlib
import io
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "sync" / "locale"
LANGUAGES = ("zh", "en")
ROOMS = ("schema", "sync", "casework", "server", "tui")

TRANSLATORS = frozenset({"_", "N_"})
PROBLEMS = re.compile(r"_?(problem|refuse|refused|invalid|doubt)$", re.IGNORECASE)
"""Names of calls whose Chinese arguments are sentences for people: Problem(code, sentence),
_refuse(…)."""
CHINESE = re.compile(r"[\u3400-\u9fff]")
PLACEHOLDER = re.compile(r"\{[^{}]*\}")

HEADER = """\
# {title} of Cuncao. Kept by `python tasks.py messages`.
msgid ""
msgstr ""
"Project-Id-Version: cuncao\\n"
"Language: {lang}\\n"
"Plural-Forms: {plural}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"

"""
TITLES = {"zh": "Chinese messages", "en": "English messages"}
PLURALS = {"zh": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}


@dataclass
class Message:
    """One text to translate and where it stands."""

    text: str
    plural: str = ""
    places: set[str] = field(default_factory=set)


def collect() -> dict[str, Message]:
    """Every message of the program by its Chinese text."""
    found: dict[str, Message] = {}

    def add(text: str, place: str, plural: str = "") -> None:
        message = found.setdefault(text, Message(text))
        message.plural = message.plural or plural
        message.places.add(place)

    for path in sorted(p for room in ROOMS for p in (ROOT / room).rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        for text, plural in written(ast.parse(path.read_text(encoding="utf-8"), place)):
            add(text, place, plural)
    for text, place in declared():
        add(text, place)
    return dict(sorted(found.items()))


def written(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """The messages of one module's source as (text, plural)."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = called(node)
        texts = [t for t in map(literal, node.args) if t]
        if name in TRANSLATORS:
            yield from ((t, "") for t in texts[:1])
        elif name == "ngettext" and len(texts) >= 2:
            yield texts[0], texts[1]
        elif PROBLEMS.match(name):
            given = [*texts, *(t for t in (literal(k.value) for k in node.keywords) if t)]
            yield from ((t, "") for t in given if CHINESE.search(t))


def called(node: ast.Call) -> str:
    """The last name of what is called: `Problem` for problems.Problem(…)."""
    function = node.func
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def literal(node: ast.AST) -> str | None:
    """The text of a plain string literal."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def declared() -> Iterator[tuple[str, str]]:
    """The labels of kinds, fields, sections, codes, roles and settings as (label, place)."""
    from schema import roles
    from schema.cadences import CADENCES
    from schema.codes import CodeList
    from schema.eligibility import ELIGIBILITY
    from schema.kinds import KINDS
    from schema.settings import SETTINGS

    kinds = importlib.import_module("schema.kinds")
    for label in roles.LABELS.values():
        yield label, "schema/roles.py"
    for setting in SETTINGS.values():
        yield setting.label, "schema/settings.py"
    for definition in ELIGIBILITY:
        yield definition.label, "schema/eligibility.py"
    for rule in CADENCES:
        yield rule["label"], "schema/cadences.py"
    for found in pkgutil.iter_modules(kinds.__path__):
        module = importlib.import_module(f"schema.kinds.{found.name}")
        for value in vars(module).values():
            if isinstance(value, CodeList):
                yield from ((code.label, f"schema/kinds/{found.name}.py") for code in value)
    for kind in KINDS.values():
        labels = [kind.label, *kind.section_labels.values(), *(f.label for f in kind.fields)]
        labels += [deadline.what for deadline in kind.deadlines]
        labels += [kind.page] if kind.page else []
        yield from ((label, f"schema/kinds/{kind.name}.py") for label in labels)


def po_path(lang: str) -> Path:
    return LOCALE / lang / "LC_MESSAGES" / "cuncao.po"


def read(lang: str) -> dict[str, tuple[str, ...]]:
    """A .po file as {text: its translations}; empty and fuzzy ones too, fuzzy ones as ()."""
    from babel.messages import pofile

    path = po_path(lang)
    if not path.exists():
        return {}
    with path.open("rb") as file:
        catalogue = pofile.read_po(file)
    found: dict[str, tuple[str, ...]] = {}
    for entry in catalogue:
        if entry.id:
            text = entry.id if isinstance(entry.id, str) else entry.id[0]
            given = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
            found[text] = () if entry.fuzzy else given
    return found


def write(lang: str, messages: dict[str, Message], known: dict[str, tuple[str, ...]]) -> None:
    """The .po file of `messages`, translated as far as `known` goes."""
    lines = [HEADER.format(title=TITLES[lang], lang=lang, plural=PLURALS[lang])]
    for message in messages.values():
        given = known.get(message.text, ())
        lines += [f"#: {place}\n" for place in sorted(message.places)]
        lines.append(f"msgid {quoted(message.text)}\n")
        if message.plural:
            lines.append(f"msgid_plural {quoted(message.plural)}\n")
            forms = 1 if lang == "zh" else 2
            given = (given * forms)[:forms] if len(given) == 1 else given
            for n in range(forms):
                lines.append(f"msgstr[{n}] {quoted(given[n] if n < len(given) else '')}\n")
        else:
            lines.append(f"msgstr {quoted(given[0] if given else '')}\n")
        lines.append("\n")
    path = po_path(lang)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(lines).rstrip("\n") + "\n", encoding="utf-8", newline="\n")


def quoted(text: str) -> str:
    """A .po string; a text of several lines gets one line each."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t")
    pieces = [piece.replace("\n", "\\n") for piece in escaped.splitlines(keepends=True)]
    if len(pieces) < 2:
        return f'"{"".join(pieces)}"'
    return "\n".join(['""', *(f'"{piece}"' for piece in pieces)])


def compiled(lang: str) -> bytes:
    """The .mo file that belongs to the .po file as it stands."""
    from babel.messages import mofile, pofile

    with po_path(lang).open("rb") as file:
        catalogue = pofile.read_po(file, locale=lang)
    made = io.BytesIO()
    mofile.write_mo(made, catalogue)
    return made.getvalue()


def entries(mo: bytes) -> dict[object, str]:
    """What a .mo file says, its header aside (the header names the tool that wrote it)."""
    catalogue = vars(gettext.GNUTranslations(io.BytesIO(mo)))["_catalog"]
    return {key: text for key, text in catalogue.items() if key != ""}


def is_compiled(lang: str) -> bool:
    """True when the .mo file says what the .po file says."""
    mo = po_path(lang).with_suffix(".mo")
    return mo.exists() and entries(mo.read_bytes()) == entries(compiled(lang))


def faults() -> list[str]:
    """What is wrong with the committed catalogues; nothing when they are true."""
    messages = collect()
    found: list[str] = []
    for lang in LANGUAGES:
        known = read(lang)
        found += [f"{lang}: not in the catalogue: {text}" for text in messages if text not in known]
        found += [
            f"{lang}: no longer in the program: {text}" for text in known if text not in messages
        ]
        for text, given in known.items():
            if not given or not all(given):
                found.append(f"{lang}: not translated: {text}")
            for translation in given:
                if set(PLACEHOLDER.findall(text)) - _ones(given) != (
                    set(PLACEHOLDER.findall(translation)) - _ones(given)
                ):
                    found.append(f"{lang}: placeholders differ: {text} / {translation}")
        if not is_compiled(lang):
            found.append(f"{lang}: cuncao.mo is older than its .po")
    return found


def _ones(given: tuple[str, ...]) -> set[str]:
    """Where a language has a form for one, that form may say "one" instead of `{n}`."""
    return {"{n}"} if len(given) > 1 else set()


def update() -> list[str]:
    """Brings both catalogues up to date and compiles them; returns what a person must translate."""
    messages = collect()
    for lang in LANGUAGES:
        known = read(lang)
        if lang == "zh":
            known = {text: known.get(text) or (text,) for text in messages}
            known = {text: given if all(given) else (text,) for text, given in known.items()}
        write(lang, messages, known)
        if not is_compiled(lang):  # its header holds the day: written only when it has to be
            po_path(lang).with_suffix(".mo").write_bytes(compiled(lang))
    return [text for text, given in read("en").items() if not given or not all(given)]
