"""Whatever a relay does to whom: what is said of each message is true of that message, and no more is in doubt."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.channels.base import Receipt
from campaign.errors import ChannelError, Refused, TryLater, Uncertain
from tests.channels.test_smtp_lane import LOCK_STEP, PEOPLE, run
from tests.smtpserver import CountingServer, Script
from tests.smtpserver.mail import smtp
from tests.smtpserver.script import DROP


@dataclass(frozen=True)
class Fate:
    """What the relay does to one person's message: a reply at a step, or the end of the connection there."""

    step: str = ""
    reply: str = ""

    def write(self, script: Script, to: str) -> None:
        name = to.partition("@")[0]
        tag = f"{self.reply} {name}" if self.reply != DROP else DROP
        script.final[to] = [f"250 2.0.0 taken {name}"]
        match self.step:
            case "rcpt":
                script.rcpt[to] = [tag]
            case "data":
                script.data[to] = [tag]
            case "final":
                script.final[to] = [tag]
            case "cut in the text":
                script.drop_in_text[to] = 1
            case "cut after the dot":
                script.drop_after_dot[to] = 1

    def may_end_as(self) -> tuple[type, ...]:
        """What may be said of the message. A cut or a goodbye before its text is tried once more, and then goes."""
        if self.step == "cut after the dot":
            return (Uncertain,)
        if self.step == "cut in the text":
            return (TryLater, Uncertain)  # a short text may have left us whole
        if not self.step or self.reply == DROP or (self.step != "final" and self.reply.startswith("421")):
            return (Receipt, TryLater)
        return (Refused,) if self.reply.startswith("5") else (TryLater,)


FATES = st.one_of(
    st.just(Fate()),
    st.builds(Fate, st.sampled_from(["rcpt", "data"]), st.sampled_from(["550 5.1.1", "451 4.3.0", "421 4.7.0", DROP])),
    st.builds(Fate, st.just("rcpt"), st.sampled_from(["550 5.7.1", "450-4.2.0 not\n450 4.2.0", "501 5.1.3"])),
    st.builds(
        Fate, st.just("final"), st.sampled_from(["554 5.6.0", "452 4.2.2", "421 4.3.2", "554-5.7.1 a\n554 5.7.1"])
    ),
    st.builds(Fate, st.sampled_from(["cut in the text", "cut after the dot"])),
)
RELAYS = st.sampled_from(
    [
        Script().features,
        LOCK_STEP,
    ]
)


@settings(max_examples=150)
@given(
    fates=st.lists(FATES, min_size=len(PEOPLE), max_size=len(PEOPLE)),
    features=RELAYS,
    crumbs=st.booleans(),
    eager=st.booleans(),
    lies=st.sampled_from(["", "", "forgets_pipelined", "refuses_early"]),
    most=st.sampled_from([0, 0, 2, 3]),
    ours=st.sampled_from([0, 0, 2]),
)
def test_what_is_said_of_each_message_is_true_of_it(
    fates: list[Fate], features: tuple[str, ...], crumbs: bool, eager: bool, lies: str, most: int, ours: int
) -> None:
    script = Script(features=features, crumbs=crumbs, eager_data=eager, per_connection=most)
    if lies:
        setattr(script, lies, True)
    for to, fate in zip(PEOPLE, fates, strict=True):
        fate.write(script, to)
    with CountingServer(script) as relay:
        outcomes = run(smtp(relay.port, messages_per_connection=ours), PEOPLE)
    for to, fate in zip(PEOPLE, fates, strict=True):
        judge(to, fate, outcomes[to], relay.counts[to])


def judge(to: str, fate: Fate, outcome: Receipt | ChannelError, times: int) -> None:
    """That `outcome` is true of a message that the relay took so many `times`."""
    assert times <= 1
    assert isinstance(outcome, fate.may_end_as()), (to, fate, outcome)
    if isinstance(outcome, Receipt):
        assert times == 1
        assert to.partition("@")[0] in outcome.reply
    elif not isinstance(outcome, Uncertain):
        assert times == 0
        said = [name for name in (each.partition("@")[0] for each in PEOPLE) if name in outcome.raw]
        assert said in ([], [to.partition("@")[0]]), "another person's answer"
