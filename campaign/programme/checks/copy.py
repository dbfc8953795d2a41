"""Rules for the words that people read: accessible, plain, one name for one thing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import replace

from campaign.errors import Problem
from campaign.model import PlannedPost, Post
from campaign.programme.checks import words
from campaign.programme.checks.sheet import Sheet

MOST_HASHTAGS = 2
MOST_EMOJI = 3
LONGEST_ALT = 200
#: Audiences with a limit below this are not professionals: acronyms are explained to them.
LAY_READING_AGE = 16
_TAG = re.compile(r"[A-Za-z0-9_]*[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"https?://\S")
_NAME_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SEGMENT = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def text_rules(sheet: Sheet, where: str, text: str, audiences: tuple[str, ...]) -> Iterator[Problem]:
    """Every rule of wording for one text, for the audiences named (none: everyone)."""
    yield from _plain(sheet, where, text, audiences)
    yield from line_rules(sheet, where, text)


def line_rules(sheet: Sheet, where: str, text: str) -> Iterator[Problem]:
    """The rules of wording that hold for a title, too."""
    yield from _signs(sheet, where, text)
    yield from names(sheet, where, text)


def post_rules(sheet: Sheet, where: str, made: Post, audiences: tuple[str, ...]) -> Iterator[Problem]:
    """Every rule of wording for a post as it would leave."""
    yield from text_rules(sheet, where, made.text, audiences)
    addresses = [*_ADDRESS.findall(made.text), *([made.link.url] if made.link else [])]
    if len(addresses) > 1:
        yield sheet.warning("AS6", "more than one link in a post", where, "Keep the one that matters.")
    if inline := words.inline_hashtags(made.text):
        yield from _inline_tags(sheet, where, made, inline)


def _inline_tags(sheet: Sheet, where: str, made: Post, inline: list[tuple[str, bool]]) -> Iterator[Problem]:
    yield from hashtags(sheet, where, tuple(tag for tag, _ in inline), vocabulary(sheet), listed=False)
    for tag in (tag for tag, followed in inline if followed):
        message = f"#{tag} stands among the words"
        yield sheet.warning("AS2", message, where, "Put hashtags at the end: screen readers stumble over them.")
    tags = {tag.casefold() for tag in (*made.hashtags, *(tag for tag, _ in inline))}
    if len(tags) > MOST_HASHTAGS:
        yield sheet.warning("AS2", f"{len(tags)} hashtags; {MOST_HASHTAGS} are enough", where)


def _plain(sheet: Sheet, where: str, text: str, audiences: tuple[str, ...]) -> Iterator[Problem]:
    for count, sentence in words.long_sentences(text):
        message = f"a sentence of {count} words, {count - words.LONGEST_SENTENCE} over: '{sentence[:60]}...'"
        yield sheet.warning("AS5", message, where, "Make two of it.")
    limit, age = sheet.reading_age(audiences), words.reading_age(text)
    if limit and age is not None and age > limit[0]:
        message = f"reading age {age}, and the limit for {limit[1]} is {limit[0]}"
        yield sheet.warning("AS9", message, where, "Shorter sentences and shorter words bring it down.")
    if limit and limit[0] < LAY_READING_AGE:
        for acronym in words.acronyms(text):
            message = f"{limit[1]} may not know '{acronym}'"
            yield sheet.warning("AS8", message, where, f"Write the words first, then ({acronym}).")


def _signs(sheet: Sheet, where: str, text: str) -> Iterator[Problem]:
    found = words.emoji(text)
    if len(found) > MOST_EMOJI:
        yield sheet.warning("AS4", f"{len(found)} emoji; {MOST_EMOJI} are enough", where, "A screen reader reads each.")
    repeated = sorted({each for each in found if found.count(each) > 1})
    if repeated:
        yield sheet.warning("AS4", f"{''.join(repeated)} is there more than once", where, "Once is enough.")
    if words.emoji_in_place_of_words(text):
        yield sheet.warning("AS4", "an emoji stands before words, or instead of one", where, "Put it at the end.")
    if fancy := words.fancy_letters(text):
        message = f"'{fancy[:20]}' are mathematical signs, not letters"
        yield sheet.warning("AS4", message, where, "Type plain letters: screen readers skip these.")
    for word in (each for each in words.shouted(text) if each not in sheet.programme.organisations):
        yield sheet.warning("AS8", f"'{word}' is all capitals", where, "Capitals are harder to read: use small ones.")
    for dates in words.dashed_dates(text):
        yield sheet.warning("AS11", f"'{dates}' has a dash", where, "Write 9 to 13 October.")
    for each in words.numeric_dates(text):
        yield sheet.warning("AE10", f"the date '{each}' is in figures", where, "Write Tuesday 10 October 2023.")
    for each in words.clock_times(text):
        yield sheet.warning("AE10", f"the time '{each}' is of the 24-hour clock", where, "Write 7pm or 8.30am.")


def names(sheet: Sheet, where: str, text: str) -> Iterator[Problem]:
    """Spellings near the campaign's name that are not it, nor one of its aliases."""
    campaign = sheet.programme.campaign
    known = {_tidy(name): name for name in (campaign.title, *campaign.aliases)}
    spoken = [found[0] for found in _NAME_WORD.finditer(words.plain(text))]
    said = set()
    for name in known:
        parts = name.split()
        if len(parts) < 2:
            continue
        for start in range(len(spoken) - len(parts) + 1):
            window = spoken[start : start + len(parts)]
            tidy = _tidy(" ".join(window))
            if tidy in said or any(tidy in other for other in known) or not _near(parts, tidy.split()):
                continue
            said.add(tidy)
            message = f"'{' '.join(window)}' is near the campaign's name, '{campaign.title}', and not it"
            yield sheet.warning("N1", message, where, "Spell it the one way, or add this spelling to `aliases`.")


def _tidy(name: str) -> str:
    return " ".join(found[0] for found in _NAME_WORD.finditer(name.replace("’", "'")))


def _near(parts: list[str], window: list[str]) -> bool:
    return all(_alike(a.lower(), b.lower()) for a, b in zip(parts, window, strict=True))


def _alike(a: str, b: str) -> bool:
    if a == b:
        return True
    if a[:1] != b[:1] or abs(len(a) - len(b)) > 2 or a.isdigit() or b.isdigit():
        return False
    return difflib.SequenceMatcher(None, a, b).ratio() >= 0.75


def hashtags(
    sheet: Sheet, where: str, tags: tuple[str, ...], vocabulary: frozenset[str], *, listed: bool = True
) -> Iterator[Problem]:
    """Every hashtag: letters and figures, a capital where each word begins. `listed`: each has a place of its own."""
    for index, tag in enumerate(tags):
        place = f"{where}.{index}" if listed else where
        if not _TAG.fullmatch(tag):
            message = f"#{tag} would break: a hashtag has letters, figures and underscores, and a letter among them"
            yield sheet.error("AS1", message, place, f"Write {re.sub(r'[^A-Za-z0-9_]+', '', tag) or 'a word'}.")
            continue
        for segment in _SEGMENT.findall(tag):
            parts = split_words(segment.lower(), vocabulary)
            if len(parts) > 1 or (segment == tag.rstrip("0123456789") and segment.islower() and len(segment) > 15):
                good = "".join(part.capitalize() for part in parts)
                hint = f"Write {tag.replace(segment, good)}." if len(parts) > 1 else "Write CamelCase."
                yield sheet.error("AS1", f"#{tag} runs words together without capitals", place, hint)


def split_words(segment: str, vocabulary: frozenset[str]) -> list[str]:
    """The words of three letters or more that a run of letters is made of; the run itself where it is not."""
    best: list[list[str] | None] = [[], *([None] * len(segment))]
    for end in range(1, len(segment) + 1):
        for start in range(max(0, end - 30), end - 2):
            before = best[start]
            if before is not None and segment[start:end] in vocabulary:
                candidate, kept = [*before, segment[start:end]], best[end]
                if kept is None or len(candidate) < len(kept):
                    best[end] = candidate
    return best[len(segment)] or [segment]


def vocabulary(sheet: Sheet) -> frozenset[str]:
    """Every word of three letters or more in the programme's own titles and texts, in small letters."""
    campaign = sheet.programme.campaign
    texts = [campaign.title, *campaign.aliases, campaign.summary, campaign.text]
    texts += [part for theme in sheet.programme.themes() for part in (theme.title, theme.text)]
    texts += [resource.title for resource in sheet.programme.resources.values()]
    found = {word.lower().replace("’", "'").replace("'", "") for text in texts for word in words.words(text)}
    found |= {word.removesuffix("s") for word in found}
    return frozenset(word for word in found if len(word) >= 3)


def programme_rules(sheet: Sheet) -> Iterator[Problem]:
    """The texts that stand in the file itself; posts are judged as rendered."""
    campaign, known = sheet.programme.campaign, vocabulary(sheet)
    yield from hashtags(sheet, "campaign.hashtags", campaign.hashtags, known)
    for key in ("summary", "text", "help_line"):
        yield from text_rules(sheet, f"campaign.{key}", getattr(campaign, key), ())
    yield from text_rules(sheet, "campaign.one_thing.text", campaign.one_thing.text, ())
    yield from _signs(sheet, "campaign.title", campaign.title)
    for name, organisation in sheet.programme.organisations.items():
        if organisation.logo:
            yield from _alt(sheet, f"organisations.{name}.logo", organisation.logo.file, organisation.logo.alt)
    for day in sheet.programme.days:
        for theme in day.themes:
            where = f"themes.{theme.id}"
            yield from line_rules(sheet, f"{where}.title", theme.title)
            yield from text_rules(sheet, f"{where}.text", theme.text, theme.audiences)
            yield from text_rules(sheet, f"{where}.one_thing.text", theme.one_thing.text, theme.audiences)
    for name, resource in sheet.programme.resources.items():
        yield from line_rules(sheet, f"resources.{name}.title", resource.title)
        yield from text_rules(sheet, f"resources.{name}.text", resource.text, resource.audiences)
    for name, post in sheet.programme.posts.items():
        yield from _post(sheet, f"posts.{name}", post, known)
    for name, mailing in sheet.programme.mailings.items():
        for key in ("subject", "preheader"):
            yield from text_rules(sheet, f"mailings.{name}.{key}", getattr(mailing, key), mailing.audiences)
        body = sheet.files.get(f"messages/{mailing.body}", b"").decode("utf-8", "replace")
        if mailing.body and body:
            found = text_rules(sheet, f"mailings.{name}.body", body, mailing.audiences)
            yield from (_in_file(problem, f"messages/{mailing.body}", body) for problem in found)


def _in_file(problem: Problem, file: str, body: str) -> Problem:
    """The problem with its place in the body, where the words it quotes are found there."""
    quoted = re.search(r"'(.+?)(?:\.\.\.)?'", problem.message)
    start = " ".join((quoted[1] if quoted else "").split()[:4])
    line = next((n for n, row in enumerate(body.splitlines(), start=1) if start and start in words.plain(row)), 0)
    return replace(problem, file=file, line=line or 1, column=1)


def _post(sheet: Sheet, where: str, post: PlannedPost, known: frozenset[str]) -> Iterator[Problem]:
    yield from hashtags(sheet, f"{where}.hashtags", post.hashtags, known)
    tags = dict.fromkeys((*sheet.programme.campaign.hashtags, *post.hashtags))
    if len(tags) > MOST_HASHTAGS:
        yield sheet.warning("AS2", f"{len(tags)} hashtags; {MOST_HASHTAGS} are enough", f"{where}.hashtags")
    for index, image in enumerate(post.images):
        place = f"{where}.images.{index}"
        if image.decorative:
            hint = "Say what it shows, unless it truly says nothing."
            yield sheet.warning("AS3", f"{image.file} is marked decorative, and has no words", place, hint)
        elif not image.alt:
            hint = "Write in `alt` what it shows and what its words say."
            yield sheet.error("AS3", f"{image.file} has no alternative text", place, hint)
        else:
            yield from _alt(sheet, place, image.file, image.alt)
    if post.title:
        yield from line_rules(sheet, f"{where}.title", post.title)


def _alt(sheet: Sheet, place: str, file: str, alt: str) -> Iterator[Problem]:
    """The words that stand for an image: what it shows, and no more than that."""
    start = re.match(r"\s*(image|photo|picture|graphic|photograph) of\b", alt, re.IGNORECASE)
    named = {re.sub(r"\W+", "", name.lower()) for name in (file.rpartition(".")[0], file)}
    if start:
        message = f"the alternative text starts with '{start[0].strip()}'"
        yield sheet.warning("AS3", message, f"{place}.alt", "Leave that out: screen readers say it.")
    elif re.sub(r"\W+", "", alt.lower()) in named:
        yield sheet.warning("AS3", "the alternative text is the file's name", f"{place}.alt", "Say what it shows.")
    if len(alt) > LONGEST_ALT:
        message = f"the alternative text is {len(alt) - LONGEST_ALT} characters over {LONGEST_ALT}"
        yield sheet.warning("AS3", message, f"{place}.alt", "Say the rest in the words.")
