"""The webhook holds to the contract, against a receiver that checks every signature."""

import json

from campaign.channels.http import Answer, Sent
from campaign.channels.webhook import KEY, SIGNATURE, Webhook, verify
from campaign.testing import NOON, ChannelContract, Imitation, json_answer, route

SECRET = "an-example-of-a-secret"
FIELDS = {
    *("version", "id", "campaign", "message", "day", "channel", "planned_at", "title", "text", "whole", "link"),
    *("hashtags", "language", "images"),
}


class Receiver(Imitation):
    @route("POST", "/in", host=r"hooks\.example\.org")
    def take(self, sent: Sent) -> Answer:
        signature = sent.headers.get(SIGNATURE.lower(), "")
        self.must(verify(SECRET, signature, sent.body, now=int(NOON.timestamp())), "signed")
        post = self.json(sent)
        self.must(set(post) == FIELDS, "these fields and no others")
        self.must(sent.headers.get(KEY.lower()) == post["id"], "the key is the id")
        return self.accept(json.dumps(post), answer=json_answer({"id": len(self.accepted) + 1}, 201))


class KeepingReceiver(Receiver):
    """It has a message once, and says so."""

    @route("POST", "/in", host=r"hooks\.example\.org")
    def take(self, sent: Sent) -> Answer:
        if self.json(sent) in map(json.loads, self.accepted):
            return json_answer({"id": 1}, 409)
        return super().take(sent)


class TestWebhook(ChannelContract):
    channel = Webhook
    options = {"url": "https://hooks.example.org/in", "secret": SECRET}

    def imitation(self) -> Imitation:
        return Receiver()


class TestWebhookThatKeepsKeys(TestWebhook):
    channel = Webhook
    options = {**TestWebhook.options, "keeps_keys": True}

    def imitation(self) -> Imitation:
        return KeepingReceiver()
