"""What passes between the service and the processes that send a mailing: plain tuples, asked and answered in turn.

Both ends are the same program and one is a copy of the other, so what comes is trusted. Rows and outcomes travel as
tuples of numbers and texts; whatever is rare, or an object, is pickled.
"""

from __future__ import annotations

import copyreg
import io
import marshal
import pickle
import threading
from multiprocessing.connection import Connection
from types import MappingProxyType
from typing import Any


class Orphaned(Exception):
    """The other end is gone."""


class Link:
    """One end of a pipe. `ask` may be called from any thread; `hear` and `answer` belong to one thread."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._lock = threading.Lock()

    def ask(self, *question: Any) -> Any:
        """Ask, and wait for the answer. Raises Orphaned."""
        with self._lock:
            self.answer(question)
            return self.hear()

    def hear(self) -> Any:
        """What the other end says next. Raises Orphaned."""
        try:
            return marshal.loads(self.connection.recv_bytes())  # noqa: S302 - our own copy speaks
        except (EOFError, OSError):
            raise Orphaned from None

    def answer(self, words: Any) -> None:
        """Say something. Raises Orphaned."""
        try:
            self.connection.send_bytes(marshal.dumps(words))
        except OSError:
            raise Orphaned from None


def packed(value: Any) -> bytes:
    """Any value of ours as bytes, read-only mappings too."""
    stream = io.BytesIO()
    pickler = pickle.Pickler(stream, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = copyreg.dispatch_table | {MappingProxyType: _of_mapping}
    pickler.dump(value)
    return stream.getvalue()


def unpacked(data: bytes) -> Any:
    """The value again."""
    return pickle.loads(data)  # noqa: S301 - our own copy speaks


def _of_mapping(mapping: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _read_only, (dict(mapping),)


def _read_only(values: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(values)
