"""Makes the fixtures of a release: what its program left on disk and said on the wire, and the
program itself.

`python -m tools.release_fixture NUMBER`, once, on the commit of the release; from then on
tests/compat opens them with whatever the program has become. The people are invented.
"""

from __future__ import annotations

import base64
import io
import json
import lzma
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec

from schema import idnumber
from schema.kinds import KINDS
from sync import courier, ids, scans
from sync.change import Grant
from sync.client import sync_once
from sync.protocol import MEDIA_PLAIN, PROTOCOL, unpack
from sync.replica import Replica
from sync.storage import open_plain
from sync.transport import Offline, Rejected
from sync.views import Identity
from tui import drafts
from tui.paths import home_at

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "tests" / "fixtures" / "releases"
PASSWORD = "a password of the fixture"
PASSPHRASE = "a passphrase of the fixture"
SEED = 20260101
PAGE = 6
"""Entries a page: the first fill of the conversation takes several."""
PROGRAM = ("schema", "sync", "server")
"""The rooms that speak to each other; enough to run an old device or an old server."""
DIVISIONS = """code,name,level,parent_code
72,青禾县,county,
7201,石桥镇,township,72
720101,柳湾村,village,7201
720102,竹坪村,village,7201
7202,云台镇,township,72
720201,双溪村,village,7202
"""
USERS = (
    ("lan", "director", "720101"),
    ("he", "director", "720102"),
    ("shi", "supervisor", "7201"),
    ("gone", "director", "720101"),
    ("du", "inspector", "72"),
)
NAMES = ("钟小满", "许知秋", "唐麦穗", "罗青苗", "苏立春", "邓雨水", "姜谷雨", "卢白露")
SCAN = bytes(range(256)) * 8
ESSAY = "奶奶说这学期住校，周五走路回家。" * 40


class Server:
    """A real server over a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self.env = {
            **{k: v for k, v in os.environ.items() if k != "CUNCAO_DATABASE_URL"},
            "CUNCAO_SERVER_HOME": str(folder),
            "CUNCAO_TEST_FAST_HASH": "1",
        }

    def call(self, *words: str) -> None:
        with_password = [*words, *(["--password-stdin"] if words[0] in ("init", "user") else [])]
        subprocess.run(
            [sys.executable, "-m", "server", *with_password],
            input=PASSWORD + "\n", text=True, encoding="utf-8", env=self.env, check=True, cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    @contextmanager
    def running(self) -> Iterator[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", "run", "--port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env=self.env, cwd=ROOT,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            self.url = process.stdout.readline().split()[-1]
            yield self.url
        finally:
            process.terminate()
            process.wait(20)
            process.stdout.close()


class Recorder:
    """A transport that keeps every request and answer, refusals too."""

    def __init__(self, url: str) -> None:
        self.client = httpx.Client(base_url=url, trust_env=False, timeout=30)
        self.lines: list[dict[str, Any]] = []

    def ask(
        self, method: str, path: str, body: bytes = b"", media: str = "", token: str = ""
    ) -> httpx.Response:
        headers = {"content-type": media} if media else {}
        if token:
            headers["authorization"] = f"Bearer {token}"
        answer = self.client.request(method, path, content=body, headers=headers)
        self.lines.append({
            "method": method, "path": path, "token": token, "media": media,
            "request": written(body), "status": answer.status_code,
            "answer_media": answer.headers.get("content-type", ""),
            "answer": written(answer.content),
        })  # fmt: skip
        return answer

    def post(self, path: str, body: bytes, media: str, token: str = "") -> tuple[bytes, str]:
        answer = self.ask("POST", path, body, media, token)
        if answer.status_code == 200:
            return answer.content, answer.headers["content-type"]
        raise Rejected(str(answer.json()["error"]))

    def login(self, user: str, device: str) -> dict[str, Any]:
        body = msgspec.json.encode({"user": user, "password": PASSWORD, "device": device})
        return dict(self.ask("POST", "/v1/login", body, MEDIA_PLAIN).json())


def written(body: bytes) -> str:
    """Bytes in a line of JSON: `base64:` and so on where they are no text."""
    with suppress(UnicodeDecodeError):
        return body.decode()
    return "base64:" + base64.b64encode(body).decode()


def pack(target: Path, root: Path, paths: list[Path]) -> None:
    """Files under `root` in one archive, without times and owners."""
    with tarfile.open(target, "w:xz") as packed:
        for path in paths:
            if path.suffix not in (".db-wal", ".db-shm"):
                info = tarfile.TarInfo(path.relative_to(root).as_posix())
                info.size = path.stat().st_size
                packed.addfile(info, io.BytesIO(path.read_bytes()))


def unpack_files(archive: Path, target: Path) -> Path:
    """`pack`, undone; returns `target`."""
    with tarfile.open(archive) as packed:
        packed.extractall(target, filter="data")
    return target


def export(source: Path, key: bytes, target: Path, new_key: bytes) -> None:
    """Copy a database under another key; an empty one means no encryption."""
    from sqlcipher3 import dbapi2

    connection = dbapi2.connect(str(source), isolation_level=None)
    if key:
        connection.execute(f"PRAGMA key = \"{quoted_key(key)}\"")
    attach = f"ATTACH DATABASE ? AS other KEY \"{quoted_key(new_key)}\""
    connection.execute(attach, (str(target),))
    connection.execute("SELECT sqlcipher_export('other')")
    number = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.execute(f"PRAGMA other.user_version = {number}")
    connection.execute("DETACH DATABASE other")
    connection.close()


def quoted_key(key: bytes) -> str:
    return f"x'{key.hex()}'" if key else ""


def id_number(n: int) -> str:
    first = f"72010120150301{n:03d}"
    return first + idnumber.check_character(first)


def values_of(replica: Replica) -> dict[str, dict[str, Any]]:
    """What a replica shows: record id to its kind and values."""
    return {
        state.id: {"kind": kind, "values": state.values}
        for kind in KINDS
        for state in replica.records.shown(kind, all_ids(replica, kind)).values()
    }


def all_ids(replica: Replica, kind: str) -> list[str]:
    return [row[0] for row in replica.connection.execute(f'SELECT id FROM "r_{kind}"')]


class Maker:
    """One county from its first day to the day of the release."""

    def __init__(self, folder: Path, target: Path) -> None:
        self.folder, self.target = folder, target
        self.random = random.Random(SEED)
        self.server = Server(folder / "server")

    def device(self, user: str) -> str:
        return ids.new_device_id(self.random.randbytes)

    def make(self, number: int) -> None:
        divisions = self.folder / "divisions.csv"
        divisions.write_text(DIVISIONS, encoding="utf-8")
        self.server.call("init", "--divisions", str(divisions), "--admin", "boss")
        for name, role, unit in USERS:
            self.server.call("user", "add", name, "--role", role, "--unit", unit)
        with self.server.running() as url:
            self.home = home_at(self.folder / "home")
            self.lan = self.home.login(url, "lan", PASSWORD, lambda _new: PASSPHRASE)
            self.gone = self.joined(url, "gone")
            self._story(url)
        self.server.call("device", "revoke", self.gone[0].identity.device)
        self.server.call("device", "enrol", "he", "--to", str(self.target / "enrol.cuncao"))
        self._unsent()
        out = courier.write(self.lan.replica)
        (self.target / "out.cuncao").write_bytes(out.data)
        expected = self._expected()
        self.lan.replica.connection.execute("VACUUM")
        self.lan.replica.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.lan.write_card()
        self.lan.close()
        self._keep_home()
        self._keep_hub()
        with self.server.running() as url:
            lines = self._conversation(url)
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (self.target / "conversation.jsonl.xz").write_bytes(lzma.compress(text.encode()))
        self.server.call(
            "bundle", "read", str(self.target / "out.cuncao"), "--reply",
            str(self.target / "news.cuncao"),
        )  # fmt: skip
        about = {
            "release": number, "protocol": PROTOCOL, "made_ms": time.time_ns() // 1_000_000,
            "password": PASSWORD, "passphrase": PASSPHRASE, "page": PAGE, **expected,
        }  # fmt: skip
        (self.target / "about.json").write_text(
            json.dumps(about, ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
        )
        self._pack_program()

    def _keep_home(self) -> None:
        """The laptop's folder as it stands between two runs, its store encrypted."""
        for left in self.home.path.rglob("*-wal"):
            assert left.stat().st_size == 0, left
        pack(self.target / "home.tar.xz", self.home.path, sorted(self.home.path.glob("user-*/*")))

    def _keep_hub(self) -> None:
        """The server's key, and its database unencrypted: noise does not compress, and a laptop's
        store, kept as it is, shows that an old cipher's pages open."""
        plain = self.folder / "plain" / "server"
        plain.mkdir(parents=True)
        shutil.copy(self.server.folder / "server.key", plain)
        key = (plain / "server.key").read_bytes()
        export(self.server.folder / "hub.db", key, plain / "hub.db", b"")
        pack(self.target / "server.tar.xz", plain, sorted(plain.iterdir()))

    def _pack_program(self) -> None:
        kinds = ("*.py", "data/*.gz")
        kept = [p for room in PROGRAM for kind in kinds for p in sorted((ROOT / room).rglob(kind))]
        pack(self.target / "program.tar.xz", ROOT, kept)

    # -- what happens in the county

    def joined(self, url: str, user: str) -> tuple[Replica, str, Recorder]:
        """A further device of a user, with its token and its line."""
        line = Recorder(url)
        told = line.login(user, self.device(user))
        replica = Replica(open_plain(), random=self.random.randbytes)
        grants = tuple(msgspec.convert(told["grants"], tuple[Grant, ...]))
        replica.become(Identity(told["user"], told["device"], grants))
        sync_once(replica, line, told["token"], PAGE)
        return replica, told["token"], line

    def _story(self, url: str) -> None:
        """Two years in a minute: saved, met, decided, moved, hidden, sent back."""
        lan = self.lan.replica
        self.lan.sync()
        children = [
            lan.save("child", {
                "name": name, "village": "720101", "sex": "female", "phone": f"1380000000{n}",
                "birth_date": f"2015-0{n + 1}", "lives_with": "paternal_grandparents",
                "id_type": "resident", "id_number": id_number(n), "risk_level": "low",
                "income": ["wages", "farming"], "both_parents_away": n % 2 == 0,
                "psychology": "话不多。喜欢画画。\n老师说进步大。",
            })
            for n, name in enumerate(NAMES)
        ]  # fmt: skip
        with lan.together():
            lan.save("family", {"child": children[0], "role": "father", "name": "钟大山"})
            visit = {"on": "2026-03-01", "kind": "home_visit", "with_whom": ["child"]}
            lan.save("contact", {"child": children[0], "summary": "都好。", "minutes": 40, **visit})
            lan.save("case", {
                "child": children[5], "cause": "alone", "seen": "屋里只有她一人",
                "seen_at": "2026-01-17 19:40",
            })  # fmt: skip
        self.papers = [scans.add(lan, {"child": children[0], "sort": "agreement"}, SCAN)]
        self.lan.sync()
        shi, token, line = self.joined(url, "shi")
        boss, boss_token, boss_line = self.joined(url, "boss")
        # Met: one stays open, one is critical, one is decided, texts and sets join.
        for replica, phone, lives, text, sources in (
            (shi, "13911110000", "alone", "话不多。喜欢画画。\n老师说进步很大。", ["wages"]),
            (lan, "13922220000", "relatives", "话不多，怕生。喜欢画画。\n老师说进步大。", ["other"]),
        ):
            replica.save("child", {"phone": phone, "lives_with": lives}, children[1])
            replica.save("child", {"psychology": text, "income": sources}, children[2])
            replica.save("child", {"address": f"{phone[3:]} 号"}, children[3])
        lan.save("child", {"hobbies": "唱歌"}, children[6])
        sync_once(shi, line, token)
        boss.save("child", {"village": "720201"}, children[6])
        boss.delete(children[7], "建重了")
        boss.save("child", {
            "name": NAMES[0], "village": "720201", "id_type": "resident",
            "id_number": id_number(0),
        })  # fmt: skip
        sync_once(boss, boss_line, boss_token)
        self.lan.sync()
        sync_once(shi, line, token)
        found = [c for c in shi.conflicts() if c.slot == "address"]
        shi.resolve(found[0].id, "loser", note="去看过")
        sync_once(shi, line, token)
        self.lan.sync()
        assert lan.returned(), "nothing came back"
        self.children = children

    def _unsent(self) -> None:
        lan = self.lan.replica
        with lan.together():
            child = lan.save("child", {"name": "丁冬至", "village": "720101"})
            lan.save("contact", {"child": child, "on": "2026-06-01", "kind": "talk"})
        lan.save("child", {"talents": "吹笛子", "phone": None}, self.children[4])
        photo = {"child": self.children[4], "sort": "photo", "caption": "吹笛子"}
        self.papers.append(scans.add(lan, photo, SCAN[::-1]))
        drafts.keep(lan, f"contact {self.children[4]}", {"summary": "写了一半"})

    def _expected(self) -> dict[str, Any]:
        lan = self.lan.replica
        return {
            "records": values_of(lan),
            "unsent": [p.seq for p in lan.pending()],
            "returned": [[r.seq, r.status, r.code] for r in lan.returned()],
            "conflicts": sorted([c.record, c.slot, c.meeting] for c in lan.conflicts()),
            "drafts": [row[0] for row in lan.connection.execute("SELECT place FROM draft")],
            "digest": lan.get_state("digest"),
            "device": lan.identity.device,
            "papers": {paper: scans.digest_of(scans.held(lan, paper) or b"") for paper in self.papers},
        }

    # -- what is said

    def _conversation(self, url: str) -> list[dict[str, Any]]:
        """Every request and every kind of answer of the protocol, once at least."""
        line = Recorder(url)
        told = line.login("shi", self.device("shi"))
        token, device = told["token"], told["device"]
        shi = Replica(open_plain(), random=self.random.randbytes)
        shi.become(Identity(told["user"], device, msgspec.convert(told["grants"], tuple[Grant, ...])))
        sync_once(shi, line, token, PAGE)
        filled = values_of(shi)
        shi.save("child", {"study": ESSAY, "small_name": "石头"}, self.children[5])
        shi.save("child", {"name": "韦清明", "village": "720102"})
        boss = line.login("boss", self.device("boss"))
        admin = Replica(open_plain(), random=self.random.randbytes)
        grants = msgspec.convert(boss["grants"], tuple[Grant, ...])
        admin.become(Identity("boss", boss["device"], grants))
        sync_once(admin, line, boss["token"])
        admin.save("child", {"study": "算术好。", "small_name": "小石"}, self.children[5])
        admin.save("child", {"village": "720201"}, self.children[3])
        sync_once(admin, line, boss["token"])
        sync_once(shi, line, token)
        sync_once(shi, line, token)
        repeated = next(
            e for e in reversed(line.lines) if "study" in plain_of(e["request"], e["media"])
        )
        line.ask("POST", "/v1/sync", bytes_of(repeated["request"]), repeated["media"], token)
        line.ask("GET", f"/v1/history?record={self.children[1]}", token=token)
        line.ask("GET", f"/v1/history?record={self.children[3]}", token=token)
        line.ask("GET", "/v1/schema")
        line.ask("GET", "/healthz")
        bad = {"protocol": PROTOCOL, "device": device, "changes": [
            [device, 900, f"{device}.900", "create", "child", "x" * 26, "shi", 1, {"nope": 1}],
            [device, 901, f"{device}.901", "put", "child", self.children[3], "shi", 1,
             {"note": "搬走的孩子"}],
        ]}  # fmt: skip
        for message, who in (
            (bad, token),
            ({"protocol": PROTOCOL, "device": device}, "nobody"),
            ({"protocol": PROTOCOL, "device": "someone"}, token),
            ({"protocol": PROTOCOL, "device": device, "cursor": "bm9uZQ"}, token),
        ):
            line.ask("POST", "/v1/sync", msgspec.json.encode(message), MEDIA_PLAIN, who)
        gone, gone_token = self.gone[:2]
        gone.save("child", {"name": "温小雪", "village": "720101"})
        with suppress(Rejected, Offline):
            sync_once(gone, line, gone_token)
        line.ask("POST", "/v1/logout", b"{}", MEDIA_PLAIN, token)
        return [{"filled": filled, "shown": values_of(shi)}, *line.lines]


def bytes_of(text: str) -> bytes:
    """`written`, undone."""
    if text.startswith("base64:"):
        return base64.b64decode(text.removeprefix("base64:"))
    return text.encode()


def plain_of(text: str, media: str) -> str:
    return unpack(bytes_of(text), media).decode()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not arguments[0].isdecimal():
        sys.stdout.write(f"{__doc__}\n")
        return 2
    target = FIXTURES / arguments[0]
    if target.exists():
        sys.stdout.write(f"{target} is there: a release is recorded once\n")
        return 2
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        made.mkdir()
        Maker(Path(folder), made).make(int(arguments[0]))
        shutil.copytree(made, target)
    size = sum(path.stat().st_size for path in target.rglob("*") if path.is_file())
    sys.stdout.write(f"{target}: {size:,} bytes\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
