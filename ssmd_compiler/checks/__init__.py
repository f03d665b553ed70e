"""Checks: one module, one code. Each says what it looks at, and gives an example that fails and one that passes.

To add one: its module (copy a neighbour), a line in the table below, and `make docs`. Tests come from the examples.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from ssmd_compiler.checks import (
    ssmd001_unreadable,
    ssmd002_too_large,
    ssmd003_not_utf8,
    ssmd004_control_character,
    ssmd005_syntax,
    ssmd006_too_deep,
    ssmd007_too_many_aliases,
    ssmd008_merge_key,
    ssmd009_tag,
    ssmd010_duplicate_key,
    ssmd011_several_documents,
    ssmd012_empty,
    ssmd013_link,
    ssmd014_too_many_files,
    ssmd015_key_not_text,
    ssmd016_not_read,
    ssmd017_no_such_folder,
    ssmd101_not_a_mapping,
    ssmd102_unknown_field,
    ssmd103_missing_field,
    ssmd104_wrong_type,
    ssmd105_not_allowed,
    ssmd106_wrong_form,
    ssmd107_wrong_kind,
    ssmd108_name_differs,
    ssmd109_api_version,
    ssmd110_bad_name,
    ssmd111_said_twice,
    ssmd112_one_name,
    ssmd113_sequence_incomplete,
    ssmd201_unknown_feed,
    ssmd202_unknown_schema,
    ssmd203_unknown_schema_version,
    ssmd204_schema_without_version,
    ssmd205_unknown_alert,
    ssmd206_unknown_compatible_version,
    ssmd301_no_version_in_force,
    ssmd302_overlapping_versions,
    ssmd303_range_reversed,
    ssmd304_version_twice,
    ssmd305_draft_schema,
    ssmd306_deprecated_schema,
    ssmd307_schema_not_yet_effective,
    ssmd308_unknown_active_version,
    ssmd309_disabled_feed,
    ssmd310_deprecated_feed,
    ssmd311_empty_day,
    ssmd401_definition_missing,
    ssmd402_definition_outside,
    ssmd403_definition_flawed,
    ssmd404_definition_empty,
    ssmd405_definition_changed,
    ssmd406_definition_unsaid,
    ssmd407_definition_unreadable,
    ssmd501_unknown_key,
    ssmd502_unknown_key_field,
    ssmd503_source_arity,
    ssmd504_bad_source,
    ssmd505_plaintext_secret,
    ssmd506_key_of_another_type,
    ssmd507_no_key_for_feed,
    ssmd508_key_of_another_environment,
    ssmd509_secret_of_another_namespace,
    ssmd510_key_without_fields,
    ssmd601_middleware_incomplete,
    ssmd602_middleware_foreign_setting,
    ssmd603_transport_not_supported,
    ssmd604_path_not_mountable,
    ssmd701_name_too_long,
    ssmd702_name_taken,
    ssmd703_nothing_to_consume,
    ssmd704_subject_taken,
    ssmd705_symbol_not_in_one_shard,
    ssmd706_stream_taken,
    ssmd707_place_taken,
    ssmd708_name_reserved,
    ssmd709_bad_subject,
    ssmd710_variable_taken,
    ssmd801_drift,
    ssmd802_output_missing,
    ssmd803_orphan,
    ssmd804_generated_link,
    ssmd805_lock_unreadable,
    ssmd806_template_fails,
    ssmd807_template_output,
    ssmd901_configmap_too_large,
    ssmd902_request_above_limit,
)
from ssmd_compiler.checks.stages import (
    Claim,
    DefinitionFile,
    Emitted,
    Families,
    FeedStage,
    Generated,
    GeneratedFile,
    SchemaStage,
    SettingsStage,
    TemplateStage,
    Topology,
    claims,
)
from ssmd_compiler.link import LinkedEnvironment
from ssmd_compiler.lower import Lowered
from ssmd_compiler.model import Bound
from ssmd_compiler.source import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

    from ssmd_compiler.diagnostics import Diagnostic

__all__ = [
    "REFERENCES",
    "TABLE",
    "Claim",
    "DefinitionFile",
    "Emitted",
    "Families",
    "FeedStage",
    "Generated",
    "GeneratedFile",
    "SchemaStage",
    "SettingsStage",
    "TemplateStage",
    "Topology",
    "claims",
    "modules",
    "run",
    "run_references",
]

TABLE: Final[Mapping[type, tuple[ModuleType, ...]]] = {
    Document: (
        ssmd001_unreadable,
        ssmd002_too_large,
        ssmd003_not_utf8,
        ssmd004_control_character,
        ssmd005_syntax,
        ssmd006_too_deep,
        ssmd007_too_many_aliases,
        ssmd008_merge_key,
        ssmd009_tag,
        ssmd010_duplicate_key,
        ssmd011_several_documents,
        ssmd012_empty,
        ssmd013_link,
        ssmd014_too_many_files,
        ssmd015_key_not_text,
        ssmd016_not_read,
    ),
    Bound: (
        ssmd101_not_a_mapping,
        ssmd102_unknown_field,
        ssmd103_missing_field,
        ssmd104_wrong_type,
        ssmd105_not_allowed,
        ssmd106_wrong_form,
        ssmd107_wrong_kind,
        ssmd108_name_differs,
        ssmd109_api_version,
        ssmd110_bad_name,
        ssmd111_said_twice,
    ),
    Families: (ssmd112_one_name,),
    SettingsStage: (
        ssmd017_no_such_folder,
        ssmd505_plaintext_secret,
    ),
    FeedStage: (
        ssmd113_sequence_incomplete,
        ssmd202_unknown_schema,
        ssmd203_unknown_schema_version,
        ssmd204_schema_without_version,
        ssmd302_overlapping_versions,
        ssmd303_range_reversed,
        ssmd304_version_twice,
        ssmd308_unknown_active_version,
        ssmd505_plaintext_secret,
    ),
    SchemaStage: (
        ssmd206_unknown_compatible_version,
        ssmd304_version_twice,
        ssmd401_definition_missing,
        ssmd402_definition_outside,
        ssmd403_definition_flawed,
        ssmd404_definition_empty,
        ssmd405_definition_changed,
        ssmd406_definition_unsaid,
        ssmd407_definition_unreadable,
    ),
    LinkedEnvironment: (
        ssmd201_unknown_feed,
        ssmd202_unknown_schema,
        ssmd203_unknown_schema_version,
        ssmd204_schema_without_version,
        ssmd205_unknown_alert,
        ssmd301_no_version_in_force,
        ssmd305_draft_schema,
        ssmd306_deprecated_schema,
        ssmd307_schema_not_yet_effective,
        ssmd309_disabled_feed,
        ssmd310_deprecated_feed,
        ssmd311_empty_day,
        ssmd501_unknown_key,
        ssmd502_unknown_key_field,
        ssmd503_source_arity,
        ssmd504_bad_source,
        ssmd505_plaintext_secret,
        ssmd506_key_of_another_type,
        ssmd507_no_key_for_feed,
        ssmd508_key_of_another_environment,
        ssmd509_secret_of_another_namespace,
        ssmd510_key_without_fields,
        ssmd601_middleware_incomplete,
        ssmd602_middleware_foreign_setting,
        ssmd603_transport_not_supported,
        ssmd604_path_not_mountable,
        ssmd705_symbol_not_in_one_shard,
        ssmd708_name_reserved,
    ),
    Lowered: (
        ssmd701_name_too_long,
        ssmd703_nothing_to_consume,
        ssmd709_bad_subject,
        ssmd710_variable_taken,
        ssmd902_request_above_limit,
    ),
    Emitted: (
        ssmd807_template_output,
        ssmd901_configmap_too_large,
    ),
    Topology: (
        ssmd702_name_taken,
        ssmd704_subject_taken,
        ssmd706_stream_taken,
        ssmd707_place_taken,
    ),
    TemplateStage: (ssmd806_template_fails,),
    Generated: (
        ssmd801_drift,
        ssmd802_output_missing,
        ssmd803_orphan,
        ssmd804_generated_link,
        ssmd805_lock_unreadable,
    ),
}
"""What is looked at -> the checks that look at it, in order."""

_FAULTLESS: Final = (Document, Bound)


def run(stage: object) -> Iterator[Diagnostic]:
    """Every finding of every check that looks at a `stage`."""
    # A thousand documents without a fault need not be shown to every check of faults.
    if isinstance(stage, _FAULTLESS) and not stage.faults:
        return
    for module in TABLE[type(stage)]:
        check: Callable[[Any], Iterable[Diagnostic]] = module.check
        yield from _bounded(check(stage), MOST.get(type(stage), MOST_OF_A_DOCUMENT))


MOST_OF_A_DOCUMENT: Final = 50
MOST: Final[Mapping[type, int]] = {Topology: 100_000, Generated: 1_000_000, Families: 100_000}
"""Findings of one check about one thing. Of a document, a person mends fifty before asking for more."""


def _bounded(found: Iterable[Diagnostic], most: int) -> Iterator[Diagnostic]:
    for count, one in enumerate(found, start=1):
        if count == most:
            yield dataclasses.replace(one, help=f"{one.help}; there are more like this, not told".lstrip("; "))
            return
        yield one


REFERENCES: Final = (
    ssmd201_unknown_feed,
    ssmd202_unknown_schema,
    ssmd203_unknown_schema_version,
    ssmd204_schema_without_version,
    ssmd301_no_version_in_force,
    ssmd305_draft_schema,
    ssmd306_deprecated_schema,
    ssmd307_schema_not_yet_effective,
    ssmd309_disabled_feed,
    ssmd310_deprecated_feed,
)
"""The checks that look at an environment's feed and schemas alone."""


def run_references(linked: LinkedEnvironment) -> Iterator[Diagnostic]:
    """Every finding about the feed and the schemas of an environment of which nothing else is certain."""
    for module in REFERENCES:
        check: Callable[[Any], Iterable[Diagnostic]] = module.check
        yield from _bounded(check(linked), MOST_OF_A_DOCUMENT)


def modules() -> tuple[ModuleType, ...]:
    """Every check, once, by code."""
    distinct = {module.CODE: module for group in TABLE.values() for module in group}
    return tuple(distinct[code] for code in sorted(distinct))
