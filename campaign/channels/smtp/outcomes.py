"""What a relay's refusal means for a message, for its address and for the whole channel.

4yz is never final, 5yz is final for that recipient (RFC 5321 4.2.1, 4.5.4.1); before a recipient was named it is about
us. Status codes are those of RFC 3463 and RFC 5248.
"""

from __future__ import annotations

from campaign.channels.smtp.replies import Reply
from campaign.errors import ChannelDown, ChannelError, Refused, TryLater, Uncertain

#: Status codes that prove the address itself dead: no such mailbox, no such domain, moved away, domain takes no mail.
DEAD_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.6", "5.1.10"})
HARD_BOUNCE = "hard bounce"
SERVICE_CLOSING = 421

#: What a relay cannot carry though another may: a message so large, an address in such letters, 8-bit text.
TOO_LARGE, NO_SUCH_LETTERS, NO_8_BIT = "5.3.4", "5.6.7", "5.6.3"
_BEYOND = frozenset({TOO_LARGE, "5.2.3", NO_SUCH_LETTERS, NO_8_BIT})


def on_connect(reply: Reply, step: str) -> ChannelError:
    """The relay refused us before any message: at its greeting, EHLO, STARTTLS or AUTH (`step`)."""
    if reply.later:
        return TryLater(f"The relay refused at {step}", slow_all=True, code=reply.best_code, raw=reply.extract)
    return ChannelDown(f"The relay refused at {step}", code=reply.best_code, raw=reply.extract)


def on_mail(reply: Reply) -> ChannelError:
    """MAIL FROM was refused: about us, save where the status says that this message is too large or not expressible."""
    if reply.code == 552 or reply.enhanced in _BEYOND:
        code = reply.enhanced or TOO_LARGE  # a bare 552: RFC 1870 6.1
        return Refused("The relay does not take this message", code=code, raw=reply.extract)
    return on_connect(reply, "MAIL FROM")


def on_recipient(reply: Reply, *, slow: bool = False) -> ChannelError:
    """RCPT TO, DATA or the text was refused for one recipient. `slow`: it is no matter of that recipient alone."""
    if reply.later:
        return TryLater("The relay says not now", slow_all=slow, aside=slow, code=reply.best_code, raw=reply.extract)
    status = reply.enhanced
    if status in DEAD_ADDRESS:
        return Refused("The address does not exist", suppress=HARD_BOUNCE, code=status, raw=reply.extract)
    policy = status.startswith("5.7.")
    words = "The relay refuses us by policy" if policy else "The relay refused the message"
    return Refused(words, policy=policy, code=reply.best_code, raw=reply.extract)


def about_relay(error: ChannelError) -> bool:
    """Whether a refusal is about us or the relay as a whole, so that another relay may well take the message."""
    return isinstance(error, ChannelDown) or (isinstance(error, TryLater) and error.slow_all)


def of_system(reply: Reply) -> bool:
    """Whether "not now" says something of the mail system and nothing of the recipient: 421, or 4.3.x (RFC 3463 3.4).

    A relay may say so of one message that it cannot bear; said of several in a row it is about all.
    """
    return reply.code == SERVICE_CLOSING or reply.enhanced.startswith("4.3.")


def beyond_relay(error: ChannelError) -> bool:
    """Whether a relay cannot carry this one message, so that another with other features may well do."""
    return isinstance(error, Refused) and error.code in _BEYOND


def cut_before(detail: str, *, slow: bool = False) -> TryLater:
    """The connection ended before the final dot was written: nothing was sent (RFC 5321 4.1.1.10)."""
    words = "The connection to the relay was lost before the message was complete"
    return TryLater(words, slow_all=slow, aside=slow, raw=detail, code="cut")


def is_cut(error: ChannelError) -> bool:
    """Whether it is a connection that ended before its message was complete."""
    return isinstance(error, TryLater) and error.code == "cut"


def cut_after(detail: str) -> Uncertain:
    """The connection ended after the final dot was written: the relay may have taken the message."""
    return Uncertain("The connection to the relay was lost before it answered", raw=detail, code="cut")


def out_of_step() -> Uncertain:
    """Replies no longer match commands: what was said about this message cannot be known."""
    return Uncertain("The relay's replies are out of step with what was asked", code="out-of-step")


def withdrawn() -> TryLater:
    """`begun` answered False: the final dot was not written."""
    return TryLater("Held back before it began", code="withdrawn")
