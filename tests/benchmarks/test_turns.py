from benchmarks.bench import Bench, Choices
from benchmarks.catalogue import CONSTANT, CONSTANT_ALONE
from benchmarks.results import Results
from benchmarks.server import ROOT, Server
from benchmarks.turns import Turns
from tests.benchmarks.test_processes import pytestmark as pytestmark  # needs Linux's /proc
from tests.benchmarks.test_processes import state


def test_a_system_sleeps_until_it_is_its_turn() -> None:
    bench = Bench(Choices(1.0, 1), [0], ROOT / "models", Results())
    body = CONSTANT.body(["a film"], True)
    families = []

    def check(server: Server) -> None:
        families.append(server.family)
        assert server.ask(body)

    def fails(server: Server) -> None:
        raise ValueError("a wrong answer")

    with Turns(bench, bench.sentiment) as turns:
        turns.start(CONSTANT_ALONE, body, check)
        turns.start(CONSTANT, body, fails)
        assert turns.systems == [CONSTANT_ALONE]
        assert [failure.system for failure in bench.results.failures] == [CONSTANT.name]
        assert state(families[0].pid) == "T"
        with turns.turn(CONSTANT_ALONE) as server:
            assert server.ask(body)
        assert state(families[0].pid) == "T"
    assert families[0].ended
