"""Addresses that are not to be mailed: those there are, stopping another, and lifting what staff may lift."""

from __future__ import annotations

from starlette.responses import Response

from campaign.address import KeyRing, parse
from campaign.delivery import people as staff
from campaign.errors import AddressError, RefusedError
from campaign.store.suppressions import Reason, Scope, lift_by_staff, listed, stop_by_staff
from campaign.web.desk import people, times
from campaign.web.desk.door import Ask

MOST = 200


def page(ask: Ask) -> Response:
    """Suppressions in force, newest first."""
    return _page(ask, {})


def _page(ask: Ask, errors: dict[str, str]) -> Response:
    words, zone = ask.door.templates.words(), ask.door.zone()
    wanted = Reason(ask.text("why")) if ask.text("why") in set(Reason) else None
    with ask.work.store.database.read() as connection:
        found = listed(connection, reason=wanted, limit=MOST)
    return ask.page(
        "desk/stopped.html",
        status=422 if errors else 200,
        here="people",
        errors=errors,
        rows=[
            (
                people.address_of(ask, each.address) if each.address else "",
                each.suppression,
                times.moment(each.suppression.made_at, zone, ask.now, words.shared),
            )
            for each in found
        ],
        why=wanted or "",
        reasons={"": words("week.any"), **{each.value: words(f"stopped.{each.name.lower()}") for each in Reason}},
        most=MOST,
        values={name: ask.text(name) for name in ("address", "reason")},
    )


def stop(ask: Ask) -> Response:
    """Stop mail to an address: at the person's wish, for good; by staff, until staff lift it; or lift it."""
    words, do = ask.door.templates.words(), ask.text("do")
    if not ask.text("reason"):
        return _page(ask, {"reason": words("people.say_why")})
    ring, database = KeyRing(ask.work.key), ask.work.store.database
    try:
        address = parse(ask.text("address"))
        if do == "left":
            staff.take_off(database, ring, ask.text("address"), [], who=ask.who, reason=ask.text("reason"), now=ask.now)
        elif do == "lift" and not ask.may("approver"):
            raise RefusedError(words("stopped.no_role"))
        else:
            _by_staff(ask, ring, address.key, lift=do == "lift")
    except (AddressError, RefusedError) as error:
        return _page(ask, {"address": str(error)})
    return ask.back("/desk/people/stopped", "stopped.lifted" if do == "lift" else "stopped.done")


def _by_staff(ask: Ask, ring: KeyRing, key: str, *, lift: bool) -> None:
    reason = ask.text("reason")
    with ask.work.store.database.write() as connection:
        if lift:
            lift_by_staff(connection, ring, key, who=ask.who, reason=reason, now=ask.now)
        else:
            stop_by_staff(connection, ring, key, scope=Scope.ALL, who=ask.who, reason=reason, now=ask.now)
