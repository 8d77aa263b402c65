"""Makes the mutants of a Python file: operators, constants, conditions, statements, cells of a table."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_OPERATORS: Final[dict[type[ast.AST], tuple[str, ...]]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Add: ("-",),
    ast.Sub: ("+",),
    ast.Mult: ("+",),
    ast.BitAnd: ("|",),
    ast.BitOr: ("&", "^"),
    ast.BitXor: ("|", "&"),
    ast.LShift: (">>",),
    ast.RShift: ("<<",),
    ast.And: ("or",),
    ast.Or: ("and",),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change. `where`: module, class and function, or a constant; `source`: the whole changed file."""

    module: str
    where: str
    line: int
    change: str
    source: str = field(repr=False)

    def __str__(self) -> str:
        return f"{self.where}:{self.line}: {self.change}"


def mutants(path: Path, *, whole: bool = False) -> list[Mutant]:
    """Every mutant of this file, in the order of its lines.

    `whole`: also those of the outermost operator or constant of an assigned value.
    """
    finder = _Finder(path.stem, path.read_text("utf-8"), whole=whole)
    finder.visit(ast.parse(finder.source))
    return finder.found


class _Finder(ast.NodeVisitor):
    def __init__(self, module: str, source: str, *, whole: bool) -> None:
        self.source = source
        self._whole = whole
        self.found: list[Mutant] = []
        self._module = module
        self._where = [module]
        self._starts = [0]
        self._bytes = source.encode()  # ast counts columns in bytes
        for line in self._bytes.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self._states: list[str] = []  # names of the constants, in their order: the rows of the table
        self._columns: list[str] = []

    def visit(self, node: ast.AST) -> None:
        for becomes in _variants(node):
            self._add(node, becomes)
        if isinstance(node, ast.If):
            self._add(node.test, "True")
            self._add(node.test, "False")
        super().visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node.name, node.body)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node.name, node.body)

    def visit_Assign(self, node: ast.Assign) -> None:
        target, value = node.targets[0], node.value
        if len(self._where) > 1:
            self._add(node, "pass")
        elif isinstance(target, ast.Tuple):
            self._columns = [name.id for name in target.elts if isinstance(name, ast.Name)]
        elif isinstance(target, ast.Name) and isinstance(value, ast.Call):
            if target.id == "TABLE":
                self._cells(value)
                return
            self._states.append(target.id)
            self._where.append(target.id)
            self.generic_visit(value)
            self._where.pop()
            return
        if self._whole:
            self.visit(value)
        else:
            self.generic_visit(value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:  # a type is no behaviour
            self.visit(node.value)

    def _inside(self, name: str, body: list[ast.stmt]) -> None:
        self._where.append(name)
        for statement in body:
            self.visit(statement)
        self._where.pop()

    def _cells(self, table: ast.Call) -> None:
        """Empty each cell, or let it open the door."""
        cells = table.args[0]
        assert isinstance(cells, ast.Tuple)
        for index, cell in enumerate(cells.elts):
            assert isinstance(cell, ast.Name)
            row, column = divmod(index, len(self._columns))
            self._where.append(f"TABLE[{self._states[row]}][{self._columns[column]}]")
            self._add(cell, "REST" if cell.id == "_" else "_")
            self._add(cell, "RELEASED" if cell.id == "FIRE" else "FIRE")
            self._where.pop()

    def _add(self, node: ast.AST, becomes: str) -> None:
        assert isinstance(node, ast.expr | ast.stmt)
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[node.end_lineno - 1] + node.end_col_offset
        change = f"{ast.unparse(node)} -> {becomes}"
        text = becomes if isinstance(node, ast.stmt) else f"({becomes})"
        source = (self._bytes[:start] + text.encode() + self._bytes[end:]).decode()
        self.found.append(Mutant(self._module, ".".join(self._where), node.lineno, change, source))


def _variants(node: ast.AST) -> Iterator[str]:
    yield from _other_operators(node)
    yield from _other_values(node)
    match node:
        case ast.AugAssign() | ast.Expr(value=ast.Call()) | ast.Return(value=None):
            yield "pass"
        case ast.Return():
            yield "return None"


def _other_operators(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Compare(left=left, ops=[op], comparators=[right]):
            for other in _OPERATORS.get(type(op), ()):
                yield f"{ast.unparse(left)} {other} {ast.unparse(right)}"
            if isinstance(right, ast.Tuple):
                for kept in _all_but_one(right.elts):
                    yield ast.unparse(ast.Compare(left, [op], [ast.Tuple(kept, ast.Load())]))
        case ast.BinOp(left=left, op=op, right=right):
            for other in _OPERATORS.get(type(op), ()):
                yield f"({ast.unparse(left)}) {other} ({ast.unparse(right)})"
        case ast.BoolOp(op=op, values=values):
            yield f" {_OPERATORS[type(op)][0]} ".join(f"({ast.unparse(value)})" for value in values)
            for kept in _all_but_one(values):
                yield ast.unparse(ast.BoolOp(op, kept) if len(kept) > 1 else kept[0])
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield ast.unparse(operand)


def _other_values(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.IfExp(body=body, orelse=orelse):
            yield ast.unparse(body)
            yield ast.unparse(orelse)
        case ast.Constant(value=bool(value)):
            yield str(not value)
        case ast.Constant(value=int(value)):
            yield str(value + 1)
            yield str(value - 1)
        case ast.Constant(value=bytes()):
            yield "b'?'"
        case ast.Call(func=ast.Name(id="min" | "max" as name), args=arguments):
            yield f"{'max' if name == 'min' else 'min'}({', '.join(map(ast.unparse, arguments))})"


def _all_but_one(nodes: list[ast.expr]) -> Iterator[list[ast.expr]]:
    for dropped in nodes:
        yield [node for node in nodes if node is not dropped]
