"""Decisions about versions, and the document that workers share: values alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import RoutingConflict
from service.repository.routing import Candidate, Plan, Routing, RoutingDocument, plan
from service.repository.table import Share

VERSIONS = st.integers(1, 6)
ROUTINGS = st.builds(
    Routing,
    active=st.none() | VERSIONS,
    candidate=st.none() | st.builds(Candidate, version=VERSIONS),
    loaded=st.lists(VERSIONS, unique=True).map(tuple),
    unloaded=st.lists(VERSIONS, unique=True).map(tuple),
)


def test_by_itself_the_newest_version_answers_and_the_newest_are_loaded() -> None:
    assert plan(Routing(), [1, 2, 3], 1) == Plan(3, (3,))
    assert plan(Routing(), [1, 2, 3], 2) == Plan(3, (3, 2))
    assert plan(Routing(), [], 2) == Plan(None, ())


def test_a_pinned_version_answers_and_the_newest_is_kept_beside_it() -> None:
    assert plan(Routing(active=2), [1, 2, 3], 1) == Plan(2, (2, 3))
    assert plan(Routing(active=2, unloaded=(3,)), [1, 2, 3], 1) == Plan(2, (2,))


def test_a_pinned_version_that_is_gone_gives_way_to_an_older_one_before_a_newer_one() -> None:
    assert plan(Routing(active=2), [1, 3], 1) == Plan(1, (1, 3))
    assert plan(Routing(active=2), [3, 4], 1).active == 4


def test_a_candidate_is_loaded_and_answers_for_all_only_where_there_is_nothing_else() -> None:
    on_trial = Routing(candidate=Candidate(version=3, share=0.5))
    assert plan(on_trial, [1, 2, 3], 1) == Plan(2, (2, 3))
    assert plan(on_trial, [3], 1) == Plan(3, (3,))
    assert plan(on_trial, [1, 2], 1) == Plan(2, (2,))  # it was refused


def test_versions_that_somebody_loaded_stay_and_are_loaded_last() -> None:
    assert plan(Routing(loaded=(1, 9)), [1, 2, 3, 4], 2) == Plan(4, (4, 1, 3))


def test_a_model_that_is_halted_has_nothing_loaded_until_something_is_asked_of_it() -> None:
    halted = Routing(active=2, loaded=(1,)).halted()
    assert plan(halted, [1, 2, 3], 2) == Plan(None, ())
    assert plan(halted.started(), [1, 2, 3], 2) == Plan(2, (2, 1, 3))
    for asked in (
        halted.activated(2),
        halted.activated(None),
        halted.with_loaded(1),
        halted.with_candidate("m", Candidate(version=1)),
    ):
        assert plan(asked, [1, 2, 3], 2).active is not None


@given(ROUTINGS, st.sets(VERSIONS), st.integers(1, 3))
def test_a_plan_loads_what_can_be_used_and_what_answers_first(
    routing: Routing, usable: set[int], keep: int
) -> None:
    goal = plan(routing, usable, keep)
    assert set(goal.loaded) <= usable
    assert len(set(goal.loaded)) == len(goal.loaded)
    assert (goal.active is None) == (not usable)
    assert goal.loaded[:1] == ((goal.active,) if usable else ())
    if routing.active in usable:
        assert goal.active == routing.active


def test_a_roll_back_pins_what_answered_before_and_a_second_one_returns() -> None:
    routing = Routing().answering(1).answering(2).rolled_back("m")
    assert (routing.active, routing.current, routing.previous) == (1, 1, 2)
    again = routing.rolled_back("m")
    assert (again.active, again.current, again.previous) == (2, 2, 1)


def test_without_a_version_before_there_is_no_roll_back() -> None:
    with pytest.raises(RoutingConflict, match="no other version of m has been active"):
        Routing().answering(1).rolled_back("m")


def test_activating_the_candidate_ends_the_trial() -> None:
    routing = Routing(candidate=Candidate(version=2, share=0.5), unloaded=(2,), current=1)
    assert routing.activated(2) == Routing(active=2, current=2, previous=1)
    assert routing.activated(3).candidate == routing.candidate


def test_automatic_again_considers_every_version() -> None:
    routing = Routing(active=1, unloaded=(2,), current=1)
    assert routing.activated(None) == Routing(current=1)


def test_what_answers_is_neither_candidate_nor_unloaded() -> None:
    automatic, pinned = Routing(current=2), Routing(active=2)
    for routing in (automatic, pinned):
        with pytest.raises(RoutingConflict, match="m 2 is the active version"):
            routing.with_candidate("m", Candidate(version=2))
        with pytest.raises(RoutingConflict, match="m 2 is the active version"):
            routing.with_unloaded("m", 2)
    on_trial = automatic.with_candidate("m", Candidate(version=1))
    with pytest.raises(RoutingConflict, match="m 1 is the candidate"):
        on_trial.with_unloaded("m", 1)
    assert on_trial.without_candidate("m") == automatic
    with pytest.raises(RoutingConflict, match="m has no candidate"):
        automatic.without_candidate("m")


def test_loading_and_unloading_undo_each_other() -> None:
    loaded = Routing(current=3).with_loaded(1).with_loaded(1)
    assert (loaded.loaded, loaded.unloaded) == ((1,), ())
    unloaded = loaded.with_unloaded("m", 1)
    assert (unloaded.loaded, unloaded.unloaded) == ((), (1,))
    assert unloaded.with_loaded(1) == loaded


def test_a_routing_demands_what_the_former_one_did_not() -> None:
    former = Routing(active=1, candidate=Candidate(version=2), loaded=(3,))
    wanted = Routing(active=4, candidate=Candidate(version=2, share=0.5), loaded=(3, 5))
    assert wanted.demanded_since(former) == (4, 2, 5)
    assert former.demanded_since(former) == ()
    assert Routing().demanded_since(former) == ()


def test_every_change_is_a_new_generation_and_history_is_none() -> None:
    document = RoutingDocument(models={"other": Routing(active=1)})
    changed = document.changed("m", Routing(active=2))
    assert (changed.generation, changed.of("m").active, changed.of("other").active) == (1, 2, 1)
    assert changed.rescanned().generation == 2
    noted = changed.answering("other", 1, 3)
    assert noted is changed  # pinned: activation itself wrote the history
    noted = changed.answering("new", None, 1)
    assert (noted.generation, noted.of("new").current) == (1, 1)
    assert RoutingDocument.model_validate_json(noted.model_dump_json()) == noted


def test_a_worker_that_starts_does_not_rewrite_history() -> None:
    document = RoutingDocument().answering("m", None, 1).answering("m", 1, 2)
    assert document.of("m") == Routing(current=2, previous=1)
    assert document.answering("m", None, 1) is document
    assert document.answering("m", 1, 2) is document  # the second worker to change over


@given(st.integers(0, 1000), st.integers(1, 3000))
def test_a_share_is_exact_over_any_number_of_requests(thousandths: int, count: int) -> None:
    share = Share(thousandths / 1000)
    assert sum(share.pick() for _ in range(count)) == count * thousandths // 1000


def test_a_share_is_spread_evenly() -> None:
    share = Share(0.25)
    picks = [share.pick() for _ in range(12)]
    assert picks == [False, False, False, True] * 3
