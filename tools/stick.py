"""Fills a folder from which laptops are installed and updated without a network: `python tasks.py
stick DIR [--platform NAME …]`.

The program's wheel, the wheels of all it needs for each platform, `install.py`
(tools/stick_install.py), the hashes of them all and a page of instructions.
"""

from __future__ import annotations

import argparse
import email.parser
import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "3.11"
PLATFORMS = ("win_amd64", "manylinux_2_28_x86_64")
OLDER = ("manylinux_2_17", "manylinux2014")
"""Tags of wheels that a Linux of 2_28 (Debian 10, Ubuntu 20.04) runs too."""
README = """\
寸草：用U盘安装或更新

1. 电脑上要有 Python 3.11（64 位或 32 位，和安装盘上的一致）。
2. 把整个文件夹拷到U盘，插到电脑上。
3. 在这个文件夹里运行：python install.py
   更新也是这一句。记录不会动；新程序起不来时，自动留用原来的。
4. 用开始菜单里的 cuncao 打开（Linux：~/.local/bin/cuncao）。
   想换回前一版：python install.py --back

Cuncao: install or update from a USB stick

1. The computer needs Python 3.11 (64 or 32 bit, as this stick was made for).
2. Copy the whole folder to a stick and plug it in.
3. In this folder, run: python install.py
   The same command updates. No record is touched; when the new program does not start, the one
   before stays in use.
4. Start cuncao from the start menu (Linux: ~/.local/bin/cuncao).
   To go back to the program before: python install.py --back
"""


def pip(*words: str) -> None:
    """One command of pip; its words on the screen. Raises `CalledProcessError`."""
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)


def build(wheels: Path) -> Path:
    """The wheel of the program as it stands in this clone."""
    pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(wheels), str(ROOT))
    (made,) = wheels.glob("cuncao-*.whl")
    return made


def download(wheels: Path, platform: str, wanted: Iterable[str], *, with_needs: bool) -> None:
    """Wheels for another machine than this one."""
    tag = re.match(r"manylinux_2_\d+", platform)
    names = [platform, *((tag and [platform.replace(tag[0], older) for older in OLDER]) or ())]
    pip(
        "download", "-qq", "--only-binary=:all:", "--implementation", "cp",
        "--python-version", PYTHON, *(w for n in names for w in ("--platform", n)),
        *(() if with_needs else ("--no-deps",)), "--dest", str(wheels), *wanted,
    )  # fmt: skip


def environment_of(platform: str) -> dict[str, str]:
    """What markers see on a platform: pip reads them as if on the machine that downloads."""
    is_windows = platform.startswith("win")
    system = ("win32", "Windows", "nt") if is_windows else ("linux", "Linux", "posix")
    machine = platform.split("_", 1)[-1] if "_" in platform else "x86"
    return {
        **{k: str(v) for k, v in default_environment().items()},
        "sys_platform": system[0], "platform_system": system[1], "os_name": system[2],
        "python_version": PYTHON, "python_full_version": f"{PYTHON}.0",
        "platform_machine": machine.upper() if is_windows else machine.split("_", 2)[-1],
        "extra": "",
    }  # fmt: skip


def needs_of(wheel: Path) -> list[Requirement]:
    """What a wheel says it needs."""
    with zipfile.ZipFile(wheel) as packed:
        name = next(n for n in packed.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", n))
        told = email.parser.Parser().parsestr(packed.read(name).decode("utf-8"))
    return [Requirement(text) for text in told.get_all("Requires-Dist") or ()]


def missing(wheels: Path, platform: str) -> list[str]:
    """Requirements on this platform of which there is no wheel."""
    held = {parse_wheel_filename(path.name)[0] for path in wheels.glob("*.whl")}
    environment = environment_of(platform)
    found = {
        f"{need.name}{need.specifier}"
        for path in wheels.glob("*.whl")
        for need in needs_of(path)
        if canonicalize_name(need.name) not in held
        and (need.marker is None or need.marker.evaluate(environment))
    }
    return sorted(found)


def fill(folder: Path, platforms: Iterable[str]) -> None:
    """Everything into an empty or older stick's folder."""
    wheels = folder / "wheels"
    if wheels.exists():
        shutil.rmtree(wheels)
    wheels.mkdir(parents=True)
    program = build(wheels)
    for platform in platforms:
        download(wheels, platform, [str(program), "pip"], with_needs=True)
        while wanted := missing(wheels, platform):
            download(wheels, platform, wanted, with_needs=False)
    finish(folder)


def finish(folder: Path) -> None:
    """What stands beside the wheels, and the hashes of all of it."""
    shutil.copy(ROOT / "tools" / "stick_install.py", folder / "install.py")
    # With a mark at its beginning: Notepad of older systems guesses otherwise.
    (folder / "README.txt").write_text(README, encoding="utf-8-sig", newline="\r\n")
    kept = [folder / "install.py", folder / "README.txt", *sorted((folder / "wheels").iterdir())]
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(folder).as_posix()}\n"
        for path in kept
    ]
    (folder / "SHA256SUMS").write_text("".join(lines), encoding="utf-8", newline="\n")


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python tasks.py stick", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder to fill")
    parser.add_argument("--platform", action="append", help=f"of a laptop: {', '.join(PLATFORMS)}")
    parser.add_argument(
        "--try", dest="is_tried", action="store_true", help="try it on this machine (half a minute)"
    )
    asked = parser.parse_args(arguments)
    try:
        fill(asked.folder.absolute(), asked.platform or PLATFORMS)
    except subprocess.CalledProcessError as error:
        sys.stderr.write(f"pip ended with {error.returncode}\n")
        return 1
    size = sum(p.stat().st_size for p in asked.folder.rglob("*") if p.is_file())
    sys.stdout.write(f"{asked.folder}: {size / 1e6:.1f} MB\n")
    if asked.is_tried:
        from tools import stick_trial

        stick_trial.run(asked.folder.absolute())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
