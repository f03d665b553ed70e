"""The values of the keys that a spec needs, each read where the spec says, and all that is missing told at once.

Every field read is an event in the log `ssmd.keys`: which key, which field, where it came from, never what it is. A key
that is not required may be absent as a whole; half of one is a mistake.
"""

from __future__ import annotations

import asyncio
import logging
import os
import random as chance
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from ssmd_runtime.keys import env, files
from ssmd_runtime.keys.asking import SECONDS, Server
from ssmd_runtime.keys.kubernetes import SERVICE_ACCOUNT, Kubernetes
from ssmd_runtime.keys.problems import KeyProblem, Unavailable, one_line
from ssmd_runtime.keys.vault import Vault

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from ssmd_runtime.secret import Secret
    from ssmd_runtime.spec import CollectorSpec, FieldSource, KeySpec, Retry

__all__ = ["Sources", "needed", "resolve"]

LOG: Final = logging.getLogger("ssmd.keys")

_Values = dict[str, "Secret | Unavailable"]


@dataclass(frozen=True, slots=True)
class Sources:
    """The world that keys come from: variables, the folder of the pod's service account, time and chance."""

    environ: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    service_account: str = SERVICE_ACCOUNT
    seconds: float = SECONDS
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Callable[[], float] = chance.random


def needed(spec: CollectorSpec) -> tuple[str, ...]:
    """The keys that a collector of this spec uses, in the order of the spec's keys.

    The store's is not among them where an archiver takes the files there: the collector is not given it then.
    """
    stores = spec.storage.type == "s3" and "archiver" not in spec.subjects.consumers
    used = {
        spec.auth.key if spec.auth.method != "none" else None,
        spec.transport.key if spec.transport.type != "memory" else None,
        spec.storage.key if stores else None,
        spec.cache.key if spec.cache.type == "redis" else None,
        spec.journal.key if spec.journal.type != "memory" else None,
    } - {None}
    declared = [key.name for key in spec.keys]
    return (*(name for name in declared if name in used), *sorted(str(name) for name in used - set(declared)))


async def resolve(
    spec: CollectorSpec, names: Iterable[str] | None = None, sources: Sources | None = None
) -> dict[str, dict[str, Secret]]:
    """Key -> field -> value, of the keys named (None: those `needed`). Raises `KeyProblem`, a line for each flaw."""
    wanted = tuple(dict.fromkeys(needed(spec) if names is None else names))
    declared = {key.name: key for key in spec.keys}
    keys = [declared[name] for name in wanted if name in declared]
    read = await _read({_place(key, one) for key in keys for one in key.fields}, spec.retry, sources or Sources())
    found: dict[str, dict[str, Secret]] = {}
    lines = [f"key {one_line(name)}: the spec does not declare it" for name in wanted if name not in declared]
    for key in keys:
        values = {name: _value(read[_place(key, name)], key, name) for name in key.fields}
        flaws = {name: value for name, value in values.items() if isinstance(value, Unavailable)}
        if not key.required and len(flaws) == len(values) and all(flaw.absent for flaw in flaws.values()):
            _tell("key_absent", key=key.name)
            continue
        lines += [f"key {one_line(key.name)}: field {one_line(name)}: {flaw}" for name, flaw in flaws.items()]
        found[key.name] = {name: value for name, value in values.items() if not isinstance(value, Unavailable)}
        for name in found[key.name]:
            _tell("key_read", key=key.name, field=name, source=_place(key, name))
    if lines:
        raise KeyProblem(lines)
    return found


def _place(key: KeySpec, name: str) -> str:
    """Where a field is read: `env:NAME`, `file:PATH`, `vault:PATH`, `secret:NAME`, or "" for nowhere."""
    said: FieldSource = key.fields[name]
    if said.env is not None:
        return f"env:{said.env}"
    if said.file is not None:
        return f"file:{said.file}"
    if said.vault is not None:
        return f"vault:{said.vault.partition('#')[0]}"
    return f"secret:{key.secret}" if key.secret else ""


def _value(read: _Values | Unavailable, key: KeySpec, name: str) -> Secret | Unavailable:
    if isinstance(read, Unavailable):
        return read
    vault = key.fields[name].vault
    member = vault.partition("#")[2] or name if vault is not None else name
    place = _place(key, name)
    if place.startswith(("env:", "file:")):
        return read[""]
    scheme, _, where = place.partition(":")
    shown = f"{'vault path' if scheme == 'vault' else 'secret'} {one_line(where)}"
    return read.get(member) or Unavailable(f"{shown} has no field {one_line(member)}", absent=True)


async def _read(places: set[str], policy: Retry, sources: Sources) -> dict[str, _Values | Unavailable]:
    """What stands at each place; every place is read once."""

    def connect(name: str, url: str, authority: str | None) -> Server:
        return Server(
            name, url, policy, authority=authority, seconds=sources.seconds, sleep=sources.sleep, random=sources.random
        )

    async with AsyncExitStack() as stack:
        vault = Vault(sources.environ, connect, sources.service_account)
        stack.push_async_callback(vault.close)
        kubernetes = Kubernetes(sources.environ, connect, sources.service_account)
        stack.push_async_callback(kubernetes.close)

        async def one(place: str) -> _Values | Unavailable:
            scheme, _, where = place.partition(":")
            try:
                match scheme:
                    case "env":
                        return {"": env.read(where, sources.environ)}
                    case "file":
                        return {"": files.read(where)}
                    case "vault":
                        return await vault.fields(where)
                    case "secret":
                        return await kubernetes.fields(where)
            except Unavailable as problem:
                return problem.with_traceback(None)
            return Unavailable("the spec does not say where it comes from")

        return {place: await one(place) for place in sorted(places)}


def _tell(event: str, **fields: str) -> None:
    LOG.info(event, extra={"event": event, "fields": fields})
