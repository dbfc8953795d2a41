"""Previews as files: each email's own HTML, and one page that shows everything at desk and phone width."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from campaign.delivery.previewing import Preview, Previews
from campaign.model import Email, Post

INDEX = "index.html"
NOTHING = "It says nothing to this reader, so nothing is sent."
DESK, PHONE = 700, 375
_STYLE = """
:root{color-scheme:light dark;--page:#F6F7F9;--surface:#FFF;--ink:#16191D;--meta:#4A525C;--line:#677080;--bad:#B3261E}
@media (prefers-color-scheme:dark){:root{--page:#121519;--surface:#1B2026;--ink:#F1F3F5;--meta:#B4BCC6;--line:#8C96A3;
--bad:#FFB4AB}a{color:#8AC2FF}}
body{margin:0 auto;padding:16px;max-width:76rem;background:var(--page);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",Arial,sans-serif}
article{background:var(--surface);border:1px solid var(--line);border-radius:8px;padding:16px;margin:0 0 24px;
overflow-wrap:anywhere}
h1{font-size:1.75rem;line-height:1.2}h2{font-size:1.25rem;line-height:1.3;margin:0 0 8px}
.meta{color:var(--meta);margin:0 0 12px}.bad{color:var(--bad);font-weight:600}
pre{white-space:pre-wrap;font:inherit;margin:0 0 12px}
.frames{display:flex;flex-wrap:wrap;gap:16px;margin:12px 0}figure{margin:0;max-width:100%}
iframe{display:block;max-width:100%;height:40rem;border:1px solid var(--line);background:#fff}
summary{padding:4px 0}img{max-width:16rem;height:auto;border:1px solid var(--line)}
"""


def write(folder: Path, previews: Previews) -> list[Path]:
    """Write the page, each email's HTML and text, and the pictures; what was written, the page first."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    parts = [_article(folder, preview, written) for preview in previews.found]
    page = folder / INDEX
    page.write_text(_page(previews, parts), "utf-8")
    return [page, *written]


def _page(previews: Previews, parts: list[Markup]) -> str:
    title = f"Preview: {previews.campaign}"
    notes = Markup("").join(Markup("<p class=meta>{}</p>").format(note) for note in previews.notes)
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' file:; frame-src 'self' file:"
    return str(
        Markup(
            '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta http-equiv="Content-Security-Policy" content="{}">\n<title>{}</title>\n<style>{}</style>\n</head>\n'
            "<body>\n<main>\n<h1>{}</h1>\n{}\n{}\n</main>\n</body>\n</html>\n"
        ).format(policy, title, Markup(_STYLE), title, notes, Markup("\n").join(parts))  # noqa: S704 - a constant
    )


def _article(folder: Path, preview: Preview, written: list[Path]) -> Markup:
    name = f"{preview.name}, {preview.channel}" + (f", {preview.day}" if preview.day else "")
    head = Markup("<h2>{}</h2><p class=meta>{}. For {}.</p>").format(name, preview.when, preview.readers)
    if isinstance(preview.made, Email):
        body = _email(folder, preview, preview.made, written)
    elif isinstance(preview.made, Post):
        body = _post(folder, preview, preview.made, written)
    else:
        body = Markup("") if preview.problems else Markup("<p>{}</p>").format(NOTHING)
    problems = Markup("").join(
        Markup("<p class=bad>{}: {} {}</p>").format(str(one.severity).capitalize(), one.message, one.hint)
        for one in preview.problems
    )
    return Markup("<article>{}{}{}</article>").format(head, body, problems)


def stem(preview: Preview) -> str:
    """The name of a preview's files, without an ending."""
    return "--".join(part for part in (preview.name, preview.day, preview.channel) if part)


def _email(folder: Path, preview: Preview, email: Email, written: list[Path]) -> Markup:
    html, text = folder / f"{stem(preview)}.html", folder / f"{stem(preview)}.txt"
    html.write_text(email.body.html, "utf-8")
    text.write_text(email.body.text, "utf-8")
    written += [html, text]
    frames = Markup("").join(
        Markup(
            '<figure><figcaption>{}</figcaption><iframe sandbox title="{}" src="{}" width="{}"></iframe></figure>'
        ).format(f"On a {where}", f"{preview.name} on a {where}", html.name, width)
        for where, width in (("computer", DESK), ("phone", PHONE))
    )
    return Markup(
        "<p><strong>{}</strong><br>{}</p><p class=meta>From {} &lt;{}&gt;. {:,} bytes.</p>"
        "<div class=frames>{}</div><details><summary>The words alone</summary><pre>{}</pre></details>"
    ).format(
        email.subject, preview.preheader, email.from_name, email.from_address, len(email.raw), frames, email.body.text
    )


def _post(folder: Path, preview: Preview, post: Post, written: list[Path]) -> Markup:
    pictures = Markup("")
    for image in post.images:
        path = folder / "images" / image.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(image.data)
        written.append(path)
        pictures += Markup('<figure><img src="images/{}" alt="{}"><figcaption>{}</figcaption></figure>').format(
            image.name, image.alt, f"Description: {image.alt}" if image.alt else "Decorative, not described."
        )
    title = Markup("<p><strong>{}</strong></p>").format(post.title) if post.title else Markup("")
    return Markup("{}<pre>{}</pre>{}<p class=meta>{}</p>").format(title, post.whole, pictures, count(preview))


def count(preview: Preview) -> str:
    """`243 of 280 characters`, `292 of 280 characters, 12 over`; "" where nothing was counted."""
    if not preview.length:
        return ""
    if not preview.limit:
        return f"{preview.length:,} {preview.unit}"
    over = preview.length - preview.limit
    return f"{preview.length:,} of {preview.limit:,} {preview.unit}" + (f", {over:,} over" if over > 0 else "")


def words(preview: Preview) -> str:
    """A preview as plain text, for a terminal."""
    what = "Message" if preview.made is None else "Email" if isinstance(preview.made, Email) else "Post"
    place = f"{preview.channel} ({preview.kind})"
    day = f", {preview.day}" if preview.day else ""
    lines = [f"{what} {preview.name}{day}: {preview.when}, by {place}, for {preview.readers}"]
    lines.append("-" * min(100, len(lines[0])))
    if isinstance(preview.made, Email):
        made = preview.made
        lines += [f"From:    {made.from_name} <{made.from_address}>", f"Subject: {made.subject}"]
        lines += [f"Preview: {preview.preheader}"] if preview.preheader else []
        lines += ["", made.body.text.rstrip(), "", f"({len(made.raw):,} bytes)"]
    elif isinstance(preview.made, Post):
        lines += [f"Title: {preview.made.title}"] if preview.made.title else []
        lines += [preview.made.whole, ""]
        lines += [f"Picture {one.name}: {one.alt or 'decorative, not described'}" for one in preview.made.images]
        lines += [f"({count(preview)})"] if count(preview) else []
    elif not preview.problems:
        lines.append(NOTHING)
    lines += [str(problem) for problem in preview.problems]
    return "\n".join(lines)


def safe(text: str) -> str:
    """`text` without what a terminal would obey."""
    return "".join(char for char in text if char == "\n" or char.isprintable())


__all__ = ["DESK", "INDEX", "PHONE", "count", "safe", "stem", "words", "write"]
