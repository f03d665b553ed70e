"""Lines of this repository's own generated files, and the places of its own sources that make them."""

from __future__ import annotations

import datetime
import functools
import re
from pathlib import Path

import pytest

from ssmd_compiler.origin import Fact, LineOrigins, Untraceable, Why
from ssmd_compiler.source import DirectoryTree
from ssmd_compiler.tracing import Faulty, Traceable, traceable

ROOT = Path(__file__).parents[2]
AS_OF = datetime.date(2026, 11, 1)
PROD = "environments/kalshi-prod.yaml"
FEED = "exchanges/feeds/kalshi.yaml"

PLACES = r"""
kalshi-prod/deployment-crypto.yaml    name: kalshi-prod-connector-crypto$      environments/kalshi-prod.yaml shards.crypto
kalshi-prod/deployment-crypto.yaml    instance: kalshi-prod$                   environments/kalshi-prod.yaml metadata.name
kalshi-prod/deployment-crypto.yaml    ^\s\snamespace: ssmd$                     environments/kalshi-prod.yaml namespace
kalshi-prod/deployment-crypto.yaml    replicas: 1$                             environments/kalshi-prod.yaml shards.crypto.replicas
kalshi-prod/deployment-crypto.yaml    cpu: "500m"$                             environments/kalshi-prod.yaml shards.crypto.resources.requests.cpu
kalshi-prod/deployment-crypto.yaml    memory: "512Mi"$                         environments/kalshi-prod.yaml shards.crypto.resources.limits.memory
kalshi-prod/deployment-crypto.yaml    image: ghcr.io/ssmd/ssmd-runtime:        ssmd.yaml image.name
kalshi-prod/deployment-crypto.yaml    secretName: kalshi-prod-nats$            environments/kalshi-prod.yaml keys.nats
kalshi-prod/deployment-gateway.yaml   replicas: 2$                             environments/kalshi-prod.yaml gateway.replicas
kalshi-prod/cronjob-day-start.yaml    schedule:                                environments/kalshi-prod.yaml schedule.day_start
kalshi-prod/networkpolicy.yaml        port: 6379$                              environments/kalshi-prod.yaml middleware.cache.url
kalshi-prod/networkpolicy.yaml        port: 443$                               exchanges/feeds/kalshi.yaml versions[1].endpoint
kalshi-prod/networkpolicy.yaml        port: 4222$                              environments/kalshi-prod.yaml middleware.transport.url
kalshi-prod/prometheusrule.yaml       ssmd_connector_lag_seconds.* > 10        environments/kalshi-prod.yaml alerts.ConnectorHighLag.threshold
kalshi-prod/spec.json                 "display_name": "Kalshi Exchange"        exchanges/feeds/kalshi.yaml display_name
kalshi-prod/spec.json                 "endpoint": "wss:                        exchanges/feeds/kalshi.yaml versions[1].endpoint
kalshi-prod/spec.json                 "as_of": "2026-03-12"                    schemas/trade.yaml versions[1].effective_from
kalshi-prod/spec.json                 "stream": "ssmd-kalshi"                  environments/kalshi-prod.yaml middleware.transport.stream
kalshi-prod/spec.json                 "prefix": "kalshi-prod"                  environments/kalshi-prod.yaml metadata.name
kalshi-prod/spec.json                 "trade": "kalshi.raw.trade"              exchanges/feeds/kalshi.yaml message_types.trade
kalshi-prod/spec.json                 "timestamp_field": "msg.ts",             exchanges/feeds/kalshi.yaml message_types.trade.timestamp_field
kalshi-prod/spec.json                 "jitter": 0.1                            environments/kalshi-prod.yaml connector.retry.jitter
kalshi-prod/spec.json                 "max_bytes": 67108864                    environments/kalshi-prod.yaml connector.buffer.max_bytes
kalshi-prod/spec.json                 "trade": "v2"                            environments/kalshi-prod.yaml schemas[0]
argocd/kalshi-prod.yaml               repoURL:                                 ssmd.yaml repository.url
argocd/kalshi-prod.yaml               path: generated/kalshi-prod$             ssmd.yaml repository.path
argocd/kalshi-prod.yaml               jsonPointers:                            environments/kalshi-prod.yaml schedule
argocd/_project.yaml                  - https://github.com/                    ssmd.yaml repository.url
argocd/_project.yaml                  namespace: ssmd$                         environments/kalshi-prod.yaml namespace
argocd/kustomization.yaml             - kraken-prod.yaml$                      environments/kraken-prod.yaml metadata.name
ssmd.lock.json                        ^\s+"ssmd.yaml": "                        ssmd.yaml -
ssmd.lock.json                        "kalshi-prod/spec.json": "               environments/kalshi-prod.yaml -
"""
ROWS = [tuple(re.split(r"\s{2,}| (?=\S+$)", line)) for line in PLACES.strip().splitlines()]


@functools.cache
def compiled(file: str) -> Traceable:
    found = traceable(DirectoryTree(ROOT), AS_OF, file)
    assert isinstance(found, Traceable), found
    return found


@functools.cache
def told(file: str) -> tuple[LineOrigins, ...]:
    found = compiled(file).of(None)
    assert isinstance(found, tuple)
    return found


def line_of(file: str, pattern: str) -> int:
    lines = compiled(file).content.decode().splitlines()
    return next(number for number, line in enumerate(lines, start=1) if re.search(pattern, line))


@pytest.mark.parametrize(("file", "pattern", "path", "field"), ROWS, ids=lambda value: str(value).strip())
def test_a_line_comes_from(file: str, pattern: str, path: str, field: str) -> None:
    line = line_of(file, pattern)
    best = told(file)[line - 1].origins[0]
    assert (best.span.path, best.field) == (path, field if field != "-" else "")


def test_the_span_is_that_of_the_value() -> None:
    best = told("kalshi-prod/spec.json")[line_of("kalshi-prod/spec.json", '"display_name"') - 1].origins[0]
    line = (ROOT / best.span.path).read_text().splitlines()[best.span.line - 1]
    assert line[best.span.column - 1 : best.span.end_column - 1] == "Kalshi Exchange"


def test_one_line_alone_is_told_as_among_the_others() -> None:
    for file in ("kalshi-prod/networkpolicy.yaml", "kalshi-prod/deployment-crypto.yaml", "argocd/_project.yaml"):
        for line in (4, 9, 12):
            assert compiled(file).of([line]) == (told(file)[line - 1],)


def test_two_urls_with_one_port_make_its_line_together() -> None:
    file = "kalshi-prod/networkpolicy.yaml"
    origins = told(file)[line_of(file, "port: 4222$") - 1].origins
    assert [(origin.field, origin.joint) for origin in origins] == [
        ("middleware.transport.url", True),
        ("middleware.journal.url", True),
    ]


def test_what_stands_in_no_source_is_a_fact() -> None:
    file = "kalshi-prod/spec.json"
    assert told(file)[line_of(file, '"inputs_sha256"') - 1].facts == (Fact.INPUTS,)
    assert told(file)[line_of(file, '"compiler"') - 1].facts == (Fact.COMPILER,)
    assert told("ssmd.lock.json")[line_of("ssmd.lock.json", '"as_of"') - 1].facts == (Fact.AS_OF,)


def test_a_line_that_ssmd_says_has_no_origin() -> None:
    file = "kalshi-prod/networkpolicy.yaml"
    assert told(file)[line_of(file, "port: 53$") - 1].origins == ()


def test_a_file_that_an_entry_brings_is_wholly_of_that_entry() -> None:
    whole = [origin for origin in told("kalshi-prod/deployment-archiver.yaml")[0].origins if origin.whole]
    assert "archiver" in {origin.field for origin in whole}


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("nowhere/spec.json", Why.NO_SUCH_ENVIRONMENT),
        ("kalshi-prod/nothing.yaml", Why.NO_SUCH_FILE),
        ("argocd/nothing.yaml", Why.NO_SUCH_FILE),
        ("argocd/", Why.NO_SUCH_FILE),
        ("", Why.NO_SUCH_ENVIRONMENT),
    ],
)
def test_what_is_not_there_is_refused(file: str, why: Why) -> None:
    found = traceable(DirectoryTree(ROOT), AS_OF, file)
    assert isinstance(found, Untraceable)
    assert found.why is why


@pytest.mark.parametrize("file", ["kalshi-prod/spec.json", "argocd/_project.yaml", "ssmd.lock.json"])
@pytest.mark.parametrize("line", [0, -1, 10**8])
def test_a_line_past_the_end_is_refused(file: str, line: int) -> None:
    found = compiled(file).of([line])
    assert isinstance(found, Untraceable)
    assert (found.why, found.lines) == (Why.NO_SUCH_LINE, len(compiled(file).content.decode().splitlines()))


def test_an_environment_that_does_not_compile_tells_why(tmp_path: Path) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "dev.yaml").write_text("name: dev\nfeed: nothing\n")
    found = traceable(DirectoryTree(tmp_path), AS_OF, "dev/spec.json")
    assert isinstance(found, Faulty)
    assert "SSMD201" in {one.code for one in found.diagnostics}
