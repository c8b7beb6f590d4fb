"""Who must do what for whom, and by when: reckoned from the rules, the contact log and today's date.

Nothing of it is ever stored; a duty put off is a record of its own (`deferral`, `unit_log`). Duties that
are counted in days run from the last time they were done; those of a term, a half year or a year fall
within it. Sources: S5 of the work; the rules in schema/cadences.py.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

from casework import cadences, posts, wording
from casework.cadences import DAYS, MONTHS, WEEKDAYS, Rule
from casework.calendar import Calendar, Span
from casework.duty_facts import Facts
from schema.kinds import KINDS
from schema.record import Deadline, Kind
from schema.types import Choice, Date, Moment
from sync.language import N_, _
from sync.reading import Reading

Day = datetime.date
SOON = datetime.timedelta(days=7)
EVENT_DAYS = 60
"""A major event older than this is no longer answered by a visit within hours."""
LOOK_BACK = datetime.timedelta(days=400)
"""Contacts older than this are not asked for: no cadence is longer than a year."""
STATES = ("overdue", "due", "soon", "done")
LABELS = {
    "overdue": N_("逾期"), "due": N_("今天"), "soon": N_("7 天内"), "done": N_("本月做了"),
}  # fmt: skip
PROMISE = "promise"
"""The rule of what was promised at a contact ("还要做 … 几号前")."""
OF_A_CHILD = ("child", "guardian", "parent", "pair")
OF_A_UNIT = ("class", "school", "village", "township", "county")
RANK = {code.code: code.rank for code in KINDS["child"].by_name["risk_level"].type.codes}  # type: ignore[attr-defined]


class Duty(Struct, frozen=True):
    """One thing to be done, or done this month."""

    duty: str
    """`rule:subject`; what `defer` takes."""
    rule: str
    subject: str
    """Id of the child or unit, or the user's name."""
    name: str
    due: str
    """YYYY-MM-DD."""
    state: str
    why: str
    rank: int = 0
    """Of the child's risk."""


def duties(
    replica: Reading, today: Day, user: str | None = None, *, everybody: bool = False
) -> list[Duty]:
    """Duties of `user` (default: whose replica this is), or of everybody; the most pressing first."""
    return _Reckoning(replica, today, user or replica.identity.user, everybody=everybody).run()


class _Reckoning:
    def __init__(self, replica: Reading, today: Day, user: str, *, everybody: bool) -> None:
        self.replica, self.today, self.user = replica, today, user
        self.everybody = everybody
        self.calendar = Calendar.of(replica)
        self.posts = posts.posts_of(replica, user)
        self.rules = [r for r in cadences.rules(replica) if r.is_on and r.per]
        self.roles_of = posts.roles_by_name(replica)
        self._units: dict[frozenset[str], frozenset[str]] = {}
        # Translated once: 60,000 times would take a second.
        self._labels = {rule.code: _(rule.label) for rule in self.rules}
        self._never, self._last_time = _("{rule}，还没有过"), _("{rule}，上次 {day}")
        self._days: dict[Day, str] = {}
        self._windows: dict[str, tuple[Span, Span]] = {}
        first = today - LOOK_BACK
        if everybody:
            self.facts = Facts(replica, first, today)
        else:
            helped = Facts(replica, first, today).helped_by(user)
            self.facts = Facts(replica, first, today, self._everywhere(), helped)

    def run(self) -> list[Duty]:
        found = [*self._promises(), *self._deadlines()]
        for rule in self.rules:
            if rule.subject in OF_A_CHILD:
                found += self._of_children(rule)
            elif rule.subject in OF_A_UNIT:
                found += self._of_units(rule)
            elif rule.subject == "doer":
                found += self._of_doer(rule)
        order = {state: n for n, state in enumerate(STATES)}
        return sorted(found, key=lambda d: (order[d.state], -d.rank, d.due, d.name, d.duty))

    # -- whose duty

    def _reach(self, rule: Rule) -> frozenset[str] | None:
        """Units in which the user does this; None for everywhere."""
        if self.everybody:
            return None
        roles = frozenset(role for role, _unit in self.posts if not rule.doer or role in rule.doer)
        if roles not in self._units:
            tree = self.replica.tree
            units = (tree.under(unit) for role, unit in self.posts if role in roles)
            self._units[roles] = frozenset().union(*units)
        return self._units[roles]

    def _everywhere(self) -> frozenset[str]:
        """Every unit in which the user has a post."""
        tree = self.replica.tree
        return frozenset().union(*(tree.under(unit) for _role, unit in self.posts))

    def _children(self, rule: Rule) -> Iterator[Mapping[str, Any]]:
        reach = self._reach(rule)
        if reach is not None and not reach and "helper" not in rule.doer:
            return  # not this person's: nothing need be read
        paired = self.facts.paired if rule.is_paired or rule.subject == "pair" else None
        helped = self.facts.helped_by(self.user) if "helper" in rule.doer else ()
        for child in self.facts.children:
            if paired is not None and child["id"] not in paired:
                continue
            is_mine = reach is None or not reach.isdisjoint(child["units"]) or child["id"] in helped
            if is_mine and _applies(rule, child):
                yield child

    # -- children

    def _of_children(self, rule: Rule) -> Iterator[Duty]:
        if rule.per == "event":
            yield from self._of_events(rule)
            return
        for child in self._children(rule):
            done = self._done(rule, child)
            due, last = self._when(rule, done, child["since"])
            if due is None:
                continue
            due, reason = self._deferred(rule.code, child["id"], due, last)
            yield from self._duty(rule, child["id"], child["name"], due, last, reason, child["rank"])

    def _done(self, rule: Rule, child: Mapping[str, Any]) -> list[Day]:
        """Days on which the rule was met, the last first."""
        days: list[Day] = []
        if "verified" in rule.counts and child["verified"]:
            days.append(child["verified"])
        if "assessment" in rule.counts:
            days += self.facts.assessed.get(child["id"], ())
        for contact in self.facts.contacts.get(child["id"], ()):
            if contact.kind in rule.counts and self._counts(rule, contact.done_by, contact.whom):
                days.append(contact.day)
        return sorted(set(days), reverse=True)

    def _counts(self, rule: Rule, done_by: str, whom: str) -> bool:
        """True when it was done by one of the rule's doers. Who cannot be told is taken to be: a
        worker is not called late for a name written otherwise."""
        if rule.whom and not any(f'"{code}"' in whom for code in rule.whom):
            return False
        roles = self.roles_of.get(done_by)
        return not rule.doer or roles is None or not roles.isdisjoint(rule.doer)

    def _of_events(self, rule: Rule) -> Iterator[Duty]:
        """Within so many hours of a major event; a duty is a day's, so 24 hours are the next day."""
        days = datetime.timedelta(hours=rule.within_hours or 24)
        for child in self._children(rule):
            events = self.facts.events.get(child["id"], ())
            since = self.today - datetime.timedelta(days=EVENT_DAYS)
            recent = [event for event in events if since <= event[0] <= self.today]
            if not recent:
                continue
            happened, what = max(recent)
            done = [d for d in self._done(rule, child) if d >= happened]
            due = happened + max(days, datetime.timedelta(days=1))
            if done:
                if _is_this_month(done[0], self.today):
                    yield self._made(rule, child["id"], child["name"], due, "done",
                                     self._why(rule, done[0]), child["rank"])  # fmt: skip
                continue
            day = wording.date_text(happened.isoformat(), self.today)
            why = _("{rule}：{day} {what}").format(rule=_(rule.label), day=day, what=_(what))
            due, reason = self._deferred(rule.code, child["id"], due, happened)
            state = self._state(due)
            yield self._made(rule, child["id"], child["name"], due, state,
                             _with(why, reason), child["rank"])  # fmt: skip

    def _promises(self) -> Iterator[Duty]:
        """What was promised at a contact and has not been followed by another."""
        rule = Rule(PROMISE, N_("答应过的事"), doer=("director", "teacher", "class-teacher"))
        mine = {c["id"]: c for c in self._children(rule)}
        if not mine:
            return
        for child_id, contacts in self.facts.contacts.items():
            child = mine.get(child_id)
            if child is None:
                continue
            for contact in contacts:  # the last first
                if contact.follow_up_by and contact.follow_up_by <= self.today + SOON:
                    due, reason = self._deferred(PROMISE, child_id, contact.follow_up_by, None)
                    said = contact.follow_up or _(rule.label)
                    why = _("{day} 答应：{said}").format(
                        day=wording.date_text(contact.day.isoformat(), self.today), said=said
                    )
                    yield self._made(rule, child_id, child["name"], due, self._state(due),
                                     _with(why, reason), child["rank"])  # fmt: skip
                if contact.is_met:
                    break  # what was promised before was followed by this one

    def _deadlines(self) -> Iterator[Duty]:
        """What a record asks for by itself: an agreement that ends, a plan to be looked at again."""
        for kind in KINDS.values():
            for deadline in kind.deadlines:
                code = f"{kind.name}.{deadline.field}"
                rule = Rule(code, deadline.what, doer=deadline.doer)
                mine = {c["id"]: c for c in self._children(rule)}
                if not mine:  # nothing need be read: an admin's reach is the county
                    continue
                days = datetime.timedelta(days=deadline.days)
                for child_id, (day, id_) in self.facts.running(kind.name, deadline).items():
                    child = mine.get(child_id)
                    if child is None or day + days > self.today + SOON:
                        continue
                    due, reason = self._deferred(code, child_id, day + days, None)
                    why = self._deadline_words(kind, deadline, id_, day)
                    yield self._made(rule, child_id, child["name"], due, self._state(due),
                                     _with(why, reason), child["rank"])  # fmt: skip

    def _deadline_words(self, kind: Kind, deadline: Deadline, id: str, day: Day) -> str:
        """What is asked for, and why: the fields that ask for it, else the day it counts from."""
        what = _(deadline.what)
        row = self.replica.rows(kind.name, [id])[0]
        title = kind.by_name[kind.title[0]]
        is_named = not isinstance(title.type, Choice | Date | Moment)
        named = wording.value_text(title, row[title.name], self.replica, self.today) if is_named else ""
        told = [_(kind.by_name[name].label) for name in deadline.when if row.get(name)]
        if told:
            reasons = _("、").join([*([named] if named else []), *map(wording.within, told)])
            return _("{what}：{why}").format(what=what, why=reasons)
        words = _("{what}，{day}").format(
            what=what, day=wording.date_text(day.isoformat(), self.today)
        )
        return _("{what}：{why}").format(what=words, why=named) if named else words

    # -- units and doers

    def _of_units(self, rule: Rule) -> Iterator[Duty]:
        reach = self._reach(rule)
        for unit in self.replica.units().values():
            if unit["level"] != rule.subject or not (reach is None or unit["id"] in reach):
                continue
            logs = self.facts.logs.get((rule.code, unit["id"]), ())
            done = sorted((log.day for log in logs if log.until is None), reverse=True)
            due, last = self._when(rule, done, None)
            if due is None:
                continue
            put_off = [log for log in logs if log.until and (last is None or log.day >= last)]
            reason = ""
            if put_off:
                log = max(put_off, key=lambda one: one.day)
                due, reason = max(due, log.until or due), _("推后：{why}").format(why=log.note)
            yield from self._duty(rule, unit["id"], unit["name"], due, last, reason, 0)

    def _of_doer(self, rule: Rule) -> Iterator[Duty]:
        """So many different children a week: counted per doer, not per child."""
        if self.everybody or not self._reach(rule) or rule.per not in ("week", "month"):
            return
        span = _span(rule.per, self.today)
        names = posts.names_of(self.replica, self.user)
        seen = {
            child
            for child, contacts in self.facts.contacts.items()
            for c in contacts
            if c.day in span and c.kind in rule.counts and c.done_by in names
        }
        open_days = self.calendar.is_school_day if rule.school_days else self.calendar.is_worked
        due = max((d for d in span.days() if open_days(d)), default=None)
        if due is None:  # no school this week
            return
        state = "done" if len(seen) >= rule.least else self._state(due)
        why = _("{rule}：这{per}已有 {n} 名，要 {least} 名").format(
            rule=_(rule.label), per=_(_PER_LABELS[rule.per]), n=len(seen), least=rule.least
        )
        yield self._made(rule, self.user, names[0], due, state, why, 0)

    # -- when

    def _when(self, rule: Rule, done: list[Day], since: Day | None) -> tuple[Day | None, Day | None]:
        """When it falls due next, and when it was last done. None: not now."""
        last = done[0] if done else None
        is_often = rule.per == "day" or rule.per in DAYS or rule.per in MONTHS
        if rule.months and self.today.month not in rule.month_numbers and is_often:
            return None, last
        if rule.per == "day":
            due = self._next_day(rule, last)
        elif rule.per in DAYS or rule.per in MONTHS:
            if rule.by_day or (since is None and not done):  # within the calendar's own period
                span = _span(rule.per, self.today)
                if sum(d in span for d in done) >= rule.least:
                    span = _span(rule.per, span.last + datetime.timedelta(days=1))
                due = span.last
                if rule.by_day:
                    due = due.replace(day=min(rule.by_day, due.day))
            else:
                begun = done[rule.least - 1] if len(done) >= rule.least else since or done[-1]
                due = cadences.add(begun, rule.per)
                if rule.months:  # months before these ask for nothing
                    due = max(due, _span(rule.per, _run_start(self.today, rule.month_numbers)).last)
        else:
            if rule.code not in self._windows:
                self._windows[rule.code] = self._window(rule)
            span, after = self._windows[rule.code]
            if sum(d >= span.first for d in done) >= rule.least:
                span = after
            elif since is not None and since > span.last:
                return None, last  # not on file then
            due = span.last
        return self.calendar.moved(due, school=rule.school_days), last

    def _next_day(self, rule: Rule, last: Day | None) -> Day:
        """The next day on which it is to be done; a day missed is due until it is."""
        day = max(last + datetime.timedelta(days=1), self.today - SOON) if last else self.today
        while rule.weekdays and WEEKDAYS[day.weekday()] not in rule.weekdays:
            day += datetime.timedelta(days=1)
        return day

    def _window(self, rule: Rule) -> tuple[Span, Span]:
        """The window that began last, and the one after it."""
        years = range(self.today.year - 1, self.today.year + 3)
        if rule.per == "term":
            spans = [term for year in years for term in self.calendar.terms(year)]
        elif rule.months:
            firsts = [Day(year, m, 1) for year in years for m in rule.month_numbers]
            spans = [Span(d, cadences.month_end(d)) for d in _run_starts(sorted(firsts))]
            spans = [Span(s.first, _run_end(s.first, rule.month_numbers)) for s in spans]
        else:
            step = 6 if rule.per == "half_year" else 12
            firsts = [Day(year, m, 1) for year in years for m in range(1, 13, step)]
            spans = [
                Span(a, b - datetime.timedelta(days=1))
                for a, b in itertools.pairwise(firsts)
            ]
        if rule.by_day:
            spans = [Span(s.first, s.last.replace(day=min(rule.by_day, s.last.day))) for s in spans]
        spans.sort(key=lambda s: s.first)
        at = max(n for n, s in enumerate(spans) if s.first <= self.today)
        return spans[at], spans[at + 1]

    def _deferred(self, code: str, child: str, due: Day, last: Day | None) -> tuple[Day, str]:
        """Put off, unless it has been done since."""
        told = self.facts.deferrals.get((code, child))
        if told is None or (last is not None and told.day < last) or told.until is None:
            return due, ""
        return max(due, told.until), _("推后：{why}").format(why=told.note)

    # -- saying

    def _duty(
        self, rule: Rule, subject: str, name: str, due: Day, last: Day | None, reason: str, rank: int
    ) -> Iterator[Duty]:
        state = self._state(due)
        if state == "later":
            if not (last and _is_this_month(last, self.today)):
                return
            state = "done"
        why = self._why(rule, last)
        yield self._made(rule, subject, name, due, state, _with(why, reason), rank)

    def _why(self, rule: Rule, last: Day | None) -> str:
        label = self._labels.get(rule.code) or _(rule.label)
        if last is None:
            return self._never.format(rule=label)
        day = self._days.get(last)
        if day is None:
            day = self._days[last] = wording.date_text(last.isoformat(), self.today)
        return self._last_time.format(rule=label, day=day)

    def _state(self, due: Day) -> str:
        if due < self.today:
            return "overdue"
        if due == self.today:
            return "due"
        return "soon" if due <= self.today + SOON else "later"

    def _made(
        self, rule: Rule, subject: str, name: str, due: Day, state: str, why: str, rank: int
    ) -> Duty:
        shown = "soon" if state == "later" else state
        return Duty(
            f"{rule.code}:{subject}", rule.code, subject, name, due.isoformat(), shown, why, rank
        )


_PER_LABELS = {"week": N_("周"), "month": N_("月")}


def _applies(rule: Rule, child: Mapping[str, Any]) -> bool:
    """True when the rule is for this child; a child without a level counts as low."""
    if rule.risk and (child["risk"] or "low") not in rule.risk:
        return False
    if rule.lives_with and child["lives_with"] not in rule.lives_with:
        return False
    return not rule.categories or not set(rule.categories).isdisjoint(child["categories"])


def _span(per: str, day: Day) -> Span:
    """The week (from Monday), two weeks, month or quarter that a day is in."""
    if per == "week":
        first = day - datetime.timedelta(days=day.weekday())
        return Span(first, first + datetime.timedelta(days=6))
    if per == "two_weeks":
        week = day.isocalendar().week
        first = day - datetime.timedelta(days=day.weekday() + (0 if week % 2 else 7))
        return Span(first, first + datetime.timedelta(days=13))
    months = MONTHS.get(per, 1)
    first = Day(day.year, (day.month - 1) // months * months + 1, 1)
    return Span(first, cadences.month_end(Day(day.year, first.month + months - 1, 1)))


def _with(why: str, reason: str) -> str:
    """Why a thing is due, and why it was put off."""
    return _("{why}；{reason}").format(why=why, reason=reason) if reason else why


def _run_starts(firsts: Iterable[Day]) -> Iterator[Day]:
    """Of months that follow one another, the first: March to June is one window."""
    before: Day | None = None
    for first in firsts:
        if before is None or cadences.month_end(before) + datetime.timedelta(days=1) != first:
            yield first
        before = first


def _run_start(day: Day, months: Collection[int]) -> Day:
    """The first day of the run of months in which `day` is."""
    start = day.replace(day=1)
    for _n in range(11):
        before = start - datetime.timedelta(days=1)
        if before.month not in months:
            break
        start = before.replace(day=1)
    return start


def _run_end(first: Day, months: Collection[int]) -> Day:
    end = cadences.month_end(first)
    for _n in range(11):
        after = end + datetime.timedelta(days=1)
        if after.month not in months:
            break
        end = cadences.month_end(after)
    return end


def _is_this_month(day: Day, today: Day) -> bool:
    return (day.year, day.month) == (today.year, today.month)
