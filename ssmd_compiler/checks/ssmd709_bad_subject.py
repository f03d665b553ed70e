"""SSMD709: a stream or subject is not one that NATS takes.

Subjects are tokens of printable characters with `.` between them: no spaces, and no `*` or `>`, which are wildcards. A
stream's name has no `.` either.

FAIL environments/dev.yaml
    spec:
      middleware:
        transport:
          type: nats
          url: nats://nats.example:4222
          subject_prefix: kalshi.>

PASS environments/dev.yaml
    spec:
      middleware:
        transport:
          type: nats
          url: nats://nats.example:4222
          subject_prefix: kalshi.prod
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ssmd_compiler.diagnostics import Diagnostic, error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ssmd_compiler.lower import Lowered

CODE = "SSMD709"


def check(lowered: Lowered) -> Iterator[Diagnostic]:
    for derived in dict.fromkeys(lowered.derived()):
        pattern = _FORMS.get(derived.kind)
        if pattern is not None and not pattern.fullmatch(derived.name):
            at = lowered.linked.bound.span(*derived.origin)
            message = f"NATS does not take `{derived.name}` as a {derived.kind}"
            yield error(
                CODE, message, at=at, help="use letters, digits, `-` and `_`, with `.` between a subject's tokens"
            )


_PART = r"[A-Za-z0-9_$/:+=@-]+"
_FORMS = {
    "subject": re.compile(rf"{_PART}(\.{_PART})*"),
    "stream": re.compile(r"[A-Za-z0-9_-]+"),
    "consumer": re.compile(r"[A-Za-z0-9_-]+"),
}
