"""Rules for a whole email: what a layout of one's own may lose, load or hide."""

from __future__ import annotations

import pytest

from campaign.errors import Severity
from campaign.programme.checks import email_look
from campaign.render.shipped import shipped
from tests.unit.check_weeks import good, installation, judged, laid_out

HTML, TEXT = "messages/emails/_layouts/base.html", "messages/emails/_layouts/base.txt"
FOOT = "messages/emails/_layouts/foot.md"
ERROR, WARNING = Severity.ERROR, Severity.WARNING
OWN = "https://roads.gov.uk/logo.png"

CHANGES: list[tuple[str, str, str, str, Severity, str]] = [
    (FOOT, "{{ sender.address }}", "", "L4", ERROR, "postal address"),
    (FOOT, "({{ sender.privacy_url }})", "(https://roads.gov.uk/)", "L4", ERROR, "privacy notice"),
    (HTML, "{{ foot }}", "", "L4", ERROR, "postal address"),
    (TEXT, "{{ foot }}", "", "L4", ERROR, "privacy notice"),
    (TEXT, "{{ main }}", "", "AE6", WARNING, "the plain text of the email leaves out words"),
    (HTML, "{{ main }}", "<h1>Come</h1>", "AE6", WARNING, "the HTML of the email leaves out words"),
    (HTML, "{{ main }}", '{{ main }}<img src="x.png" alt="" width="9" height="9">', "H6", ERROR, "over https"),
    (HTML, "{{ main }}", f'{{{{ main }}}}<img src="{OWN}" alt="">', "H6", WARNING, "no width or no height"),
    (HTML, "{{ main }}", f'{{{{ main }}}}<img src="{OWN}" alt="" width="1" height="1">', "L9", ERROR, "counts readers"),
    (HTML, "{{ main }}", '{{ main }}<img src="https://cdn.net/a.png" alt="" width="9" height="9">', "H7", WARNING,
     "another host"),
    (HTML, "{{ main }}", "{{ main }}<script>go()</script>", "H6", ERROR, "<script>"),
    (HTML, "{{ main }}", '{{ main }}<form action="https://a.gov.uk"></form>', "H6", ERROR, "<form>"),
    (HTML, "</head>", "<style>@import url(https://fonts.net/a.css)</style></head>", "H6", ERROR, "from the web"),
    (HTML, "</head>", '<link rel="stylesheet" href="https://a.net/a.css"></head>', "H6", ERROR, "from the web"),
    (HTML, '<meta name="color-scheme" content="light dark">', "", "H4", WARNING, "dark mode"),
    (HTML, "color:{{ colour.ink }}", "color:#aaa", "AE4", WARNING, "too little contrast"),
    (HTML, "font-size:16px;line-height:24px;overflow-wrap", "font-size:13px;line-height:24px;overflow-wrap", "AE5",
     WARNING, "smaller than 16 pixels"),
    (HTML, "{{ main }}", '{{ main }}<p style="font-size:16px;line-height:1.1">Come and walk</p>', "AE5", WARNING,
     "too close"),
    (HTML, "{{ main }}", f'{{{{ main }}}}<p style="text-align:center">{"Walk and walk. " * 6}</p>', "AE5", WARNING,
     "not left aligned"),
    (HTML, "{{ main }}", '{{ main }}<a href="https://a.gov.uk" style="text-decoration:none">Walk</a>', "AE5", WARNING,
     "not underlined"),
    (HTML, "<table role=\"presentation\" width=\"100%\"", "<table width=\"100%\"", "AE2", ERROR, "neither role"),
    (HTML, ' lang="{{ campaign.language }}"', "", "AE1", ERROR, "no language"),
    (HTML, "<title>{{ subject }}</title>", "", "AE1", ERROR, "no title"),
    (HTML, "{{ main }}", "<h1>Two</h1>{{ main }}", "AE1", ERROR, "2 main headings"),
    (HTML, "{{ main }}", '{{ main }}<img src="data:image/png;base64,AA" alt="" width="9" height="9">', "H6", ERROR,
     "written into"),
    (HTML, "{{ main }}", f'{{{{ main }}}}<img src="{OWN}" width="9" height="9">', "AS3", ERROR, "no alternative"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "code", "severity", "said"), CHANGES)
def test_what_a_layout_of_ones_own_loses_is_told(
    file: str, old: str, new: str, code: str, severity: Severity, said: str
) -> None:
    """Each change is made to the shipped layout, with which nothing is wrong."""
    data = good()
    data["days"] = data["days"][:1]
    del data["posts"], data["resources"]
    own = {name: content for name, content in shipped().items() if name.startswith("messages/emails/")}
    assert old in own[file].decode()
    own[file] = own[file].decode().replace(old, new).encode()
    found = [
        each for each in judged(laid_out(data, files=own, installation=installation())).problems if each.code == code
    ]
    assert any(each.severity is severity and said in each.message for each in found), found
    assert all(each.line and each.column for each in found)


@pytest.mark.parametrize("part", [HTML, TEXT])
def test_an_email_without_a_way_to_leave_is_an_error(part: str) -> None:
    own = {name: content for name, content in shipped().items() if name.startswith("messages/emails/")}
    own[part] = own[part].replace(b"{{ foot }}", b"").replace(b"{{ top }}", b"")
    found = judged(laid_out(good(), files=own, installation=installation())).errors
    assert any(each.code == "L4" and "no link to unsubscribe" in each.message for each in found)


def test_nothing_is_said_of_the_shipped_layouts() -> None:
    own = {name: content for name, content in shipped().items() if name.startswith("messages/emails/")}
    assert not judged(laid_out(good(), files=own, installation=installation())).problems


def test_colours_and_sizes_come_from_outside_in() -> None:
    seen = email_look.look(
        '<body style="background:#fff"><div style="color:#777"><p>grey</p><p style="background:#000">fine</p>'
        '<p style="background:url(x)">unknown</p><h1 style="font-size:28px">large</h1></div>'
        '<div style="display:none;color:#fff">hidden</div><a href="x" style="color:#fff">pale</a></body>'
    )
    assert seen.pale == ["grey", "pale"]
    assert "hidden" not in seen.words
