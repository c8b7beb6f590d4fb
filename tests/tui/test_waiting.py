"""A command whose server asks for patience says for how long, and ends as if offline."""

from __future__ import annotations

import pytest

from sync import language
from sync.transport import Offline
from tui.commands.common import guarded


@pytest.mark.parametrize(("seconds", "words"), [(600, "10 分钟"), (61, "61 秒"), (0, "没连上")])
def test_how_long_to_wait_stands_in_the_sentence(tmp_path, monkeypatch, capsys, seconds, words):
    monkeypatch.setenv("CUNCAO_HOME", str(tmp_path))

    @guarded
    def command() -> None:
        raise Offline("HTTP 503", retry_after=seconds)

    language.use("zh")
    try:
        with pytest.raises(SystemExit) as caught:
            command()
    finally:
        language.use(None)
    assert caught.value.code == 3
    assert words in capsys.readouterr().err
