"""The lock: what one has beyond another, which decides what is removed, worked out the short way and the long."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ssmd_compiler.lock import Group, Lock, ordered, read_lock

NAMES = st.sampled_from(["a", "b", "c", "d"])
OUTPUTS = st.dictionaries(st.builds("{}/{}.yaml".format, NAMES, NAMES), st.sampled_from(["1", "2"]), max_size=5)
LOCKS = st.dictionaries(NAMES, OUTPUTS, max_size=4)


def lock(outputs: dict[str, dict[str, str]]) -> Lock:
    groups = (Group(name, (f"environments/{name}.yaml",), files) for name, files in outputs.items())
    return Lock("ssmd", "2026-11-21", {}, ordered(groups))


@given(LOCKS, LOCKS, st.sets(NAMES))
def test_what_one_lock_has_beyond_another(mine: dict, theirs: dict, same: set[str]) -> None:
    old, new = lock(mine), lock(theirs)
    # Groups that nobody touched are the very same objects in both, as the cache leaves them.
    shared = tuple(group for group in old.groups if group.environment in same)
    kept = tuple(group for group in new.groups if group.environment not in {one.environment for one in shared})
    new = Lock(new.compiler, new.as_of, {}, ordered((*kept, *shared)))
    assert old.beyond(new) == old.outputs.keys() - new.outputs.keys()
    assert new.beyond(old) == new.outputs.keys() - old.outputs.keys()


def test_the_same_bytes_are_the_same_lock() -> None:
    content = lock({"a": {"a/spec.json": "1"}}).encode()
    assert read_lock(content) is read_lock(bytes(bytearray(content)))
    assert not read_lock(content).beyond(read_lock(content))
