# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retries: a budget that progress renews, pauses that grow, and errors known by their types."""

from __future__ import annotations

import ssl
import time

import pytest
import requests
import urllib3

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.retry import (
    LASTING_STATUSES,
    LONGEST_PAUSE,
    TRANSIENT_STATUSES,
    Fault,
    Retry,
    Transient,
    causes,
    fault_of,
    is_certificate_error,
    retry_after,
)


class Server:
    """Fails with one error after the other, then works."""

    def __init__(self, errors, retries=2):
        self.pauses = []
        self.given_up = []
        self.attempts = 0
        self._errors = list(errors)
        self.retry = Retry("GET x", retries, self.pauses.append, self.given_up.append)

    def call(self, progress_at=()):
        """Try until it works; returns the number of attempts."""

        def attempt():
            self.attempts += 1
            if self.attempts in progress_at:
                self.retry.progress()
            if self._errors:
                raise self._errors.pop(0)
            return self.attempts

        return self.retry.call(attempt)


def test_what_works_at_once_is_tried_once():
    server = Server([])
    assert (server.call(), server.pauses, server.given_up) == (1, [], [])


@pytest.mark.parametrize("errors", [1, 2])
def test_a_transient_error_is_retried(errors):
    server = Server([Transient("busy")] * errors)
    assert (server.call(), len(server.pauses), server.given_up) == (errors + 1, errors, [])


@pytest.mark.parametrize("retries", [0, 1, 5])
def test_there_are_only_so_many_retries(retries):
    last = Transient("busy", status=503)
    server = Server([Transient("busy")] * retries + [last], retries)
    with pytest.raises(TransportError, match=rf"tried {retries + 1} times without progress") as caught:
        server.call()
    assert (len(server.pauses), server.given_up, caught.value.status) == (retries, [last], 503)


def test_the_error_names_every_reason_once_and_the_time_waited():
    server = Server([Transient("busy", after=3), Transient("reset", after=4.4), Transient("busy")])
    with pytest.raises(TransportError) as caught:
        server.call()
    assert str(caught.value) == "GET x: busy; reset (tried 3 times without progress, waited 7 s in all)"


def test_progress_renews_the_budget_but_keeps_the_reasons():
    server = Server([Transient(f"error {number}", after=1) for number in range(4)])
    with pytest.raises(TransportError, match=r"error 0; .*; error 3 \(tried 3 times .*, waited 3 s in all"):
        server.call(progress_at=(2,))


def test_whoever_makes_progress_is_never_given_up():
    server = Server([Transient("cut")] * 100)
    assert server.call(progress_at=range(1, 200)) == 101
    assert all(pause <= 1 for pause in server.pauses)


def test_pauses_double_up_to_a_longest_one_and_vary_at_random():
    server = Server([Transient("busy")] * 12, retries=12)
    server.call()
    for number, pause in enumerate(server.pauses):
        longest = min(2.0**number, LONGEST_PAUSE)
        assert longest / 2 <= pause <= longest
    assert len({pause / min(2.0**number, LONGEST_PAUSE) for number, pause in enumerate(server.pauses)}) > 1


def test_the_server_may_set_the_pause():
    server = Server([Transient("busy", after=0), Transient("busy", after=90)])
    server.call()
    assert server.pauses == [0, 90]


@pytest.mark.parametrize("error", [TransportError("404"), OSError("disk"), KeyboardInterrupt()])
def test_other_errors_are_passed_on_at_once(error):
    server = Server([error])
    with pytest.raises(type(error)) as caught:
        server.call()
    assert (caught.value, server.pauses, server.given_up) == (error, [], [])


def test_each_status_is_either_transient_or_lasting():
    assert sorted((*TRANSIENT_STATUSES, *LASTING_STATUSES)) == list(range(200, 600))


NEW = urllib3.exceptions.NewConnectionError(None, "Failed to establish a new connection: refused")
EXCEPTIONS = requests.exceptions


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (EXCEPTIONS.SSLError("wrong version"), Fault.UNREACHABLE),
        (EXCEPTIONS.ProxyError("no tunnel"), Fault.UNREACHABLE),
        (EXCEPTIONS.ConnectTimeout("too long"), Fault.UNREACHABLE),
        (EXCEPTIONS.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", NEW)), Fault.UNREACHABLE),
        (EXCEPTIONS.ConnectionError("the text of a NewConnectionError"), Fault.TRANSIENT),
        (
            EXCEPTIONS.ConnectionError(urllib3.exceptions.ProtocolError("aborted", ConnectionResetError())),
            Fault.TRANSIENT,
        ),
        (EXCEPTIONS.ReadTimeout("too long"), Fault.SILENT),
        (urllib3.exceptions.ReadTimeoutError(None, "/", "too long"), Fault.SILENT),
        (urllib3.exceptions.ProtocolError("cut"), Fault.TRANSIENT),
        (urllib3.exceptions.IncompleteRead(1, 2), Fault.TRANSIENT),
        (ConnectionResetError("reset"), Fault.TRANSIENT),
        (EXCEPTIONS.InvalidURL("no host"), Fault.LASTING),
        (urllib3.exceptions.LocationValueError("no host"), Fault.LASTING),
        (OSError("no such certificate file"), Fault.LASTING),
        (ValueError("no number"), Fault.LASTING),
    ],
    ids=repr,
)
def test_an_error_is_known_by_its_type(error, fault):
    assert fault_of(error) is fault


def refused_certificate():
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.reason = "CERTIFICATE_VERIFY_FAILED"
    return EXCEPTIONS.SSLError(urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.SSLError(error)))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (refused_certificate(), True),
        (OSError("Could not find a suitable TLS CA certificate bundle"), True),
        (EXCEPTIONS.SSLError(ssl.SSLError(1, "wrong version number")), False),
        (EXCEPTIONS.ConnectionError("certificate"), False),
        (ConnectionRefusedError(111, "refused"), False),
    ],
    ids=["refused", "missing file", "no TLS", "only a text", "no server"],
)
def test_an_error_of_a_certificate_is_known_by_its_type(error, expected):
    assert is_certificate_error(error) is expected


def test_the_causes_of_an_error_are_those_that_it_wraps():
    innermost = ConnectionRefusedError(111, "refused")
    wrapped = urllib3.exceptions.MaxRetryError(None, "/", innermost)
    outermost = EXCEPTIONS.ConnectionError(wrapped)
    assert list(causes(outermost)) == [outermost, wrapped, innermost]


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("soon", None),
        ("", None),
        ("-1", None),
        ("0", 0),
        (" 7 ", 7),
        ("121", 120),
        ("9" * 5000, 120),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 120),
        ("Wed, 21 Oct 99999 07:28:00 GMT", None),
    ],
)
def test_a_server_may_ask_for_a_pause_within_limits(header, seconds):
    assert retry_after(header) == seconds


def test_a_server_may_ask_for_a_pause_until_some_time():
    when = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 60))
    assert 50 < retry_after(when) <= 60
