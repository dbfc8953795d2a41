"""Jinja, kept in: sandboxed, strict about unknown names, and bounded in size and steps.

Bounds are those of `guards`, and `MAX_OUTPUT` characters of output; each is a `TemplateError` that says so. They are
counts: no clock is read. What a count cannot see (one slow call) is bounded by the caller: `campaign check` renders in
a child process with limits on memory and time.
"""

from __future__ import annotations

import difflib
import re
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, ClassVar

import jinja2
from jinja2 import meta, nodes
from jinja2.bccache import Bucket
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from campaign.errors import Problem, TemplateError
from campaign.render import guards
from campaign.render.slots import PersonalTemplateError, Slot, strip_marks

MAX_OUTPUT = 200_000
MAX_SOURCE = 100_000
MAX_DEPTH = 20


def names_of(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


#: Filters that neither build without bound nor depend on chance, time or the machine.
FILTERS = names_of(
    "abs attr capitalize count d default dictsort first float groupby int items join "
    "last length list lower map max min reject rejectattr replace reverse select selectattr "
    "sort string striptags sum title trim truncate unique upper wordcount"
)
_STR_METHODS = names_of(
    "capitalize casefold count endswith find index isalnum isalpha isdigit islower isupper lower "
    "lstrip removeprefix removesuffix rstrip split splitlines startswith strip title upper partition "
    "rpartition"
)


def _is_string(value: Any) -> bool:
    return isinstance(value, str | Slot)


class Codes(jinja2.BytecodeCache):
    """Compiled templates of this process by name and content, so that each is compiled once and not once a mailing."""

    MOST = 500

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Hand over what was compiled from the very same source."""
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it; start anew when there are too many."""
        if len(self._codes) >= self.MOST:
            self._codes = {}
        self._codes[bucket.key, bucket.checksum] = bucket.code


@cache
def _code(finalize: str, autoescape: bool) -> Codes:
    """The compiled templates of one kind of sandbox: what is compiled depends on how values are printed."""
    return Codes()


class Sandbox(ImmutableSandboxedEnvironment):
    """The environment of every template. `kind` is how printed values are written: text, html or markdown."""

    intercepted_binops = frozenset({"*", "**", "+", "%"})
    _trees: ClassVar[dict[tuple[str, str | None], nodes.Template]] = {}

    def __init__(self, loader: Library, *, autoescape: bool, finalize: Callable[[Any], Any]) -> None:
        super().__init__(
            loader=loader,
            undefined=jinja2.StrictUndefined,
            autoescape=autoescape,
            finalize=finalize,
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=200,
            auto_reload=False,
            bytecode_cache=_code(finalize.__name__, autoescape),
        )
        self.filters = {name: self.filters[name] for name in sorted(FILTERS)}
        self.filters |= {"replace": guards.replace, "join": guards.join}
        self.filters |= {"counted_": guards.counted, "bounded_": guards.bounded}
        self.tests["string"] = _is_string
        #: Templates found to include one another in no circle. Sources never change within a sandbox's life.
        self.sound: set[str] = set()
        self.globals = {"range": guards.bounded_range}

    def parse(self, source: str, name: str | None = None, filename: str | None = None) -> nodes.Template:
        """The tree of a template, to be read and never changed: each source is parsed once in this process."""
        known = self._trees.get((source, name))
        if known is None:
            if len(self._trees) >= Codes.MOST:
                self._trees.clear()
            known = self._trees[source, name] = super().parse(source, name, filename)
        return known

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """A sum, product, power or formatting, refused where its result would have no bound."""
        guards.spend()
        if operator == "%" and isinstance(left, str):
            raise SecurityError("the % sign cannot format text here; write the value in {{ }}")
        if operator == "*" and (hasattr(left, "__len__") or hasattr(right, "__len__")):
            raise SecurityError("a text or list cannot be multiplied")
        if operator == "**" and (abs(left) > 10_000 or abs(right) > 16):
            raise SecurityError("that power is too large")
        if operator == "*" and abs(left) * abs(right) > 10**30:
            raise SecurityError("that number is too large")
        return guards.bounded(super().call_binop(context, operator, left, right))

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        """Only the methods of text that cannot grow it are open."""
        if isinstance(obj, str) and callable(value):
            return attr in _STR_METHODS
        return bool(super().is_safe_attribute(obj, attr, value))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        guarded = guards.Guard().visit(super()._parse(source, name, filename))
        if not isinstance(guarded, nodes.Template):
            raise TypeError("a template's tree is a Template")
        return guarded


@dataclass(eq=False)
class Library(jinja2.BaseLoader):
    """Templates by name (`messages/emails/day.md`): the campaign's own first, then those the product ships.

    `used` collects the name of each template that a rendering reached.
    """

    files: Mapping[str, bytes]
    shipped: Mapping[str, bytes]
    inline: dict[str, str] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)

    def find(self, name: str) -> bytes | None:
        """The bytes of a template, or None."""
        return self.files.get(name, self.shipped.get(name))

    def text(self, name: str) -> str:
        """A template as text. TemplateError where it is absent, too long, or not UTF-8."""
        if name in self.inline:
            return strip_marks(self.inline[name])
        data = self.find(name)
        self.used.add(name)
        if data is None:
            raise missing(name, {*self.files, *self.shipped})
        if len(data) > MAX_SOURCE:
            raise error("template-too-long", f"This template is longer than {MAX_SOURCE:,} bytes.", name)
        try:
            return strip_marks(data.decode("utf-8-sig").replace("\r\n", "\n"))
        except UnicodeDecodeError as problem:
            line = data[: problem.start].count(b"\n") + 1
            raise error(
                "template-encoding", "This file is not UTF-8 text.", name, line, "Save it as UTF-8 in your editor."
            ) from None

    def get_source(self, environment: Any, template: str) -> tuple[str, str, Callable[[], bool]]:
        """What Jinja asks a loader; a bare name is looked for under `messages/` and its folders."""
        return self.text(self.resolve(template)), self.resolve(template), lambda: True

    def resolve(self, name: str) -> str:
        """The full name of a template: as given, or below `messages/`."""
        for candidate in (name, f"messages/{name}", f"messages/emails/{name}", f"messages/posts/{name}"):
            if candidate in self.inline or self.find(candidate) is not None:
                return candidate
        return name


def error(code: str, message: str, file: str, line: int = 0, hint: str = "") -> TemplateError:
    """A `TemplateError` of one problem."""
    return TemplateError(Problem(code=code, message=message, file=file, line=line, hint=hint))


def missing(name: str, known: Iterable[str]) -> TemplateError:
    """The error for a template or file that is not there."""
    near = difflib.get_close_matches(name, list(known), 1)
    hint = f"Did you mean {near[0]}?" if near else "Add the file, or mend the name."
    return error("template-missing", f"There is no file {name}.", name, 0, hint)


def check_cycles(sandbox: Sandbox, library: Library, name: str, path: tuple[str, ...] = ()) -> None:
    """TemplateError where templates include or extend one another in a circle, or deeper than `MAX_DEPTH`."""
    full = library.resolve(name)
    if full in path:
        chain = " includes ".join((*path[path.index(full) :], full))
        raise error("template-circle", f"These templates include one another in a circle: {chain}.", path[-1])
    if len(path) >= MAX_DEPTH:
        raise error("template-depth", f"Templates include one another more than {MAX_DEPTH} deep.", path[-1])
    try:
        tree = sandbox.parse(library.text(full), full, full)
    except jinja2.TemplateSyntaxError as problem:
        raise _syntax(problem, full) from None
    for other in meta.find_referenced_templates(tree):
        if other is not None and (library.find(library.resolve(other)) is not None):
            check_cycles(sandbox, library, other, (*path, full))


def looks_into_captures(sandbox: Sandbox, sources: Iterable[str]) -> bool:
    """Whether templates catch printed text and work on it (`{% filter %}`, `{% set %}` blocks, `{% call %}`, macros in
    expressions) while they speak of the person: then marks could be changed unseen, so each person is rendered."""
    personal = captured = False
    for source in sources:
        tree = sandbox.parse(source)
        personal = personal or any(name.name in ("subscriber", "urls") for name in tree.find_all(nodes.Name))
        captured = (
            captured or next(tree.find_all((nodes.FilterBlock, nodes.AssignBlock, nodes.CallBlock)), None) is not None
        )
        shown = {id(call) for output in tree.find_all(nodes.Output) for call in output.nodes}
        captured = captured or any(id(call) not in shown and not _harmless(call) for call in tree.find_all(nodes.Call))
    return personal and captured


def _harmless(call: nodes.Call) -> bool:
    """A call that prints nothing: `range(3)`, `loop.cycle(...)`."""
    target = call.node.node if isinstance(call.node, nodes.Getattr) else call.node
    return isinstance(target, nodes.Name) and target.name in ("range", "loop")


def render(sandbox: Sandbox, name: str, variables: Mapping[str, Any], known: Iterable[str] = ()) -> str:
    """The text of a template. TemplateError (file, line, hint) for whatever goes wrong in it."""
    library = sandbox.loader
    if not isinstance(library, Library):
        raise TypeError("a sandbox reads its templates from a Library")
    full = library.resolve(name)
    token = guards.budget.set(guards.Budget())
    try:
        if full not in sandbox.sound:
            check_cycles(sandbox, library, full)
            sandbox.sound.add(full)
        return _collect(sandbox.get_template(full).generate(**variables))
    except (TemplateError, PersonalTemplateError):
        raise
    except Exception as problem:  # noqa: BLE001 - whatever a template does wrong is told with its place, never escapes
        raise _explain(problem, full, library, {*variables, *known}) from None
    finally:
        guards.budget.reset(token)


def _collect(pieces: Iterable[str]) -> str:
    total, kept = 0, []
    for piece in pieces:
        total += len(piece)
        if total > MAX_OUTPUT:
            raise guards.TooMuchError(f"it writes more than {MAX_OUTPUT:,} characters")
        kept.append(piece)
    return "".join(kept)


def _syntax(problem: jinja2.TemplateSyntaxError, name: str) -> TemplateError:
    return error("template-syntax", f"{_sentence(problem.message or 'It cannot be read')}", name, problem.lineno)


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."


def _explain(problem: Exception, name: str, library: Library, known: set[str]) -> TemplateError:
    """A `TemplateError` for an exception that came out of a template."""
    if isinstance(problem, jinja2.TemplateSyntaxError):
        return _syntax(problem, problem.name or name)
    if isinstance(problem, jinja2.TemplateNotFound):
        return missing(str(problem.name), {*library.files, *library.shipped})
    file, line = _place(problem, name, library)
    if isinstance(problem, guards.TooMuchError):
        return error("template-too-much", f"This template never ends or is too large: {problem}.", file, line)
    if isinstance(problem, RecursionError):
        return error("template-circle", "This template calls itself without end.", file, line)
    if isinstance(problem, jinja2.UndefinedError):
        return error("template-unknown", _sentence(str(problem)), file, line, _near(str(problem), known))
    if isinstance(problem, SecurityError):
        return error("template-unsafe", f"Not allowed in a template: {problem}.", file, line)
    return error("template-failed", f"It cannot be rendered: {_sentence(str(problem))}", file, line)


def _place(problem: Exception, name: str, library: Library) -> tuple[str, int]:
    """File and line of the innermost template frame of a traceback."""
    found = (name, 0)
    for frame in traceback.extract_tb(problem.__traceback__):
        if frame.filename in library.inline or library.find(frame.filename) is not None:
            found = (frame.filename, frame.lineno or 0)
    return found


def _near(message: str, known: set[str]) -> str:
    names = re.findall(r"'([^']+)'", message)
    if names and names[-1] in known:
        return "It is not there for this message; in a file of macros, write `import ... with context`."
    near = [match for name in names[-1:] for match in difflib.get_close_matches(name, sorted(known), 1)]
    return f"Did you mean {near[0]}?" if near else "The names a template may use are listed in docs/messages.md."


def print_text(value: Any) -> Any:
    """How a value is printed in plain text and in HTML (which then escapes it)."""
    if isinstance(value, Slot):
        return Markup(value.mark)  # noqa: S704 - a mark holds no markup
    guards.printed_size(value)
    return value
