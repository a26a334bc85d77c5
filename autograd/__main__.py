"""The command line: `python -m autograd supported [NAME]`."""

import argparse
import sys

from autograd.show import supported


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit status is 1 for a name that is not there."""
    parser = argparse.ArgumentParser(prog="python -m autograd", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("supported", help="which functions can be differentiated")
    command.add_argument("name", nargs="?", help="a function, such as np.linalg.det or tanh")
    command.add_argument("--markdown", action="store_true", help="everything, as a page")
    command.set_defaults(run=_supported)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def _supported(options: argparse.Namespace) -> int:
    if options.name is None:
        every = supported.entries()
        if options.markdown:
            print(supported.page(every), end="")
            return 0
        width = max(len(entry.names[0]) for entry in every)
        for entry in every:
            remarks = "; ".join(
                filter(None, [entry.about.domain, entry.about.kink, entry.about.note])
            )
            print(f"{entry.names[0]:{width}}  {entry.status:14}  {remarks}".rstrip())
        return 0
    found = supported.lookup(options.name)
    if not found:
        near = supported.similar(options.name)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        print(f"There is no function {options.name!r} here.{hint}", file=sys.stderr)
        return 1
    print("\n".join(map(supported.explanation, found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
