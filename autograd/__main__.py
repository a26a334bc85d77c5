"""The command line: what is supported; checks; expressions drawn, stepped through, explained."""

import argparse
import os
import sys

import autograd.check.command as command_of_check
import autograd.show.command as commands_of_show
from autograd.show import supported


def main(arguments: list[str] | None = None) -> int:
    """Run a command; its exit status is 1 for a name that is not there, or a wrong gradient."""
    parser = argparse.ArgumentParser(prog="python -m autograd", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    command = commands.add_parser("supported", help="which functions can be differentiated")
    command.add_argument("name", nargs="*", help="functions, such as np.linalg.det or tanh")
    command.add_argument("--markdown", action="store_true", help="everything, as a page")
    command.set_defaults(run=_supported)
    command_of_check.add_to(commands)
    commands_of_show.add_to(commands)
    options = parser.parse_args(arguments)
    status: int = options.run(options)
    return status


def _supported(options: argparse.Namespace) -> int:
    if not options.name:
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
    missing = 0
    for name in options.name:
        if found := supported.lookup(name):
            print("\n".join(map(supported.explanation, found)))
            continue
        near = supported.similar(name)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        print(f"There is no function {name!r} that takes a Value.{hint}", file=sys.stderr)
        missing += 1
    return min(missing, 1)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # whoever read the output has read enough, as `| head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
