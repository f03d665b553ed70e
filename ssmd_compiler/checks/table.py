"""Which checks look at what, by name: a check's module is imported when there is something for it to look at."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final

from ssmd_compiler.checks.manifests import Manifests
from ssmd_compiler.checks.stages import (
    Allowing,
    Emitted,
    Families,
    FeedStage,
    Generated,
    Rules,
    SchemaStage,
    SettingsStage,
    TemplateStage,
    Topology,
    Usage,
)
from ssmd_compiler.link import LinkedEnvironment
from ssmd_compiler.lower import Lowered
from ssmd_compiler.model import Bound
from ssmd_compiler.policy import Judgement
from ssmd_compiler.source import Document

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

__all__ = ["REFERENCES", "TABLE", "code_of", "imported", "module_of", "modules"]

REFERENCES: Final = (
    "ssmd201_unknown_feed",
    "ssmd202_unknown_schema",
    "ssmd203_unknown_schema_version",
    "ssmd204_schema_without_version",
    "ssmd301_no_version_in_force",
    "ssmd305_draft_schema",
    "ssmd306_deprecated_schema",
    "ssmd307_schema_not_yet_effective",
    "ssmd309_disabled_feed",
    "ssmd310_deprecated_feed",
)
"""The checks that look at an environment's feed and schemas alone."""

TABLE: Final[Mapping[type, tuple[str, ...]]] = {
    Document: (
        "ssmd001_unreadable",
        "ssmd002_too_large",
        "ssmd003_not_utf8",
        "ssmd004_control_character",
        "ssmd005_syntax",
        "ssmd006_too_deep",
        "ssmd007_too_many_aliases",
        "ssmd008_merge_key",
        "ssmd009_tag",
        "ssmd010_duplicate_key",
        "ssmd011_several_documents",
        "ssmd012_empty",
        "ssmd013_link",
        "ssmd014_too_many_files",
        "ssmd015_key_not_text",
        "ssmd016_not_read",
    ),
    Bound: (
        "ssmd101_not_a_mapping",
        "ssmd102_unknown_field",
        "ssmd103_missing_field",
        "ssmd104_wrong_type",
        "ssmd105_not_allowed",
        "ssmd106_wrong_form",
        "ssmd107_wrong_kind",
        "ssmd108_name_differs",
        "ssmd109_api_version",
        "ssmd110_bad_name",
        "ssmd111_said_twice",
    ),
    Families: ("ssmd112_one_name",),
    SettingsStage: (
        "ssmd017_no_such_folder",
        "ssmd505_plaintext_secret",
    ),
    FeedStage: (
        "ssmd113_sequence_incomplete",
        "ssmd114_ping_too_late",
        "ssmd202_unknown_schema",
        "ssmd203_unknown_schema_version",
        "ssmd204_schema_without_version",
        "ssmd302_overlapping_versions",
        "ssmd303_range_reversed",
        "ssmd304_version_twice",
        "ssmd308_unknown_active_version",
        "ssmd505_plaintext_secret",
    ),
    SchemaStage: (
        "ssmd206_unknown_compatible_version",
        "ssmd304_version_twice",
        "ssmd401_definition_missing",
        "ssmd402_definition_outside",
        "ssmd403_definition_flawed",
        "ssmd404_definition_empty",
        "ssmd405_definition_changed",
        "ssmd406_definition_unsaid",
        "ssmd407_definition_unreadable",
        "ssmd408_version_incompatible",
        "ssmd409_version_changes_code",
        "ssmd410_approval_over",
    ),
    LinkedEnvironment: (
        *REFERENCES,
        "ssmd114_ping_too_late",
        "ssmd205_unknown_alert",
        "ssmd311_empty_day",
        "ssmd501_unknown_key",
        "ssmd502_unknown_key_field",
        "ssmd503_source_arity",
        "ssmd504_bad_source",
        "ssmd505_plaintext_secret",
        "ssmd506_key_of_another_type",
        "ssmd507_no_key_for_feed",
        "ssmd508_key_of_another_environment",
        "ssmd509_secret_of_another_namespace",
        "ssmd510_key_without_fields",
        "ssmd511_unused_key",
        "ssmd601_middleware_incomplete",
        "ssmd602_middleware_foreign_setting",
        "ssmd603_transport_not_supported",
        "ssmd604_path_not_mountable",
        "ssmd705_symbol_not_in_one_shard",
        "ssmd708_name_reserved",
    ),
    Lowered: (
        "ssmd115_collector_refuses",
        "ssmd701_name_too_long",
        "ssmd703_nothing_to_consume",
        "ssmd709_bad_subject",
        "ssmd710_variable_taken",
        "ssmd711_replicas_share_files",
        "ssmd902_request_above_limit",
    ),
    Emitted: (
        "ssmd807_template_output",
        "ssmd901_configmap_too_large",
    ),
    Manifests: (
        "ssmd810_manifest_invalid",
        "ssmd811_bad_promql",
        "ssmd812_unknown_metric",
        "ssmd813_unknown_label",
        "ssmd814_no_schema",
        "ssmd815_secret_in_plain_text",
    ),
    Topology: (
        "ssmd702_name_taken",
        "ssmd704_subject_taken",
        "ssmd706_stream_taken",
        "ssmd707_place_taken",
    ),
    Usage: (
        "ssmd207_unused_feed",
        "ssmd208_unused_schema",
        "ssmd808_unused_template",
    ),
    Judgement: ("ssmd903_policy_violated",),
    Rules: ("ssmd904_rule_unusable",),
    TemplateStage: ("ssmd806_template_fails",),
    Generated: (
        "ssmd801_drift",
        "ssmd802_output_missing",
        "ssmd803_orphan",
        "ssmd804_generated_link",
        "ssmd805_lock_unreadable",
    ),
    Allowing: (
        "ssmd018_bad_allowance",
        "ssmd019_allowance_expired",
        "ssmd020_allowance_unused",
    ),
}
"""What is looked at -> the checks that look at it, in order."""


def code_of(name: str) -> str:
    """The code of the check whose module has that name."""
    return name.partition("_")[0].upper()


_NAMES: Final = {code_of(name): name for group in TABLE.values() for name in group}


@cache
def imported(names: tuple[str, ...]) -> tuple[ModuleType, ...]:
    """The modules of those names."""
    return tuple(import_module(f"{__package__}.{name}") for name in names)


def module_of(code: str) -> ModuleType | None:
    """The check of a code."""
    name = _NAMES.get(code)
    return imported((name,))[0] if name is not None else None


def modules() -> tuple[ModuleType, ...]:
    """Every check, once, by code."""
    return imported(tuple(_NAMES[code] for code in sorted(_NAMES)))
