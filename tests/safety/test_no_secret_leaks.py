"""A secret that somebody wrote into a source is found in nothing that ssmd says or writes, in no form.

Where it looks like one it is refused (SSMD505) and never quoted; whatever else is wrong on its line, or around it, is
told without it. Looked through are both streams, the JSON, `generated/` with its lock, and what is left in the
temporary folder.
"""

from __future__ import annotations

import json
import urllib.parse
from typing import TYPE_CHECKING

import pytest
from hostile import CANARY, ENVIRONMENT, FEED, SETTINGS, TEMPLATE, disguises, environment, feed, plant, run

if TYPE_CHECKING:
    from pathlib import Path

    from jail import Jail

PLAINTEXT = "SSMD505"
SECRET = CANARY
ENCODED = urllib.parse.quote(SECRET, safe="")
PEM_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
BEARER = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJDQU5BUlkifQ.Zq9CANARYx7Kw2mB4v8Rt3"


def transport(url: str, more: str = "") -> str:
    return environment(middleware=f"{{transport: {{type: nats, url: '{url}'{more}}}, storage: {{type: memory}}}}")


def parser(*lines: str) -> str:
    setting = "".join(f"      {line}\n" for line in lines)
    return feed(old="      exchange: kraken\n", new=f"      exchange: kraken\n{setting}")


def policy(rule: str, message: str = "x", more: str = "") -> str:
    return f"policy: [{{name: a, rule: {json.dumps(rule)}, message: {json.dumps(message)}{more}}}]\n"


ACCEPTED_OTHERWISE: dict[str, tuple[str, str]] = {
    # Documents in which nothing else is wrong: they must be refused, or what is generated holds the secret.
    "credentials": (ENVIRONMENT, environment(f"connector: {{credentials: {SECRET}}}")),
    "credentials, quoted": (ENVIRONMENT, environment(f"connector: {{credentials: '{SECRET}'}}")),
    "credentials, as a block": (ENVIRONMENT, environment("connector:", "  credentials: |", f"    {SECRET}")),
    "credentials, on the next line": (ENVIRONMENT, environment("connector:", "  credentials:", f"    {SECRET}")),
    "user and password in a URL": (ENVIRONMENT, transport(f"nats://user:{ENCODED}@host:4222")),
    "a user alone in a URL": (ENVIRONMENT, transport(f"nats://{ENCODED}@host:4222")),
    "a password with a slash in a URL": (ENVIRONMENT, transport(f"nats://user:{SECRET}@host:4222")),
    "a password in the second of two URLs": (ENVIRONMENT, transport(f"nats://a:4222,nats://user:{ENCODED}@b:4222")),
    **{
        f"query: {name}": (ENVIRONMENT, transport(f"nats://host:4222/x?a=1&{name}={ENCODED}"))
        for name in [
            "token",
            "key",
            "apikey",
            "api_key",
            "api-key",
            "apiKey",
            "access_token",
            "client_secret",
            "auth",
            "jwt",
            "sig",
            "signature",
            "X-Amz-Signature",
            "X-Amz-Security-Token",
            "password",
            "pass",
            "pwd",
        ]
    },
    "fragment": (ENVIRONMENT, transport(f"nats://host:4222/x#access_token={ENCODED}")),
    "a cache's password": (
        ENVIRONMENT,
        environment(
            middleware=f"{{transport: {{type: memory}}, storage: {{type: memory}}, cache: {{type: redis, url: 'redis://:{ENCODED}@host:6379'}}}}"
        ),
    ),
    "a storage's key": (
        ENVIRONMENT,
        environment(
            middleware=f"{{transport: {{type: memory}}, storage: {{type: s3, endpoint: 'https://k:{ENCODED}@host', bucket: b, region: r}}}}"
        ),
    ),
    "a transport's own setting": (
        ENVIRONMENT,
        environment(
            middleware=f"{{transport: {{type: aeron, aeron: {{password: {SECRET}}}}}, storage: {{type: memory}}}}"
        ),
    ),
    "a transport's header": (
        ENVIRONMENT,
        environment(
            middleware=f"{{transport: {{type: aeron, aeron: {{authorization: 'Bearer {SECRET}'}}}}, storage: {{type: memory}}}}"
        ),
    ),
    "an image's registry": (ENVIRONMENT, environment(f"connector: {{image: 'https://user:{ENCODED}@registry/x'}}")),
    "a description": (ENVIRONMENT, environment(f"description: see https://user:{ENCODED}@host/")),
    "a key in a description": (
        ENVIRONMENT,
        environment("description: |", "  -----BEGIN RSA PRIVATE KEY-----", f"  {SECRET}"),
    ),
    "an endpoint's user": (FEED, feed(old="wss://ws", new=f"wss://user:{ENCODED}@ws")),
    "an endpoint's token": (FEED, feed(old="/v2", new=f"/v2?token={ENCODED}")),
    **{
        f"setting: {name}": (FEED, parser(f"{name}: {SECRET}"))
        for name in [
            "password",
            "PASSWORD",
            "db_password_1",
            "passphrase",
            "token",
            "auth_token",
            "authToken",
            "secret",
            "client_secret",
            "clientSecret",
            "secretAccessKey",
            "aws_secret_access_key",
            "api_key",
            "apiKey",
            "X-API-Key",
            "private_key",
            "Authorization",
            "auth",
            "bearer",
            "cookie",
            "dsn_password",
        ]
    },
    "a list of tokens": (FEED, parser(f"tokens: [{SECRET}]")),
    "a token in a list": (FEED, parser(f"token: [{SECRET}]")),
    "a token in a mapping": (FEED, parser(f"token: {{value: {SECRET}}}")),
    "a header": (FEED, parser(f"headers: {{Authorization: 'Bearer {SECRET}'}}")),
    "a header in a list": (FEED, parser(f"headers: ['Authorization: Bearer {SECRET}']")),
    "a DSN as a URL": (FEED, parser(f"dsn: 'postgres://user:{ENCODED}@host/x'")),
    "a DSN as words": (FEED, parser(f"dsn: 'host=x user=y password={SECRET}'")),
    "a URL of a URL": (FEED, parser(f"dsn: 'jdbc:postgresql://user:{ENCODED}@host/x'")),
    "a private key": (
        FEED,
        parser("x: |", "  -----BEGIN PRIVATE KEY-----", f"  {SECRET}", "  -----END PRIVATE KEY-----"),
    ),
    "a private key on a line": (FEED, parser(f'x: "-----BEGIN EC PRIVATE KEY-----\\n{SECRET}\\n"')),
    "a token by its form": (FEED, parser(f"x: {BEARER}")),
    "settings: repository": (SETTINGS, f"repository: {{url: 'https://user:{ENCODED}@git.example.com/x.git'}}\n"),
    "settings: repository's token": (SETTINGS, f"repository: {{url: 'https://{ENCODED}@git.example.com/x.git'}}\n"),
    "settings: image": (SETTINGS, f"image: {{name: 'https://user:{ENCODED}@registry/x'}}\n"),
}

REFUSED_FOR_THEIR_FORM = {
    "a password with a slash in a URL",
    "a password in the second of two URLs",
    "an image's registry",
    "settings: image",
}

WRONG_AS_WELL: dict[str, tuple[str, str | bytes]] = {
    # Something else is wrong on the secret's line or near it, so that its line may be shown, or its words quoted.
    "an unknown field beside it": (ENVIRONMENT, environment(f"connector: {{credentials: {SECRET}, foo: 1}}")),
    "an unknown field before it": (ENVIRONMENT, environment(f"connector: {{foo: 1, password: {SECRET}, bar: 2}}")),
    "a wrong type beside it": (ENVIRONMENT, environment(f"connector: {{replicas: x, credentials: {SECRET}}}")),
    "itself an unknown field": (ENVIRONMENT, environment(f"password: {SECRET}")),
    "itself an unknown field, inside": (ENVIRONMENT, environment(f"connector: {{password: {SECRET}}}")),
    "twice": (ENVIRONMENT, environment(f"connector: {{credentials: {SECRET}, credentials: {SECRET}}}")),
    "twice, on the next lines": (
        ENVIRONMENT,
        environment("connector:", "  credentials:", f"    {SECRET}", "  credentials:", f"    {SECRET}"),
    ),
    "a list": (ENVIRONMENT, environment(f"connector: {{credentials: [{SECRET}]}}")),
    "a mapping": (ENVIRONMENT, environment(f"connector: {{credentials: {{{SECRET}: 1}}}}")),
    "a value in a mapping": (ENVIRONMENT, environment(f"connector: {{credentials: {{value: {SECRET}}}}}")),
    "syntax on its line": (ENVIRONMENT, environment(f"connector: {{credentials: {SECRET}: x}}")),
    "syntax on the next line": (ENVIRONMENT, environment("connector:", f"  credentials: {SECRET}", "   x: [")),
    "a quote that does not end": (ENVIRONMENT, environment("connector:", f'  credentials: "{SECRET}')),
    "no space after the colon": (ENVIRONMENT, environment("connector:", f"  credentials:{SECRET}", "  x: 1")),
    "a tab before it": (ENVIRONMENT, environment("connector:", f"  credentials:\t{SECRET}", "\tx: 1")),
    "a tag": (ENVIRONMENT, environment("connector: {credentials: !Zq9-CANARY_x7Kw2mB4 x}")),
    "an alias": (ENVIRONMENT, environment("connector: {credentials: *Zq9-CANARY_x7Kw2mB4}")),
    "an anchor": (
        ENVIRONMENT,
        environment("connector: {credentials: &Zq9-CANARY_x7Kw2mB4 x, replicas: *Zq9-CANARY_x7Kw2mB4}"),
    ),
    "a directive": (ENVIRONMENT, environment(f"connector: {{credentials: %{SECRET}}}")),
    "a reserved character": (ENVIRONMENT, environment(f"connector: {{credentials: @{SECRET}}}")),
    "a control character in it": (ENVIRONMENT, environment(f'connector: {{credentials: "{SECRET}\\0"}}')),
    "a raw control character in it": (ENVIRONMENT, environment(f"connector: {{credentials: {SECRET}\u202e}}")),
    "a bad byte after it": (ENVIRONMENT, environment(f"connector: {{credentials: {SECRET}").encode() + b"\xff}\n"),
    "a merge": (
        ENVIRONMENT,
        environment(f"x: &x {{password: {SECRET}}}", f"connector: {{password: {SECRET}, <<: *x}}"),
    ),
    "in a key": (ENVIRONMENT, environment(f"? {{password: {SECRET}}}", ": 1")),
    "in a second document": (ENVIRONMENT, environment("---", f"password: {SECRET}")),
    "in a list of documents": (ENVIRONMENT, f"- password: {SECRET}\n"),
    "in metadata": (
        ENVIRONMENT,
        f"apiVersion: ssmd/v1\nkind: Environment\nmetadata: {{name: dev, password: {SECRET}}}\nspec: {{foo: 1}}\n",
    ),
    "in annotations": (
        ENVIRONMENT,
        f"apiVersion: ssmd/v1\nkind: Environment\nmetadata: {{name: x, annotations: {{token: {SECRET}}}}}\nspec: {{foo: 1}}\n",
    ),
    "in a comment": (ENVIRONMENT, environment(f"foo: 1 # password: {SECRET}")),
    "a key's value": (ENVIRONMENT, environment(f"keys: {{k: {{type: api_key, fields: [a], value: {SECRET}}}}}")),
    "a key's fields": (ENVIRONMENT, environment(f"keys: {{k: {{type: api_key, fields: {{api_key: {SECRET}}}}}}}")),
    "a key's field beside": (
        ENVIRONMENT,
        environment(f"keys: {{k: {{type: api_key, api_secret: {SECRET}, fields: [a]}}}}"),
    ),
    "a key itself": (ENVIRONMENT, environment(f"keys: {{api_key: {SECRET}}}")),
    "a key in a list": (ENVIRONMENT, environment(f"keys: [{{name: k, type: api_key, api_key: {SECRET}}}]")),
    "a list of secrets for keys": (ENVIRONMENT, environment(f"keys: [{SECRET}]")),
    "a secret for keys": (ENVIRONMENT, environment(f"keys: {SECRET}")),
    "a key's type": (ENVIRONMENT, environment(f"keys: {{k: {{type: {SECRET}, fields: [a]}}}}")),
    "a key's rotation": (
        ENVIRONMENT,
        environment(f"keys: {{k: {{type: api_key, fields: [a], rotation_days: {SECRET}}}}}"),
    ),
    "a key's need": (ENVIRONMENT, environment(f"keys: {{k: {{type: api_key, fields: [a], required: {SECRET}}}}}")),
    "a key's source": (ENVIRONMENT, environment(f"keys: {{k: {{type: api_key, fields: [a], source: {SECRET}}}}}")),
    "a key's source, as a variable": (
        ENVIRONMENT,
        environment(f"keys: {{k: {{type: api_key, fields: [a], source: 'env:{SECRET}'}}}}"),
    ),
    "a key's source, as a Secret": (
        ENVIRONMENT,
        environment(f"keys: {{k: {{type: api_key, fields: [a], source: 'sealed-secret/{SECRET}'}}}}"),
    ),
    "a key's source, on the next line": (
        ENVIRONMENT,
        environment("keys:", "  k:", "    type: api_key", "    source:", f"      {SECRET}", "    fields: [a]"),
    ),
    "an older secret": (ENVIRONMENT, environment(f"secrets: {{nats: {SECRET}}}")),
    "a URL and an unknown field": (ENVIRONMENT, transport(f"nats://user:{ENCODED}@host:4222", ", foo: 1")),
    "a URL without its colon": (ENVIRONMENT, transport(f"nats//user:{ENCODED}@host:4222")),
    "a URL with a space": (ENVIRONMENT, transport(f"nats://user:{ENCODED} @host:4222")),
    "a feed's endpoint and an unknown field": (
        FEED,
        feed(old="endpoint: wss://ws.kraken.com/v2", new=f"foo: {{endpoint: 'wss://user:{ENCODED}@ws.kraken.com'}}"),
    ),
    "a private key and syntax": (
        FEED,
        parser("x: |", "  -----BEGIN PRIVATE KEY-----", f"  {PEM_LINE}", " bad: ["),
    ),
    "a private key at the margin": (
        ENVIRONMENT,
        environment("description: |", "-----BEGIN PRIVATE KEY-----", PEM_LINE),
    ),
    "a private key, twice": (
        ENVIRONMENT,
        environment(*["description: |", "  -----BEGIN PRIVATE KEY-----", f"  {PEM_LINE}"] * 2),
    ),
    "settings": (SETTINGS, f"password: {SECRET}\n"),
    "settings, beside": (SETTINGS, f"repository: {{url: 'https://user:{ENCODED}@git.example.com/x.git', foo: 1}}\n"),
    "a schema": ("schemas/trade.yaml", f"name: trade\npassword: {SECRET}\n"),
    "a rule's text": (SETTINGS, policy(f"env.name == 'password={SECRET}'")),
    "a rule that cannot be read": (SETTINGS, policy(f"'password={SECRET}' ==")),
    "a rule that fails": (SETTINGS, policy(f"{{'token={SECRET}': 1}}['x'] == 1")),
    "a rule that gives no boolean": (SETTINGS, policy(f"'password={SECRET}'")),
    "a rule's message": (SETTINGS, policy("false", f"password={SECRET}")),
    "a rule's message and a value": (SETTINGS, policy("false", f"{{env.nothing}} password={SECRET}")),
    "a rule's name": (SETTINGS, policy("false").replace("name: a", f"name: 'password={SECRET}'")),
    "a rule's place": (SETTINGS, policy("false", more=f", at: 'password={SECRET}'")),
    "a value that a rule shows": (
        FEED,
        feed(old="/v2", new=f"/v2?token={ENCODED}") + "unknown: 1\n",
    ),
    "an allowance's reason": (
        ENVIRONMENT,
        environment(f"# ssmd: allow SSMD306 until 2020-01-01 -- password={SECRET}", "x: 1"),
    ),
    "an allowance's code": (ENVIRONMENT, environment(f"# ssmd: allow password={SECRET} until 2099-01-01 -- x", "x: 1")),
    "an allowance's date": (ENVIRONMENT, environment(f"# ssmd: allow SSMD306 until password={SECRET} -- x", "x: 1")),
    "an allowance's word": (ENVIRONMENT, environment(f"x: 1  # ssmd: alow password={SECRET}")),
    "a template": (TEMPLATE, f"password: {SECRET} {{{{ nothing }}}}\n"),
    "a template's argument": (TEMPLATE, f"x: {{{{ nothing(password='{SECRET}') }}}}\n"),
}


def forms() -> tuple[str, ...]:
    return (*disguises(SECRET), "CANARY_x7Kw2mB4", PEM_LINE, BEARER)


def leaks(root: Path, said: str) -> list[str]:
    """Where a form of the secret is found."""
    places = {"said": said.encode()}
    for folder in (root / "generated", root / ".ssmd", root.parent / "scratch"):
        places |= {
            str(path.relative_to(root.parent)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
        }
    shown = root.parent / "found.json"
    if shown.exists():
        places["json"] = shown.read_bytes()
    return [place for place, held in places.items() if any(form.encode() in held for form in forms())]


def check_silent(root: Path, jail: Jail, *, refused: bool, changed: tuple[str, ...] = ()) -> None:
    for arguments in (("validate",), ("compile",), ("compile", "--check")):
        ran = run(jail, root, *arguments, changed=changed)
        assert leaks(root, ran.outcome.said) == []
        assert ran.outcome.code in (1, 2), ran.outcome.said
        assert ran.findings
        if refused:
            assert PLAINTEXT in ran.codes
    assert not (root / "generated").exists()
    check_others_silent(root, jail)


REPORTS = ("sarif", "github", "gitlab", "junit", "checkstyle")
OTHERS = (
    ("validate", "-v", *(word for name in REPORTS for word in ("--format", f"{name}=../scratch/{name}"))),
    ("graph",),
    ("trace", "generated/dev/spec.json", "--output", "json"),
    ("schema", "list", "--output", "yaml"),
    ("fmt", "--check"),
    ("validate", "--fix"),
    ("fmt",),
)
"""Whatever else tells of a workspace; those that write to its sources come last."""


def check_others_silent(root: Path, jail: Jail) -> None:
    for arguments in OTHERS:
        ran = jail.run(arguments, root, env={"TMPDIR": str(root.parent / "scratch")})
        assert ran.code in (0, 1, 2), ran.said
        assert leaks(root, ran.said) == [], arguments


@pytest.mark.parametrize("name", ACCEPTED_OTHERWISE)
def test_a_plain_secret_is_refused_and_never_shown(name: str, jail: Jail, workspace: Path) -> None:
    path, text = ACCEPTED_OTHERWISE[name]
    plant(workspace, path, text)
    # A URL that is none, or an image that is a URL, is refused for its form (SSMD106), and as silently.
    check_silent(workspace, jail, refused=name not in REFUSED_FOR_THEIR_FORM)


@pytest.mark.parametrize("name", WRONG_AS_WELL)
def test_whatever_else_is_wrong_the_secret_is_not_shown(name: str, jail: Jail, workspace: Path) -> None:
    path, text = WRONG_AS_WELL[name]
    plant(workspace, path, text)
    check_silent(workspace, jail, refused=False)


REFERENCES = ["$key:kraken", "$key:kraken.api_key"]
SOURCES = [
    "env:A",
    "env",
    "vault:kv/kraken",
    "file:/run/secrets/kraken",
    "sealed-secret/kraken",
    "sealed-secret:/kraken",
]
HARMLESS = [
    "key_name: x",
    "tokenizer: x",
    "secretary: x",
    "author: x",
    "keys_per_page: 10",
    "password_field: x",
    "monkey: x",
    "authority: x",
]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_is_no_secret(reference: str, source: str, jail: Jail, workspace: Path) -> None:
    key = f"keys: {{kraken: {{type: api_key, fields: [api_key], source: '{source}'}}}}"
    plant(workspace, ENVIRONMENT, environment(key, f"connector: {{credentials: '{reference}'}}"))
    assert run(jail, workspace).outcome.code == 0


@pytest.mark.parametrize("line", HARMLESS)
def test_a_word_that_only_resembles_is_no_secret(line: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, FEED, parser(line))
    assert run(jail, workspace).outcome.code == 0


def test_a_secret_in_what_was_generated_is_not_shown_by_a_diff(jail: Jail, workspace: Path) -> None:
    assert run(jail, workspace).outcome.code == 0
    plant(workspace, "generated/dev/service.yaml", f"password: {SECRET}\nurl: nats://user:{ENCODED}@host\n")
    for arguments in (("compile", "--check"), ("validate",)):
        ran = run(jail, workspace, *arguments)
        assert ran.outcome.code == 1
        assert not any(form in ran.outcome.said for form in forms())


# Bugs of our own


CRASHING = ["validate", "validate --fix", "compile", "fmt", "graph", "trace generated/dev/spec.json", "schema list"]


@pytest.mark.parametrize("command", CRASHING)
def test_a_crash_says_nothing_of_what_it_was_working_on(command: str, jail: Jail, workspace: Path) -> None:
    scratch = workspace.parent / "scratch"
    scratch.mkdir()
    ran = jail.run(command.split(), workspace, changed=("explode",), env={"TMPDIR": str(scratch)})
    assert ran.code == 3
    assert len(ran.err.splitlines()) == 2
    (crash,) = scratch.iterdir()
    assert str(crash) in ran.err
    assert "RuntimeError" in crash.read_text()
    assert leaks(workspace, ran.said) == []


def test_a_crash_is_told_where_no_file_can_be_left(jail: Jail, workspace: Path) -> None:
    nowhere = str(workspace / "nowhere")
    workspace.chmod(0o555)
    try:
        ran = run(jail, workspace, changed=("explode",), env={"TMPDIR": nowhere}, unprivileged=True)
    finally:
        workspace.chmod(0o755)
    assert ran.outcome.code == 3
    assert leaks(workspace, ran.outcome.said) == []
    assert "Traceback" not in ran.outcome.said


# Controls


def test_control_without_the_check_it_is_generated(jail: Jail, workspace: Path) -> None:
    path, text = ACCEPTED_OTHERWISE["an endpoint's token"]
    plant(workspace, path, text)
    ran = run(jail, workspace, changed=("no_secret_check",))
    assert ran.outcome.code == 0
    assert "ws/generated/dev/spec.json" in leaks(workspace, ran.outcome.said)
    for arguments in (("trace", "generated/dev/spec.json", "--output", "json"), ("compile", "--check")):
        plant(workspace, "generated/dev/spec.json", "")
        assert leaks(workspace, jail.run(arguments, workspace, changed=("no_secret_check", "no_mask")).said)


@pytest.mark.parametrize("name", ["an unknown field beside it", "twice", "syntax on its line"])
def test_control_without_the_mask_it_is_shown(name: str, jail: Jail, workspace: Path) -> None:
    path, text = WRONG_AS_WELL[name]
    plant(workspace, path, text)
    ran = run(jail, workspace, changed=("no_mask",))
    assert leaks(workspace, ran.outcome.said) == ["said"]


def test_control_a_talkative_crash_would_be_noticed(jail: Jail, workspace: Path) -> None:
    ran = run(jail, workspace, changed=("explode", "talkative_crash"))
    assert leaks(workspace, ran.outcome.said)
