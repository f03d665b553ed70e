"""Source: bytes to documents with positions. It knows no model; limits live here."""

from ssmd_compiler.source.allowances import Allowance
from ssmd_compiler.source.document import Document, Map, Path, Quoted, Seq, texts
from ssmd_compiler.source.faults import Fault, FaultKind
from ssmd_compiler.source.overlay import OverlayTree, read_bounded
from ssmd_compiler.source.reading import read_document
from ssmd_compiler.source.tree import DirectoryTree, MemoryTree, Refused, Tree, beside, inside, sha256

__all__ = [
    "Allowance",
    "DirectoryTree",
    "Document",
    "Fault",
    "FaultKind",
    "Map",
    "MemoryTree",
    "OverlayTree",
    "Path",
    "Quoted",
    "Refused",
    "Seq",
    "Tree",
    "beside",
    "inside",
    "read_bounded",
    "read_document",
    "sha256",
    "texts",
]
