# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions of policies: read as Go reads them, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._localai.re2 import pattern_of

ACCEPTED = [
    # pattern, what it finds, what it does not find
    (r"^https://github\.com/x/.+@refs/(heads/master|tags/.+)$", "https://github.com/x/y@refs/tags/v1", "https://x"),
    ("b", "abc", "ac"),
    ("^b", "bc", "ab"),
    ("b$", "ab", "ab\n"),
    (r"b\z", "ab", "ab\n"),
    (r"[$]", "a$", "a"),
    (r"\$", "a$", "a"),
    ("[]a]", "]", "b"),
    ("[^]a]", "b", "]"),
    ("[[a]", "[", "b"),
    (r"[\]]", "]", "a"),
    ("(?i)ABC", "abc", "ab"),
    ("(?i:A)b", "ab", "aB"),
    ("(?s)a.b", "a\nb", "ab"),
    ("(?:a|b)c", "bc", "c"),
    ("(?P<name>a)", "a", "b"),
    ("a{2,3}", "aa", "a"),
    ("a{2,}?", "aa", "a"),
    ("a+?", "a", "b"),
    ("x{", "x{", "x"),
    (r"\d", "1", "\u0661"),
    (r"^\w$", "a", "\u00e9"),
    (r"\x41", "A", "B"),
    (r"a\sb", "a b", "a\vb"),
    (r"a[\s]b", "a\tb", "a\vb"),
    (r"a\Sb", "a\vb", "a b"),
    ("[0-9]{600}[0-9]{600}", "0" * 1200, "0" * 1199),
    ("((a{30}){30}b){1}", "a" * 900 + "b", "b"),
    ("\u00e9", "\u00e9", "e"),
]
REFUSED = [
    # pattern, what the message says
    (r"a(?=b)", "it has (?=b…, which Go and Python do not both know"),
    (r"a(?!b)", "do not both know"),
    (r"(?<=a)b", "do not both know"),
    (r"(?P=name)", "do not both know"),
    (r"(?#x)", "do not both know"),
    (r"(?>a)", "do not both know"),
    (r"(?x)a", "do not both know"),
    (r"(?m)^a$", "do not both know"),
    (r"(?U)a", "do not both know"),
    (r"a(?i)b", "do not both know"),
    (r"(a)\1", r"it has the escape \1, which Go and Python do not read in the same way"),
    (r"a\Z", r"the escape \Z"),
    (r"\pL", r"the escape \p"),
    (r"\p{Greek}", r"the escape \p"),
    (r"\Qa\E", r"the escape \Q"),
    (r"\C", r"the escape \C"),
    (r"\u0041", r"the escape \u"),
    (r"\x{41}", r"the escape \x"),
    (r"[\pL]", r"the escape \p"),
    ("a\\", "the escape \\"),
    ("[[:alpha:]]", "a class such as [[:alpha:]]"),
    ("[a[:digit:]]", "a class such as [[:alpha:]]"),
    ("a{,3}", "write {0,…}"),
    ("a++", "a repetition of a repetition"),
    ("a*+", "a repetition of a repetition"),
    ("a{2}{3}", "a repetition of a repetition"),
    ("a{1001}", "more than 1000 times"),
    ("(a{600}){600}", "more than 1000 times"),
    ("((a{11}){11}){11}", "more than 1000 times"),
    (r"[\b]", r"the escape \b in a class"),
    (r"[\S]", r"the escape \S in a class"),
    ("(", "it is not a regular expression: missing )"),
    ("[a", "it is not a regular expression: unterminated"),
    ("*", "it is not a regular expression"),
    ("a" * 1001, "it is longer than 1000 characters"),
]


@pytest.mark.parametrize(("pattern", "found", "other"), ACCEPTED)
def test_what_both_read_in_the_same_way_is_accepted(pattern: str, found: str, other: str) -> None:
    compiled = pattern_of(pattern)
    assert compiled.search(found)
    assert not compiled.search(other)


@pytest.mark.parametrize(("pattern", "says"), REFUSED)
def test_what_they_read_differently_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(OptionError) as caught:
        pattern_of(pattern)
    assert says in str(caught.value)


@given(st.text(alphabet=r"ab\[]()?*+{},:^$|1PzZ<=!-.", max_size=12))
def test_any_text_is_accepted_or_refused(pattern: str) -> None:
    try:
        pattern_of(pattern)
    except OptionError as e:
        message = str(e)
    else:
        message = "it "
    assert message.startswith("it ")
