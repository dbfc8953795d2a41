"""Addresses that are not to be mailed: those there are, stopping another, and lifting what staff may lift."""

from __future__ import annotations

from starlette.responses import Response

from campaign.address import KeyRing
from campaign.delivery import people as staff
from campaign.delivery.people import Reason
from campaign.errors import AddressError, RefusedError
from campaign.web.desk import people, times
from campaign.web.desk.door import Ask

MOST = 200


def page(ask: Ask) -> Response:
    """Suppressions in force, newest first."""
    return _page(ask, {})


def _page(ask: Ask, errors: dict[str, str]) -> Response:
    words, zone = ask.door.templates.words(), ask.door.zone()
    wanted = Reason(ask.text("why")) if ask.text("why") in set(Reason) else None
    found = staff.stopped(ask.work, wanted, limit=MOST)
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
    act = {"lift": staff.let_through, "stop": staff.stop}.get(do)
    address, reason, ring = ask.text("address"), ask.text("reason"), KeyRing(ask.work.key)
    try:
        if do == "lift" and not ask.may("approver"):
            raise RefusedError(words("stopped.no_role"))
        if act is not None:
            act(ask.work, address, who=ask.who, reason=reason, now=ask.now)
        else:
            staff.take_off(ask.work.store.database, ring, address, [], who=ask.who, reason=reason, now=ask.now)
    except (AddressError, RefusedError) as error:
        return _page(ask, {"address": str(error)})
    return ask.back("/desk/people/stopped", "stopped.lifted" if do == "lift" else "stopped.done")
