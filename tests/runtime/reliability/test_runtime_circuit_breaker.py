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


def test_the_numbers_are_those_of_the_metric():
    assert [state.value for state in (State.CLOSED, State.OPEN, State.HALF_OPEN)] == [0, 1, 2]
    assert by_name()["ssmd_circuit_breaker_state"].help == "0 closed, 1 open, 2 half open."
