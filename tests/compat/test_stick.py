"""A laptop without a network is installed and updated from a folder; a program that does not start
never takes the place of one that does."""

from __future__ import annotations

import ensurepip
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.stick import finish, missing
from tools.stick_install import windows_start

PIP = next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"), None)
TRIAL = """import sys
def main():
    print({version!r})
    return {code}
if __name__ == "__main__":
    sys.exit(main())
"""

needs_pip = pytest.mark.skipif(PIP is None, reason="this Python brings no pip along")


def wheel(folder: Path, name: str, version: str, files: dict[str, str], *needs: str) -> Path:
    """A wheel made by hand."""
    info = f"{name}-{version}.dist-info"
    told = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    told += "".join(f"Requires-Dist: {need}\n" for need in needs)
    inside = {
        **files,
        f"{info}/METADATA": told,
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\ncuncao = tui.trial:main\n",
    }
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as packed:
        for path, text in inside.items():
            packed.writestr(path, text)
        record = "".join(f"{path},,\n" for path in [*inside, f"{info}/RECORD"])
        packed.writestr(f"{info}/RECORD", record)
    return made


class Stick:
    """A stick with a program of few words, and the laptop it is plugged into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "U 盘 (寸草)"
        self.program, self.start = folder / "程 序 's", folder / "开 始"

    def fill(self, version: str, code: int = 0) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        files = {"tui/__init__.py": "", "tui/trial.py": TRIAL.format(version=version, code=code)}
        wheel(self.folder / "wheels", "cuncao", version, files)
        assert PIP is not None
        shutil.copy(PIP, self.folder / "wheels")
        finish(self.folder)

    def install(self, *words: str) -> subprocess.CompletedProcess[str]:
        places = ("--to", str(self.program), "--start", str(self.start))
        return subprocess.run(
            [sys.executable, str(self.folder / "install.py"), *places, *words],
            capture_output=True, encoding="utf-8", timeout=120, check=False,
            env={**os.environ, "PYTHONIOENCODING": "utf-8", "PIP_INDEX_URL": "http://127.0.0.1:9"},
        )  # fmt: skip

    def version(self) -> str:
        """What the command that a user starts says."""
        command = self.start / ("cuncao.cmd" if os.name == "nt" else "cuncao")
        done = subprocess.run([str(command)], capture_output=True, encoding="utf-8", check=True)
        return done.stdout.strip()

    def kept(self) -> list[str]:
        return sorted(p.name for p in self.program.glob("p*"))


@pytest.fixture
def stick(tmp_path):
    return Stick(tmp_path)


@needs_pip
def test_a_stick_installs_updates_and_goes_back_without_a_network(stick):
    for version, kept in (("0.1", ["p1"]), ("0.2", ["p1", "p2"])):
        stick.fill(version)
        (stick.program / "p0").mkdir(parents=True)  # of long ago
        done = stick.install()
        assert done.returncode == 0, done.stderr
        assert stick.version() == version and stick.kept() == kept
    assert stick.install("--back").returncode == 0
    assert stick.version() == "0.1"


@needs_pip
def test_a_program_that_does_not_start_leaves_the_one_before_in_use(stick):
    stick.fill("0.1")
    assert stick.install().returncode == 0
    stick.fill("0.2", code=1)
    done = stick.install()
    assert done.returncode == 1 and "原来的" in done.stdout
    assert stick.version() == "0.1" and stick.kept() == ["p1"]
    assert stick.install("--back").returncode == 2


@needs_pip
@pytest.mark.parametrize("what", ["altered", "missing", "strange", "no list"])
def test_a_stick_that_is_not_whole_changes_nothing(stick, what):
    stick.fill("0.1")
    (program,) = (stick.folder / "wheels").glob("cuncao-*")
    if what == "altered":
        program.write_bytes(program.read_bytes() + b"\0")
    elif what == "missing":
        program.unlink()
    elif what == "strange":
        (stick.folder / "wheels" / "other-1-py3-none-any.whl").touch()
    else:
        (stick.folder / "SHA256SUMS").unlink()
    done = stick.install()
    assert done.returncode == 2 and done.stderr.strip()
    assert not stick.program.exists() and not stick.start.exists()


LOCAL = r"D:\电脑 资料\何秀英\Local"


@pytest.mark.parametrize(
    ("folder", "place", "is_ascii"),
    [
        (LOCAL + r"\cuncao-program", r"%LOCALAPPDATA%\cuncao-program", True),
        (LOCAL.upper() + r"\100% 寸草", r"%LOCALAPPDATA%\100%% 寸草", False),
        (r"D:\工作 资料\寸草", r"D:\工作 资料\寸草", False),
        (r"D:\my programs", r"D:\my programs", True),
    ],
)
def test_the_start_of_windows_is_read_right_under_every_code_page(folder, place, is_ascii):
    told = windows_start(folder, "cuncao", LOCAL)
    lines = told.decode("utf-8").split("\r\n")
    assert told.endswith(b"\r\n") and told.count(b"\n") == told.count(b"\r\n")
    assert not told.startswith(b"\xef\xbb\xbf")  # a mark would be the first command
    assert told.isascii() is is_ascii is ("chcp 65001 >nul" not in lines)
    if not is_ascii:
        first = next(n for n, line in enumerate(lines) if not line.isascii())
        assert lines.index("chcp 65001 >nul") < first
    assert lines[-3:-1] == [
        f'set /p CUNCAO_AT=<"{place}\\current"',
        f'"{place}\\%CUNCAO_AT%\\Scripts\\cuncao.exe" %*',
    ]


def test_what_another_system_needs_is_not_forgotten(tmp_path):
    """pip reads markers as if on the machine that downloads."""
    wheel(tmp_path, "cuncao", "1", {}, 'colours>=2; platform_system == "Windows"', "under_score")
    wheel(tmp_path, "Under_Score", "1", {}, 'extra-thing; extra == "more"')
    assert missing(tmp_path, "win_amd64") == ["colours>=2"]
    assert missing(tmp_path, "manylinux_2_28_x86_64") == []
    wheel(tmp_path, "colours", "2", {})
    assert missing(tmp_path, "win32") == []


def test_the_real_program_passes_its_own_trial():
    done = subprocess.run(
        [sys.executable, "-m", "tui.trial"], capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0 and done.stdout.strip(), done.stderr
