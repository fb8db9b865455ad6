# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patience with a server: it renews with progress, ends without, and says what it met."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.retry import LONGEST_PAUSE, Again, Patience


class Server:
    """Fails as it is told, one fault after the other, then works."""

    def __init__(self, faults, retries=2):
        self.pauses = []
        self.given_up = []
        self._faults = list(faults)
        self.patience = Patience("GET x", retries, self.pauses.append, self.given_up.append)

    def tries(self, renew_before=()):
        """Try until it works; returns how often that was."""
        for count, patience in enumerate(self.patience, start=1):
            with patience:
                if count in renew_before:
                    patience.renew()
                if self._faults:
                    raise self._faults.pop(0)
                return count
        raise AssertionError("it never ends by itself")


def test_what_works_at_once_is_tried_once():
    server = Server([])
    assert (server.tries(), server.pauses, server.given_up) == (1, [], [])


@pytest.mark.parametrize("faults", [1, 2])
def test_a_passing_fault_is_tried_again(faults):
    server = Server([Again("busy")] * faults)
    assert (server.tries(), len(server.pauses), server.given_up) == (faults + 1, faults, [])


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_patience_ends_after_so_many_retries(retries):
    last = Again("busy", status=503)
    server = Server([Again("busy")] * retries + [last], retries)
    with pytest.raises(TransportError, match=rf"tried {retries + 1} times without progress") as caught:
        server.tries()
    assert (len(server.pauses), server.given_up, caught.value.status) == (retries, [last], 503)


def test_the_error_tells_every_fault_once_and_how_long_was_waited():
    server = Server([Again("busy", after=3), Again("reset", after=4.4), Again("busy")])
    with pytest.raises(TransportError) as caught:
        server.tries()
    assert str(caught.value) == "GET x: busy; reset (tried 3 times without progress, waited 7 s in all)"


def test_progress_renews_the_budget_but_not_the_memory():
    server = Server([Again(f"fault {number}", after=1) for number in range(4)])
    with pytest.raises(TransportError, match=r"fault 0; .*; fault 3 \(tried 3 times .*, waited 3 s in all"):
        server.tries(renew_before=(2,))


def test_whoever_makes_progress_is_never_given_up():
    server = Server([Again("cut")] * 100)
    assert server.tries(renew_before=range(1, 200)) == 101
    assert all(pause <= 1 for pause in server.pauses)


def test_pauses_double_up_to_a_longest_one_with_some_chance_in_them():
    server = Server([Again("busy")] * 12, retries=12)
    server.tries()
    for number, pause in enumerate(server.pauses):
        longest = min(2.0**number, LONGEST_PAUSE)
        assert longest / 2 <= pause <= longest
    assert len({pause / min(2.0**number, LONGEST_PAUSE) for number, pause in enumerate(server.pauses)}) > 1


def test_the_server_may_say_how_long_to_wait():
    server = Server([Again("busy", after=0), Again("busy", after=90)])
    server.tries()
    assert server.pauses == [0, 90]


@pytest.mark.parametrize("error", [TransportError("404"), OSError("disk"), KeyboardInterrupt()])
def test_other_errors_are_passed_on_at_once(error):
    server = Server([error])
    with pytest.raises(type(error)) as caught:
        server.tries()
    assert (caught.value, server.pauses, server.given_up) == (error, [], [])
