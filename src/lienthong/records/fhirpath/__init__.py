"""FHIRPath (N1, ANSI/HL7 2.0.0) over R4 JSON, compiled to Python: search parameters and invariants are written in it.

Evaluation never raises: values of a strange shape count as absent, and where FHIRPath would stop with an error (several
items where one is needed, values nested too deeply) the answer is empty. ``matches`` looks for the pattern anywhere in
the text, as N1 says.
``resolve()`` does not fetch; it gives what the reference itself tells, or the contained resource.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from lienthong.records.fhirpath import generate, model, syntax
from lienthong.records.fhirpath.runtime import Primitive
from lienthong.records.fhirpath.syntax import NotCompiled

__all__ = ["Compiled", "NotCompiled", "Primitive", "compile"]


class Compiled:
    """A compiled expression.

    Attributes:
        source: the Python that runs.
    """

    __slots__ = ("_run", "source")

    def __init__(self, source: str, run: Callable[[Any, Any, Any], list[Any]]) -> None:
        self.source = source
        self._run = run

    def __call__(self, focus: Any, resource: Any = None, root: Any = None) -> list[Any]:
        """The values (plain JSON) that the expression yields.

        Args:
            focus: what it is evaluated on, a dictionary; for an element of a primitive type its value, or a
                :class:`Primitive` if it has extensions.
            resource: the resource that the focus stands in (``%resource``), if it is not the focus itself.
            root: the resource that contains that one (``%rootResource``), if there is one.
        """
        resource = focus if resource is None else resource
        try:
            return self._run(focus, resource, resource if root is None else root)
        except RecursionError:
            return []


@lru_cache(maxsize=4096)
def compile(expression: str, kind: str) -> Compiled:
    """Compiles an expression.

    Args:
        expression: e.g. ``Patient.name.given`` or ``value.exists() or dataAbsentReason.exists()``.
        kind: the type of what it is evaluated on: ``Observation``, ``Observation.component``, ``Period`` …

    Raises:
        NotCompiled: R4 has no such type or element, or the expression is wrong or uses what is not supported.
    """
    if not model.known(kind):
        raise NotCompiled(f"R4 has no type {kind!r}")
    try:
        source = generate.source(syntax.parse(expression), kind)
        return Compiled(source, generate.function(source))
    except (RecursionError, MemoryError, SyntaxError) as error:
        raise NotCompiled("the expression is nested too deeply") from error
