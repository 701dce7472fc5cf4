"""The books of one loop: who is given which leaves, what counts, what is done again."""

from __future__ import annotations

import random

import pytest

from pyfora.cluster.invariants import InvariantBroken, check_runs
from pyfora.cluster.runs import FoldRuns, Run
from pyfora.limits import ATTEMPTS_LIMIT, HELD_RUNS_LIMIT, RUN_LEAVES_LIMIT, RUN_LONGEST_S, RUN_TARGET_S


def books(leaves: int, leaf_s: float = 0.01, holds: bool = False, **slots: int) -> FoldRuns:
    runs = FoldRuns(leaves, leaf_s, holds)
    for name, count in slots.items():
        runs.set_consumer(name, count, 0.0)
    return runs


def piece(runs: FoldRuns, run: Run, hi: int = 0, outcome: str = "partial", now: float = 0.1, name: str = "") -> str:
    """The consumer answers for the next leaves of this run, up to `hi` or to its end."""
    lo, hi = run.next, hi or run.hi
    elapsed_s = (hi - lo) * runs.leaf_s
    verdict = runs.accept(name or run.consumer, run.run_id, lo, hi, outcome, elapsed_s, now, arriving=False)
    check_runs(runs)
    return verdict


def feed(runs: FoldRuns, now: float = 0.0) -> list[Run]:
    issued = runs.feed(now)
    check_runs(runs)
    return issued


def test_leaves_are_given_lowest_first_and_each_once() -> None:
    runs = books(100, a=2, b=2)
    given = feed(runs)
    while runs.settled.total < 100:
        assert given[0].lo == runs.settled.total
        piece(runs, given.pop(0))
        given += feed(runs)
    assert not runs.pending and not runs.runs


def test_a_consumer_gets_one_run_and_one_ahead() -> None:
    runs = books(1000, a=2)
    first, second = feed(runs)
    assert feed(runs) == []
    piece(runs, first)
    assert len(feed(runs)) == 1
    assert second.consumer == "a"


def test_nothing_waits_behind_a_run_of_long_leaves() -> None:
    runs = books(10, leaf_s=5.0, a=2)
    assert len(feed(runs)) == 1


def test_the_first_run_is_short_and_the_next_as_long_as_the_speed_says() -> None:
    runs = books(3_000, leaf_s=0.001, a=2)
    first = feed(runs)[0]
    assert first.hi - first.lo == int(RUN_TARGET_S / 0.001 / 8)
    runs.accept("a", first.run_id, first.lo, first.hi, "partial", (first.hi - first.lo) * 0.0005, 0.1, False)
    later = feed(runs)[0]
    assert later.hi - later.lo == round(RUN_TARGET_S / 0.0005)


def test_runs_are_longer_while_much_is_left() -> None:
    runs = books(10_000, leaf_s=0.004, a=2, b=2)
    given, lengths = feed(runs), []
    while given:
        run = given.pop(0)
        lengths.append(run.hi - run.lo)
        piece(runs, run)
        given += feed(runs)
    assert max(lengths) == RUN_LONGEST_S / 0.004
    assert lengths.index(max(lengths)) < 10 and lengths[4:] == sorted(lengths[4:], reverse=True)
    assert sum(lengths) == 10_000 and lengths[-1] <= RUN_TARGET_S / 0.004


def test_no_run_is_longer_than_the_limit() -> None:
    runs = books(10**6, leaf_s=1e-7, a=2)
    assert {run.hi - run.lo for run in feed(runs)} == {RUN_LEAVES_LIMIT}


def test_towards_the_end_runs_get_shorter() -> None:
    runs = books(8, leaf_s=0.01, a=2, b=2)
    assert max(run.hi - run.lo for run in feed(runs)) <= 2


def test_a_lost_consumers_leaves_are_pending_again() -> None:
    runs = books(1000, a=2, b=2)
    mine = [run for run in feed(runs) if run.consumer == "a"]
    runs.drop_consumer("a")
    check_runs(runs)
    assert all(runs.pending.covers(run.lo, run.hi) for run in mine)


def test_pieces_answered_before_the_loss_stay_settled() -> None:
    runs = books(1000, a=2)
    run = feed(runs)[0]
    assert piece(runs, run, hi=run.lo + 1) == "news"
    runs.drop_consumer("a")
    assert runs.settled.covers(0, 1) and runs.pending.covers(1, 1000)


def test_an_answer_of_a_dropped_consumer_is_late() -> None:
    runs = books(100, a=2)
    run = feed(runs)[0]
    runs.drop_consumer("a")
    assert piece(runs, run) == "late"
    assert runs.settled.total == 0


@pytest.mark.parametrize(("lo", "hi"), [(1, 2), (0, 99), (0, 0)])
def test_a_piece_that_is_not_next_is_broken_and_its_run_done_again(lo: int, hi: int) -> None:
    runs = books(40, a=2)
    run = feed(runs)[0]
    assert runs.accept("a", run.run_id, lo, hi, "partial", 0.1, 0.1, False) == "broken"
    check_runs(runs)
    assert runs.pending.covers(run.lo, run.hi)


def test_after_a_raise_no_leaf_above_matters() -> None:
    runs = books(100, a=2, b=2)
    given = feed(runs)
    assert piece(runs, given[1], outcome="raised") == "news"
    assert not runs.pending
    assert piece(runs, given[2]) == "late"
    assert piece(runs, given[0]) == "news"


def test_of_two_raises_the_lower_one_counts_too() -> None:
    runs = books(100, a=2, b=2)
    given = feed(runs)
    piece(runs, given[1], outcome="raised")
    assert piece(runs, given[0], outcome="raised") == "news"
    assert runs.moot_from == 0


def test_after_a_touch_nothing_matters() -> None:
    runs = books(100, a=2, b=2)
    given = feed(runs)
    assert piece(runs, given[1], outcome="touched") == "news"
    assert runs.moot_from == 0 and not runs.pending
    assert piece(runs, given[0]) == "late"


# ---- held terms ------------------------------------------------------------------------------------------


def test_a_consumer_holds_no_more_than_the_limit() -> None:
    runs = books(1000, holds=True, a=2)
    given = feed(runs)
    for run in given:
        piece(runs, run, outcome="held")
    assert len(given) == HELD_RUNS_LIMIT
    assert feed(runs) == []


def test_folding_makes_room() -> None:
    runs = books(1000, holds=True, a=2)
    first, second = feed(runs)
    piece(runs, first, outcome="held")
    piece(runs, second, outcome="held")
    assert runs.fold_terms(first.lo, first.hi, 1.0) == "a"
    assert runs.fold_terms(first.lo, first.hi, 1.0) is None, "it is under way already"
    assert runs.terms_folded("a", first.lo, first.hi)
    assert not runs.terms_folded("a", first.lo, first.hi)
    assert len(feed(runs)) == 1
    assert runs.chain_at == first.hi


def test_a_full_consumer_gets_the_run_at_the_head_of_the_chain() -> None:
    runs = books(1000, holds=True, a=2, b=2)
    given = feed(runs)
    for run in given:
        piece(runs, run, outcome="held")
    lost = runs.drop_consumer(given[0].consumer)
    assert (given[0].lo, given[0].hi) in lost.held
    (head,) = feed(runs)
    assert head.lo == 0
    assert feed(runs) == []


def test_terms_of_another_than_the_holder_do_not_count() -> None:
    runs = books(100, holds=True, a=2, b=2)
    run = feed(runs)[0]
    piece(runs, run, outcome="held")
    runs.fold_terms(run.lo, run.hi, 1.0)
    other = "b" if run.consumer == "a" else "a"
    assert not runs.terms_folded(other, run.lo, run.hi)


def test_held_pieces_of_a_lost_run_are_lost() -> None:
    runs = books(100, holds=True, a=2)
    run = feed(runs)[0]
    piece(runs, run, hi=run.lo + 1, outcome="held")
    losses = runs.lose_run("a", run.run_id, died=True)
    check_runs(runs)
    assert losses.held == [(0, 1)]
    assert runs.pending.covers(run.lo, run.hi)


def test_terms_that_are_not_added_in_time_are_stuck() -> None:
    runs = books(100, holds=True, a=2)
    run = feed(runs)[0]
    piece(runs, run, outcome="held")
    runs.fold_terms(run.lo, run.hi, 1.0)
    assert runs.stuck(2.9) == ([], [])
    (stuck,), _ = runs.stuck(3.1)
    runs.lose_piece(stuck)
    check_runs(runs)
    assert runs.pending.covers(run.lo, run.hi)


# ---- copies ----------------------------------------------------------------------------------------------


def overdue() -> tuple[FoldRuns, Run]:
    """Two leaves, one with each consumer; b has answered, a has not."""
    runs = books(2, leaf_s=0.1, a=2, b=2)
    first, second = feed(runs)
    piece(runs, second, now=0.2)
    assert first.consumer != second.consumer
    return runs, first


def test_an_overdue_run_is_copied_to_somebody_idle_and_the_first_answer_counts() -> None:
    runs, slow = overdue()
    assert runs.copies(1.9) == []
    (copy,) = runs.copies(2.1)
    assert (copy.lo, copy.hi) == (slow.lo, slow.hi) and copy.consumer != slow.consumer
    assert runs.copies(2.2) == [], "one copy at a time"
    assert piece(runs, copy, now=2.3) == "news"
    assert piece(runs, slow, now=2.4) == "late"
    assert runs.settled.total == 2


def test_a_copy_may_be_the_late_one() -> None:
    runs, slow = overdue()
    (copy,) = runs.copies(2.1)
    assert piece(runs, slow, now=2.2) == "news"
    assert piece(runs, copy, now=2.3) == "late"


def test_nothing_is_copied_while_there_is_other_work() -> None:
    runs = books(1000, leaf_s=0.1, a=2, b=2)
    feed(runs)
    assert runs.pending and runs.copies(50.0) == []


def test_one_who_still_runs_what_nobody_needs_is_stuck() -> None:
    runs, slow = overdue()
    (copy,) = runs.copies(2.1)
    piece(runs, copy, now=2.2)
    assert runs.stuck(9.0) == ([], [slow.consumer])


def test_a_late_piece_that_overlaps_what_is_settled_leaves_no_gap() -> None:
    runs = books(4, leaf_s=0.02, a=1, b=1)
    runs.pending.remove(0, 4)
    slow = runs._issue(runs.consumers["a"], 0, 4, 0.0)
    (copy,) = runs.copies(9.0)
    assert piece(runs, copy, hi=3, now=9.1) == "news"
    assert piece(runs, slow, hi=4, now=9.2) == "late"
    assert piece(runs, copy, hi=4, now=9.3) == "news"
    assert runs.settled.covers(0, 4)


# ---- deaths ----------------------------------------------------------------------------------------------


def test_leaves_that_kill_process_after_process_are_left_to_the_driver() -> None:
    runs = books(100, a=2)
    for attempt in range(ATTEMPTS_LIMIT):
        run = feed(runs)[0]
        assert run.lo == 0
        losses = runs.lose_run("a", run.run_id, died=True)
        check_runs(runs)
        assert (losses.raised is not None) == (attempt == ATTEMPTS_LIMIT - 1)
    assert losses.raised == (0, run.hi)
    assert feed(runs) == []


def test_runs_that_were_not_begun_do_not_count_as_deaths() -> None:
    runs = books(100, a=2)
    for _ in range(2 * ATTEMPTS_LIMIT):
        assert runs.lose_run("a", feed(runs)[0].run_id, died=False).raised is None


@pytest.mark.parametrize("seed", range(40))
def test_whatever_happens_every_leaf_is_settled_in_the_end(seed: int) -> None:
    chance = random.Random(seed)
    holds = seed % 2 == 0
    runs = books(chance.choice([1, 7, 300]), leaf_s=0.01, holds=holds, a=2, b=2)
    now, names = 0.0, ["a", "b", "c", "d"]
    while runs.settled.total < runs.leaves or runs.held:
        now += chance.random()
        assert now < 20_000, "it does not come to an end"
        feed(runs, now)
        runs.copies(now)
        roll = chance.random()
        name = chance.choice(names)
        if roll < 0.05:
            runs.drop_consumer(name)
        elif roll < 0.2:
            runs.set_consumer(name, chance.choice([0, 1, 2, 4]), now)
        elif roll < 0.25 and runs.runs:
            run = chance.choice(list(runs.runs.values()))
            runs.lose_run(run.consumer, run.run_id, died=False)
        elif roll < 0.4 and runs.held:
            lo, hi = min(runs.held)
            if lo == runs.chain_at and (holder := runs.fold_terms(lo, hi, now)):
                assert runs.terms_folded(holder, lo, hi)
        elif runs.runs:
            run = chance.choice(list(runs.runs.values()))
            hi = chance.randrange(run.next + 1, run.hi + 1)
            piece(runs, run, hi, "held" if holds else "partial", now)
        check_runs(runs)
        if not any(consumer.slots for consumer in runs.consumers.values()):
            runs.set_consumer("a", 2, now)
    assert runs.chain_at == (runs.leaves if holds else 0)


def test_the_invariants_notice_a_leaf_that_is_forgotten() -> None:
    runs = books(10, a=2)
    runs.pending.remove(9, 10)
    with pytest.raises(InvariantBroken, match="neither"):
        check_runs(runs)


def test_the_invariants_notice_a_leaf_that_is_given_and_pending() -> None:
    runs = books(10, a=2)
    run = feed(runs)[0]
    runs.pending.add(run.lo, run.hi)
    with pytest.raises(InvariantBroken, match="also pending"):
        check_runs(runs)
