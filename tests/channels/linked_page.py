"""The page behind the factories' link, with the picture that it names for its card."""

from __future__ import annotations

from campaign.channels.http import Answer, Sent
from campaign.testing import Imitation, an_image, route

HOST = r"www\.example\.org"
PAGE = b"""<!doctype html><html lang=en><head><title>The toolkit</title>
<meta property="og:title" content="The toolkit"><meta property="og:image" content="https://www.example.org/card.png">
</head><body></body></html>"""


class LinkedPage(Imitation):
    """Besides a network's own host it answers for the site that a post links to."""

    page = Answer(200, {"content-type": "text/html"}, PAGE)
    picture = Answer(200, {"content-type": "image/png"}, an_image(width=120, height=63, colour=200).data)

    @route("GET", "/toolkit", host=HOST)
    def linked_page(self, sent: Sent) -> Answer:
        self.must("authorization" not in sent.headers, "nobody is told who asks")
        return self.page

    @route("GET", "/card.png", host=HOST)
    def linked_picture(self, sent: Sent) -> Answer:
        self.must("authorization" not in sent.headers, "nobody is told who asks")
        return self.picture

    @route("GET", "/.*", host=r"(www\.)?example\.org")
    def nothing_else(self, sent: Sent) -> Answer:
        return Answer(404)
