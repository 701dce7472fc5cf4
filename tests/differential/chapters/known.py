"""The rows whose outcome on the cluster is another one still, each with the reason."""

from __future__ import annotations

_ORDER = "a set that was pickled in its order is another one when it is filled again"
_INNER = "an object inside a captured one comes back as a copy if it is inside a new object"
_CELL = "a lambda made in a parallel comprehension sees the variable as its leaf left it"
_UNSEEN = "nobody looks at this call yet"
_AMBIENT = "a setting that the script made is not carried to the worker"
_SUBMODULE = "a submodule that only an attribute of its package leads to is not imported on the worker"

KNOWN: dict[str, str] = {
    "late binding of a closure": _CELL,
    "a comprehension that makes closures": _CELL,
    "singledispatch": "a singledispatch function cannot be sent",
    "namedtuples": "a typing.NamedTuple of the script cannot be loaded on the worker",
    "enums": "an alias of an enum's member is lost",
    "__init_subclass__, __set_name__, descriptors": "__init_subclass__ runs before the script's names are there",
    "subclasses of builtins": "a tuple with a __new__ of other arguments is pickled to another value",
    "custom pickling": "__getstate__ is asked, so the copy is what it makes of it",
    "exceptions as values": "the cause of an exception that is a value is lost",
    "parallel loop: the last element fails": "the frame of a set comprehension is named <genexpr>",
    "sets of strings, made in the block": _ORDER,
    "sets of strings, captured": _ORDER,
    "set of strings out of a parallel loop": _ORDER,
    "types of dict views, made in the block": "a class of the standard library that no module names cannot be sent",
    "types of dict views, captured": "a class of the standard library that no module names cannot be sent",
    "numpy views, made in the block": "a strided view comes back contiguous",
    "identity of elements of a captured list": _INNER,
    "inner objects of captured ones, inside new ones": _INNER,
    "inner objects of a captured instance": _INNER,
    "reading captured values in every way": _INNER,
    "large results and large captures": "captured bytes that are large come back as a copy",
    "changing f: f.__name__ = 'g'": "the name of a function is not compared",
    "a library module's attribute": "an attribute of a library module is not compared",
    "not pure: socket.gethostname": _UNSEEN,
    "not pure: os.getpid": _UNSEEN,
    "not pure: os.cpu_count": _UNSEEN,
    "not pure: platform.node": _UNSEEN,
    "not pure: sqlite3 file": _UNSEEN,
    "not pure: stdin": _UNSEEN,
    "not pure: id": _UNSEEN,
    "not pure: hash of an object": _UNSEEN,
    "not pure: hash of a function": _UNSEEN,
    "numpy RandomState with a seed": "numpy draws a seed that it does not use; that is refused",
    "warnings that the program made errors": _AMBIENT,
    "logging configured": _AMBIENT,
    "decimal context": _AMBIENT,
    "int digits that the program allowed": _AMBIENT,
    "recursion limit of the program": _AMBIENT,
    "sys.argv": _AMBIENT,
    "current directory": _AMBIENT,
    "sys.path and sys.modules": _AMBIENT,
    "clock functions that read no clock": "time.gmtime and its like are refused with an argument, too",
    "submodules of imported packages": _SUBMODULE,
}
