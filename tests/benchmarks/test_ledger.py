from benchmarks.load.arrivals import Arrival
from benchmarks.load.ledger import Ledger

ARRIVALS = [Arrival(1.0, 0, 0), Arrival(2.0, 1, 0), Arrival(3.0, 0, 1)]


def ledger() -> Ledger:
    return Ledger(ARRIVALS, streams=2)


def test_latency_counts_from_when_a_request_was_due() -> None:
    books = ledger()
    books.answered(0, 200, 1.5, echo_fits=True)
    books.answered(2, 429, 3.25, echo_fits=True)
    assert books.latencies(0, 200) == [0.5]
    assert books.latencies(0, 429) == [0.25]
    assert books.latencies(0, 500) == []
    assert books.statuses(0) == {200: 1, 429: 1}
    assert books.statuses(1) == {}
    assert books.unsettled == 1


def test_a_second_answer_is_noticed_and_not_counted_as_one() -> None:
    books = ledger()
    books.answered(1, 200, 2.5, echo_fits=True)
    books.answered(1, 200, 2.6, echo_fits=True)
    assert books.statuses(1) == {200: 1}
    assert books.count(1, "answered_twice") == 1
    assert books.count(0, "answered_twice") == 0


def test_an_answer_to_another_request_is_noticed() -> None:
    books = ledger()
    books.answered(0, 200, 1.5, echo_fits=False)
    assert books.count(0, "mixed_up") == 1


def test_every_request_ends_in_exactly_one_way() -> None:
    books = ledger()
    books.answered(0, 200, 1.1, echo_fits=True)
    books.lost(0)  # the connection ends after its answer
    books.lost(1)
    books.lost(1)
    books.close()
    assert books.unsettled == 0
    assert [books.count(stream, "lost") for stream in (0, 1)] == [1, 1]
    assert books.statuses(0) == {200: 1}
