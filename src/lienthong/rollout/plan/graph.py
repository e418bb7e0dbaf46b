"""What waits for what: edges between tasks, and what follows from them. Nothing here asks the database.

``Needs`` maps a task to the tasks that must be done before it; keys are any names, e.g. numbers of tasks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

Needs = Mapping[str, Collection[str]]


def waits_for(needs: Needs, task: str) -> set[str]:
    """All tasks that must be done before a task, directly or through others."""
    found: set[str] = set()
    ahead = list(needs.get(task, ()))
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += needs.get(one, ())
    return found


def turned(needs: Needs) -> dict[str, set[str]]:
    """The same edges from the other end: a task to those that wait for it directly."""
    found: dict[str, set[str]] = {}
    for task, before in needs.items():
        for one in before:
            found.setdefault(one, set()).add(task)
    return found


def blockers(needs: Needs, done: Collection[str], task: str) -> set[str]:
    """Open tasks that a task waits for, directly or through others; what is done holds nothing up any more,
    nor does what stands behind it."""
    found: set[str] = set()
    ahead = [one for one in needs.get(task, ()) if one not in done]
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += [before for before in needs.get(one, ()) if before not in done]
    return found


def holds_up(needs: Needs, done: Collection[str], task: str) -> set[str]:
    """Open tasks that cannot begin before this one is done, directly or through others."""
    return set() if task in done else blockers(turned(needs), done, task)


def chain(needs: Needs, task: str, before: str) -> list[str] | None:
    """The circle that would close if ``task`` came to wait for ``before``; None when there is none.

    Returns:
        Tasks from ``task`` back to ``task``, each waiting for the next.
    """
    if task == before:
        return [task, task]
    way: dict[str, str] = {}
    ahead = [before]
    seen = {before}
    while ahead:
        one = ahead.pop(0)
        for next_one in sorted(needs.get(one, ())):
            if next_one not in seen:
                seen.add(next_one)
                way[next_one] = one
                ahead.append(next_one)
    if task not in seen:
        return None
    back = [task]
    while back[-1] != before:
        back.append(way[back[-1]])
    return [task, *reversed(back)]


def layers(needs: Needs, tasks: Collection[str]) -> dict[str, int]:
    """For a drawing: each task's column, 0 for those that wait for nothing; each stands right of all it waits for."""
    found: dict[str, int] = {}
    inside = {task: [one for one in needs.get(task, ()) if one in tasks] for task in tasks}
    left = set(tasks)
    while left:
        ready = [task for task in left if all(one in found for one in inside[task])]
        if not ready:
            raise ValueError("a circle")
        for task in ready:
            found[task] = max((found[one] + 1 for one in inside[task]), default=0)
        left -= set(ready)
    return found
