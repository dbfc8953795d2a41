"""Whom a mailing reaches: confirmed subscriptions of its lists, by area and audience, less suppressions.

One row a person, however many lists chose them. A person's audiences are their own, else those of the lists that chose
them; no area, or no audience, means all. The same statement is asked at opening, at taking and before each begin.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from campaign.clock import to_micros
from campaign.errors import RefusedError
from campaign.model import NOBODY_LEFT_OUT, Exclusion, MailingList
from campaign.store.tables_lists import lists, subscribers, subscription_events, subscriptions, suppressions

#: The most people one slice of an opening looks at: it keeps each transaction short.
SLICE = 20_000
#: Which lists chose a person is kept as bits of one BIGINT.
MOST_LISTS = 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Whom one mailing asks for. `lists` in the mailing's order; empty `areas` or `audiences` narrow nothing.

    Left out are the confirmed subscribers of the lists with the ids `excluded`, and whoever has one of `no_areas` or
    `no_audiences`; a person's audiences are their own, else those of the lists that chose them.
    """

    lists: tuple[MailingList, ...]
    areas: frozenset[str] = frozenset()
    audiences: frozenset[str] = frozenset()
    excluded: tuple[int, ...] = ()
    no_areas: frozenset[str] = frozenset()
    no_audiences: frozenset[str] = frozenset()

    @property
    def sender(self) -> str:
        """The id of the one sender that its lists share."""
        return self.lists[0].sender

    def chosen(self, bits: int) -> tuple[MailingList, ...]:
        """The lists that a `chosen` column names, in the mailing's order."""
        return tuple(each for place, each in enumerate(self.lists) if bits >> place & 1)


def choose(
    connection: Connection,
    names: Sequence[str],
    *,
    areas: Iterable[str] = (),
    audiences: Iterable[str] = (),
    without: Exclusion = NOBODY_LEFT_OUT,
) -> Choice:
    """The choice of a mailing to the lists `names` (slugs). The areas of `without` are areas, not groups of them.

    Raises RefusedError where there is no list, one is unknown, or two have different senders.
    """
    if not names:
        raise RefusedError("A mailing needs at least one list.")
    if len(names) > MOST_LISTS:
        raise RefusedError(f"A mailing goes to at most {MOST_LISTS} lists; this one names {len(names)}.")
    known = lists_by_slug(connection, [*names, *without.lists])
    chosen = tuple(known[name] for name in dict.fromkeys(names))
    senders = sorted({each.sender for each in chosen})
    if len(senders) > 1:
        raise RefusedError(
            f"The lists {', '.join(names)} have different senders ({', '.join(senders)}). "
            "Give them one sender, or plan a mailing for each."
        )
    return Choice(
        lists=chosen,
        areas=frozenset(areas),
        audiences=frozenset(audiences),
        excluded=tuple(known[name].id for name in dict.fromkeys(without.lists)),
        no_areas=frozenset(without.areas),
        no_audiences=frozenset(without.audiences),
    )


def lists_by_slug(connection: Connection, names: Collection[str]) -> dict[str, MailingList]:
    """The lists of those slugs; RefusedError naming every one that is not there, and those that are."""
    rows = connection.execute(select(lists).where(lists.c.slug.in_(set(names))))
    found = {row.slug: mailing_list(row) for row in rows}
    missing = sorted(set(names) - set(found))
    if missing:
        there = ", ".join(connection.scalars(select(lists.c.slug).order_by(lists.c.slug))) or "none yet"
        raise RefusedError(
            f"There is no list called {', '.join(missing)}. Lists here: {there}. Add one with: campaign lists add."
        )
    return found


def mailing_list(row: Row[tuple[object, ...]]) -> MailingList:
    """A row of `lists` as the model has it."""
    return MailingList(
        id=row.id,
        slug=row.slug,
        title=row.title,
        sender=row.sender,
        basis=row.basis,
        organisation=row.organisation,
        public=row.public,
        audiences=tuple(sorted(read_labels(row.audiences))),
    )


def labels(names: Iterable[str]) -> str:
    """Labels as the store keeps them: `,HAM,IOW,`, sorted; "" for none."""
    kept = sorted({name.strip() for name in names} - {""})
    return f",{','.join(kept)}," if kept else ""


def read_labels(kept: str) -> frozenset[str]:
    """The labels in a kept text."""
    return frozenset(kept.strip(",").split(",")) - {""}


def has_label(column: ColumnElement[str], names: Collection[str]) -> ColumnElement[bool]:
    """Whether a column of labels holds one of `names`, exactly (LIKE would fold case and read `_` as any sign)."""
    return or_(*(func.replace(column, f",{name},", "") != column for name in sorted(names)))


def selection(
    choice: Choice,
    *,
    now: datetime | ColumnElement[int],
    after: int | BindParameter[int] = 0,
    upto: int | BindParameter[int] | None = None,
    among: Collection[int] | Select[tuple[int]] | BindParameter[Sequence[int]] | None = None,
) -> Select[tuple[int, int]]:
    """People of `choice` with `after < id <= upto` (or `among` those ids), ordered: columns `subscriber`, `chosen`.

    `chosen` has bit n set where the n-th list of the choice chose them. Fit for INSERT ... FROM SELECT; not sliced by
    LIMIT but by a window of ids (`next_slice`), so that a slice where nobody is chosen is as quick as any other.
    """
    u, s, whose = subscriptions.c, subscribers.c, lists.c
    window: list[ColumnElement[bool]] = []
    if among is not None:
        window.append(u.subscriber.in_(among))
    else:
        window.append(u.subscriber > after)
    if upto is not None:
        window.append(u.subscriber <= upto)
    joined = subscriptions.join(subscribers, s.id == u.subscriber).join(lists, whose.id == u.list)
    query = (
        select(u.subscriber, _chosen_by(choice).label("chosen"))
        .select_from(joined)
        .where(
            *window,
            _on_a_list(choice),
            u.state == "confirmed",
            or_(u.paused_until.is_(None), u.paused_until <= (to_micros(now) if isinstance(now, datetime) else now)),
            _by_area(choice),
            _by_audience(choice),
            ~_suppressed(),
            *_not_excluded(choice),
        )
        .order_by(u.subscriber)
    )
    return query if len(choice.lists) == 1 else query.group_by(u.subscriber)


def _chosen_by(choice: Choice) -> ColumnElement[int]:
    """Which of the lists chose a person, as bits; nobody is on one list twice, so that one alone adds nothing up."""
    if len(choice.lists) == 1:
        return literal(1)
    bits = {each.id: 1 << place for place, each in enumerate(choice.lists)}
    return func.sum(case(bits, value=subscriptions.c.list, else_=0))


def _on_a_list(choice: Choice) -> ColumnElement[bool]:
    """IN is written anew at each execution, which takes longer than to find some hundred people."""
    ids = [each.id for each in choice.lists]
    return subscriptions.c.list == ids[0] if len(ids) == 1 else subscriptions.c.list.in_(ids)


def _by_area(choice: Choice) -> ColumnElement[bool]:
    if not choice.areas:
        return true()
    return or_(subscribers.c.areas == "", has_label(subscribers.c.areas, choice.areas))


def _by_audience(choice: Choice) -> ColumnElement[bool]:
    if not choice.audiences:
        return true()
    fitting = [each.id for each in choice.lists if not each.audiences or choice.audiences & set(each.audiences)]
    return or_(
        has_label(subscribers.c.audiences, choice.audiences),
        and_(subscribers.c.audiences == "", subscriptions.c.list.in_(fitting)),
    )


def _suppressed() -> ColumnElement[bool]:
    x = suppressions.c
    return exists().where(
        x.address_hash == subscribers.c.address_hash,
        x.lifted_at.is_(None),
        or_(
            x.scope == "all",
            and_(x.scope == "list", x.target == lists.c.slug),
            and_(x.scope == "organisation", x.target == lists.c.organisation),
        ),
    )


def _not_excluded(choice: Choice) -> list[ColumnElement[bool]]:
    rules: list[ColumnElement[bool]] = []
    if choice.excluded:
        rules.append(~_is_on(choice.excluded))
    if choice.no_areas:
        rules.append(~has_label(subscribers.c.areas, choice.no_areas))
    if choice.no_audiences:
        rules.append(~has_label(subscribers.c.audiences, choice.no_audiences))
        theirs = [each.id for each in choice.lists if choice.no_audiences & set(each.audiences)]
        if theirs:
            rules.append(or_(subscribers.c.audiences != "", ~_is_on(theirs)))
    return rules


def _is_on(ids: Collection[int]) -> ColumnElement[bool]:
    """Whether the person is a confirmed subscriber of one of the lists `ids`."""
    other = subscriptions.alias("other")
    return exists().where(
        other.c.subscriber == subscriptions.c.subscriber, other.c.list.in_(ids), other.c.state == "confirmed"
    )


def next_slice(connection: Connection, choice: Choice, after: int, width: int = SLICE) -> tuple[int, int] | None:
    """The next window of ids to open, as (`after`, `upto`) for `selection`: at most `width` wide; None: all are done.

    Ids that no confirmed subscription of these lists has are jumped over.
    """
    u = subscriptions.c
    firsts = [
        connection.scalar(
            select(func.min(u.subscriber)).where(u.list == each.id, u.state == "confirmed", u.subscriber > after)
        )
        for each in choice.lists
    ]
    found = [first for first in firsts if first is not None]
    return (min(found) - 1, min(found) - 1 + width) if found else None


def count(connection: Connection, choice: Choice, *, now: datetime) -> int:
    """How many people `choice` reaches now."""
    return (
        connection.scalar(select(func.count()).select_from(selection(choice, now=now).order_by(None).subquery())) or 0
    )


#: Why somebody on a mailing's lists is not reached, from the least to the most telling: of a person's several lists
#: the most telling counts, and the last of all says that they are reached.
WHY_NOT = (
    "left the list",
    "not confirmed yet",
    "another audience",
    "another area",
    "excluded",
    "paused",
    "suppressed",
    "reached",
)


def people_mark(connection: Connection) -> tuple[object, ...]:
    """What changes when somebody joins or leaves a list, is suppressed, or let in again: cheap to ask for."""
    x = suppressions.c
    marks = (
        select(func.max(subscription_events.c.id)),
        select(func.count()).select_from(suppressions),
        select(func.count()).where(x.lifted_at.is_not(None)),
        select(func.max(lists.c.id)),
    )
    return tuple(connection.execute(select(*(each.scalar_subquery() for each in marks))).one())


def breakdown(connection: Connection, choice: Choice, *, now: datetime) -> dict[str, int]:
    """Everybody who is or was on the choice's lists, each once, by why they are not reached, or as reached.

    The numbers add up to the people there are; those that are 0 are left out.
    """
    u = subscriptions.c
    cases: list[tuple[ColumnElement[bool], int]] = [
        (u.state == "unsubscribed", WHY_NOT.index("left the list")),
        (_suppressed(), WHY_NOT.index("suppressed")),
        (u.state != "confirmed", WHY_NOT.index("not confirmed yet")),
        (u.paused_until > to_micros(now), WHY_NOT.index("paused")),
        (not_(_by_area(choice)), WHY_NOT.index("another area")),
        (not_(_by_audience(choice)), WHY_NOT.index("another audience")),
        *((not_(rule), WHY_NOT.index("excluded")) for rule in _not_excluded(choice)),
    ]
    each = (
        select(func.max(case(*cases, else_=len(WHY_NOT) - 1)).label("why"))
        .select_from(
            subscriptions.join(subscribers, subscribers.c.id == u.subscriber).join(lists, lists.c.id == u.list)
        )
        .where(u.list.in_([one.id for one in choice.lists]))
        .group_by(u.subscriber)
        .subquery()
    )
    rows = connection.execute(select(each.c.why, func.count()).group_by(each.c.why).order_by(each.c.why.desc()))
    return {WHY_NOT[why]: people for why, people in rows}


def lapsed(connection: Connection, choice: Choice, among: Collection[int], *, now: datetime) -> Mapping[int, str]:
    """Why each of `among` is no longer reached: `left`, `suppressed`, `paused`, `excluded` or `erased`."""
    still = {row.subscriber for row in connection.execute(selection(choice, now=now, among=among))}
    gone = set(among) - still
    if not gone:
        return {}
    ids = [each.id for each in choice.lists]
    u = subscriptions.c
    rows = connection.execute(
        select(subscribers.c.id, u.state, u.paused_until, _suppressed().label("suppressed"))
        .select_from(
            subscribers.outerjoin(subscriptions, and_(u.subscriber == subscribers.c.id, u.list.in_(ids))).outerjoin(
                lists, lists.c.id == u.list
            )
        )
        .where(subscribers.c.id.in_(gone))
    )
    reasons = dict.fromkeys(gone, "erased")
    for row in rows:
        reasons[row.id] = max(reasons[row.id], _why(row, to_micros(now)), key=_RANK.index)
    return reasons


#: From the least to the most telling: of a person's several lists the most telling reason is given.
_RANK = ("erased", "left", "excluded", "paused", "suppressed")


def _why(row: Row[tuple[object, ...]], now: int) -> str:
    if row.suppressed:
        return "suppressed"
    if row.state != "confirmed":
        return "left"
    return "paused" if row.paused_until and row.paused_until > now else "excluded"
