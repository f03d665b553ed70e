"""The circuit breaker against a plain model of what it promises."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from ssmd_runtime.metrics import by_name
from ssmd_runtime.reliability.circuit_breaker import CircuitBreaker, State
from ssmd_runtime.spec import CircuitBreaker as Settings


class Breaking(RuleBasedStateMachine):
    """Attempts of any length, at any time, in any order; the model remembers outcomes since the last change."""

    @initialize(failures=st.integers(1, 4), successes=st.integers(1, 3), timeout=st.integers(1, 5))
    def begin(self, failures, successes, timeout):
        self.time = 100.0
        self.told: list[State] = []
        self.limits = (failures, successes, timeout)
        limits = Settings(failure_threshold=failures, success_threshold=successes, timeout_seconds=timeout)
        self.breaker = CircuitBreaker(limits, lambda: self.time, self.told.append)
        self.state, self.changes, self.row, self.until = "closed", 0, 0, 0.0
        self.running: list[tuple[int, int]] = []

    def change(self, state: str) -> None:
        self.state, self.row, self.changes = state, 0, self.changes + 1

    @rule(seconds=st.sampled_from([0.0, 0.5, 1.0, 5.0]))
    def wait(self, seconds):
        self.time += seconds

    @rule()
    def ask(self):
        permit = self.breaker.allow()
        if self.state == "open" and self.time >= self.until:
            self.change("half open")
        probing = any(change == self.changes for _, change in self.running)
        allowed = self.state == "closed" or (self.state == "half open" and not probing)
        assert (permit is not None) == allowed
        if permit is not None:
            self.running.append((permit, self.changes))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), outcome=st.sampled_from(["succeeded", "failed", "abandoned"]))
    def end(self, data, outcome):
        permit, change = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        getattr(self.breaker, outcome)(permit)
        failures, successes, timeout = self.limits
        if change != self.changes or outcome == "abandoned":
            return
        if self.state == "closed":
            self.row = self.row + 1 if outcome == "failed" else 0
            if self.row == failures:
                self.change("open")
        elif outcome == "failed":
            self.change("open")
        else:
            self.row += 1
            if self.row == successes:
                self.change("closed")
        if self.state == "open" and self.changes > change:
            self.until = self.time + timeout

    @invariant()
    def same(self):
        if not hasattr(self, "breaker"):
            return
        assert self.breaker.state.name.lower().replace("_", " ") == self.state
        assert len(self.told) == self.changes
        assert not self.told or self.told[-1] is self.breaker.state
        expected = max(0.0, self.until - self.time) if self.state == "open" else 0.0
        assert self.breaker.wait_seconds == expected


TestBreaking = Breaking.TestCase
TestBreaking.settings = settings(stateful_step_count=60, max_examples=60)


def half_open() -> CircuitBreaker:
    now = [0.0]
    limits = Settings(failure_threshold=2, success_threshold=2, timeout_seconds=30)
    breaker = CircuitBreaker(limits, lambda: now[0])
    for _ in range(2):
        breaker.failed(breaker.allow())
    assert breaker.state is State.OPEN
    now[0] = 30.0
    return breaker


def test_one_failure_of_a_probe_opens_it_again():
    breaker = half_open()
    breaker.failed(breaker.allow())
    assert (breaker.state, breaker.allow(), breaker.wait_seconds) == (State.OPEN, None, 30.0)


def test_one_probe_at_a_time_and_as_many_successes_as_it_takes():
    breaker = half_open()
    probe = breaker.allow()
    assert breaker.allow() is None
    breaker.succeeded(probe)
    assert breaker.state is State.HALF_OPEN
    breaker.succeeded(breaker.allow())
    assert breaker.state is State.CLOSED


def test_a_probe_that_was_abandoned_makes_room_for_another():
    breaker = half_open()
    breaker.abandoned(breaker.allow())
    assert breaker.allow() is not None


def test_a_late_answer_says_nothing_about_now():
    breaker = half_open()
    old = breaker.allow()
    breaker.failed(old)
    for tell in (breaker.succeeded, breaker.failed, breaker.abandoned):
        tell(old)
        assert breaker.wait_seconds == 30.0
    breaker = half_open()
    now = breaker.allow()
    breaker.succeeded(now - 1)
    breaker.abandoned(now - 1)
    breaker.failed(now - 1)
    assert (breaker.state, breaker.allow()) == (State.HALF_OPEN, None)


def test_failures_that_are_not_in_a_row_open_nothing():
    breaker = CircuitBreaker(Settings(failure_threshold=2, success_threshold=1, timeout_seconds=30), lambda: 0.0)
    for _ in range(3):
        breaker.failed(breaker.allow())
        breaker.succeeded(breaker.allow())
    assert breaker.state is State.CLOSED


def test_the_numbers_are_those_of_the_metric():
    assert [state.value for state in (State.CLOSED, State.OPEN, State.HALF_OPEN)] == [0, 1, 2]
    assert by_name()["ssmd_circuit_breaker_state"].help == "0 closed, 1 open, 2 half open."
