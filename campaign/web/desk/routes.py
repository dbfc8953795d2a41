"""Every act of the desk, and the role that it takes: the one place where that is said."""

from __future__ import annotations

from starlette.routing import BaseRoute

from campaign.model import Role
from campaign.web.desk import activity, messages, needs, pausing, signing, week
from campaign.web.desk.door import Act, Door
from campaign.web.parts import Desk, Parts
from campaign.web.templating import Templates

MESSAGE = "/desk/message/{campaign}/{message}/{day}"

ACTS = (
    Act("GET", "/desk", Role.VIEWER, week.this_week),
    Act("GET", "/desk/needs-you", Role.VIEWER, needs.needs_you),
    Act("POST", "/desk/settle", Role.APPROVER, needs.settle),
    Act("GET", MESSAGE, Role.VIEWER, messages.message),
    Act("GET", f"{MESSAGE}/frame", Role.VIEWER, messages.frame),
    Act("POST", f"{MESSAGE}/approve", Role.APPROVER, messages.approve),
    Act("POST", f"{MESSAGE}/withdraw", Role.APPROVER, messages.withdraw),
    Act("POST", f"{MESSAGE}/move", Role.APPROVER, messages.move),
    Act("POST", f"{MESSAGE}/skip", Role.APPROVER, messages.skip),
    Act("POST", "/desk/approve/{campaign}", Role.APPROVER, messages.approve_all),
    Act("GET", "/desk/pause", Role.EDITOR, pausing.form),
    Act("POST", "/desk/pause", Role.EDITOR, pausing.pause),
    Act("GET", "/desk/resume", Role.VIEWER, pausing.review),
    Act("POST", "/desk/resume/{id:int}", Role.APPROVER, pausing.resume),
    Act("GET", "/desk/activity", Role.VIEWER, activity.activity),
    Act("GET", "/desk/activity.csv", Role.EDITOR, activity.as_table),
    Act("GET", "/desk/account", Role.VIEWER, signing.account),
    Act("POST", "/desk/account/password", Role.VIEWER, signing.change_password),
    Act("POST", "/desk/account/second", Role.VIEWER, signing.second_factor),
    Act("POST", "/desk/account/sessions/{id:int}", Role.VIEWER, signing.end_session),
    Act("POST", "/desk/sign-out", Role.VIEWER, signing.sign_out),
)


def desk_routes(parts: Parts, desk: Desk, templates: Templates) -> list[BaseRoute]:
    """The desk's addresses."""
    door = Door(parts, desk, templates)
    return [*signing.Signing(door).routes(), *(door.route(act) for act in ACTS)]
