"""Networks that take posts over HTTP as this project sees them: strict, with a memory, and with the real ones' ways."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from campaign.channels.http import Answer, Sent
from campaign.testing import Imitation, json_answer, route
from tests.contracts import notices

TELEGRAM_TOKEN = "123456:an-example-token"
SLACK_URL = "https://hooks.slack.com/services/T000/B000/an-example"
TEAMS_URL = (
    "https://prod-01.uksouth.logic.azure.com:443/workflows/0123/triggers/manual/paths/invoke"
    "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=an-example-signature"
)
DISCORD_URL = "https://discord.com/api/webhooks/100000000000000000/an-example-token"
WORDPRESS = {"site": "https://www.example.org", "user": "comms", "password": "abcd efgh ijkl mnop qrst uvwx"}


def utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class PlayedTelegram(Imitation):
    """`accepted` is one entry a post, a group of images being one."""

    HOST = r"api\.telegram\.org"
    chat = {"id": -1001234567890, "type": "channel", "username": "example_partnership"}
    member: dict[str, Any] = {"status": "administrator", "can_post_messages": True}

    def _answer(self, result: Any) -> Answer:
        return json_answer({"ok": True, "result": result})

    def _no(self, code: int, description: str, **parameters: Any) -> Answer:
        body = {"ok": False, "error_code": code, "description": description}
        return json_answer({**body, "parameters": parameters} if parameters else body, code)

    @route("POST", r"/bot(?P<token>[^/]+)/(?P<method>[A-Za-z]+)", host=HOST)
    def call(self, sent: Sent, token: str, method: str) -> Answer:
        if token != TELEGRAM_TOKEN:
            return self._no(401, "Unauthorized")
        if method in ("sendPhoto", "sendMediaGroup"):
            return self._pictures(sent, method)
        body = self.json(sent)
        self.must(method in notices.TELEGRAM, f"no method {method}")
        notices.lawful(notices.TELEGRAM[method], body)
        if method == "getMe":
            return self._answer({"id": 99, "is_bot": True, "first_name": "Example", "username": "example_bot"})
        if method == "getChatMember":
            return self._answer(self.member)
        if method == "deleteMessage":
            return self._answer(True)
        self.must(utf16(body["text"]) <= 4096, "4096 UTF-16 code units")
        return self.accept(body, answer=self._answer(self._message()))

    def _pictures(self, sent: Sent, method: str) -> Answer:
        parts = self.parts(sent)
        files = {name: part for name, part in parts.items() if part.file_name}
        fields: dict[str, Any] = {name: part.text for name, part in parts.items() if not part.file_name}
        self.must(all(part.data[:4] in (b"\x89PNG", b"\xff\xd8\xff\xe0") for part in files.values()), "an image")
        if method == "sendPhoto":
            notices.lawful(notices.TELEGRAM["sendPhoto"], {**fields, **dict.fromkeys(files, "file")})
            return self.accept(fields, answer=self._answer(self._message()))
        notices.lawful(notices.TELEGRAM["sendMediaGroup"], fields)
        media = json.loads(fields["media"])
        notices.lawful(notices.TELEGRAM["media"], media)
        self.must({each["media"].removeprefix("attach://") for each in media} == set(files), "each image is attached")
        messages = [self._message(number) for number in range(len(media))]
        return self.accept({**fields, "media": media}, answer=self._answer(messages))

    def _message(self, number: int = 0) -> dict[str, Any]:
        return {"message_id": 10 * len(self.accepted) + 11 + number, "date": 1696939200, "chat": self.chat}


class PlayedSlack(Imitation):
    @route("POST", r"/services/T000/B000/(?P<token>.+)", host=r"hooks\.slack\.com")
    def take(self, sent: Sent, token: str) -> Answer:
        if token != "an-example":
            return Answer(403, {"content-type": "text/html"}, b"invalid_token")
        body = self.json(sent)
        notices.lawful(notices.SLACK, body)
        self.must(not set(re.sub(r"&(amp|lt|gt);", "", body["text"])) & set("<>&"), "an unescaped sign")
        return self.accept(body, answer=Answer(200, {"content-type": "text/html"}, b"ok"))


class PlayedTeams(Imitation):
    @route("POST", r"/workflows/0123/triggers/manual/paths/invoke", host=r"prod-01\.uksouth\.logic\.azure\.com(:443)?")
    def take(self, sent: Sent) -> Answer:
        self.must(self.query(sent).get("api-version") == "2016-06-01", "the address's own query")
        if self.query(sent).get("sig") != "an-example-signature":
            return json_answer({"error": {"code": "DirectApiAuthorizationRequired", "message": "No."}}, 401)
        body = self.json(sent)
        notices.lawful(notices.TEAMS, body)
        self.must(len(sent.body) <= 28_000, "28 kB at most")
        return self.accept(body, answer=Answer(202))


class PlayedDiscord(Imitation):
    HOST = r"discord\.com"
    PATH = r"/api/v10/webhooks/100000000000000000/an-example-token"

    def __init__(self) -> None:
        super().__init__()
        self.deleted: list[str] = []

    def _limits(self) -> dict[str, str]:
        return {
            "x-ratelimit-limit": "5",
            "x-ratelimit-remaining": "4",
            "x-ratelimit-reset": "1696939202.000",
            "x-ratelimit-reset-after": "2.000",
            "x-ratelimit-bucket": "abc",
        }

    @route("POST", PATH, host=HOST)
    def take(self, sent: Sent) -> Answer:
        query = self.query(sent)
        self.must(
            set(query) <= {"wait", "thread_id"} and query.get("wait") == "true", "wait=true, and a thread at most"
        )
        if sent.headers.get("content-type", "").startswith("multipart/"):
            parts = self.parts(sent)
            body = json.loads(parts["payload_json"].text)
            files = {name for name in parts if name != "payload_json"}
            self.must(files == {f"files[{each['id']}]" for each in body["attachments"]}, "a file for each attachment")
        else:
            body = self.json(sent)
        notices.lawful(notices.discord_webhook(), body)
        self.must(body.get("allowed_mentions") == {"parse": []}, "nobody is mentioned")
        number = str(200000000000000000 + len(self.accepted))
        answer = json_answer({"id": number, "channel_id": "300000000000000000", "content": ""}, 200, self._limits())
        return self.accept(body, answer=answer)

    @route("GET", PATH, host=HOST)
    def about(self, sent: Sent) -> Answer:
        return json_answer(
            {"id": "1", "name": "News", "guild_id": "400000000000000000", "channel_id": "300000000000000000"}
        )

    @route("GET", PATH + r"/messages/(?P<number>[0-9]+)", host=HOST)
    def read(self, sent: Sent, number: str) -> Answer:
        return json_answer({"id": number, "reactions": [{"count": 3}, {"count": 2}]})

    @route("DELETE", PATH + r"/messages/(?P<number>[0-9]+)", host=HOST)
    def remove(self, sent: Sent, number: str) -> Answer:
        self.deleted.append(number)
        return Answer(204)


class PlayedWordPress(Imitation):
    """`posts` by number; a slug that is taken gets `-2`, as WordPress does it; `media` by number."""

    HOST = r"www\.example\.org"

    def __init__(self) -> None:
        super().__init__()
        self.media: dict[int, dict[str, Any]] = {}

    def _signed_in(self, sent: Sent) -> Answer | None:
        basic = base64.b64encode(f"{WORDPRESS['user']}:{WORDPRESS['password']}".encode()).decode()
        if sent.headers.get("authorization") == f"Basic {basic}":
            return None
        return json_answer({"code": "rest_cannot_create", "message": "Sorry.", "data": {"status": 401}}, 401)

    @route("GET", r"/wp-json/wp/v2/posts", host=HOST)
    def list_posts(self, sent: Sent) -> Answer:
        query = self.query(sent)
        self.must(set(query) == {"slug", "status", "context", "_fields"}, "these and no others")
        self.must(query["context"] == "edit", "drafts are listed to editors")
        found = [post for post in self.accepted if post["slug"] == query["slug"]]
        return self._signed_in(sent) or json_answer(
            [{name: post[name] for name in query["_fields"].split(",")} for post in found]
        )

    @route("POST", r"/wp-json/wp/v2/posts", host=HOST)
    def create(self, sent: Sent) -> Answer:
        body = self.json(sent)
        notices.lawful(notices.WORDPRESS_POST, body)
        signed_out = self._signed_in(sent)
        if signed_out:
            return signed_out
        self.must(body.get("featured_media", 0) in {0, *self.media}, "an image that is there")
        taken = {post["slug"] for post in self.accepted}
        slug = body["slug"] if body["slug"] not in taken else f"{body['slug']}-2"
        number = 100 + len(self.accepted)
        post = {**body, "id": number, "slug": slug, "link": f"https://www.example.org/{slug}/"}
        return self.accept(post, answer=json_answer({**post, "title": {"raw": body["title"]}}, 201))

    @route("POST", r"/wp-json/wp/v2/media", host=HOST)
    def upload(self, sent: Sent) -> Answer:
        disposition = sent.headers.get("content-disposition", "")
        self.must(bool(re.fullmatch(r'attachment; filename="[\w.-]+"', disposition)), "a plain file name")
        self.must(sent.headers.get("content-type", "").startswith("image/"), "an image")
        number = 500 + len(self.media)
        self.media[number] = {"alt_text": None}
        answer = {"id": number, "source_url": f"https://www.example.org/files/{number}.png"}
        return self._signed_in(sent) or json_answer(answer, 201)

    @route("POST", r"/wp-json/wp/v2/media/(?P<number>[0-9]+)", host=HOST)
    def describe(self, sent: Sent, number: str) -> Answer:
        body = self.json(sent)
        notices.lawful(notices.WORDPRESS_MEDIA, body)
        self.must(int(number) in self.media, "an image that is there")
        self.media[int(number)].update(body)
        return self._signed_in(sent) or json_answer({"id": int(number)})

    @route("GET", r"/wp-json/wp/v2/users/me", host=HOST)
    def me(self, sent: Sent) -> Answer:
        able = {"publish_posts": True, "upload_files": True}
        return self._signed_in(sent) or json_answer({"id": 7, "name": "Comms", "capabilities": able})

    @route("DELETE", r"/wp-json/wp/v2/posts/(?P<number>[0-9]+)", host=HOST)
    def remove(self, sent: Sent, number: str) -> Answer:
        return self._signed_in(sent) or json_answer({"id": int(number), "status": "trash"})
