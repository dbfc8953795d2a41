"""Posts by pigeon: a channel of about forty lines, from a package of its own."""

from typing import Any, ClassVar

from pydantic import Field, SecretStr

from campaign.channels.base import Channel, Limits, Notes, Options, Receipt, Replay, ReplayKind
from campaign.errors import ChannelDown, Problem, Refused, TryLater, Uncertain
from campaign.model import Post


class PigeonOptions(Options):
    """Where the pigeons live, and the word that lets them out."""

    loft: str = Field(description="The loft to send from.", examples=["north"])
    word: SecretStr = Field(description="The word that opens the loft.", examples=["an-example-word"])


class Pigeon(Channel[Post]):
    """One pigeon a post."""

    kind: ClassVar[str] = "pigeon"
    title: ClassVar[str] = "Pigeon post"
    carries: ClassVar[type[Any]] = Post
    replay: ClassVar[Replay] = Replay(ReplayKind.NEVER, "At most once: only the receiver knows if a pigeon arrived.")
    Options: ClassVar[type[Options]] = PigeonOptions
    limits: Limits = Limits(text=300)

    def check(self, message: Post) -> list[Problem]:
        """A pigeon carries 300 characters."""
        over = self.length(self.words(message)) - self.limits.text
        return [Problem("text-long", f"The text is {over} characters too long for a pigeon.")] if over > 0 else []

    def send(self, message: Post, *, key: str, notes: Notes) -> Receipt:
        """Let one pigeon go."""
        if self.tools.http is None:
            raise ChannelDown("There is no way to the loft.")
        word = self.options.word.get_secret_value()
        reply = self.tools.http.request(
            "POST",
            f"https://lofts.example.org/{self.options.loft}/pigeons",
            headers={"Authorization": f"Bearer {word}"},
            json={"text": message.whole},
            secrets=(word,),
        )
        if reply.status == 201:
            return Receipt(remote_id=reply.need("ring"), pace=reply.pace(self.tools.now()))
        if reply.status == 429:
            raise TryLater("All pigeons are out.", after=reply.retry_after(self.tools.now()), slow_all=True)
        if reply.status in (401, 403):
            raise ChannelDown("The loft does not know the word.")
        if 400 <= reply.status < 500:
            raise Refused("The loft will not take this post.", raw=reply.extract())
        raise Uncertain(f"The loft answered {reply.status}.", raw=reply.extract())
