"""SSMD018: a comment that should allow a finding cannot.

`# ssmd: allow SSMD306 until 2026-12-31 -- why` names one or several codes (with commas), the last day on which they
are allowed, and a reason. Every warning can be allowed; of errors only those after which there is still something
sound to publish: each code's page says which. Anything else has to be mended.

FAIL environments/dev.yaml (as is)
    name: dev
    feed: kalshi
    schemas: [trade:v1]  # ssmd: allow SSMD306 -- v2 is tried out first
    secrets: {kalshi: sealed-secret/kalshi-creds}
    transport: {type: memory}
    storage: {type: local, path: /data}

PASS environments/dev.yaml (as is)
    name: dev
    feed: kalshi
    schemas: [trade:v1]  # ssmd: allow SSMD306 until 2026-12-31 -- v2 is tried out first
    secrets: {kalshi: sealed-secret/kalshi-creds}
    transport: {type: memory}
    storage: {type: local, path: /data}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ssmd_compiler.checks.remedies import replaced
from ssmd_compiler.diagnostics import Diagnostic, error
from ssmd_compiler.diagnostics.nearest import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ssmd_compiler.checks.stages import Allowing
    from ssmd_compiler.diagnostics import Span, TextEdit

CODE = "SSMD018"

FORM = "write `# ssmd: allow CODE until YYYY-MM-DD -- reason`"


def check(stage: Allowing) -> Iterator[Diagnostic]:
    for one in stage.allowances:
        if one.flaw is not None:
            yield error(CODE, f"this allowance cannot be read: {one.flaw.reason}", at=one.flaw.span, help=FORM)
        for code, span in one.codes:
            if code not in stage.codes:
                message = f"no code `{code}`"
                label = did_you_mean(code, stage.codes)
                help_, fix = "`ssmd explain` lists the codes", _respelt(code, stage.codes, span)
                yield error(CODE, message, at=span, label=label, help=help_, fix=fix)
            elif not stage.codes[code]:
                help_ = "mend what it finds: only warnings, and errors that leave something to publish, are allowed"
                yield error(CODE, f"{code} cannot be allowed", at=span, help=help_)


def _respelt(code: str, codes: Mapping[str, bool], at: Span) -> tuple[TextEdit, ...]:
    """Every code is near to many others: its digits say which one is meant, when only letters are wrong."""
    right = f"SSMD{re.sub(r'[^0-9]', '', code)}"
    return replaced(at, code, right) if codes.get(right) and did_you_mean(code, (right,)) else ()
