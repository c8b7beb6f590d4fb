"""Installs or updates Cuncao from the folder in which this file stands, without a network.

    python install.py               install, or update; the records stay as they are
    python install.py --back        go back to the program before

Needs nothing but Python 3.11. Each program gets a folder of its own and is tried before it takes
the place of the one before, which is kept; a start that fails leaves everything as it was.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = (3, 11)
DONE, NOT_STARTED, NOTHING_DONE = 0, 1, 2
COMMANDS = ("cuncao", "cuncao-server")
IS_WINDOWS = os.name == "nt"


class Refused(Exception):
    """Nothing was changed. The words are for the person before the screen, in two languages."""


def say(chinese: str, english: str) -> None:
    sys.stdout.write(f"{chinese}\n{english}\n")
    sys.stdout.flush()


# ---------------------------------------------------------------------------- where things go


def program_folder() -> Path:
    """Where the user's programs go; the records have a folder of their own (CUNCAO_HOME)."""
    if IS_WINDOWS:
        return Path(os.environ.get("LOCALAPPDATA") or Path.home()) / "cuncao-program"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "cuncao-program"
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "cuncao-program"


def start_folder() -> Path:
    """Where a user starts programs from: the start menu, or a folder on the path."""
    if IS_WINDOWS:
        roaming = Path(os.environ.get("APPDATA") or Path.home())
        return roaming / "Microsoft" / "Windows" / "Start Menu" / "Programs"
    return Path.home() / ".local" / "bin"


def inside(program: Path, name: str) -> Path:
    """A command of an installed program."""
    return program / ("Scripts" if IS_WINDOWS else "bin") / (name + (".exe" if IS_WINDOWS else ""))


# ---------------------------------------------------------------------------- is the stick whole


def check_stick() -> Path:
    """Every file as it was written; the wheel of the program.

    Raises:
        Refused: one is missing or altered, or this is no stick.
    """
    try:
        lines = (HERE / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    except OSError:
        raise Refused(
            "这个文件夹里没有 SHA256SUMS，不是完整的安装盘。\nSHA256SUMS is missing here."
        ) from None
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines if line)}
    for name, digest in listed.items():
        path = HERE / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise Refused(
                f"{name} 没拷全，或被改过。请重新拷贝整个文件夹。\n"
                f"{name} is incomplete or altered; copy the whole folder again."
            )
    strange = [p.name for p in (HERE / "wheels").iterdir() if f"wheels/{p.name}" not in listed]
    if strange:
        raise Refused(
            f"wheels 里多了不认识的文件：{strange[0]}。\nAn unlisted file: {strange[0]}."
        )
    found = sorted((HERE / "wheels").glob("cuncao-*.whl"))
    if len(found) != 1:
        raise Refused("安装盘里没有程序。\nThere is no program on this stick.")
    return found[0]


def check_python() -> None:
    if sys.version_info[:2] != PYTHON:
        wanted = ".".join(map(str, PYTHON))
        raise Refused(
            f"要用 Python {wanted} 来装（这是 {sys.version.split()[0]}）。\n"
            f"Python {wanted} is needed (this is {sys.version.split()[0]})."
        )


# ---------------------------------------------------------------------------- installing


def install(folder: Path, start: Path) -> int:
    check_python()
    wheel = check_stick()
    folder.mkdir(parents=True, exist_ok=True)
    before = current(folder)
    new = folder / f"p{1 + max([0, *map(number, programs(folder))])}"
    say(f"正在安装到 {new} …", f"Installing to {new} …")
    try:
        make(new, wheel)
        version = try_out(new)
    except (subprocess.CalledProcessError, OSError) as error:
        words = getattr(error, "stderr", None) or str(error)
        sys.stderr.write(words.strip() + "\n")
        shutil.rmtree(new, ignore_errors=True)
        if before:
            say(
                "新程序在这台电脑上起不来，仍用原来的；记录没有动。",
                "The new program does not start here; the one before stays. No record was touched.",
            )
        else:
            say("程序在这台电脑上起不来，没有装。", "It does not start here; nothing is installed.")
        return NOT_STARTED
    point_to(folder, new)
    write_starts(folder, start)
    for old in programs(folder):
        if old not in (new, before):
            shutil.rmtree(old, ignore_errors=True)  # in use on Windows: goes next time
    say(
        f"装好了：寸草 {version}。记录都在原处。用 {start / COMMANDS[0]} 打开。",
        f"Done: Cuncao {version}. All records are where they were. Start: {start / COMMANDS[0]}",
    )
    return DONE


def make(new: Path, wheel: Path) -> None:
    """A program with all it needs, from this folder alone; pip itself is on the stick."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    run([sys.executable, "-m", "venv", "--without-pip", str(new)], clean)
    pip = max((HERE / "wheels").glob("pip-*.whl"))
    words = [
        str(inside(new, "python")), str(pip / "pip"), "--isolated", "install", "--no-index",
        "--find-links", str(HERE / "wheels"), "--no-warn-script-location",
        "--disable-pip-version-check", str(wheel),
    ]  # fmt: skip
    run(words, clean)


def try_out(new: Path) -> str:
    """The version of a program that works here. It is tried on a store of its own."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    run([str(inside(new, "cuncao")), "--version"], clean)
    return run([str(inside(new, "python")), "-m", "tui.trial"], clean).strip()


def run(words: list[str], environment: dict[str, str]) -> str:
    """What a command prints. Raises `CalledProcessError` with what it complained of."""
    # From where no module can be taken for one of ours, as the current folder's would be.
    done = subprocess.run(
        words, capture_output=True, encoding="utf-8", errors="replace", check=True,
        env={**environment, "PYTHONIOENCODING": "utf-8"}, cwd=sysconfig.get_path("stdlib"),
    )  # fmt: skip
    return done.stdout


# ---------------------------------------------------------------------------- which one is used


def programs(folder: Path) -> list[Path]:
    """Installed programs, the oldest first."""
    found = [p for p in folder.glob("p*") if p.is_dir() and p.name[1:].isdecimal()]
    return sorted(found, key=number)


def number(program: Path) -> int:
    return int(program.name[1:])


def current(folder: Path) -> Path | None:
    try:
        return folder / (folder / "current").read_text(encoding="utf-8").strip()
    except OSError:
        return None


def point_to(folder: Path, program: Path) -> None:
    """From now on this one is started; one rename, so that a power cut leaves one of the two."""
    new = folder / "current.new"
    with open(new, "w", encoding="utf-8") as file:
        file.write(program.name + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / "current")


def back(folder: Path) -> int:
    """The program before the current one."""
    now = current(folder)
    older = [p for p in programs(folder) if now and number(p) < number(now)]
    if not older:
        raise Refused("没有更早的程序可以换回。\nThere is no program before this one.")
    version = try_out(older[-1])
    point_to(folder, older[-1])
    say(f"换回了寸草 {version}。记录没有动。", f"Back to Cuncao {version}. No record was touched.")
    return DONE


def write_starts(folder: Path, start: Path) -> None:
    """A command for each program, in its folder and where the user looks for it."""
    start.mkdir(parents=True, exist_ok=True)
    for name in COMMANDS:
        if IS_WINDOWS:
            local = os.environ.get("LOCALAPPDATA", "")
            for place in (folder, start):
                (place / f"{name}.cmd").write_bytes(windows_start(str(folder), name, local))
        else:
            quoted = "'" + str(folder).replace("'", "'\\''") + "'"
            text = f'#!/bin/sh\nat={quoted}\nexec "$at/$(cat "$at/current")/bin/{name}" "$@"\n'
            for place in (folder, start):
                (place / name).write_text(text, encoding="utf-8")
                (place / name).chmod(0o755)


def windows_start(folder: str, name: str, local: str) -> bytes:
    """A .cmd that starts what is current. `local`: LOCALAPPDATA, which is named by its variable: the
    file is then ASCII, right under every code page, though a user's name may be Chinese. Any other
    folder is written as UTF-8, under its code page."""
    if local and folder.lower().startswith(local.lower() + "\\"):
        place = "%LOCALAPPDATA%" + folder[len(local) :].replace("%", "%%")
    else:
        place = folder.replace("%", "%%")
    lines = [
        "@echo off", "setlocal", *(() if place.isascii() else ("chcp 65001 >nul",)),
        f'set /p CUNCAO_AT=<"{place}\\current"',
        f'"{place}\\%CUNCAO_AT%\\Scripts\\{name}.exe" %*',
    ]  # fmt: skip
    return "".join(line + "\r\n" for line in lines).encode("utf-8")


def main(arguments: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, default=program_folder(), help="folder of the program")
    parser.add_argument("--start", type=Path, default=start_folder(), help="folder of the command")
    parser.add_argument("--back", action="store_true", help="go back to the program before")
    asked = parser.parse_args(arguments)
    folder, start = asked.to.absolute(), asked.start.absolute()
    try:
        return back(folder) if asked.back else install(folder, start)
    except Refused as refusal:
        sys.stderr.write(f"{refusal}\n")
        return NOTHING_DONE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
