"""What every home of the hub must do: one suite of claims, run against each `HubStore`."""

from __future__ import annotations

import msgspec
import pytest

from schema.kinds import KINDS
from sync.change import Change, Entry, Grant, Mark, State
from sync.decide import replay
from sync.hub import Hub, HubStore, Known, Move, Place, Session, content_hash
from sync.protocol import Verdict

NOW = 1_790_000_000_000


def change(seq: int, id: str = "r1", device: str = "dev1", kind: str = "child", **fields) -> Change:
    return Change(device, seq, f"{device}.{seq}", "create", kind, id, "li", seq << 16, fields)


def entry(seq: int, made: Change, root: str = "", stamp: int = 0) -> Entry:
    return Entry(seq, made, stamp or seq << 20, {}, root or made.id)


def state(id: str, seq: int, kind: str = "child", root: str | None = None, **values) -> State:
    mark = Mark(f"dev1.{seq}", "li", seq << 20)
    return State(kind, id, id if root is None else root, mark, mark, values, {}, seq)


def row(made: Entry) -> tuple[Entry, bytes, bytes]:
    """An entry as a store is given it."""
    return made, msgspec.json.encode(made.change), content_hash(made.change)


def put_log(store: HubStore, *changes: Change) -> None:
    with store.write():
        head = store.head()
        entries = [entry(head + n, c) for n, c in enumerate(changes, 1)]
        store.append([row(e) for e in entries])


class StoreSuite:
    """Subclasses give a `store` fixture: a new, empty store."""

    # ------------------------------------------------------------ the log

    def test_an_empty_store_has_an_epoch_and_no_log(self, store):
        assert store.epoch()
        assert store.head() == 0
        assert store.log_rows(0, 10) == []
        assert store.last_stamp("dev1") == 0
        assert store.entry("dev1.1") is None

    def test_the_log_gives_back_what_was_appended(self, store):
        put_log(store, change(1, name="一"), change(2, "r2", name="二"))
        assert store.head() == 2
        assert [
            (r.seq, r.root, r.kind, r.txn, r.device, r.device_seq) for r in store.log_rows(0, 9)
        ] == [
            (1, "r1", "child", "dev1.1", "dev1", 1),
            (2, "r2", "child", "dev1.2", "dev1", 2),
        ]
        assert [r.seq for r in store.log_rows(1, 9)] == [2]
        assert [r.seq for r in store.log_rows(0, 1)] == [1]
        assert store.entry("dev1.2").change == change(2, "r2", name="二")
        assert store.entry("dev1.2*") == store.entry("dev1.2")
        assert store.entry("hub") is None

    def test_the_log_refuses_a_gap_in_its_numbers(self, store):
        put_log(store, change(1))
        with pytest.raises(RuntimeError), store.write():
            store.append([row(entry(3, change(3)))])
        assert store.head() == 1

    def test_one_op_cannot_be_in_the_log_twice(self, store):
        put_log(store, change(1))
        with pytest.raises(Exception, match=r"(?i)unique"):
            put_log(store, change(1))
        assert store.head() == 1

    def test_what_was_just_written_reads_like_what_was_written_before(self, store):
        """A store may answer from memory whoever has just pushed."""
        made = [change(n, f"r{n}", name="一") for n in range(1, 4)]
        with store.write():
            entries = [entry(n, c) for n, c in enumerate(made, 1)]
            store.append([row(e) for e in entries])
            store.put_states([state(f"r{n}", n) for n in range(1, 4)])

        def read() -> tuple:
            return [store.log_rows(n, m) for n in range(5) for m in (1, 9)], store.bodies([3, 1, 2])

        first = read()
        with store.read():
            pass
        assert read() == first
        assert [r.seq for r in store.log_rows(1, 9)] == [2, 3]

    def test_of_the_log_only_what_is_in_some_units_is_read(self, store):
        with store.write():
            made = [entry(n, change(n, f"r{n}")) for n in range(1, 5)]
            made.append(entry(5, change(5, "u1", kind="unit"), root=""))
            made[4] = Entry(5, made[4].change, 5 << 20, {}, "")
            store.append([row(e) for e in made])
            store.put_states([state(f"r{n}", n) for n in range(1, 5)])
            places = {"r1": ("111",), "r2": ("112",), "r3": ("111", "s1"), "r4": ()}
            store.put_places({r: Place(units, 1) for r, units in places.items()}, {})
        assert [r.seq for r in store.log_rows_in(0, ["s1", "112"], [])] == [2, 3, 5]
        assert [r.seq for r in store.log_rows_in(2, ["112"], ["r4"])] == [4, 5]
        assert store.log_rows_in(0, ["111"], ["r2", "r4"]) == store.log_rows(0, 9)

    def test_only_what_is_held_for_some_months_has_a_month(self, store):
        with store.write():
            visit = state("v1", 2, kind="contact", root="r1", child="r1", on="2026-11-01")
            store.put_states([state("r1", 1, name="一"), visit])
        assert store.months(["r1", "v1", "nobody"]) == {"v1": "2026-11"}

    def test_what_a_transaction_did_not_keep_is_not_read(self, store):
        put_log(store, change(1))
        with pytest.raises(ValueError, match="no"), store.write():
            store.append([row(entry(2, change(2)))])
            raise ValueError("no")
        assert [r.seq for r in store.log_rows(0, 9)] == [1]
        assert store.log_rows(1, 9) == []

    def test_bodies_come_in_the_order_asked_for(self, store):
        put_log(store, *(change(n, f"r{n}") for n in range(1, 5)))
        import msgspec

        bodies = [msgspec.json.decode(b, type=Entry) for b in store.bodies([4, 1, 3])]
        assert [e.seq for e in bodies] == [4, 1, 3]
        assert store.bodies([]) == []

    def test_the_last_stamp_is_that_of_the_device(self, store):
        put_log(store, change(1), change(2), change(9, "r9", device="dev2"))
        assert store.last_stamp("dev1") == 2 << 20
        assert store.last_stamp("dev2") == 3 << 20

    def test_known_tells_log_and_quarantine_apart(self, store):
        put_log(store, change(1))
        verdict = Verdict(2, "quarantined", "out_of_scope", "village")
        with store.write():
            store.quarantine(change(2), b"content of 2", verdict, NOW)
        assert store.known("dev1", [1, 2, 3]) == {
            1: Known(content_hash(change(1)), None, 1),
            2: Known(b"content of 2", verdict),
        }
        assert store.known("dev2", [1, 2]) == {}

    def test_the_last_stamp_of_a_device_is_its_greatest(self, store):
        put_log(store, change(3), change(1))  # sent late: 1 is stamped above 3
        with store.write():
            store.append([row(entry(3, change(2), stamp=7))])
        assert store.last_stamp("dev1") == max(
            store.entry(f"dev1.{n}").stamp for n in (1, 2, 3)
        )
        assert store.last_stamp("dev2") == 0

    def test_quarantine_keeps_the_first_word_of_a_repeated_change(self, store):
        for reason in ("out_of_scope", "device_revoked"):
            with store.write():
                store.quarantine(change(2), b"c", Verdict(2, "quarantined", reason), NOW)
        assert store.known("dev1", [2])[2].verdict.code == "out_of_scope"

    # ------------------------------------------------------- transactions

    def test_a_write_that_raises_leaves_nothing(self, store):
        with pytest.raises(ZeroDivisionError), store.write():
            store.append([row(entry(1, change(1)))])
            store.put_states([state("51", 1, "unit", "", parent=None)])
            store.put_places({"r1": Place(("51",), 1)}, {})
            store.put_id("r1", "number")
            store.add_to_buckets({("child", ("51",)): 7})
            assert store.parents() == {"51": None}
            assert list(store.buckets()) == [("child", ("51",), 7)]
            raise ZeroDivisionError
        assert store.head() == 0
        assert store.states(["51"]) == {}
        assert store.parents() == {}
        assert store.places(["r1"]) == {}
        assert store.roots_with_id(["number"]) == {}
        assert list(store.buckets()) == []

    def test_an_inner_write_belongs_to_the_outer_one(self, store):
        with pytest.raises(ZeroDivisionError), store.write():
            with store.write():
                store.append([row(entry(1, change(1)))])
            raise ZeroDivisionError
        assert store.head() == 0

    def test_reading_inside_a_write_sees_what_was_written(self, store):
        with store.write():
            store.append([row(entry(1, change(1)))])
            with store.read():
                assert store.head() == 1
        assert store.head() == 1

    def test_writing_inside_a_read_is_a_mistake(self, store):
        with pytest.raises(RuntimeError), store.read(), store.write():
            pass

    # ------------------------------------------------------------ records

    def test_a_record_reads_as_its_log_makes_it_before_and_after_something_comes(self, store):
        """A store need not keep what the entry that made a record says already."""
        number = {"id_type": "resident", "id_number": "51", "no_id_reason": None}
        made = [
            change(1, "u1", kind="unit", name="县"),
            change(2, "r1", name="一", identity=number, phone=None),
            change(3, "c1", kind="contact", child="r1", on="2026-11-01"),
            change(4, "r2", name="二"),
        ]
        roots = {"u1": "", "c1": "r1"}
        entries = [entry(n, c, roots.get(c.id, c.id)) for n, c in enumerate(made, 1)]
        entries[0] = Entry(1, made[0], 1 << 20)
        states = {e.change.id: replay(KINDS[e.change.kind], None, e) for e in entries}
        assert states["r1"].values["id_number"] == "51" and "phone" not in states["r1"].values

        def is_whole() -> bool:
            rows = store.records_of(["", "r1", "r2"])
            read = {s.id: s for s in (msgspec.json.decode(b, type=State) for _, _, b in rows)}
            assert [(root, kind) for root, kind, _ in rows] == [
                (read[i].root, read[i].kind) for i in read
            ]
            return read == states == store.states([*states, "nobody"])

        with store.write():
            store.append([row(e) for e in entries])
            store.put_states(states.values())
            assert is_whole()
        assert is_whole()
        later = Change("dev1", 5, "dev1.5", "put", "child", "r1", "li", 5 << 16, {"name": "三"})
        with store.write():
            store.append([row(edit := entry(5, later))])
            states["r1"] = replay(KINDS["child"], states["r1"], edit)
            store.put_states([states["r1"]])
        assert is_whole() and states["r1"].values["name"] == "三"
        with store.write():  # written again without an entry of its own
            store.put_states([states["r2"]])
        assert is_whole()

    def test_states_come_back_whole_and_are_replaced(self, store):
        with store.write():
            store.put_states([state("r1", 1, name="一"), state("c1", 2, "contact", "r1")])
        with store.write():
            store.put_states([state("r1", 3, name="二")])
        assert store.states(["r1", "nobody"]) == {"r1": state("r1", 3, name="二")}
        assert [(root, kind) for root, kind, _ in store.records_of(["r1"])] == [
            ("r1", "contact"),
            ("r1", "child"),
        ]

    def test_public_records_hang_on_the_empty_root(self, store):
        with store.write():
            store.put_states([state("51", 1, "unit", "", name="县"), state("r1", 2)])
        assert [kind for _, kind, _ in store.records_of([""])] == ["unit"]

    def test_parents_follow_the_units(self, store):
        with store.write():
            store.put_states([state("51", 1, "unit", ""), state("512", 2, "unit", "", parent="51")])
            assert store.parents() == {"51": None, "512": "51"}
        with store.write():
            store.put_states([state("513", 3, "unit", "", parent="51"), state("r1", 4)])
        assert store.parents() == {"51": None, "512": "51", "513": "51"}

    # ------------------------------------------------------------- places

    def test_roots_are_found_by_unit_in_order(self, store):
        with store.write():
            store.put_states([state(f"u{n}", n, "unit", "") for n in range(1, 20)])
            store.put_places({
                "b": Place(("u1", "u2"), 1),
                "a": Place(("u2",), 2),
                "c": Place(("u3",), 3),
                "d": Place((), 4),
            }, {})
        assert store.roots_in(["u1", "u2"], [], "", 9) == ["a", "b"]
        assert store.roots_in(["u1", "u2"], [], "a", 9) == ["b"]
        assert store.roots_in(["u2", "u3"], ["d"], "", 3) == ["a", "b", "c"]
        assert store.roots_in([], ["d", "c"], "", 9) == ["c", "d"]
        assert store.roots_in([], [], "", 9) == []

    def test_a_wide_reach_finds_the_same_roots_as_a_narrow_one(self, store):
        units = [f"u{n}" for n in range(1, 20)]
        with store.write():
            store.put_states([state(u, n, "unit", "") for n, u in enumerate(units, 1)])
            store.put_places({f"r{u}": Place((u,), 1) for u in units} | {"z": Place((), 1)}, {})
        assert store.roots_in(units, ["z"], "", 99) == [*sorted(f"r{u}" for u in units), "z"]
        assert store.roots_in(units, [], "ru18", 2) == ["ru19", "ru2"]

    def test_a_moved_root_leaves_its_old_units(self, store):
        with store.write():
            store.put_places({"a": Place(("u1", "u2"), 1)}, {})
        with store.write():
            store.put_places({"a": Place(("u2", "u3"), 1)}, {"a": Place(("u1", "u2"), 1)})
            store.add_moves([Move(5, "a", ("u1", "u2"), ("u2", "u3"))])
        assert store.places(["a"]) == {"a": Place(("u2", "u3"), 1)}
        assert store.roots_in(["u1"], [], "", 9) == []
        assert store.roots_in(["u3"], [], "", 9) == ["a"]
        assert store.moves_after(4) == [Move(5, "a", ("u1", "u2"), ("u2", "u3"))]
        assert store.moves_after(5) == []

    def test_moves_come_in_log_order(self, store):
        with store.write():
            store.add_moves([Move(7, "a", ("x",), ("y",)), Move(6, "b", (), ("x",))])
            store.add_moves([Move(5, "z", ("x",), ())])
        assert [(m.seq, m.root) for m in store.moves_after(0)] == [(5, "z"), (6, "b"), (7, "a")]

    # -------------------------------------------------- numbers, buckets

    def test_an_id_number_leads_to_its_roots(self, store):
        with store.write():
            store.put_id("b", "1")
            store.put_id("a", "1")
            store.put_id("c", None)
            assert store.roots_with_id(["1", "2"]) == {"1": ["a", "b"]}
        with store.write():
            store.put_id("a", None)
            store.put_id("b", "2")
        assert store.roots_with_id(["1", "2"]) == {"2": ["b"]}

    def test_buckets_add_up_modulo_their_width(self, store):
        key, other = ("child", ("a", "b")), ("contact", ())
        with store.write():
            store.add_to_buckets({key: 5, other: -1})
        with store.write():
            store.add_to_buckets({key: (1 << 128) - 3})
        assert sorted(store.buckets()) == [
            ("child", ("a", "b"), 2),
            ("contact", (), (1 << 128) - 1),
        ]

    # ------------------------------------------------ with the hub's core

    def test_a_hub_over_the_store_gives_a_second_device_everything(self, store):
        hub = Hub(store, lambda: NOW)
        with store.write():
            hub.write("unit", "51", {"code": "51", "name": "县", "level": "county"})
            hub.write(
                "unit", "512", {"code": "512", "name": "村", "level": "village", "parent": "51"}
            )
        first = Session("li", "dev1", (Grant("director", "512"),))
        second = Session("wang", "dev2", (Grant("admin", "51"),))
        assert (
            hub.push(first, [change(n, f"r{n}", name=f"名{n}", village="512") for n in (1, 2, 3)])
            == []
        )
        again = hub.push(first, [change(2, "r2", name="名2", village="512")])
        assert again == [Verdict(2, "duplicate", number=4)]
        assert store.head() == 5
        page = hub.pull(second, "", 0, 100)
        while page.more:
            more = hub.pull(second, page.cursor, 0, 100)
            more.rows, more.cursor = page.rows + more.rows, more.cursor or page.cursor
            page = more
        assert len(page.rows) == 5
        assert hub.pull(second, page.cursor, 0, 100).entries == []
        hub.push(first, [change(4, "r4", name="名4", village="512")])
        assert len(hub.pull(second, page.cursor, 0, 100).entries) == 1
