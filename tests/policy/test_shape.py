"""What rules see is what docs/policy.md says, and the rules there do what they say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from rule_trees import compiled, document, with_rules

from ssmd_compiler.policy.judging import Policy
from ssmd_compiler.policy.view import SHAPE, VARIABLES, view

if TYPE_CHECKING:
    from ssmd_compiler.lower import Lowered

PAGE = (Path(__file__).parent.parent.parent / "docs" / "policy.md").read_text()
RULES: dict[str, dict[str, Any]] = {
    rule["name"]: rule
    for rule in yaml.safe_load(re.search(r"## Ten.*?```yaml\n(.*?)```", PAGE, re.DOTALL)[1])["policy"]
}
NATS = {"type": "nats", "url": "nats://nats.example:4222", "subject_prefix": "kalshi-x"}
S3 = {"type": "s3", "bucket": "b", "path": "null"}
PRODUCTION: dict[str, Any] = {
    "metadata": {"labels": {"team": "capture"}},
    "spec": {
        "schedule": {"day_start": "00:10", "day_end": "00:00"},
        "keys": {"kalshi": {"rotation_days": "90"}},
        "middleware": {"transport": NATS, "storage": S3},
        "connector": {"image": "ghcr.io/ssmd/ssmd-runtime"},
        "archiver": {},
    },
}


def patched(patch: dict[str, Any]) -> dict[str, Any]:
    """PRODUCTION, with a merge patch."""
    from examples import _merged

    return _merged(PRODUCTION, patch)


FAILING: dict[str, tuple[dict[str, Any], str]] = {
    "owner": ({"metadata": {"labels": "null"}}, "x-prod has no owner"),
    "production-is-durable": (
        {
            "spec": {
                "middleware": {"transport": {"type": "memory", "url": "null", "subject_prefix": "null"}},
                "archiver": "null",
            }
        },
        "x-prod publishes to memory and stores in s3",
    ),
    "production-has-an-archiver": ({"spec": {"archiver": "null"}}, "nothing takes what x-prod captures"),
    "own-registry": ({"spec": {"connector": {"image": "docker.io/else/runtime"}}}, "x-prod runs an image"),
    "no-latest": ({"spec": {"connector": {"version": "latest"}}}, "x-prod runs `latest`"),
    "memory-has-room": (
        {"spec": {"connector": {"resources": {"requests": {"memory": "200Mi"}, "limits": {"memory": "300Mi"}}}}},
        "less than twice",
    ),
    "small-enough": ({"spec": {"connector": {"resources": {"requests": {"cpu": "2500m"}}}}}, "more than two cores"),
    "keys-rotate": ({"spec": {"keys": {"kalshi": {"rotation_days": "null"}}}}, "not rotated within 90 days"),
    "silence-is-an-alarm": ({"spec": {"alerts": {"ConnectorNoData": {"for": "31m"}}}}, "without data from Kalshi"),
    "subjects-say-whose": (
        {"spec": {"middleware": {"transport": {"subject_prefix": "mixed"}}}},
        "x-prod publishes under `mixed`",
    ),
}


def test_the_table_is_the_code() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| (.*) \|$", PAGE, re.MULTILINE)
    shown = {path: (kind, meaning) for path, kind, meaning in rows if path in SHAPE or "." in path or "{" in path}
    assert shown == dict(SHAPE)


def test_the_page_has_ten_rules_and_each_is_tested() -> None:
    assert len(RULES) == 10
    assert RULES.keys() == FAILING.keys()


@pytest.mark.parametrize("name", RULES)
def test_a_rule_of_the_page_passes_and_fails(name: str, tmp_path: Path) -> None:
    assert with_rules(tmp_path / "a", [RULES[name]], x_prod=PRODUCTION) == []
    patch, told = FAILING[name]
    found = with_rules(tmp_path / "b", [RULES[name]], x_prod=patched(patch))
    assert [one.code for one in found] == ["SSMD903"], found
    assert told in found[0].message
    assert found[0].severity.value == RULES[name].get("severity", "error")


def lowered(root: Path, patch: dict[str, Any], feed: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> list[Lowered]:
    seen: list[Lowered] = []
    original = Policy.judge
    monkeypatch.setattr(Policy, "judge", lambda self, each: (seen.append(each), original(self, each))[1])
    files = {
        "ssmd.yaml": b"policy: [{name: r, rule: 'true', message: m}]",
        "environments/dev.yaml": document("environments/dev.yaml", patch),
        "exchanges/feeds/kalshi.yaml": document("exchanges/feeds/kalshi.yaml", feed),
    }
    found = compiled(root, files).diagnostics
    assert seen, found
    return seen


def test_everything_that_is_said_is_there_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rich: dict[str, Any] = {
        "metadata": {"labels": {"team": "capture"}},
        "spec": {
            "description": "d",
            "schedule": {"day_start": "00:10", "day_end": "00:00"},
            "keys": {"kalshi": {"rotation_days": "90"}},
            "symbols": {"sync": "true", "filters": [{"category": "crypto"}], "close_within_hours": "24"},
            "shards": {"a": {"selector": {"category": "crypto"}}},
            "middleware": {"transport": NATS, "storage": {"size": "5Gi", "storage_class": "fast"}},
            "connector": {"resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}},
            "archiver": {},
        },
    }
    version = {
        "version": "v2",
        "effective_from": "2025-01-01",
        "effective_to": "2030-01-01",
        "protocol": {"transport": "wss", "message": "json"},
        "endpoint": "wss://x.example/v2",
        "auth_method": "api_key",
        "rate_limit_per_second": "5",
        "max_symbols_per_connection": "7",
    }
    calendar = {"timezone": "UTC", "open_time": "09:00", "close_time": "17:00", "holiday_calendar": "crypto_247"}
    feed = {"spec": {"versions": [version], "calendar": calendar, "message_types": {"trade": {}}}}
    by_name = {
        "spec": {
            "symbols": ["KX-1"],
            "shards": {"a": {"selector": {"symbols": ["KX-1"]}}, "b": {"selector": {"prefix": "Q"}}},
        }
    }
    found: set[str] = set()
    for number, patch in enumerate((rich, by_name)):
        for each in lowered(tmp_path / str(number), patch, feed, monkeypatch):
            found |= set(paths(view(each, dict.fromkeys(VARIABLES))))
    assert found == {path.replace("?", "") for path in SHAPE}


def paths(value: Any, at: str = "") -> list[str]:
    """The paths of a view, as SHAPE spells them."""
    if at in ("spec", "specs[]"):
        return [at]
    if isinstance(value, dict) and at.endswith(MAPS):
        return [path for each in value.values() for path in paths(each, f"{at}{{}}")]
    if isinstance(value, dict):
        return [path for key, each in value.items() for path in paths(each, f"{at}.{key}".lstrip("."))]
    if isinstance(value, list):
        return [path for each in value for path in paths(each, f"{at}[]")]
    return [at]


MAPS = ("env.labels", "env.shards", "env.keys", "env.alerts")


@pytest.mark.parametrize("path", [path for path in SHAPE if "{}" not in path and "[]" not in path])
def test_a_type_is_what_it_is_said_to_be(path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values: Any = view(lowered(tmp_path, PRODUCTION, {}, monkeypatch)[0], dict.fromkeys(VARIABLES))
    for step in path.split("."):
        values = values.get(step.rstrip("?"))
        if values is None:
            assert "?" in path
            return
    assert type(values) is {"text": str, "int": int, "double": float, "bool": bool, "map": dict}[SHAPE[path][0]]


def test_numbers_compare(tmp_path: Path) -> None:
    rule = (
        "workloads[0].memory == 134217728 && workloads[0].memory_limit == 256 * 1024 * 1024 && workloads[0].cpu == 0.25"
        " && workloads[0].volume.size == 20 * 1024 * 1024 * 1024 && env.alerts.ConnectorNoData.for_seconds == 120"
        " && timestamp(as_of) > timestamp(feed.effective_from) && env.keys.kalshi.source == 'env'"
    )
    assert with_rules(tmp_path, [{"name": "r", "rule": rule, "message": "m"}]) == []
