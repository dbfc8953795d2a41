"""Every act of the desk, and the role that it takes: the one place where that is said."""

from __future__ import annotations

from starlette.routing import BaseRoute

from campaign.model import Role
from campaign.web.desk import (
    account,
    activity,
    channels,
    checks,
    editing,
    elsewhere,
    mailing,
    messages,
    needs,
    passkeys,
    pausing,
    people,
    people_import,
    pictures,
    programme,
    refresh,
    rights,
    signing,
    stopped,
    uploads,
    users,
    week,
)
from campaign.web.desk.door import BASE, Act, Door
from campaign.web.desk.names import party
from campaign.web.parts import Desk, Parts
from campaign.web.templating import Templates

MESSAGE = "/desk/message/{campaign}/{message}/{day}"
RESOURCE = "/desk/programme/{campaign}/resources/{resource}"

ACTS = (
    Act("GET", BASE, Role.VIEWER, refresh.everywhere, quiet=True),
    Act("GET", "/desk/live/week", Role.VIEWER, week.live, quiet=True),
    Act("GET", "/desk/live/message/{campaign}/{message}/{day}", Role.VIEWER, messages.live, quiet=True),
    Act("GET", "/desk", Role.VIEWER, week.this_week),
    Act("GET", "/desk/needs-you", Role.VIEWER, needs.needs_you),
    Act("POST", "/desk/settle", Role.APPROVER, needs.settle),
    Act("GET", MESSAGE, Role.VIEWER, messages.message),
    Act("GET", f"{MESSAGE}/frame", Role.VIEWER, mailing.frame),
    Act("POST", f"{MESSAGE}/test", Role.EDITOR, mailing.send_test),
    Act("POST", f"{MESSAGE}/hold", Role.EDITOR, mailing.pause),
    Act("GET", f"{MESSAGE}/edit", Role.EDITOR, editing.form),
    Act("POST", f"{MESSAGE}/edit", Role.EDITOR, editing.change, editing.LARGEST),
    Act("POST", f"{MESSAGE}/edit/leave", Role.EDITOR, editing.leave),
    Act("GET", f"{MESSAGE}/edit/others", Role.EDITOR, editing.others),
    Act("GET", "/desk/image/kept/{token}", Role.EDITOR, pictures.kept_image),
    Act("GET", "/desk/image/{campaign}/{id:int}/{name}", Role.VIEWER, pictures.image),
    Act("POST", f"{MESSAGE}/approve", Role.APPROVER, messages.approve),
    Act("POST", f"{MESSAGE}/withdraw", Role.APPROVER, messages.withdraw),
    Act("POST", f"{MESSAGE}/move", Role.APPROVER, messages.move),
    Act("POST", f"{MESSAGE}/skip", Role.APPROVER, messages.skip),
    Act("POST", "/desk/approve/{campaign}", Role.APPROVER, messages.approve_all),
    Act("GET", "/desk/pause", Role.EDITOR, pausing.form),
    Act("POST", "/desk/pause", Role.EDITOR, pausing.pause),
    Act("GET", "/desk/resume", Role.VIEWER, pausing.review),
    Act("POST", "/desk/resume/{id:int}", Role.APPROVER, pausing.resume),
    Act("GET", "/desk/programme", Role.VIEWER, programme.programme),
    Act("GET", "/desk/programme/upload", Role.EDITOR, uploads.form),
    Act("POST", "/desk/programme/upload", Role.EDITOR, uploads.upload, uploads.LARGEST),
    Act("GET", "/desk/programme/upload/{token}", Role.EDITOR, uploads.compare),
    Act("POST", "/desk/programme/upload/{token}/apply", Role.EDITOR, uploads.apply),
    Act("POST", "/desk/programme/upload/{token}/cancel", Role.EDITOR, uploads.cancel),
    Act("GET", "/desk/programme/{campaign}/checks", Role.VIEWER, checks.page),
    Act("POST", "/desk/programme/{campaign}/checks", Role.EDITOR, checks.again),
    Act("GET", "/desk/programme/template", Role.VIEWER, programme.template),
    Act("GET", "/desk/programme/{campaign}/download", Role.VIEWER, programme.download),
    Act("GET", "/desk/programme/{campaign}/workbook", Role.VIEWER, programme.workbook),
    Act("GET", RESOURCE, Role.VIEWER, programme.resource),
    Act("POST", f"{RESOURCE}/change", Role.EDITOR, programme.change),
    Act("POST", f"{RESOURCE}/release", Role.APPROVER, programme.release),
    Act("GET", "/desk/people", Role.VIEWER, people.people),
    Act("GET", "/desk/people/add", Role.EDITOR, people.new),
    Act("POST", "/desk/people/add", Role.EDITOR, people.add),
    Act("GET", "/desk/people/import", Role.EDITOR, people_import.form),
    Act("POST", "/desk/people/import", Role.EDITOR, people_import.upload, people_import.LARGEST),
    Act("GET", "/desk/people/import/{token}", Role.EDITOR, people_import.columns),
    Act("POST", "/desk/people/import/{token}", Role.EDITOR, people_import.judge),
    Act("POST", "/desk/people/import/{token}/cancel", Role.EDITOR, people_import.cancel),
    Act("GET", "/desk/people/stopped", Role.VIEWER, stopped.page),
    Act("POST", "/desk/people/stopped", Role.EDITOR, stopped.stop),
    Act("POST", "/desk/people/export", Role.ADMINISTRATOR, rights.export),
    Act("GET", "/desk/people/{id:int}", Role.VIEWER, people.person),
    Act("POST", "/desk/people/{id:int}/join", Role.EDITOR, people.join),
    Act("POST", "/desk/people/{id:int}/leave", Role.EDITOR, people.leave),
    Act("POST", "/desk/people/{id:int}/move", Role.EDITOR, people.move),
    Act("POST", "/desk/people/{id:int}/lift", Role.APPROVER, people.lift),
    Act("POST", "/desk/people/{id:int}/copy", Role.ADMINISTRATOR, rights.copy),
    Act("GET", "/desk/people/{id:int}/erase", Role.ADMINISTRATOR, rights.sure),
    Act("POST", "/desk/people/{id:int}/erase", Role.ADMINISTRATOR, rights.erase),
    Act("GET", "/desk/channels", Role.VIEWER, channels.channels),
    Act("GET", channels.CALLBACK, Role.ADMINISTRATOR, channels.callback),
    Act("POST", channels.CALLBACK, Role.ADMINISTRATOR, channels.finish),
    Act("GET", "/desk/channels/{channel}", Role.VIEWER, channels.channel),
    Act("POST", "/desk/channels/{channel}/pause", Role.EDITOR, channels.pause_channel),
    Act("POST", "/desk/channels/{channel}/up", Role.APPROVER, channels.channel_up),
    Act("POST", "/desk/channels/{channel}/verify", Role.EDITOR, channels.verify),
    Act("POST", "/desk/channels/{channel}/connect", Role.ADMINISTRATOR, channels.connect),
    Act("POST", "/desk/channels/{channel}/forget", Role.ADMINISTRATOR, channels.forget),
    Act("GET", "/desk/channels/{channel}/test", Role.APPROVER, channels.trial),
    Act("POST", "/desk/channels/{channel}/test", Role.APPROVER, channels.try_out),
    Act("POST", "/desk/channels/{channel}/test/delete", Role.APPROVER, channels.take_back),
    Act("GET", "/desk/channels/{channel}/live", Role.ADMINISTRATOR, channels.live),
    Act("POST", "/desk/channels/{channel}/live", Role.ADMINISTRATOR, channels.switch),
    Act("GET", "/desk/users", Role.ADMINISTRATOR, users.users),
    Act("POST", "/desk/users/invite", Role.ADMINISTRATOR, users.invite),
    Act("POST", "/desk/users/{person:int}/role", Role.ADMINISTRATOR, users.set_role),
    Act("POST", "/desk/users/{person:int}/reset", Role.ADMINISTRATOR, users.reset),
    Act("POST", "/desk/users/{person:int}/second", Role.ADMINISTRATOR, users.second_off),
    Act("POST", "/desk/users/{person:int}/remove", Role.ADMINISTRATOR, users.remove),
    Act("POST", "/desk/users/sessions/{id:int}", Role.ADMINISTRATOR, users.end_session),
    Act("GET", "/desk/activity", Role.VIEWER, activity.activity),
    Act("GET", "/desk/activity.csv", Role.EDITOR, activity.as_table),
    Act("GET", "/desk/account", Role.VIEWER, account.account),
    Act("POST", "/desk/account/theme", Role.VIEWER, account.theme),
    Act("POST", "/desk/account/password", Role.VIEWER, account.change_password),
    Act("POST", "/desk/account/second/begin", Role.VIEWER, account.begin_second),
    Act("GET", "/desk/account/second", Role.VIEWER, account.second),
    Act("GET", "/desk/account/second.svg", Role.VIEWER, account.picture),
    Act("POST", "/desk/account/second", Role.VIEWER, account.switch_on),
    Act("POST", "/desk/account/second/codes", Role.VIEWER, account.new_codes),
    Act("POST", "/desk/account/second/off", Role.VIEWER, account.switch_off),
    Act("POST", "/desk/account/passkeys/begin", Role.VIEWER, passkeys.begin),
    Act("POST", "/desk/account/passkeys", Role.VIEWER, passkeys.add),
    Act("POST", "/desk/account/passkeys/{id:int}/remove", Role.VIEWER, passkeys.remove),
    Act("POST", "/desk/account/provider", Role.VIEWER, elsewhere.connect),
    Act("POST", "/desk/account/sessions/{id:int}", Role.VIEWER, account.end_session),
    Act("POST", "/desk/sign-out", Role.VIEWER, account.sign_out),
)


def desk_routes(parts: Parts, desk: Desk, templates: Templates) -> list[BaseRoute]:
    """The desk's addresses."""
    door = Door(parts, desk, templates)
    signing_in = signing.Signing(door, passkeys=bool(party(parts.site)))
    routes = [*signing_in.routes(), *passkeys.Arriving(signing_in).routes()]
    if desk.provider is not None:
        door.elsewhere = elsewhere.Elsewhere(door, desk.provider)
        routes += elsewhere.Provided(signing_in, door.elsewhere).routes()
    return [*routes, *(door.route(act) for act in ACTS)]
