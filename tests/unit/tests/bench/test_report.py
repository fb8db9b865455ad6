# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The benchmark's report: ratios within rounds, medians over them, goals at the most."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.tests.bench.converged import Converged
from ansible_collections.localai.core.tests.bench.measure import Run
from ansible_collections.localai.core.tests.bench.report import Report
from ansible_collections.localai.core.tests.bench.variants import CURL, OTHER, OUR_FILE, OURS, TAR

MB = 1000**2


def run(variant=OURS, *, case="llama", number=1, wall=1.0, memory=50 * MB, disk=0):
    return Run(case, variant.name, number, wall=wall, cpu=1.0, process=wall + 1, memory=memory, disk=disk)


def plays(*, empty=(0.5,), task=(1.0,), fleet=(6.0,), stat=(5.0,), requests=0, other=()):
    return Converged([*empty], [*task], [*fleet], [*stat], requests, [*other])


def report(runs=(), played=None):
    return Report(runs or [run(TAR), run(OURS)], played)


def goal(made, what):
    (found,) = [goal for goal in made.goals() if what in goal.what]
    return found


def test_a_ratio_is_that_of_one_round_and_the_median_over_all():
    slow, fast = (1, 4.0, 8.0), (2, 1.0, 4.0)
    runs = [
        run(variant, number=number, wall=wall)
        for number, ours, theirs in [slow, fast, (3, 1.0, 3.0)]
        for variant, wall in [(TAR, theirs), (OURS, ours)]
    ]
    assert goal(report(runs), "llama: ours / curl, gzip, tar").measured == pytest.approx(1 / 3)


def test_a_goal_is_met_up_to_its_figure():
    runs = [run(TAR, wall=100.0), run(OURS, wall=55.0)]
    assert goal(report(runs), "ours / curl, gzip, tar").met
    runs[1] = run(OURS, wall=55.1)
    assert not goal(report(runs), "ours / curl, gzip, tar").met


def test_what_did_not_run_has_no_goals():
    assert [goal.what for goal in report().goals()] == [
        "llama: ours / curl, gzip, tar, wall time",
        "peak memory, MB",
        "disk beyond the tree, MB",
    ]
    assert report([run(TAR)]).goals() == []


def test_memory_and_disk_are_the_worst_of_ours():
    made = report([run(TAR, memory=900 * MB, disk=900 * MB), run(memory=60 * MB), run(OUR_FILE, disk=3 * MB)])
    assert goal(made, "peak memory, MB").measured == 60
    assert goal(made, "disk").measured == 3


def test_memory_of_something_large_is_compared_with_that_of_something_small():
    small = [run(number=number, memory=memory * MB) for number, memory in [(1, 50), (2, 10), (3, 90)]]
    made = report([*small, run(case="fat", memory=54 * MB)])
    assert goal(made, "fat / llama").measured == pytest.approx(1.08)


def test_the_first_variant_is_what_the_others_are_compared_with():
    made = report([run(OURS, case="file", wall=1.0), run(CURL, case="file", wall=4.0)])
    assert [row.split("|")[4].strip() for row in made.markdown().splitlines()[2:4]] == ["1.00", "4.00"]


def test_the_empty_play_of_the_same_round_is_taken_off():
    made = report(played=plays(empty=[0.5, 5.0, 0.5], task=[1.0, 5.4, 1.1], requests=2))
    assert goal(made, "above an empty play").measured == pytest.approx(0.5)
    assert not goal(made, "requests").met


def test_the_fleet_is_compared_with_stat_in_the_same_round():
    made = report(played=plays(stat=[4.0, 10.0, 4.0], fleet=[5.0, 11.0, 4.8]))
    assert goal(made, "40 hosts").measured == pytest.approx(1.2)


def test_another_state_of_the_collection_is_compared_where_there_is_one():
    made = report([run(TAR), run(OURS, wall=1.2), run(OTHER, wall=1.0)], played=plays(other=[0.8]))
    assert goal(made, "llama: ours / ours, other state").measured == pytest.approx(1.2)
    assert not goal(made, "converged task / ours, other state").met


def test_the_tables_have_a_row_for_each_variant_and_goal():
    made = report()
    rows = made.markdown().splitlines()
    assert rows[2].split("|")[1:4] == [" llama ", " curl, gzip, tar ", " 1.00    "]
    assert len([row for row in rows if row.startswith("|")]) == 2 + 2 + 2 + len(made.goals())
