"""The modules of the library, what they import, and what the names in them stand for."""

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("autograd", "nn", "optim")


def parsed(root):
    """The modules of the library by name."""
    return {
        ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text("utf-8")
        )
        for package in PACKAGES
        for path in sorted((root / package).rglob("*.py"))
    }


MODULES = parsed(ROOT)


def imports(tree, modules=MODULES):
    """What a module imports, for type checkers too: module, name in it or "", and name here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", alias.asname) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                name = (whole, "") if whole in modules else (node.module, alias.name)
                yield *name, alias.asname or alias.name


def known_names(tree, modules):
    """What the names in a module stand for that it imports: a module, or a module's name."""
    found = {}
    for module, name, shown in imports(tree, modules):
        whole = f"{module}.{name}" if name else module
        found[shown or whole.split(".")[0]] = whole if shown else whole.split(".")[0]
    return found


def whole_name(node, known):
    """The name by which all know what `module.name` or an imported name is; "" of others."""
    if isinstance(node, ast.Attribute):
        before = whole_name(node.value, known)
        return f"{before}.{node.attr}" if before else ""
    return known.get(node.id, "") if isinstance(node, ast.Name) else ""
