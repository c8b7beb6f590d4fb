"""Three-way merges of sets and texts: the algebra, and that no sentence anyone wrote is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.merge import merge_sets, merge_texts, pieces

codes = st.sets(st.sampled_from("abcdef"))
sentence = st.text("天地人水火山木", min_size=1, max_size=3)
ends = st.sampled_from("。！？；\n")
texts = st.lists(st.tuples(sentence, ends).map("".join), max_size=7, unique=True)


@given(codes, codes, codes)
def test_a_merged_set_has_what_either_added_and_lacks_what_either_took_out(base, ours, theirs):
    merged = merge_sets(base, ours, theirs)
    assert (ours - base) | (theirs - base) <= merged
    assert not merged & ((base - ours) | (base - theirs))
    assert merged == merge_sets(base, theirs, ours)
    assert merge_sets(base, base, theirs) == theirs
    assert merge_sets(base, merged, theirs) == merged


@given(st.text("天地。！？；!?;\n”」 ", max_size=30))
def test_pieces_joined_give_the_text_back(text):
    assert "".join(pieces(text)) == text
    assert all(pieces(text))


@given(texts, st.data())
def test_edits_of_different_sentences_lose_no_sentence_of_either_side(base, data):
    ours, theirs = (_edited(base, data, mark) for mark in ("甲", "乙"))
    merged = merge_texts("".join(base), "".join(ours), "".join(theirs))
    if merged is None:
        return
    parts = pieces(merged)
    assert {s for s in ours if s not in base} <= set(parts), "ours lost a sentence"
    assert {s for s in theirs if s not in base} <= set(parts), "theirs lost a sentence"
    taken_out = {s for s in base if s not in ours or s not in theirs}
    assert not taken_out & set(parts), "a removed sentence came back"
    assert set(base) - taken_out <= set(parts)
    assert set(parts) <= {*base, *ours, *theirs}, "a sentence nobody wrote"


def _edited(base, data, mark):
    new = list(base)
    for n in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(new)))
        what = data.draw(st.sampled_from(("add", "change", "remove")))
        if what == "add" or at == len(new):
            new.insert(at, f"{mark}{n}。")
        elif what == "change":
            new[at] = f"{mark}改{n}。"
        else:
            del new[at]
    return new


@given(texts, st.data())
def test_a_text_merge_does_not_ask_who_came_first(base, data):
    ours, theirs = ("".join(_edited(base, data, mark)) for mark in ("甲", "乙"))
    text = "".join(base)
    assert merge_texts(text, ours, theirs) == merge_texts(text, theirs, ours)
    assert merge_texts(text, text, theirs) == theirs
    assert merge_texts(text, ours, ours) == ours


@given(
    st.text("天地。\n", max_size=12),
    st.text("天地。\n", max_size=12),
    st.text("天地。\n", max_size=12),
)
def test_any_texts_merge_to_pieces_someone_wrote_or_not_at_all(base, ours, theirs):
    merged = merge_texts(base, ours, theirs)
    if merged is not None:
        written = {*pieces(base), *pieces(ours), *pieces(theirs)}
        written |= {a + b for a in written for b in written}  # a last sentence without its end
        assert set(pieces(merged)) <= written


def test_two_edits_inside_one_sentence_never_merge():
    assert (
        merge_texts(
            "腿好了，能走。作业没人看。", "腿好了，能跑。作业没人看。", "腿没好，能走。作业没人看。"
        )
        is None
    )


def test_two_sentences_added_in_one_place_are_for_a_person_to_put_in_order():
    assert merge_texts("一。二。", "一。甲。二。", "一。乙。二。") is None


def test_a_sentence_added_at_each_end_comes_into_one_text():
    assert (
        merge_texts("一。二。三。", "零。一。二。三。", "一。二。三。四。")
        == "零。一。二。三。四。"
    )
