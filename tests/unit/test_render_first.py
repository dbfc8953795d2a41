"""A day's email and post, as a practitioner reads them."""

from __future__ import annotations

from dataclasses import replace

from campaign import render
from tests.weeks import DAILY, LAUNCH, MAIL, MASTODON, NOW, PAGES, SENDER, TUESDAY, URLS, WEEK, person


def test_a_post_holds_text_link_and_hashtags_in_that_order() -> None:
    made = render.post(WEEK, LAUNCH, TUESDAY, MASTODON, planned_at=NOW, now=NOW, pages=PAGES, files={})
    assert made.whole == (
        "Today we launch the child exploitation toolkit.\n\nhttps://example.org/ce\n\n#BigWeek2023 #ChildExploitation"
    )


def test_an_email_says_hello_and_lists_what_may_be_seen() -> None:
    compiled = render.compile_mailing(
        WEEK, DAILY, TUESDAY, planned_at=NOW, now=NOW, pages=PAGES, files={}, sender=SENDER, channel=MAIL
    )
    email = compiled.email(
        person(), message_id="abc@example.org", envelope_from="bounces@example.org", urls=URLS, date=NOW
    )
    assert email is not None
    assert email.subject == "Tuesday: Protecting from child exploitation"
    assert "Hello Sam," in email.body.text
    assert "Educational Neglect Advice (pending approval)" in email.body.text
    assert "Unseen Draft Guide" not in email.body.text
    assert "Embargoed Review" not in email.body.html


def test_the_hash_moves_with_the_text_and_not_with_a_state() -> None:
    def hashed(planned: object = LAUNCH, week: object = WEEK) -> str:
        return render.content_hash(week, planned, TUESDAY, MASTODON, planned_at=NOW, pages=PAGES, files={})  # type: ignore[arg-type]

    assert hashed() == hashed()
    assert hashed(replace(LAUNCH, text="Another text.")) != hashed()
