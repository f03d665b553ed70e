"""The rules of a workspace, ready to judge environments.

Rules are compiled once; a rule with a fault is told of once, and is not asked about any environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from ssmd_compiler.policy.evaluator import Evaluator, packages
from ssmd_compiler.policy.judgement import Fault, Judgement, Verdict
from ssmd_compiler.policy.problems import at_compilation, at_evaluation
from ssmd_compiler.policy.rules import early_faults, filled, unshowable, variables_in
from ssmd_compiler.policy.view import view

if TYPE_CHECKING:
    from ssmd_compiler.lower import Lowered
    from ssmd_compiler.model import Bound, Settings

__all__ = ["Policy"]

_PARTS: Final[tuple[Literal["rule"], Literal["when"]]] = ("rule", "when")


class Policy:
    """The rules of `settings`, which are sound. Their process starts at once; `prove` waits for it."""

    def __init__(self, settings: Bound[Settings], source: str) -> None:
        self.settings, self.rules = settings, settings.value.policy
        self.source = source
        self._faults = [fault for index, rule in enumerate(self.rules) for fault in early_faults(index, rule)]
        names = [rule.name for rule in self.rules]
        self._faults += [
            Fault(index, "name", "another rule has this name")
            for index, name in enumerate(names)
            if name in names[:index]
        ]
        self._wanted = variables_in(self.rules)
        self._usable: tuple[int, ...] = ()
        self._evaluator: Evaluator | None = None
        where = packages()
        if where is None:
            self._faults = [Fault(0, "name", _ABSENT)]
        else:
            parts = ((each.rule, each.when or "") for each in self.rules)
            shown = [("", "") if any(map(unshowable, pair)) else pair for pair in parts]
            self._evaluator = Evaluator(shown, where)

    def prove(self) -> tuple[Fault, ...]:
        """Every fault of the rules themselves. Ask before environments are judged, and in one process."""
        if self._evaluator is not None:
            for (index, part), answer in sorted(self._evaluator.compiled().items()):
                name = _PARTS[part]
                expression = getattr(self.rules[index], name)
                self._faults += at_compilation(index, name, expression, answer)
            bad = self._bad()
            self._usable = tuple(index for index in range(len(self.rules)) if index not in bad)
        return tuple(dict.fromkeys(self._faults))

    def judge(self, lowered: Lowered) -> Judgement:
        """What the rules say of one environment."""
        if self._evaluator is None or not self._usable:
            return Judgement(lowered, self.settings, ())
        values = view(lowered, self._wanted)
        verdicts, faults = [], []
        for index, (part, answer) in sorted(self._evaluator.judge(values, self._usable).items()):
            if answer:
                expression = getattr(self.rules[index], part)
                faults.append(at_evaluation(index, part, expression, answer, lowered.names.environment))
            else:
                verdicts.append(Verdict(index, filled(self.rules[index].message, values)))
        return Judgement(lowered, self.settings, tuple(verdicts), tuple(faults))

    def close(self) -> None:
        """End the process of the rules."""
        if self._evaluator is not None:
            self._evaluator.close()

    def _bad(self) -> set[int]:
        return {fault.rule for fault in self._faults}


_ABSENT: Final = "rules need CEL's library, which is not installed: `pip install 'ssmd[policy]'`"
