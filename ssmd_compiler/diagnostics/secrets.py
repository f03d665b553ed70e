"""What looks like a secret: in one place, for the check that reports it and for the printers that must not show it.

A guess by name and form, on the safe side: a masked harmless value costs a reader little. References such as
`$key:NAME` and a key's sources are not secrets.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

__all__ = ["appearance", "masked", "masked_near", "names_a_secret", "telling"]

_NAME: Final = (
    r"(?:[A-Za-z0-9_-]*(?:[_-]|[a-z0-9](?=(?-i:[A-Z]))))?(?:credentials?|password|passwd|pwd|passphrase|secret|token|api[_-]?key|api[_-]?secret"
    r"|access[_-]?key|secret[_-]?key|private[_-]?key|signing[_-]?key|auth|auth[_-]?token|authorization|bearer|cookie|jwt)s?(?:[_-]?[0-9]{1,3})?"
)
_SECRET_NAME = re.compile(_NAME, re.IGNORECASE)
_REFERENCE = re.compile(r"\$key:|(?:sealed-secret|vault|env|file)(?:[:/]|$)|[0-9]{1,4}$|true$|false$|null$|~$")
_USERINFO = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,15}://([^\s/?#@\"']*(?:@[^\s/?#@\"']*)*)@")
_LOOSE_USERINFO = re.compile(r"//[^\s\"'/:@]{0,64}:([^\s\"'@]{1,256}\s?)@")
_QUERY = re.compile(
    r"[?&#;][\w.-]{0,40}?(?:token|key|secret|sig|signature|password|passwd|pass|pwd|auth|jwt|credentials?)=([^&\s\"']+)",
    re.IGNORECASE,
)
_PEM = "-----BEGIN "
_ENTRY = re.compile(rf"(?<![A-Za-z0-9_$:-])[\"']?{_NAME}[\"']?\s*[:=]\s*(?P<value>\S.*)?", re.IGNORECASE)
_SOURCE = re.compile(r"(?<![A-Za-z0-9_-])source\s*:\s*(?P<value>\S.*)", re.IGNORECASE)
_BLOB = re.compile(r"(?<![A-Za-z0-9+/:_-])[A-Za-z0-9+/_-]{40,}={0,2}")


_KEYWORD = re.compile(
    r"(?:password|passwd|pwd|token|authorization)\s*[:=]\s*(?!\$key:)([^\s\"',}\]]{3,})|(eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*)",
    re.IGNORECASE,
)
_ISSUED = re.compile(
    r"(?<![A-Za-z0-9])(?:gh[opsur]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{22}|glpat-[A-Za-z0-9_-]{20}"
    r"|A[KS]IA(?=[A-Z]{0,15}[2-7])[A-Z2-7]{16}(?![A-Za-z0-9])|AIza[A-Za-z0-9_-]{35}|xox[abeoprs]-[A-Za-z0-9-]{10}"
    r"|[rs]k_(?:live|test)_[A-Za-z0-9]{16}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50}|hf_[A-Za-z0-9]{30}"
    r"|hv[brs]\.[A-Za-z0-9_-]{24}|do[opr]_v1_[0-9a-f]{64})[A-Za-z0-9_-]*"
)
"""Tokens that whoever issues them marks, as their documentation says: GitHub, GitLab, AWS, Google, Slack, Stripe, npm,
PyPI, Hugging Face, Vault, DigitalOcean."""
_SHORTEST: Final = 15
"""Characters of the shortest of them."""

_WINDOW: Final = 2_048
"""Characters of a line that are looked at: more than any printer shows of one."""


def telling(value: str) -> bool:
    """Whether a text may look like a secret whatever its name is: most texts need not be looked at more closely."""
    return (
        ":" in value
        or "=" in value
        or _PEM in value
        or "eyj" in value.lower()
        or (len(value) >= _SHORTEST and _ISSUED.search(value) is not None)
    )


def appearance(name: str, value: str) -> str | None:
    """What the value of the field `name` looks like, if it looks like a secret."""
    if not telling(value):
        return _by_name(name, value)
    if _PEM in value:
        return "a private key or certificate"
    if _USERINFO.search(value) or _LOOSE_USERINFO.search(value):
        return "a user or password in a URL"
    if _QUERY.search(value):
        return "a token in a URL"
    if _KEYWORD.search(value) or _ISSUED.search(value):
        return "a password or token"
    return _by_name(name, value)


def _by_name(name: str, value: str) -> str | None:
    return f"the value of `{name}`" if names_a_secret(name) and not _REFERENCE.match(value) else None


@lru_cache(maxsize=4096)
def names_a_secret(name: str) -> bool:
    """Whether a field of that name, in snake, kebab or camel case, holds a secret."""
    return _SECRET_NAME.fullmatch(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)) is not None


def masked_near(line: str, start: int) -> tuple[str, int]:
    """The part of `line` around `start` that anybody is shown, masked, and what to take off from places in it."""
    if len(line) <= _WINDOW:
        return masked(line), 0
    low = max(0, start - _WINDOW // 2)
    return masked(line[low : low + _WINDOW]), low


def masked(line: str) -> str:
    """`line` with what looks like a secret as asterisks, character by character, so that places stay where they are."""
    spans = [match.span(1) for pattern in (_USERINFO, _LOOSE_USERINFO, _QUERY) for match in pattern.finditer(line)]
    spans += [match.span(match.lastindex or 0) for match in _KEYWORD.finditer(line)]
    spans += [match.span() for match in _ISSUED.finditer(line)]
    for pattern in (_ENTRY, _SOURCE):
        for match in pattern.finditer(line):
            value = match["value"] or ""
            # `secrets:` and a mapping after it: its entries are looked at by themselves.
            inside = value.startswith("{") and match[0].lower().startswith("secrets")
            if value and not inside and not _REFERENCE.match(value.lstrip("\"'")):
                spans.append(match.span("value"))
    if _PEM in line:
        spans.append((line.index(_PEM), len(line)))
    spans += [match.span() for match in _BLOB.finditer(line) if _random(match[0]) and not _digest(line, match.start())]
    return _starred(line, spans) if spans else line


def _starred(line: str, spans: list[tuple[int, int]]) -> str:
    parts, done = [], 0
    for start, end in sorted(spans):
        if end > done:
            parts += [line[done:start], "*" * (end - max(start, done))]
            done = end
    return "".join([*parts, line[done:]])


def _random(word: str) -> bool:
    """Whether a long word looks like base64 of something: words of a language do not mix these three."""
    return bool(re.search(r"[a-z]", word) and re.search(r"[A-Z]", word) and re.search(r"[0-9]", word))


def _digest(line: str, start: int) -> bool:
    return line.endswith("sha256:", 0, start)
