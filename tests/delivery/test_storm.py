"""No sequence of rings, pauses, approvals, edits, kills and clock changes sends twice, sends early, or loses."""

import tempfile
from datetime import datetime, time, timedelta
from pathlib import Path

from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from campaign.delivery import approving, settling, views
from campaign.delivery.service import Service
from campaign.delivery.shelf import Shelf
from campaign.errors import ChannelDown, RefusedError, TryLater
from campaign.model import About, BroadcastState, Hold, HoldScope, Strength, When
from campaign.store.database import Database
from tests.delivery.world import EIGHT, Swallowed, World, a_post, a_week
from tests.figures import agree

END = EIGHT + timedelta(days=4, hours=14)
OVER = {"done", "held", "missed", "dropped", "cancelled"}


class Storm(RuleBasedStateMachine):
    """One installation in a storm; what it accepted is judged after every step."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        url = f"sqlite:///{Path(self.folder.name) / 'campaign.db'}"
        database = Database(url)
        database.create()
        database.close()
        self.world = World(url, Path(self.folder.name), approvals=True)
        self.words = 0
        self.judged = {"a": 0, "b": 0}
        self.earliest: dict[str, datetime] = {}
        self.edit()
        self.service: Service = self.world.start()
        self.approve()

    @rule(minutes=st.sampled_from([1, 20, 60, 120, 200, 700]))
    def pass_time(self, minutes: int) -> None:
        self.world.play(self.service, self.world.now + timedelta(minutes=minutes))

    @rule(minutes=st.integers(1, 90))
    def set_the_clock_back(self, minutes: int) -> None:
        self.world.clock.advance(-timedelta(minutes=minutes))
        self.service.settle()

    @rule(strength=st.sampled_from(Strength), channel=st.sampled_from(["", "a"]))
    def pause(self, strength: Strength, channel: str) -> None:
        scope = HoldScope.CHANNEL if channel else HoldScope.ALL
        self.world.store.holds.place(
            scope=scope, target=channel, strength=strength, reason="storm", author="Ada", now=self.world.now
        )

    @rule()
    def resume(self) -> None:
        for hold in self.world.store.holds.current(self.world.now):
            self.world.store.holds.lift(hold.id, author="Ada", now=self.world.now)
        self.service.settle()

    @rule(asleep=st.booleans())
    def pause_while_something_falls_due(self, asleep: bool) -> None:
        due = self.service.next_due()
        if due is None or due > END:
            return
        self.world.play(self.service, due - timedelta(minutes=1))
        self.pause(Strength.ALL, "")
        if asleep:
            self.world.clock.set(due + timedelta(minutes=1))
        else:
            self.world.play(self.service, due + timedelta(minutes=1))
        self.resume()

    @rule()
    def approve(self) -> None:
        force = Shelf(self.world.store).get("week")
        approving.approve(self.world.parts, force, force.planned, author="Grace", now=self.world.now)
        self.service.settle()

    @rule()
    def edit_and_approve(self) -> None:
        self.edit()
        self.approve()

    @rule()
    def edit(self) -> None:
        self.words += 1
        every = When(each_day=True, time=time(9))
        urgent = a_post("urgent", when=When(each_day=True, time=time(15)), channels=("a",), essential=True)
        self.world.load(a_week(a_post(when=every, channels=("a", "b"), text=f"Words {self.words}"), urgent))

    @rule()
    def kill(self) -> None:
        self.world.crash()
        self.service = self.world.start()
        self.service.settle()

    @rule(
        error=st.sampled_from([TryLater("busy"), Swallowed("no answer"), Swallowed("cut"), ChannelDown("signed out")])
    )
    def fail_next(self, error: Exception) -> None:
        self.world.ways.made["a"].faults.append(error)

    @rule()
    def bring_up(self) -> None:
        if self.world.store.channels.all().get("a"):
            self.world.store.channels.set_down("a", "recorder", "", now=self.world.now, author="Ada")

    @precondition(lambda self: bool(views.needs(self.world.parts)))
    @rule(data=st.data())
    def settle(self, data: st.DataObject) -> None:
        needs = [need for need in views.needs(self.world.parts) if need.kind in {"missed", "held"}]
        if not needs:
            return
        need = data.draw(st.sampled_from(needs))
        force, now = Shelf(self.world.store).get("week"), self.world.now
        try:
            if data.draw(st.booleans()):
                settling.send_now(self.world.parts, force, need.key, author="Ada", now=now)
            else:
                settling.drop(self.world.parts, force, need.key, author="Ada", now=now)
        except RefusedError:
            return
        self.service.settle()

    @invariant()
    def nothing_goes_twice(self) -> None:
        if hasattr(self, "world"):
            assert self.world.ways.made["a"].twice == []
            assert self.world.ways.made["b"].twice == []

    @invariant()
    def nothing_goes_early_or_in_a_pause(self) -> None:
        if not hasattr(self, "world"):
            return
        holds = self.world.store.holds.all()
        for name, seen in self.judged.items():
            fresh = self.world.ways.made[name].accepted[seen:]
            self.judged[name] += len(fresh)
            for at, _, post in fresh:
                assert at >= post.about.planned_at
                assert at.date() == post.about.planned_at.date()
                assert not [hold for hold in holds if stops(hold, name, post.about, at)]

    @invariant()
    def figures_are_what_a_recount_gives(self) -> None:
        if hasattr(self, "world"):
            agree(self.world.store.database)

    def teardown(self) -> None:
        if not hasattr(self, "world"):
            return
        self.resume()
        self.bring_up()
        self.world.ways.made["a"].faults.clear()
        self.world.play(self.service, max(END, self.world.now))
        states = self.world.states()
        assert len(states) == 15, "something planned never entered the ledger"
        assert set(states.values()) <= OVER
        for row in self.world.store.ledger.in_state(BroadcastState.DONE):
            assert self.world.store.deliveries.of(row.id)[0].state.value in {"sent", "uncertain", "failed", "missed"}
        self.world.close()
        self.folder.cleanup()


def stops(hold: Hold, channel: str, about: About, at: datetime) -> bool:
    """Whether a hold forbade that channel to carry that message: it is on, or the message's time fell in it."""
    concerned = hold.covers(campaign="week", channel=channel) and hold.stops(about.message == "urgent")
    return concerned and (hold.until is None or hold.on_at(about.planned_at))


TestStorm = Storm.TestCase
TestStorm.settings = settings(max_examples=40, stateful_step_count=25, deadline=None, phases=[Phase.generate])
