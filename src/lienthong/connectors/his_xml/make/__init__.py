"""Invented exports that look like a hospital's, for the demo province, tests and benchmarks."""

from lienthong.connectors.his_xml.make.dossiers import make_dossiers
from lienthong.connectors.his_xml.make.envelope import MadeDossier, Style, envelope

__all__ = ["MadeDossier", "Style", "envelope", "make_dossiers"]
