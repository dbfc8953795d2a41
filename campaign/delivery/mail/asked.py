"""A mailing that another process compiled: each form is asked for when the first person needs it, and kept.

So a message is rendered once a mailing and not once a process, and who only fills needs no templates in memory. Where a
template must be rendered for each person alone, the mailing is compiled here after all.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from campaign.delivery.mail.link import Link, packed, unpacked
from campaign.model import About, Recipient
from campaign.render.filling import Filling, Flags, Forms, readers_key
from campaign.render.wire import Form

if TYPE_CHECKING:
    from campaign.delivery.mail.filling import Matter
    from campaign.render.mailing import Compiled


class Asked(Filling[Forms]):
    """The other end compiles. Every method raises Orphaned where it is gone."""

    def __init__(self, about: About, link: Link) -> None:
        super().__init__(about)
        self._link = link
        self._quick: dict[object, Forms] = {}
        self._variants: dict[int, Forms] = {}
        self._asking = threading.Lock()
        self._own: Compiled | None = None

    def variant_for(self, recipient: Recipient) -> Forms:
        """See `Filling.variant_for`."""
        key = readers_key(recipient)
        found = self._quick.get(key)
        if found is None:
            number, empty, personal = self._ask("variant", packed(recipient))
            made = Forms(number=number, empty=empty, personal=personal)
            found = self._quick[key] = self._variants.setdefault(number, made)
        return found

    def first_form(self, variant: Forms, recipient: Recipient, values: Mapping[str, str], flags: Flags) -> Form:
        """The form asked for now; by one thread while the others wait for it."""
        with self._asking:
            if flags not in variant.forms and not variant.personal:
                form = self._ask("form", packed((recipient, dict(values))))
                if form is not None:
                    return variant.keep(flags, form)
                variant.personal = True
        return self.form(variant, recipient, values)

    def plain_form(self, variant: Forms, recipient: Recipient, values: Mapping[str, str]) -> Form:
        """See `Filling.plain_form`: the mailing is compiled here now."""
        with self._asking:
            if self._own is None:
                matter: Matter = self._ask("matter")
                self._own = matter.compile()
        own = self._own
        return own.plain_form(own.variant_for(recipient), recipient, values)

    def _ask(self, *question: Any) -> Any:
        answer = unpacked(self._link.ask(*question))
        if isinstance(answer, Exception):
            raise answer
        return answer
