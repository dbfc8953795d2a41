"""Bounds on what a template may do, counted and not timed: the same template fails the same way on every machine.

The sandbox of Jinja keeps a template from reaching out; it does not keep one from never ending or from filling the
memory (`'a' * 10**8`, twenty doublings of a list, loops in loops). Here every loop turn and printed value is counted,
and every text or list that a template builds is weighed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes
from jinja2.filters import do_join
from jinja2.nodes import EvalContext
from jinja2.utils import pass_eval_context
from jinja2.visitor import NodeTransformer

from campaign.render.slots import Slot

#: Turns of loops, and values built or printed, in one rendering.
MAX_STEPS = 50_000
#: Characters in any one value that a template builds.
MAX_TEXT = 200_000
#: Characters printed in one rendering, in captured blocks too.
MAX_PRINTED = 1_000_000
MAX_NESTING = 4


class TooMuchError(Exception):
    """A template passed one of its bounds."""


@dataclass(slots=True)
class Budget:
    """What one rendering may still spend."""

    steps: int = MAX_STEPS
    characters: int = MAX_PRINTED


budget: ContextVar[Budget | None] = ContextVar("campaign_render_budget", default=None)


def spend(steps: int = 1, characters: int = 0) -> None:
    """Take from the budget of the rendering that is going on; TooMuchError when it is used up."""
    now = budget.get()
    if now is None:
        return
    now.steps -= steps
    now.characters -= characters
    if now.steps < 0:
        raise TooMuchError(f"it takes more than {MAX_STEPS:,} steps")
    if now.characters < 0:
        raise TooMuchError(f"it writes more than {MAX_PRINTED:,} characters")


def counted(iterable: Iterable[Any]) -> Iterator[Any]:
    """The same items, each of them a step."""
    for item in iterable:
        spend()
        yield item


def bounded(value: Any) -> Any:
    """`value`, or TooMuchError where it is a text or a list that has grown too large."""
    if isinstance(value, str):
        spend()
        if len(value) > MAX_TEXT:
            raise TooMuchError(f"it builds a text of more than {MAX_TEXT:,} characters")
        return value
    if isinstance(value, list | tuple | dict):
        weigh(value)
    return value


def weigh(value: Any, depth: int = 0) -> int:
    """The characters that a list, tuple or dict would print; TooMuchError where they or its depth are too many."""
    spend()
    if isinstance(value, str):
        return len(value)
    if not isinstance(value, list | tuple | dict):
        return 1
    if depth >= MAX_NESTING:
        raise TooMuchError(f"it nests lists more than {MAX_NESTING} deep")
    items: Iterable[Any] = [*value, *value.values()] if isinstance(value, Mapping) else value
    total = 0
    for item in items:
        total += weigh(item, depth + 1)
        if total > MAX_TEXT:
            raise TooMuchError(f"it builds a list of more than {MAX_TEXT:,} characters")
    return total


def printed_size(value: Any) -> None:
    """Count a value that is about to be printed. A list or a dict is refused: it would print as code."""
    if isinstance(value, str):
        spend(1, len(value))
    elif type(value) in (list, tuple, dict, set, frozenset):
        raise TooMuchError("it prints a whole list; print its items, or join them")


def replace(value: Any, old: str, new: str) -> str:
    """`replace`, refused where the result would have no bound."""
    text, old, new = str(value), str(old), str(new)
    if text.count(old) * len(new) > MAX_TEXT:
        raise TooMuchError(f"it builds a text of more than {MAX_TEXT:,} characters")
    return text.replace(old, new)


@pass_eval_context
def join(context: EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    """`join`, refused where the result would have no bound."""
    items = list(counted(value))
    known = sum(len(item) if isinstance(item, str) else 1 for item in items if not isinstance(item, Slot))
    if known + len(str(d)) * len(items) > MAX_TEXT:
        raise TooMuchError(f"it builds a text of more than {MAX_TEXT:,} characters")
    joined: str = do_join(context, items, d, attribute)
    return joined


def bounded_range(*args: int) -> range:
    """`range`, refused where it is longer than any loop may be."""
    wanted = range(*args)
    if len(wanted) > MAX_STEPS:
        raise TooMuchError(f"it takes more than {MAX_STEPS:,} steps")
    return wanted


class Guard(NodeTransformer):
    """Puts the counting and the weighing into a template's syntax tree."""

    def _wrapped(self, node: nodes.Expr, filter_name: str) -> nodes.Filter:
        return nodes.Filter(node, filter_name, [], [], None, None, lineno=node.lineno)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - the name is Jinja's
        """Each turn is a step."""
        self.generic_visit(node)
        node.iter = nodes.Filter(node.iter, "counted_", [], [], None, None, lineno=node.lineno)
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        """`a ~ b`: weighed."""
        self.generic_visit(node)
        return self._wrapped(node, "bounded_")

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        """`[a, b]`: weighed."""
        self.generic_visit(node)
        return self._wrapped(node, "bounded_")

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        """`{a: b}`: weighed."""
        self.generic_visit(node)
        return self._wrapped(node, "bounded_")

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        """`(a, b)`: weighed where it is a value and no target of an assignment."""
        self.generic_visit(node)
        return self._wrapped(node, "bounded_") if node.ctx == "load" else node
