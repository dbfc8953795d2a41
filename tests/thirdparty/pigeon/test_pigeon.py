"""What the author of a channel writes: a loft to try it with, and the contract."""

from campaign_pigeon import Pigeon

from campaign.channels.http import Answer, Sent
from campaign.testing import ChannelContract, Imitation, json_answer, route


class Loft(Imitation):
    """A loft that takes posts of one text."""

    @route("POST", r"/north/pigeons", host=r"lofts\.example\.org")
    def take(self, sent: Sent) -> Answer:
        if sent.headers.get("authorization") != "Bearer an-example-word":
            return json_answer({}, 401)
        post = self.json(sent)
        self.must(set(post) == {"text"} and isinstance(post["text"], str), "exactly one text")
        return self.accept(post, answer=json_answer({"ring": f"GB-{len(self.accepted) + 1}"}, 201))


class TestPigeon(ChannelContract):
    """The whole contract."""

    channel = Pigeon

    def imitation(self) -> Imitation:
        return Loft()
