"""Hospitals, their nodes, keys and addresses. Front desk: :mod:`lienthong.facilities.directory`."""
