"""The quick way of filling a form makes byte for byte what the long way makes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from campaign.channels.smtp.dkim import relaxed_body
from campaign.render import Urls
from campaign.render.pages import person_urls
from campaign.render.quick import quick, recipe_of
from tests.unit.test_render_wire import ADDRESSES, ENVELOPE, MADE, TOKENS, compiled, send
from tests.weeks import NOW, person

PLAINLY = st.sampled_from(
    ["", "Sam", "Ann-Marie Lee", "Reader7", "From me", "x" * 50, "x" * 51, "a  b", "O'Neil", "a-", "é"]
)


@given(
    st.sampled_from(sorted(MADE)), PLAINLY, PLAINLY, ADDRESSES, TOKENS, st.sampled_from(["", "/x", "&", "=2", "y" * 40])
)
def test_the_quick_way_makes_what_the_long_way_makes(
    which: str, first: str, organisation: str, address: str, token: str, more: str
) -> None:
    who = person(first_name=first, organisation=organisation, address=address, unsubscribe_token=token)
    urls = Urls(f"https://week.example.org/p/{token}", f"https://week.example.org/u/{token}{more}")
    made = MADE[which]
    variant = made.variant_for(who)
    variant.recipes.clear()
    given = {"message_id": "<0a1b2c@example.org>", "envelope_from": ENVELOPE, "urls": urls, "date": NOW}
    long = made.email(who, **given)  # type: ignore[arg-type]
    variant.recipes |= {flags: recipe_of(form) for flags, form in variant.forms.items()}
    again = made.email(who, **given)  # type: ignore[arg-type]
    assert again is not None
    assert long is not None
    assert again == long
    if again.relaxed_body is not None:
        body = again.raw.partition(b"\r\n\r\n")[2]
        assert relaxed_body(again.relaxed_body()) == again.relaxed_body().rstrip(b" \r\n") + b"\r\n"
        assert relaxed_body(again.relaxed_body()) == relaxed_body(body)
    assert (again.body.text, again.body.html) == (long.body.text, long.body.html)


def test_plain_people_are_filled_the_quick_way() -> None:
    """Else the test above would compare the long way with itself."""
    made = compiled()
    who, urls = person(), person_urls("https://week.example.org", "t" * 22)
    send(made, who, urls)
    (variant,) = made.variants
    (recipe,) = variant.recipes.values()
    assert recipe is not None
    email = quick(recipe, made.about, who, "<a@b>", ENVELOPE, urls, b"")
    assert email is not None
    assert email.relaxed_body is not None
