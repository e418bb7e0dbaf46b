"""Invented exports that look like a hospital's, for the demo province, tests and benchmarks."""

from lienthong.connectors.his_xml.envelope import MadeDossier, Style, envelope
from lienthong.connectors.his_xml.make.demo import Demo, Expected, Export, demo_exports
from lienthong.connectors.his_xml.make.dossiers import make_dossiers
from lienthong.connectors.his_xml.make.exports import write_exports
from lienthong.connectors.his_xml.make.history import long_history

__all__ = [
    "Demo",
    "Expected",
    "Export",
    "MadeDossier",
    "Style",
    "demo_exports",
    "envelope",
    "long_history",
    "make_dossiers",
    "write_exports",
]
