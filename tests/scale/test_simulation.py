"""The simulation says what a queue of that kind is known to do."""

from __future__ import annotations

import pytest

from bench.scale.simulation import Cost, Crew, crowd, fewest, simulate, spread

HALF = Cost(ring=[0.1], tick=[0.4])


def test_spread_out_backups_wait_for_nobody_where_there_is_time_for_all() -> None:
    found = simulate(spread(100, 900), 900, 3, HALF, Crew(1, 1))
    assert found.oldest < 0.5


def test_a_crowd_waits_for_all_before_it() -> None:
    found = simulate(crowd(100), 900, 1, HALF, Crew(1, 1))
    assert found.oldest == pytest.approx(100 * 0.1 + 99 * 0.4 - 9.9, abs=20)


def test_workers_are_busy_for_the_share_that_the_work_needs() -> None:
    found = simulate(spread(450, 900), 900, 5, HALF, Crew(1, 1))
    assert found.busy == pytest.approx(0.25, abs=0.02)


def test_more_work_than_time_lets_the_queue_grow() -> None:
    found = simulate(spread(3000, 900), 900, 3, HALF, Crew(1, 1))
    assert found.oldest > 600


def test_two_workers_on_one_core_are_no_faster_than_one() -> None:
    one = simulate(crowd(100), 900, 1, HALF, Crew(1, 1))
    two = simulate(crowd(100), 900, 1, HALF, Crew(2, 1))
    assert two.oldest == pytest.approx(one.oldest, rel=0.1)


def test_work_that_only_waits_needs_no_core() -> None:
    idle = Cost(HALF.ring, HALF.tick, cpu=0.1)
    one, two = (simulate(crowd(100), 900, 1, idle, Crew(workers, 1)) for workers in (1, 2))
    assert two.oldest == pytest.approx(one.oldest / 2, rel=0.1)


def test_a_crowd_needs_more_workers_than_the_same_spread_out() -> None:
    few, _ = fewest(spread(1000, 900), 900, HALF)
    many, _ = fewest(crowd(1000), 900, HALF)
    assert few == 1
    assert many > 5


def test_a_message_costs_something_beside_its_work() -> None:
    dear = Cost(HALF.ring, HALF.tick, message=0.1)
    plain, found = (simulate(crowd(100), 900, 1, cost, Crew(1, 1)) for cost in (HALF, dear))
    assert found.ended == pytest.approx(plain.ended + 200 * 0.1)


def test_busy_cores_slow_each_other_down_and_one_alone_does_not() -> None:
    one, two = (simulate(crowd(100), 900, 1, HALF, Crew(workers, 2, slowed=1.5)) for workers in (1, 2))
    assert one.ended == pytest.approx(100 * 0.5)
    assert two.ended == pytest.approx(100 * 0.5 / 2 * 1.5, rel=0.02)


def test_what_the_rest_takes_of_the_cores_is_not_there_for_backups() -> None:
    found = simulate(crowd(100), 900, 1, HALF, Crew(2, 2, idle=0.5))
    assert found.ended == pytest.approx(100 * 0.5 / 1.5, rel=0.02)


def test_the_sweep_rings_again_for_what_waits_and_that_takes_time() -> None:
    cost = Cost(HALF.ring, HALF.tick, message=0.05)
    plain, swept = (simulate(crowd(100), 900, 1, cost, Crew(1, 1, sweep=each)) for each in (0.0, 3.0))
    assert plain.ended < swept.ended < plain.ended * 2
    assert len(swept.waits) == len(plain.waits) == 200
