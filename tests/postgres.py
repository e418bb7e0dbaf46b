"""A PostgreSQL cluster for one test run."""

from lienthong.config.drill.postgres import HOW_TO_INSTALL, cluster, programs

__all__ = ["HOW_TO_INSTALL", "cluster", "programs"]
