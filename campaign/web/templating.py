"""Templates and what each of them can ask for: words, addresses, icons, styles."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from starlette.responses import HTMLResponse

from campaign.web.assets import Assets
from campaign.web.parts import Site
from campaign.web.security import POLICY, PUBLIC, policy
from campaign.web.words import PageWords, page_words

PUBLIC_HEADERS = {"Content-Security-Policy": policy(PUBLIC)}
DESK_HEADERS = {
    "Content-Security-Policy": policy(POLICY),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
}


class Templates:
    """Renders the templates of this package; a name that nothing defines is an error."""

    def __init__(self, site: Site, assets: Assets, *, more: tuple[str, ...] = ()) -> None:
        self.site = site
        self.assets = assets
        self.env = Environment(
            loader=PackageLoader("campaign.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=400,
        )
        self.env.globals.update(
            site=site,
            asset=assets.url,
            has_asset=assets.__contains__,
            icon=self.icon,
            url=self.url,
            absolute=self.absolute,
        )

    def icon(self, name: str) -> Markup:
        """One of the vendored pictures; a word must stand beside it."""
        return Markup('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>').format(
            self.assets.url("icons.svg"), name
        )

    def url(self, path: str) -> str:
        """The address of a path of ours within the site."""
        return f"{self.site.root}{path}"

    def absolute(self, path: str) -> str:
        """The whole address of a path of ours."""
        return f"{self.site.base_url.rstrip('/')}{path}"

    def render(self, template: str, language: str = "", **context: Any) -> str:
        """A page's text. `w` are the words of `language` (a tag), else of the site."""
        words = page_words(language or self.site.language)
        return self.env.get_template(template).render(w=words, n=partial(words.count), **context)

    def words(self, language: str = "") -> PageWords:
        """The words of a language tag, else of the site."""
        return page_words(language or self.site.language)

    def public(
        self,
        template: str,
        *,
        status: int = 200,
        language: str = "",
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """A public page, under the policy of public pages; not to be kept unless `headers` say so."""
        text = self.render(template, language, **context)
        return HTMLResponse(text, status, {**PUBLIC_HEADERS, **(headers or {})})

    def desk(
        self,
        template: str,
        *,
        status: int = 200,
        language: str = "",
        headers: Mapping[str, str] | None = None,
        **context: Any,
    ) -> HTMLResponse:
        """A page of the desk: never kept, its scripts our own files."""
        text = self.render(template, language, **context)
        return HTMLResponse(text, status, {**DESK_HEADERS, **(headers or {})})
