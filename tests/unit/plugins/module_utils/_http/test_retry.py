# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Retries: a budget that progress renews, pauses that grow, and errors known by their types."""

from __future__ import annotations

import socket
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


@pytest.mark.parametrize("status", [408, 425, 429, 499, 500, 502, 503, 504, *range(520, 525), 527, 529, 530, 598, 599])
def test_a_status_that_means_try_again_is_transient(status):
    assert status in TRANSIENT_STATUSES


@pytest.mark.parametrize(
    "status", [400, 401, 403, 404, 407, 410, 416, 421, 451, 501, 505, 507, 508, 510, 511, 525, 526]
)
def test_a_status_that_needs_somebody_to_act_is_lasting(status):
    assert status in LASTING_STATUSES


class SlowServer:
    """Fails each attempt after some seconds, on a clock that only attempts and pauses move."""

    def __init__(self, seconds, retries, **error):
        self.now = 0.0
        self.attempts = 0
        self._seconds = seconds
        self._error = error
        self.retry = Retry("GET x", retries, self.wait, lambda error: None, lambda: self.now)

    def wait(self, seconds):
        self.now += seconds

    def attempt(self):
        self.attempts += 1
        self.now += self._seconds
        raise Transient("away", **self._error)


@pytest.mark.parametrize(
    ("seconds", "retries", "attempts"),
    [(1, 5, 6), (8, 5, 6), (10.5, 5, 5), (30, 5, 2), (30, 1, 2), (30, 0, 1), (30, 20, 7), (0, 20, 21)],
)
def test_attempts_without_a_connection_take_ten_seconds_for_each_retry_in_all(seconds, retries, attempts):
    server = SlowServer(seconds, retries, connected=False)
    with pytest.raises(TransportError, match=f"tried {attempts} times"):
        server.retry.call(server.attempt)
    assert server.attempts == attempts


def test_a_connected_server_gets_all_retries_whatever_they_take():
    server = SlowServer(30, 5)
    with pytest.raises(TransportError, match="tried 6 times"):
        server.retry.call(server.attempt)


def test_the_advice_comes_last():
    server = Server([Transient("busy", after=1, advice="Wait.")] * 3)
    with pytest.raises(
        TransportError, match=r"^GET x: busy \(tried 3 times without progress, waited 2 s in all\)\. Wait\.$"
    ):
        server.call()


def test_each_status_is_either_transient_or_lasting():
    assert sorted((*TRANSIENT_STATUSES, *LASTING_STATUSES)) == list(range(200, 600))


EXCEPTIONS = requests.exceptions


def tls(error, reason=None):
    """An error of TLS as requests raises it."""
    if reason:
        error.reason = reason
    return EXCEPTIONS.SSLError(urllib3.exceptions.MaxRetryError(None, "/", urllib3.exceptions.SSLError(error)))


def name_error(code, wrapped=False):
    """A name without an address as requests raises it; urllib3 before 2 has its error as the context only."""
    error = urllib3.exceptions.NewConnectionError(None, "Failed to establish a new connection: a text")
    if wrapped:
        error.__cause__ = socket.gaierror(code, "a text")
    else:
        error.__context__ = socket.gaierror(code, "a text")
    return EXCEPTIONS.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", error))


def tunnel(answer):
    """What a proxy answers to CONNECT as requests raises it."""
    error = urllib3.exceptions.ProxyError("Unable to connect", OSError(f"Tunnel connection failed: {answer}"))
    return EXCEPTIONS.ProxyError(urllib3.exceptions.MaxRetryError(None, "/", error))


NEW = urllib3.exceptions.NewConnectionError(None, "Failed to establish a new connection: refused")


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (EXCEPTIONS.SSLError("wrong version"), Fault.UNUSABLE),
        (EXCEPTIONS.ProxyError("no answer"), Fault.TRANSIENT),
        (EXCEPTIONS.ConnectTimeout("too long"), Fault.UNREACHABLE),
        (EXCEPTIONS.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", NEW)), Fault.UNREACHABLE),
        (EXCEPTIONS.ProxyError(urllib3.exceptions.ProxyError("Cannot connect", NEW)), Fault.UNREACHABLE),
        (tls(ssl.SSLEOFError(8, "EOF occurred in violation of protocol")), Fault.TRANSIENT),
        (tls(ssl.SSLZeroReturnError(6, "TLS/SSL connection has been closed")), Fault.TRANSIENT),
        (tls(ssl.SSLSyscallError(5, "Some I/O error occurred")), Fault.TRANSIENT),
        (tls(ssl.SSLError(1, "unexpected eof"), "UNEXPECTED_EOF_WHILE_READING"), Fault.TRANSIENT),
        (tls(ssl.SSLError(1, "wrong version number"), "WRONG_VERSION_NUMBER"), Fault.UNUSABLE),
        (tls(ssl.SSLError(1, "handshake failure"), "SSLV3_ALERT_HANDSHAKE_FAILURE"), Fault.UNUSABLE),
        (tls(ssl.SSLCertVerificationError(1, "expired"), "CERTIFICATE_VERIFY_FAILED"), Fault.UNUSABLE),
        (tls(ConnectionResetError(104, "reset")), Fault.TRANSIENT),
        (name_error(socket.EAI_AGAIN), Fault.UNREACHABLE),
        (name_error(socket.EAI_SYSTEM), Fault.UNREACHABLE),
        (name_error(socket.EAI_NONAME), Fault.UNUSABLE),
        (name_error(socket.EAI_FAIL), Fault.UNUSABLE),
        (name_error(socket.EAI_AGAIN, wrapped=True), Fault.UNREACHABLE),
        (tunnel("503 Service Unavailable"), Fault.UNREACHABLE),
        (tunnel("502 Bad Gateway"), Fault.UNREACHABLE),
        (tunnel("429 Too Many Requests"), Fault.UNREACHABLE),
        (tunnel("408"), Fault.UNREACHABLE),
        (tunnel("407 Proxy Authentication Required"), Fault.UNUSABLE),
        (tunnel("403 Forbidden"), Fault.UNUSABLE),
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
        (EXCEPTIONS.SSLError(type("CertificateError", (ValueError,), {})("hostname doesn't match")), True),
        (EXCEPTIONS.SSLError(ssl.SSLError(1, "wrong version number")), False),
        (EXCEPTIONS.ConnectionError("certificate"), False),
        (ConnectionRefusedError(111, "refused"), False),
    ],
    ids=["refused", "other name", "no TLS", "only a text", "no server"],
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
