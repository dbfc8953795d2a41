"""The brake: refusals that are about us stop a mailing, and a few that are not do not."""

from __future__ import annotations

from campaign.delivery.mail.brake import IN_A_ROW, LARGE, LAST, Brake


def test_refusals_in_a_row_stop_it() -> None:
    brake = Brake()
    for number in range(IN_A_ROW):
        assert not brake.reason
        brake.refused(f"d{number}.example.org", "5.7.1")
    assert "in a row" in brake.reason


def test_an_accepted_one_in_between_begins_the_row_again() -> None:
    brake = Brake()
    for number in range(IN_A_ROW * 3):
        brake.refused(f"d{number}.example.org", "5.7.1")
        brake.accepted("good.example.org")
    assert not brake.reason


def test_more_than_a_twentieth_of_the_last_thousand_stops_it() -> None:
    brake = Brake()
    for number in range(LAST * 2):
        if number % 18 == 0:
            brake.refused("good.example.org", "5.7.1")
        else:
            brake.accepted("good.example.org")
        assert not (brake.reason and number < LAST - 1)
    assert "last 1000" in brake.reason


def test_less_than_that_does_not() -> None:
    brake = Brake()
    for number in range(LAST * 3):
        (brake.accepted("good.example.org") if number % 25 else brake.refused("good.example.org", "5.7.1"))
    assert not brake.reason


def test_a_large_domain_that_takes_nothing_stops_it() -> None:
    brake = Brake()
    for _ in range(LARGE):
        assert not brake.reason
        brake.refused("outlook.example.org", "5.7.515")
        for _ in range(30):
            brake.accepted("good.example.org")
    assert "outlook.example.org" in brake.reason


def test_a_domain_that_took_one_is_not_judged_as_a_whole() -> None:
    brake = Brake()
    brake.accepted("outlook.example.org")
    for _ in range(LARGE * 2):
        brake.refused("outlook.example.org", "5.7.515")
        for _ in range(30):
            brake.accepted("good.example.org")
    assert not brake.reason


def test_many_accepted_at_once_count_as_each_of_them_would() -> None:
    brake = Brake()
    for _ in range(IN_A_ROW * 3):
        brake.refused("outlook.example.org", "5.7.515")
        brake.accepted_many(["good.example.org"] * 30 + ["outlook.example.org"])
    assert not brake.reason


def test_none_accepted_is_no_reason_to_count_anew() -> None:
    brake = Brake()
    for number in range(IN_A_ROW):
        brake.accepted_many([])
        brake.refused(f"d{number}.example.org", "5.7.1")
    assert "in a row" in brake.reason
