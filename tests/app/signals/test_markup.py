import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signals.importers.markup import decode

USERS, CHANNELS = {"U1": "ann", "U2": "bo|b"}, {"C1": "general"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<@U1>: hi", "@ann: hi"),
        ("<@U1|old>", "@ann"),
        ("<@U9|carl> <@U9>", "@carl @U9"),
        ("<#C1> <#C1|old> <#C9|random> <#C9>", "#general #general #random #C9"),
        ("<!here> <!channel> <!subteam^S1|@team> <!subteam^S1>", "@here @channel @team @subteam"),
        ("<!date^1700000000^{date}|in November>", "in November"),
        ("<https://a.example/?x=1&amp;y=2>", "https://a.example/?x=1&y=2"),
        ("<https://a.example|A &amp; B>", "A & B (https://a.example)"),
        ("<http://a.example|a.example> <mailto:a@b.example|a@b.example>", "a.example a@b.example"),
        ("1 &lt; 2 &gt; 0 &amp;lt; &quot;", "1 < 2 > 0 &lt; &quot;"),
        ("a < b", "a < b"),
        ("<>", ""),
    ],
)
def test_markup_is_read_as_people_see_it(text, expected):
    assert decode(text, USERS, CHANNELS) == expected


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


WORDS = st.text(st.characters(codec="utf-8"))
PARTS = st.one_of(
    WORDS.map(lambda text: (escaped(text), text)),
    st.sampled_from(sorted(USERS)).map(lambda user: (f"<@{user}>", f"@{USERS[user]}")),
    WORDS.filter(lambda label: "|" not in label).map(
        lambda label: (f"<#C9|{escaped(label)}>", "#" + (label or "C9").removeprefix("#"))
    ),
    WORDS.map(
        lambda text: (f"<https://x/{escaped(text).replace('|', '')}>", f"https://x/{text.replace('|', '')}")
    ),
)


@given(st.lists(PARTS))
def test_whatever_was_written_is_what_is_read(parts):
    """Slack escapes what is written, and puts tokens between: nothing of one can be taken for another."""
    sent, meant = ("".join(side) for side in zip(*parts, strict=True)) if parts else ("", "")
    assert decode(sent, USERS, CHANNELS) == meant


@given(st.text("<>@#!|&;amplgtU1^ ", max_size=40))
def test_no_text_cannot_be_read(text):
    assert isinstance(decode(text, USERS, CHANNELS), str)
