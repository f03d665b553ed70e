"""A workspace's template is a stranger's program: it sees what it is given, for a moment, in a bounded space.

Whatever it tries is a finding at the template (SSMD806: it fails; SSMD807: what it makes is no manifest), and nothing
is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hostile import CANARY, SETTINGS, TEMPLATE, Honest, plant, run
from jail import GIB

from ssmd_compiler.emit.templates import built_in

if TYPE_CHECKING:
    from pathlib import Path

    from jail import Jail

FAILS, NO_MANIFEST = "SSMD806", "SSMD807"
FEW = 256 << 20
"""Bytes beyond which a template took more memory than any could need."""

SERVICE = built_in()["service.yaml.j2"]

ESCAPES = {
    "classes": "{{ ''.__class__.__mro__ }}",
    "classes, subscripted": "{{ ''['__class__']['__mro__'] }}",
    "classes, by a filter": "{{ ''|attr('__class__') }}",
    "classes, by a format": "{{ '{0.__class__.__mro__}'.format('') }}",
    "classes, by a format of a mapping": "{{ '{a.__class__}'.format_map({'a': 1}) }}",
    "globals of a built-in": "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "globals of the template": "{{ self.__init__.__globals__ }}",
    "globals of a macro": "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "globals of a loop": "{% for a in [1] %}{{ loop.__init__.__globals__ }}{% endfor %}",
    "a bound method's object": "{{ 'a'.title.__self__ }}",
    "the environment": "{{ self._TemplateReference__context.environment }}",
    "to change a value": "{{ labels.update({'a': 'b'}) }}",
    "to remove a value": "{{ labels.pop('app.kubernetes.io/name') }}",
    "a file, included": "{% include '{outside}' %}",
    "a file, included from above": "{% include '../../outside/x' %}",
    "a file, included if there": "{% include ['nothing', '{outside}'] %}",
    "a file, imported": "{% import '{outside}' as x %}{{ x }}",
    "a file, imported from": "{% from '{outside}' import leaked %}",
    "a file, extended": "{% extends '{outside}' %}",
    "a name that is not given": "kind: {{ nam }}",
    "an attribute that is not there": "kind: {{ labels.nothing.at.all }}",
    "a name of Jinja": "{{ range(3) }}",
    "an object": "{{ labels.items }}",
    "an iterator": "{{ labels.items() }}",
    "an unknown filter": "{{ name|upper }}",
    "an unknown test": "{% if name is odd_one %}{% endif %}",
    "an extension": "{% do labels %}",
    "no end": "{% if name %}",
    "no expression": "{% if %}",
    "no end of a print": "{{ name ",
    "no end of a comment": "{# ",
    "no end of raw text": "{% raw %}",
    "a bad operation": "{{ name + 1 }}",
    "a division by zero": "{{ 1 // 0 }}",
    "bytes": b"\x80\xff\x00",
    "UTF-16": SERVICE.encode("utf-16"),
    "a NUL": "kind: a\0b\n",
    "itself, included": "{% include 'service.yaml.j2' %}",
    "itself, extended": "{% extends 'service.yaml.j2' %}",
    "itself, imported": "{% import 'service.yaml.j2' as x %}",
    "a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "a loop that calls itself": "{% for a in [[1]] recursive %}{{ loop([[1]]) }}{% endfor %}",
    "a tag of YAML": "kind: !!python/object/apply:os.system [id]\n",
    "the same document twice": f"{SERVICE}---\n{SERVICE}",
    "what another file has": SERVICE + "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ name }}\n",
    "no mapping": "- a\n",
    "no YAML": "a: [",
    "no kind": "apiVersion: v1\n",
    "nothing": "",
    "an alias bomb": "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
    "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
}

DEEP_OR_LONG = {
    "parentheses": "{{ " + "(" * 100_000 + "1" + ")" * 100_000 + " }}",
    "lists": "{{ " + "[" * 20_000 + "]" * 20_000 + " }}",
    "conditions": "{% if 1 %}" * 30_000 + "{% endif %}" * 30_000,
    "loops": "{% for i in '1' %}" * 100 + "{% endfor %}" * 100,
    "negations": "{{ " + "not " * 100_000 + "1 }}",
    "sums": "{{ " + "+".join(["1"] * 100_000) + " }}",
    "attributes": "{{ name" + ".a" * 100_000 + " }}",
    "filters": "{{ 'a'" + "|length" * 50_000 + " }}",
    "braces": "{{" * 300_000,
    "blocks": "".join(f"{{% block b{index} %}}{{% endblock %}}" for index in range(20_000)),
    "settings": "".join(f"{{% set a{index}=1 %}}" for index in range(40_000)),
    "prints": "{{name}}" * 100_000,
    "digits": "{{ " + "1" * 100_000 + " }}",
    "backslashes": "{{ '" + "\\" * 300_000,
}

LONG = "'" + "a" * 1000 + "'"

BOMBS = {
    "text times a number": "{{ 'a' * 10**9 }}",
    "a value times a number": "{% set n = 10**9 %}{{ name * n }}",
    "a list times a number": "{{ [1] * 10**8 }}",
    "a format of a width": "{{ '%1000000000d' % 1 }}",
    "a format method of a width": "{{ '{:>1000000000}'.format(1) }}",
    "padding": "{{ 'a'.ljust(10**9) }}",
    "zeros": "{{ 'a'.zfill(10**9) }}",
    "tabs": "{{ '\t'.expandtabs(10**9) }}",
    "a replacement": "{{ ('a' * 10**5).replace('a', 'b' * 10**4) }}",
    "an indent": "{{ labels|tree(10**9) }}",
    "an indent of a block": "{{ 'a\nb\nc\n'|block_text(10**9) }}",
    "text in a loop": "{% set s = 'a' * 1000 %}{% for i in s %}{% for j in s %}"
    + "a" * 500
    + "{% endfor %}{% endfor %}",
    "a loop over text": "{% for i in 'a' * 10**9 %}{% endfor %}",
    "summed again and again": "{% set a = name %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "doubling": "{% set a = 'x' * 2**20 %}{% set a = a ~ a %}{% set a = a ~ a %}{% set a = a ~ a %}{% set a = a ~ a %}"
    "{% set a = a ~ a %}{% set a = a ~ a %}{% set a = a ~ a %}{% set a = a ~ a %}{% set a = a ~ a %}{% set a = a ~ a %}x",
}

ENDLESS = {
    "loops in loops over a product": "{% set s = 'a' * 1000 %}" + "{% for i in s %}" * 5 + "{% endfor %}" * 5,
    "a power": "{{ 10 ** (10 ** 9) }}",
}


def template(text: str | bytes, outside: Path) -> bytes:
    return text if isinstance(text, bytes) else text.replace("{outside}", str(outside / "x")).encode()


def check_stopped(text: str | bytes, jail: Jail, workspace: Path, outside: Path, **options: int) -> float:
    plant(workspace, TEMPLATE, template(text, outside))
    ran = run(jail, workspace, **options)
    assert ran.outcome.code == 1, ran.outcome.err or "it was ended"
    assert ran.outcome.err == ""
    assert ran.codes <= {FAILS, NO_MANIFEST}
    for finding in ran.findings:
        assert finding["path"] == TEMPLATE
        assert 1 <= finding["line"] <= template(text, outside).count(b"\n") + 1
    assert ran.after == ran.before
    assert CANARY not in ran.outcome.said
    assert ran.outcome.peak < FEW
    return ran.outcome.cpu


@pytest.mark.parametrize("name", ESCAPES)
def test_a_template_reaches_for_nothing(name: str, jail: Jail, workspace: Path, outside: Path) -> None:
    check_stopped(ESCAPES[name], jail, workspace, outside)


@pytest.mark.parametrize("name", ["application.yaml.j2", "appproject.yaml.j2", "kustomization.yaml.j2"])
def test_a_template_of_the_whole_workspace_is_told_as_well(name: str, jail: Jail, workspace: Path) -> None:
    plant(workspace, SETTINGS, "repository: {url: 'https://git.example.com/x.git', revision: main}\n")
    assert run(jail, workspace).outcome.code == 0
    plant(workspace, f"templates/{name}", "{{ 1 // 0 }}")
    ran = run(jail, workspace)
    assert ran.outcome.code == 1, ran.outcome.err
    assert ran.codes == {FAILS}
    assert ran.after == ran.before


@pytest.mark.parametrize("name", DEEP_OR_LONG)
def test_a_template_is_bounded_in_depth_and_length(
    name: str, jail: Jail, workspace: Path, outside: Path, honest: Honest
) -> None:
    def act() -> float:
        return check_stopped(DEEP_OR_LONG[name], jail, workspace, outside)

    assert honest.bears(act(), 10, act)


@pytest.mark.parametrize("name", BOMBS)
def test_a_template_is_bounded_in_memory(name: str, jail: Jail, workspace: Path, outside: Path) -> None:
    check_stopped(BOMBS[name], jail, workspace, outside, memory=GIB + GIB // 2, cpu=6)


@pytest.mark.parametrize("name", ENDLESS)
def test_a_template_is_bounded_in_time(name: str, jail: Jail, workspace: Path, outside: Path) -> None:
    check_stopped(ENDLESS[name], jail, workspace, outside, cpu=6)


def test_what_is_missing_is_named(jail: Jail, workspace: Path) -> None:
    plant(workspace, TEMPLATE, "kind: {{ nam }}\n")
    (finding,) = run(jail, workspace).findings
    assert "`nam`" in finding["message"] or "'nam'" in finding["message"]
    assert "StrictUndefined" not in finding["message"]


def test_a_template_that_is_not_there_is_called_that(jail: Jail, workspace: Path) -> None:
    plant(workspace, TEMPLATE, "{% include 'nothing.j2' %}")
    (finding,) = run(jail, workspace).findings
    assert finding["message"] != "this template fails: nothing.j2"


def test_the_line_is_that_of_the_fault(jail: Jail, workspace: Path) -> None:
    plant(workspace, TEMPLATE, "# one\n# two\nkind: {{ ''.__class__ }}\n")
    (finding,) = run(jail, workspace).findings
    assert (finding["path"], finding["line"]) == (TEMPLATE, 3)


def test_an_honest_template_is_used(jail: Jail, workspace: Path) -> None:
    plant(workspace, TEMPLATE, "# ours\n" + SERVICE)
    assert run(jail, workspace).outcome.code == 0
    assert (workspace / "generated/dev/service.yaml").read_text().startswith("# ours\n")


# Controls: the same reach, without the guard

WITHOUT_GUARD = {
    "no_sandbox": "# {{ ''.__class__.__mro__|length }} classes\n" + SERVICE,
    "no_loader": "# {% include '{outside}' %}" + SERVICE,
    "no_strict_undefined": "# {{ nothing.at.all }}\n" + SERVICE,
}


@pytest.mark.parametrize("guard", WITHOUT_GUARD)
def test_control_without_the_guard_it_gets_what_it_wants(
    guard: str, jail: Jail, workspace: Path, outside: Path
) -> None:
    plant(workspace, TEMPLATE, template(WITHOUT_GUARD[guard], outside))
    assert run(jail, workspace).codes == {FAILS}
    assert run(jail, workspace, changed=(guard,)).outcome.code == 0
    if guard == "no_loader":
        assert CANARY in (workspace / "generated/dev/service.yaml").read_text()
