"""Diagnostics: the ground floor that every stage may use and that uses no stage."""

from ssmd_compiler.diagnostics.model import Diagnostic, Related, Severity, Span, TextEdit, error, warning

__all__ = ["Diagnostic", "Related", "Severity", "Span", "TextEdit", "error", "warning"]
