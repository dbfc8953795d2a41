"""The pages, put together from an opened installation: for the service, for a rehearsal, and as files."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from campaign.channels.base import Receipt
    from campaign.delivery.shelf import InForce
    from campaign.plan import Planned
    from campaign.web.parts import Desk, Parts, Provider, Site
    from campaign.web.serve import Server
    from campaign.wiring import App


def site_of(app: App, base_url: str = "") -> Site:
    """What the settings and `site.yaml` say of the pages. SettingsError where they cannot be used."""
    from campaign.settings.site import load_site
    from campaign.web.parts import Site, Statements, Theme

    settings, file = app.settings, load_site(app.settings)
    return Site(
        probe=app.probe,
        base_url=base_url or settings.base_url or f"http://{settings.web_host}:{settings.web_port}",
        hosts=file.hosts,
        proxies=tuple(part.strip() for part in settings.trusted_proxies.split(",") if part.strip()),
        frames=file.frames,
        language=file.language,
        theme=Theme(file.name, file.logo, file.logo_alt, file.primary, file.primary_dark),
        statements=Statements(
            controller=file.controller,
            controller_address=file.controller_address,
            officer=file.officer,
            officer_email=file.officer_email,
            privacy_url=file.privacy_url,
            keep_months=settings.keep_months,
            accessibility_contact=file.accessibility_contact,
            prepared_on=file.prepared_on,
            known_problems=file.known_problems,
        ),
    )


def parts_of(app: App, *, base_url: str = "", rehearsal: bool = False) -> Parts:
    """Everything the pages need of an installation."""
    from campaign.delivery import rights
    from campaign.delivery.visitors import Lists, Weeks
    from campaign.web.parts import Parts

    weeks = Weeks(app.store, app.clock)
    database, outbox = app.store.database, app.settings.home / "outbox"
    return Parts(
        site=replace(site_of(app, base_url), rehearsal=rehearsal),
        clock=app.clock,
        weeks=weeks,
        media=app.settings.home / "media",
        visitors=Lists(
            database,
            app.ring,
            labels=weeks.labels,
            mailed=weeks.mailed,
            erase=lambda address, now: rights.erase(database, app.ring, app.key, outbox, address, who="self", now=now),
            held=lambda address: rights.held(database, app.ring, outbox, address),
        ),
        hooks=app.hooks(),
        desk=desk_of(app, leaves=not rehearsal),
    )


def provider_of(app: App) -> Provider | None:
    """Where the team signs in elsewhere; None where the settings name no provider. SettingsError."""
    from campaign.settings.provider import provider_settings
    from campaign.web.parts import Provider

    found, settings = provider_settings(app.settings), app.settings
    if found is None:
        return None
    return Provider(
        issuer=found.issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret.get_secret_value(),
        name=found.name,
        call=app.ways.ask,
        tenants=found.tenants,
        roles=found.roles,
    )


def desk_of(app: App, *, leaves: bool = True) -> Desk:
    """What the desk works with. `leaves`: a test of an email goes over the real channel, live or not."""
    from campaign.cli.checking import facts
    from campaign.delivery import trying
    from campaign.settings import Approving
    from campaign.web.parts import Desk
    from campaign.wiring.switchboard import Switchboard

    def send_test(force: InForce, planned: Planned, address: str, author: str) -> Receipt:
        to, name = trying.reachable(app.parts, app.ring, address), planned.key.channel
        if not leaves:
            channel = app.ways.channel(force.programme.channels[name])
            return trying.send_email(app.parts, force, planned, to, channel, author=author, now=app.clock.now())
        real = app.ways.real(name)
        try:
            return trying.send_email(app.parts, force, planned, to, real, author=author, now=app.clock.now())
        finally:
            real.close()

    board = Switchboard(app)
    return Desk(
        work=app.parts,
        kinds=app.channel_kinds,
        promise=app.ways.promise,
        other=app.settings.approvals is Approving.REQUIRED_OTHER,
        letter=app.write_letter,
        provider=provider_of(app),
        facts=lambda: facts(app),
        send_test=send_test,
        outbox=app.settings.home / "outbox",
        board=board,
        until=board.until,
    )


def served(app: App, *, rehearsal: bool = False) -> AbstractContextManager[Server]:
    """A context in which the pages are served where the settings say. SettingsError where the port cannot be had.

    A rehearsal takes another port where that one is taken, for a real service may run beside it.
    """
    from campaign.errors import SettingsError
    from campaign.web.app import create_app
    from campaign.web.serve import Server, address, listen

    try:
        listening = listen(app.settings.web_host, app.settings.web_port)
    except SettingsError:
        if not rehearsal:
            raise
        listening = listen(app.settings.web_host, 0)
    local = address(listening)
    parts = parts_of(app, base_url=local if rehearsal else "", rehearsal=rehearsal)
    parts = replace(parts, site=replace(parts.site, hosts=(*parts.site.hosts, local.split("//")[1])))
    return Server(create_app(parts), listening)
