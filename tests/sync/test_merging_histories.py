"""Merge, offline edits elsewhere, synchronisations in any order, un-merge: nothing anyone typed is
lost, and it is on the right child or in the queue.

`CUNCAO_HISTORIES=2000` tries that many new histories.
"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schema.kinds import KINDS
from server.check import check
from sync import merges
from sync.merging import is_carried
from sync.replica import InvalidRecord, Refused
from sync.verify import problems_of
from tests.sync.accounts import nothing_is_lost, standing, states
from tests.sync.town import Town, child, contact

HISTORIES = int(os.environ.get("CUNCAO_HISTORIES", "0"))
LIVES = ("alone", "relatives", "mother", "boarding", None)
SETS = (["poverty"], ["study"], ["poverty", "study"], ["internet"], None)
TEXTS = (
    "会做饭。\n怕黑。",
    "会做饭。\n怕黑，要开灯。",
    "会做饭了。\n怕黑。",
    "会做饭。\n怕黑。\n爱唱歌。",
)
WRITERS = ("li", "wu", "tea", "adm")

edits = st.tuples(
    st.sampled_from(WRITERS),
    st.sampled_from(("one", "other")),
    st.sampled_from(("phone", "address", "note", "categories", "lives_with", "contact", "visit")),
    st.integers(0, 4),
)
choices = st.dictionaries(
    st.sampled_from(("phone", "address", "note", "categories", "lives_with", "name")),
    st.sampled_from(("kept", "away")),
)


def configured(examples: int) -> settings:
    return settings(
        max_examples=HISTORIES or examples,
        derandomize=not HISTORIES,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate) if HISTORIES else tuple(Phase),
    )


def filed_twice(*more: str) -> tuple[Town, dict[str, str]]:
    town = Town("adm", "li", "wu", "tea", *more)
    li, wu = town.replicas["li"], town.replicas["wu"]
    files = {
        "one": child(li, phone="13900000001", note=TEXTS[0], categories=["study"]),
        "other": child(
            wu, "112", name="罗小静", address="二组", note=TEXTS[0], lives_with="mother"
        ),
    }
    files["visit one"] = contact(li, files["one"], summary="一")
    files["visit other"] = contact(wu, files["other"], summary="二")
    town.sync("li", "wu", "tea", "adm", *more)
    return town, files


def write(town: Town, files: dict[str, str], edit: tuple[str, str, str, int], n: int) -> None:
    """One save; where its author may not see the file, none."""
    user, file, what, pick = edit
    replica, id_ = town.replicas[user], files[file]
    try:
        if what == "contact":
            contact(replica, id_, summary=f"第{n}次")
        elif what == "visit":
            replica.save("contact", {"summary": f"改{n}。"}, files[f"visit {file}"])
        else:
            given: Any = {
                "lives_with": LIVES[pick], "categories": SETS[pick], "note": TEXTS[pick % 4],
            }.get(what, f"1390000{n:04}")  # fmt: skip
            replica.save("child", {what: given}, id_)
    except (Refused, InvalidRecord):
        pass


def at_rest(town: Town) -> None:
    town.rest()
    assert check(town.store).faults == []
    for name, replica in town.replicas.items():
        assert problems_of(replica) == [], name
    nothing_is_lost(town)


@configured(25)
@given(
    before=st.lists(edits, max_size=4),
    after=st.lists(edits, min_size=3, max_size=8),
    take=choices,
    order=st.permutations(("li", "wu", "tea", "adm")),
    early=st.lists(st.sampled_from(("li", "wu", "tea")), max_size=2),
    is_back=st.booleans(),
)
def test_an_unmerge_leaves_both_files_as_if_they_had_never_been_merged(
    before, after, take, order, early, is_back
):
    def history(is_merged: bool) -> dict[tuple[str, str], Any]:
        town, files = filed_twice()
        for n, edit in enumerate(before):
            write(town, files, edit, n)
        town.sync("adm", *early)
        names = ("other", "one") if is_back else ("one", "other")
        merge = ""
        if is_merged:
            adm = town.replicas["adm"]
            merge = merges.merge(adm, *(files[n] for n in names), take)
        for n, edit in enumerate(after, 100):
            if edit[0] != "adm":
                write(town, files, edit, n)
        town.sync(*order)
        if is_merged:
            at_rest(town)
            for replica in town.replicas.values():
                assert [r["id"] for r in replica.select("child")] == [files[names[0]]]
            everything_shows_under(town, files[names[0]], files[names[1]])
            merges.unmerge(town.replicas["adm"], merge)
        at_rest(town)
        known = {i: name for name, i in files.items()}
        told = {s.id for _id, kind, s in states(town) if kind.name == "parting"}
        assert len(told) == is_merged
        found = {(i, s): v for (i, s), v in standing(town).items() if i not in told}
        assert not [k for k in found if k[1] == "merged_into"]
        spoken = {(known[i], s): v for (i, s), v in found.items() if i in known and s != "child"}
        texts = sorted(v for (i, s), v in found.items() if i not in known and s == "summary")
        parents = sorted(
            known[v[0].strip("'")] for (i, s), v in found.items() if i not in known and s == "child"
        )
        return {**spoken, ("new", "summary"): texts, ("new", "child"): parents}

    assert history(True) == history(False)


def everything_shows_under(town: Town, kept: str, away: str) -> None:
    """While merged: whatever stands in the other file that its merger had not seen stands in the
    kept one too, as its value or beside it."""
    kind = KINDS["child"]
    state = town.store.states([away])[away]
    into = town.store.states([kept])[kept]
    merge = town.store.entry(state.slots[kind.pointer].standing.ops[0])
    assert merge is not None
    for name, slot in state.slots.items():
        for head in slot.heads if name != kind.pointer else ():
            for op in head.ops:
                entry = town.store.entry(op)
                assert entry is not None
                if entry.seq <= merge.seq:
                    continue
                held = into.slot(name, kind.slot_value(name, into.values))
                carried = {
                    town.store.entry(o).change.names[0]  # type: ignore[union-attr]
                    for h in (held.heads if held else ())
                    for o in h.ops
                    if is_carried(o)
                }
                assert op in carried, (name, op)


steps = st.one_of(
    st.tuples(st.just("edit"), edits),
    st.tuples(st.just("edit"), edits),
    st.tuples(st.just("sync"), st.sampled_from((*WRITERS, "adm2"))),
    st.tuples(st.just("sync"), st.sampled_from((*WRITERS, "adm2"))),
    st.tuples(
        st.just("merge"),
        st.tuples(st.booleans(), st.permutations(("one", "other", "third")), choices),
    ),
    st.tuples(st.just("unmerge"), st.tuples(st.booleans(), st.integers(0, 9))),
    st.tuples(st.just("delete"), st.tuples(st.booleans(), st.sampled_from(("one", "other")))),
    st.tuples(st.just("decide"), st.tuples(st.booleans(), st.integers(0, 9))),
)


@configured(60)
@given(st.lists(steps, min_size=6, max_size=40))
def test_no_history_of_merges_loses_a_word_or_leaves_two_ends_apart(history):
    town, files = filed_twice()
    second = town.add("adm2", "adm")
    files["third"] = child(town.replicas["adm"], phone="13900000003")
    files["visit third"] = contact(town.replicas["adm"], files["third"])
    town.sync("adm", "adm2")
    made: list[str] = []
    for n, (what, given_) in enumerate(history):
        town.now_ms += 60_000
        if what == "edit":
            write(town, files, given_, n)
        elif what == "sync":
            town.sync(given_)
        else:
            is_second, *rest = given_
            admin = second if is_second else town.replicas["adm"]
            decide(admin, what, rest, files, made, n)
    at_rest(town)
    shown = [{r["id"] for r in town.replicas[n].select("child")} for n in ("adm", "adm2")]
    assert shown[0] == shown[1]
    deleted = {s.id for _, k, s in states(town) if k.name == "child" and s.is_deleted}
    assert shown[0] or deleted >= set(list(files.values())[:2]), "a child vanished"


def decide(
    admin: Any, what: str, rest: list[Any], files: dict[str, str], made: list[str], n: int
) -> None:
    try:
        if what == "merge":
            (one, other, _), take = rest
            made.append(merges.merge(admin, files[one], files[other], take))
        elif what == "unmerge" and made:
            merges.unmerge(admin, made[rest[0] % len(made)])
        elif what == "delete":
            view = admin.get(files[rest[0]])
            if view and view.deleted is None:
                admin.delete(files[rest[0]], "建重了")
            elif view:
                admin.undelete(files[rest[0]])
        elif what == "decide":
            found = admin.conflicts()
            if found:
                conflict = found[rest[0] % len(found)]
                admin.resolve(conflict.id, ("winner", "loser")[n % 2])
    except Refused as error:
        if error.code not in ("same_file", "deleted", "not_found"):
            raise
