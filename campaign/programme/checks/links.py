"""Try the links of a programme, a few at a time, within a limit of time."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from campaign.errors import CampaignError, Problem
from campaign.programme.checks.gates import addresses
from campaign.programme.checks.sheet import Sheet

MOST_LINKS = 300
AT_ONCE = 6
_ADDRESS = re.compile(r"https?://[^\s<>\"')\]}]+")
GONE = frozenset({404, 410})
#: The page is there, and does not open for a program.
SHUT = frozenset({401, 403, 405, 406, 429, 999})

Fetch = Callable[[str], int]


def try_links(sheet: Sheet, fetch: Fetch, *, seconds: float = 60.0) -> list[Problem]:
    """A problem for each link that does not answer. `fetch` gives a page's status, or raises CampaignError.

    Each address is tried once, whatever number of places has it; at most MOST_LINKS, and `seconds` for all of them.
    """
    places: dict[str, str] = {}
    for where, url in (*addresses(sheet), *_in_texts(sheet)):
        if url.startswith(("http://", "https://")):
            places.setdefault(url, where)
    chosen = list(places)[:MOST_LINKS]
    pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="links")
    try:
        tries = {pool.submit(fetch, url): url for url in chosen}
        wait(tries, timeout=seconds)
        found = [_told(sheet, places[url], url, one, seconds) for one, url in tries.items()]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    left = len(places) - len(chosen)
    if left:
        found.append(
            sheet.warning("K6", f"{left} more links were not tried", "resources", f"{MOST_LINKS} are the most.")
        )
    return [problem for problem in found if problem is not None]


def _in_texts(sheet: Sheet) -> list[tuple[str, str]]:
    campaign = sheet.programme.campaign
    texts = [("campaign.text", campaign.text)]
    texts += [(f"themes.{theme.id}.text", theme.text) for theme in sheet.programme.themes()]
    texts += [(f"posts.{name}.text", post.text) for name, post in sheet.programme.posts.items()]
    for name, mailing in sheet.programme.mailings.items():
        body = sheet.files.get(f"messages/{mailing.body}", b"").decode("utf-8", "replace")
        texts.append((f"mailings.{name}.body", body))
    return [(where, url.rstrip(".,;:!?")) for where, text in texts for url in _ADDRESS.findall(text)]


def _told(sheet: Sheet, where: str, url: str, one: Future[int], seconds: float) -> Problem | None:
    if not one.done():
        return sheet.warning("K6", f"{url} did not answer within {seconds:g} seconds", where, "Try it by hand.")
    error = one.exception()
    if isinstance(error, CampaignError):
        return sheet.warning("K6", f"{url} could not be opened: {error}", where, "Try it by hand.")
    if error is not None:
        raise error
    status = one.result()
    if status in GONE:
        return sheet.error("K6", f"{url} is not there (it answers {status})", where, "Mend the address.")
    if status in SHUT:
        return sheet.warning("K6", f"{url} does not open for a program (it answers {status})", where, "Try it by hand.")
    if status >= 400:
        return sheet.warning("K6", f"{url} answers with an error ({status})", where, "Try it again later.")
    return None
