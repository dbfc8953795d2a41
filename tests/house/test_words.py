"""What the log calls acts has words on the pages: whoever adds an act adds its words."""

import re
from importlib.resources import files
from pathlib import Path

from campaign.web.desk import acts
from campaign.web.words import page_words


def test_every_act_of_the_log_has_words() -> None:
    texts = [path.read_text("utf-8") for path in Path(str(files("campaign"))).rglob("*.py")]
    written = {act for text in texts for act in re.findall(r'\bact="([a-z .-]+)"', text)}
    pairs = [pair for text in texts for pair in re.findall(r'\bact="([a-z ]+)" if \w+ else "([a-z ]+)"', text)]
    written |= {act for pair in pairs for act in pair}
    assert len(written) > 40
    assert written <= set(acts.KNOWN)
    words = page_words("en-GB")
    assert [act for act in acts.KNOWN if acts.key_of(act) not in words.texts] == []
