"""The channels that carry email hold to the contract: SMTP against a counting relay, the others against imitations."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path
from typing import ClassVar

from campaign.channels.http import Answer, Sent
from campaign.channels.notify import EXAMPLE_KEY, Notify
from campaign.channels.postmark import Postmark
from campaign.channels.ses import Ses, sign
from campaign.channels.smtp import Smtp
from campaign.testing import ChannelContract, Imitation, World, json_answer, route
from tests.smtpserver import CountingServer


class TestSmtp(ChannelContract):
    channel = Smtp
    speaks_http = False
    relay: ClassVar[CountingServer | None] = None

    @contextmanager
    def world(self, folder: Path) -> Iterator[World]:
        with CountingServer() as relay:
            type(self).relay = relay
            type(self).options = {"host": "127.0.0.1", "port": relay.port, "security": "off"}
            with super().world(folder) as world:
                yield world

    def accepted(self, world: World) -> int:
        assert self.relay is not None
        return self.relay.counts.total()


def from_web64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class NotifyService(Imitation):
    """Notify, from its published REST documentation (alphagov/notifications-tech-docs): the calls that are made."""

    fields: ClassVar[set[str]] = {
        *("email_address", "template_id", "personalisation", "reference", "one_click_unsubscribe_url"),
        "email_reply_to_id",
    }

    def let_in(self, sent: Sent) -> None:
        scheme, _, token = sent.headers.get("authorization", "").partition(" ")
        head, claims, signature = token.split(".")
        self.must(scheme == "Bearer" and json.loads(from_web64(head))["alg"] == "HS256", "a bearer token, HS256")
        good = hmac.digest(EXAMPLE_KEY[-36:].encode(), f"{head}.{claims}".encode(), hashlib.sha256)
        self.must(hmac.compare_digest(good, from_web64(signature)), "signed with the secret")
        self.must(json.loads(from_web64(claims))["iss"] == EXAMPLE_KEY[-73:-37], "issued by the service")

    @route("POST", "/v2/notifications/email", host=r"api\.notifications\.service\.gov\.uk")
    def send(self, sent: Sent) -> Answer:
        self.let_in(sent)
        email = self.json(sent)
        self.must(set(email) <= self.fields, "no unknown field")
        self.must(set(email["personalisation"]) == {"subject", "body"}, "the template's two slots")
        self.must(email["one_click_unsubscribe_url"].startswith("https://"), "https only")
        answer = json_answer({"id": f"id-{len(self.accepted)}", "reference": email["reference"]}, 201)
        return self.accept(email, answer=answer)

    @route("GET", "/v2/notifications", host=r"api\.notifications\.service\.gov\.uk")
    def find(self, sent: Sent) -> Answer:
        self.let_in(sent)
        wanted = self.query(sent)["reference"]
        found = [{"id": f"id-{n}"} for n, email in enumerate(self.accepted) if email["reference"] == wanted]
        return json_answer({"notifications": found, "links": {}})

    @route("GET", "/v2/template/(?P<template>[0-9a-f-]{36})", host=r"api\.notifications\.service\.gov\.uk")
    def template(self, sent: Sent, template: str) -> Answer:
        self.let_in(sent)
        return json_answer({"id": template, "name": "Any", "version": 3, "subject": "((subject))", "body": "((body))"})


class TestNotify(ChannelContract):
    channel = Notify

    def imitation(self) -> Imitation:
        return NotifyService()


class PostmarkService(Imitation):
    """Postmark, from its published API documentation: the calls that are made."""

    fields: ClassVar[set[str]] = {
        *("From", "To", "Subject", "TextBody", "HtmlBody", "ReplyTo", "Headers", "Metadata", "MessageStream"),
        *("TrackOpens", "TrackLinks"),
    }

    def let_in(self, sent: Sent) -> None:
        self.must(sent.headers.get("x-postmark-server-token") == "an-example-of-a-token", "the server's token")
        self.must(sent.headers.get("accept") == "application/json", "asks for JSON")

    @route("POST", "/email", host=r"api\.postmarkapp\.com")
    def send(self, sent: Sent) -> Answer:
        self.let_in(sent)
        email = self.json(sent)
        self.must(set(email) <= self.fields, "no unknown field")
        self.must(email["TrackOpens"] is False and email["TrackLinks"] == "None", "nothing is tracked")
        headers = {header["Name"]: header["Value"] for header in email["Headers"]}
        self.must({"Message-ID", "X-PM-KeepID", "List-Unsubscribe"} <= set(headers), "our own headers")
        answer = json_answer({"ErrorCode": 0, "Message": "OK", "MessageID": f"id-{len(self.accepted)}"})
        return self.accept(email, answer=answer)

    @route("GET", "/messages/outbound", host=r"api\.postmarkapp\.com")
    def find(self, sent: Sent) -> Answer:
        self.let_in(sent)
        query = self.query(sent)
        self.must({"count", "offset"} <= set(query), "count and offset are required")
        found = [
            {"MessageID": f"id-{n}"}
            for n, email in enumerate(self.accepted)
            if email["Metadata"]["delivery"] == query["metadata_delivery"]
        ]
        return json_answer({"TotalCount": len(found), "Messages": found[: int(query["count"])]})

    @route("GET", "/server", host=r"api\.postmarkapp\.com")
    def server(self, sent: Sent) -> Answer:
        self.let_in(sent)
        return json_answer({"Name": "Newsletters", "DeliveryType": "Live"})


class TestPostmark(ChannelContract):
    channel = Postmark

    def imitation(self) -> Imitation:
        return PostmarkService()


class SesService(Imitation):
    """SES v2, from its published service model (aws/aws-sdk-*, sesv2-2019-09-27): the calls that are made."""

    def let_in(self, sent: Sent, path: str) -> None:
        found = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=(\w+)/(\d{8})/eu-west-2/ses/aws4_request, "
            r"SignedHeaders=content-type;host;x-amz-date, Signature=([0-9a-f]{64})",
            sent.headers.get("authorization", ""),
        )
        self.must(found is not None, "a signature of version 4")
        good = sign(
            sent.method,
            "email.eu-west-2.amazonaws.com",
            path,
            sent.body,
            region="eu-west-2",
            access_key_id="AKIDEXAMPLE00000",
            secret="an-example-of-a-secret-key",
            session="",
            now=datetime.strptime(sent.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC),
        )
        self.must(good["authorization"] == sent.headers["authorization"], "signed with the secret")

    @route("POST", "/v2/email/outbound-emails")
    def send(self, sent: Sent) -> Answer:
        self.let_in(sent, "/v2/email/outbound-emails")
        email = self.json(sent)
        self.must(set(email) == {"FromEmailAddress", "Destination", "Content", "EmailTags"}, "these fields")
        whole = message_from_bytes(base64.b64decode(email["Content"]["Raw"]["Data"], validate=True))
        self.must(email["Destination"]["ToAddresses"][0] in whole["To"], "to one person, who is named")
        return self.accept(email, answer=json_answer({"MessageId": f"id-{len(self.accepted)}"}))

    @route("GET", "/v2/email/account")
    def account(self, sent: Sent) -> Answer:
        self.let_in(sent, "/v2/email/account")
        quota = {"Max24HourSend": 50000.0, "MaxSendRate": 14.0, "SentLast24Hours": 1.0}
        return json_answer({"SendingEnabled": True, "ProductionAccessEnabled": True, "SendQuota": quota})


class TestSes(ChannelContract):
    channel = Ses

    def imitation(self) -> Imitation:
        return SesService()


def test_the_published_example_of_signature_version_4() -> None:
    """The worked example of the AWS General Reference (IAM ListUsers, 30 August 2015)."""
    headers = sign(
        "GET",
        "iam.amazonaws.com",
        "/",
        b"",
        region="us-east-1",
        access_key_id="AKIDEXAMPLE",
        secret="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        session="",
        now=datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
        service="iam",
        query="Action=ListUsers&Version=2010-05-08",
        content_type="application/x-www-form-urlencoded; charset=utf-8",
    )
    signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    assert headers["authorization"].endswith(f"Signature={signature}")
