"""What a mail server's code and words mean for an address. Enhanced codes: RFC 3463 and its registry."""

from __future__ import annotations

import re

from campaign.channels.base import FeedbackKind

_ENHANCED = re.compile(r"(?<![\d.])([45]\.\d{1,3}\.\d{1,3})(?![\d.])")
_BASIC = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-])")

#: The address itself is dead: bad mailbox, bad system, moved with no forwarding, null MX (RFC 7505).
DEAD = frozenset({"5.1.1", "5.1.2", "5.1.6", "5.1.10"})

_DEAD_WORDS = re.compile(
    r"user unknown|unknown user|no such (?:user|mailbox|recipient|address|account|person)|"
    r"(?:user|mailbox|recipient|address|account|alias)(?: name)?[\w .<>@'\"()-]{0,60}"
    r"(?:does(?: not|n't) exist|not (?:be )?found|(?:is )?(?:not known|unknown)|doesn't have|invalid|"
    r"not (?:listed|exist))|"
    r"no mailbox here by that name|not (?:a )?(?:valid|known) (?:user|mailbox|recipient|address)|"
    r"invalid (?:user|mailbox|recipient|address)|host (?:or domain name )?(?:unknown|not found)|unknown host|"
    r"(?:unrouteable|unroutable|undeliverable) (?:mail )?(?:address|domain)|"
    r"(?:account|mailbox|address)[\w .<>@'\"()-]{0,40}(?:disabled|closed|deactivated|discontinued|no longer)|"
    r"invalid final delivery userid|n'existe pas|final email delivery point|no matches to nameserver|"
    r"not our customer|unknown (?:local[- ]part|recipient|address|account)|could not be found|no such domain",
    re.IGNORECASE,
)
_FULL_WORDS = re.compile(
    r"(?:over|exceed\w*|reached|out of)[\w -]{0,20}quota|quota (?:exceeded|violation)|mailbox (?:is )?full",
    re.IGNORECASE,
)
_OURS_WORDS = re.compile(
    r"\bspam\b|blacklist|block(?:ed)? list|blocklist|\bdmarc\b|\bspf\b|\bdkim\b|reputation|policy|rejected by content|"
    r"not authori[sz]ed|relay(?:ing)? (?:access )?denied|we do not relay",
    re.IGNORECASE,
)


def code_in(text: str) -> str:
    """The first enhanced code in `text`, else the first basic one of 4xx or 5xx; "" for none."""
    found = _ENHANCED.search(text) or _BASIC.search(text)
    return found[1] if found else ""


def kind_of(code: str, words: str, *, lasting: bool) -> FeedbackKind:
    """What a failure says: HARD (the address is dead), SOFT, or POLICY (it is about us, not about the address).

    `lasting`: the server has given up on this message. Codes come first; words count where a code says nothing, for
    many servers answer 5.0.0 to everything. In doubt it is SOFT: three on three days say the same, more safely.
    """
    if code.startswith("5.7."):
        return FeedbackKind.POLICY
    if code in DEAD:
        return FeedbackKind.HARD
    if code.startswith("4") or not lasting:
        return FeedbackKind.SOFT
    if code.startswith(("5.2.", "5.4.", "5.6.")) and code != "5.2.1":
        return FeedbackKind.SOFT
    if _FULL_WORDS.search(words):
        return FeedbackKind.SOFT
    if _DEAD_WORDS.search(words):
        return FeedbackKind.HARD
    if _OURS_WORDS.search(words):
        return FeedbackKind.POLICY
    return FeedbackKind.SOFT
