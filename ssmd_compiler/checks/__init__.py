"""Checks: one module, one code. Each says what it looks at, and gives an example that fails and one that passes.

To add one: its module (copy a neighbour), a line in the table below, and `make docs`. Tests come from the examples.
"""

from __future__ import annotations

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
    ssmd018_bad_allowance,
    ssmd019_allowance_expired,
    ssmd020_allowance_unused,
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
    ssmd114_ping_too_late,
    ssmd115_collector_refuses,
    ssmd201_unknown_feed,
    ssmd202_unknown_schema,
    ssmd203_unknown_schema_version,
    ssmd204_schema_without_version,
    ssmd205_unknown_alert,
    ssmd206_unknown_compatible_version,
    ssmd207_unused_feed,
    ssmd208_unused_schema,
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
    ssmd408_version_incompatible,
    ssmd409_version_changes_code,
    ssmd410_approval_over,
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
    ssmd511_unused_key,
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
    ssmd808_unused_template,
    ssmd810_manifest_invalid,
    ssmd811_bad_promql,
    ssmd812_unknown_metric,
    ssmd813_unknown_label,
    ssmd814_no_schema,
    ssmd901_configmap_too_large,
    ssmd902_request_above_limit,
    ssmd903_policy_violated,
    ssmd904_rule_unusable,
)
from ssmd_compiler.checks.manifests import Manifests
from ssmd_compiler.checks.stages import (
    Allowing,
    Claim,
    Claims,
    DefinitionFile,
    Emitted,
    Families,
    FeedStage,
    Generated,
    GeneratedFile,
    Rules,
    SchemaStage,
    SettingsStage,
    TemplateStage,
    Topology,
    Usage,
    claims,
)
from ssmd_compiler.diagnostics import Severity
from ssmd_compiler.link import LinkedEnvironment
from ssmd_compiler.lower import Lowered
from ssmd_compiler.model import Bound
from ssmd_compiler.policy import Judgement
from ssmd_compiler.record import replace
from ssmd_compiler.source import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

    from ssmd_compiler.diagnostics import Diagnostic

__all__ = [
    "REFERENCES",
    "TABLE",
    "Allowing",
    "Claim",
    "Claims",
    "DefinitionFile",
    "Emitted",
    "Families",
    "FeedStage",
    "Generated",
    "GeneratedFile",
    "Manifests",
    "Rules",
    "SchemaStage",
    "SettingsStage",
    "TemplateStage",
    "Topology",
    "Usage",
    "allowable",
    "can_be_allowed",
    "claims",
    "codes_of",
    "modules",
    "run",
    "run_references",
    "stops",
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
        ssmd114_ping_too_late,
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
        ssmd408_version_incompatible,
        ssmd409_version_changes_code,
        ssmd410_approval_over,
    ),
    LinkedEnvironment: (
        ssmd114_ping_too_late,
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
        ssmd511_unused_key,
        ssmd601_middleware_incomplete,
        ssmd602_middleware_foreign_setting,
        ssmd603_transport_not_supported,
        ssmd604_path_not_mountable,
        ssmd705_symbol_not_in_one_shard,
        ssmd708_name_reserved,
    ),
    Lowered: (
        ssmd115_collector_refuses,
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
    Manifests: (
        ssmd810_manifest_invalid,
        ssmd811_bad_promql,
        ssmd812_unknown_metric,
        ssmd813_unknown_label,
        ssmd814_no_schema,
    ),
    Topology: (
        ssmd702_name_taken,
        ssmd704_subject_taken,
        ssmd706_stream_taken,
        ssmd707_place_taken,
    ),
    Usage: (
        ssmd207_unused_feed,
        ssmd208_unused_schema,
        ssmd808_unused_template,
    ),
    Judgement: (ssmd903_policy_violated,),
    Rules: (ssmd904_rule_unusable,),
    TemplateStage: (ssmd806_template_fails,),
    Generated: (
        ssmd801_drift,
        ssmd802_output_missing,
        ssmd803_orphan,
        ssmd804_generated_link,
        ssmd805_lock_unreadable,
    ),
    Allowing: (
        ssmd018_bad_allowance,
        ssmd019_allowance_expired,
        ssmd020_allowance_unused,
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
MOST: Final[Mapping[type, int]] = {
    Topology: 100_000,
    Generated: 1_000_000,
    Families: 100_000,
    Allowing: 100_000,
    Usage: 100_000,
}
"""Findings of one check about one thing. Of a document, a person mends fifty before asking for more."""


MORE: Final = "there are more like this, not told"
"""How the help of a finding ends that stands for others as well."""


def _bounded(found: Iterable[Diagnostic], most: int) -> Iterator[Diagnostic]:
    for count, one in enumerate(found, start=1):
        if count == most:
            yield replace(one, help=f"{one.help}; {MORE}".lstrip("; "))
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


_BY_CODE: Final = {module.CODE: module for group in TABLE.values() for module in group}


def allowable(found: Diagnostic) -> bool:
    """Whether a comment may allow it: its check says so (`ALLOWABLE`), or by default if it is a warning."""
    by_default = found.severity is Severity.WARNING
    return bool(getattr(_BY_CODE.get(found.code), "ALLOWABLE", by_default))


def can_be_allowed(check: ModuleType) -> bool:
    """Whether a comment may allow anything that a check finds; one that can warn has imported `warning`."""
    return bool(getattr(check, "ALLOWABLE", hasattr(check, "warning")))


def codes_of(*stages: type) -> frozenset[str]:
    """The codes of the checks that look at any of these."""
    return frozenset(module.CODE for stage in stages for module in TABLE[stage])


def stops(found: Iterable[Diagnostic]) -> bool:
    """Whether nothing can be built on what was found: an error that nobody may allow."""
    return any(one.severity is Severity.ERROR and not allowable(one) for one in found)
