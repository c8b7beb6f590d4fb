"""Which spreadsheets lie on this computer where rosters usually lie."""

from __future__ import annotations

from pathlib import Path

ENDINGS = (".xlsx", ".xls", ".csv")
FOLDERS = ("Desktop", "Downloads", "Documents", "桌面", "下载", "文档")
"""Where a roster that came by mail or stick usually lies."""


def spreadsheets(typed: str) -> list[Path]:
    """Spreadsheets in the folder typed, or in those where rosters usually lie, the newest first."""
    given = Path(typed.strip()).expanduser() if typed.strip() else None
    if given is not None and given.is_dir():
        folders, begins = [given], ""
    elif given is not None and given.parent != Path():
        folders, begins = [given.parent], given.name
    else:
        home = Path.home()
        folders, begins = [Path.cwd(), *(home / name for name in FOLDERS)], typed.strip()
    found: list[tuple[float, Path]] = []
    for folder in folders:
        try:
            for path in folder.iterdir():
                if path.suffix.lower() in ENDINGS and begins.lower() in path.name.lower():
                    found.append((path.stat().st_mtime, path))
        except OSError:
            continue
    found.sort(key=lambda f: (-f[0], f[1].name))
    return [path for _time, path in found]
