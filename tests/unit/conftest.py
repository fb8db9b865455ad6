# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings of pytest and Hypothesis: ansible-test brings its own pytest.ini and hides the environment."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The same commit gets the same verdict, on a busy machine too.
settings.register_profile(
    "gate",
    deadline=None,
    derandomize=True,
    # ansible-test hides the variable: it repeats, on other Pythons, what 100 examples have tried on ours.
    max_examples=int(os.environ.get("LOCALAI_TEST_EXAMPLES", "20")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("gate")

_FOREIGN = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC")


_MEMORY = Path("/dev/shm")


def _use_memory():
    """Let temporary files be in memory, if there is room: nobody needs the thousands of syncs to a disk.

    ansible-test hides the variable from tests, so it cannot be set outside.
    """
    with contextlib.suppress(OSError):
        status = os.statvfs(_MEMORY)
        if os.access(_MEMORY, os.W_OK) and status.f_bavail * status.f_frsize > 2**30:
            os.environ["TMPDIR"] = str(_MEMORY)
            tempfile.tempdir = None


def pytest_configure(config):
    _use_memory()
    config.addinivalue_line("filterwarnings", "error")
    config.addinivalue_line("filterwarnings", r"ignore:Python 3\.\d+ is no longer supported")  # says cryptography
    if sys.version_info < (3, 11):
        # http.client left the answer of a proxy to CONNECT open, for the garbage collector.
        config.addinivalue_line("filterwarnings", "ignore:unclosed <socket:ResourceWarning")
    config.addinivalue_line("markers", "long: many runs of Ansible, which `make test` leaves out")
    config.addinivalue_line("markers", "hostile: a property test of hostile input, whose cases are counted")


def pytest_collection_finish(session):
    """Import libraries before the first test: ansible-test forks for each test, which would import them every time.

    Tests that run as an ordinary user need it too: that user may not be able to read the libraries.
    """
    if session.items:
        from ansible_collections.localai.core.tests.support.world import load_libraries

        with tempfile.TemporaryDirectory() as directory:
            load_libraries(Path(directory))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """End a forked process in which pytest itself failed, for instance because a test broke `os.stat`.

    ansible-test does not: the process would go on as a second test worker, and ansible-test would wait for it forever.
    """
    parent = os.getpid()
    try:
        return (yield)
    except BaseException as error:
        if os.getpid() != parent:
            # No traceback: to print one takes the functions that may be broken.
            os.write(2, f"{item.nodeid}: {error!r}\n".encode())
            os._exit(70)
        raise


def pytest_runtest_teardown(item):
    if item.get_closest_marker("hostile"):
        from ansible_collections.localai.core.tests.support.hostile import CASES

        item.user_properties.append(("hostile", CASES.pop(item.function.__name__, 0)))


def pytest_terminal_summary(terminalreporter):
    """Print the figure: the cases that were tried, of tests that passed."""
    reports = [
        report
        for found in terminalreporter.stats.values()
        for report in found
        if hasattr(report, "failed") and hasattr(report, "user_properties")
    ]
    failed = {report.nodeid for report in reports if report.failed}
    cases = [
        count
        for report in reports
        for name, count in report.user_properties
        if name == "hostile" and report.when == "teardown" and report.nodeid not in failed
    ]
    if cases:
        terminalreporter.write_line(f"hostile input: {len(cases)} tests, {sum(cases)} cases, all answered or refused")


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch, tmp_path_factory):
    """Keep the proxies, the logins and the capability of whoever runs the tests out of them."""
    for name in os.environ:
        if name.lower() in _FOREIGN or name in _FOREIGN or name.startswith("LOCALAI_FORCE"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path_factory.getbasetemp() / "no-docker"))


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """A certificate authority; imported late, since only tests with TLS need cryptography."""
    from ansible_collections.localai.core.tests.support.tls import Authority

    return Authority(tmp_path_factory.mktemp("tls"))
