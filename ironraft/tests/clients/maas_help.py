"""The commands and helps of our `maas` beside those that Python's argparse makes of the same description, with names by
maas-api's rules, which are MAAS's.

usage: maas_help.py URL IRONRAFT PROFILE
"""

import argparse
import concurrent.futures
import inspect
import json
import os
import re
import subprocess
import sys
import urllib.request

from maas_api.client import handler_command_name, re_camelcase


def title_and_body(doc):
    parts = re.split(r"\n{2,}", inspect.cleandoc(doc), maxsplit=1)
    title = " ".join(line.strip() for line in parts[0].splitlines())
    return title, parts[1] if len(parts) == 2 else ""


class Parser(argparse.ArgumentParser):
    def __init__(self, **options):
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def drill_down(self):
        return self.add_subparsers(title="drill down", metavar="COMMAND")


def parsers(description, profile, epilog, url):
    """Each level's words and help, as argparse has it."""
    top = Parser(
        prog=f"maas {profile}",
        description=f"Issue commands to the MAAS region controller at {url}.",
        epilog=epilog,
    )
    below = top.drill_down()
    handlers = {}
    for resource in description["resources"]:
        handler = resource["auth"] or resource["anon"]
        handlers[handler_command_name(resource["name"])] = handler
    levels = []
    for name in sorted(handlers):
        title, body = title_and_body(handlers[name]["doc"])
        level = below.add_parser(name, help=title, description=title, epilog=body)
        actions = level.drill_down()
        for action in handlers[name]["actions"]:
            word = "-".join(re_camelcase.findall(action["name"]))
            title, body = title_and_body(action["doc"])
            one = actions.add_parser(word, help=title, description=title, add_help=False)
            one.add_argument("--help", "-h", action="help", help="x")
            for param in handlers[name]["params"]:
                one.add_argument(param)
            if ":param" in body:
                one.add_argument("data", nargs="*")
            one.add_argument("-d", "--debug", action="store_true", help="x")
            one.add_argument("-k", "--insecure", action="store_true", help="x")
            levels.append(([name, word], one, False))
        levels.append(([name], level, True))
    levels.append(([], top, True))
    return levels


def main(url, ironraft, profile):
    os.environ["COLUMNS"] = "80"
    with urllib.request.urlopen(f"{url}describe/") as answer:
        description = json.load(answer)

    def helped(words):
        command = [ironraft, "maas", profile, *words, "--help"]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0 and not done.stderr, (words, done)
        return done.stdout

    epilog = helped([]).split("\n\n", 2)[2].split("This is a profile.", 1)[1]
    levels = parsers(description, profile, "This is a profile." + epilog.rstrip("\n"), url)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        helps = list(pool.map(helped, [words for words, _, _ in levels]))
    for (words, parser, is_whole), ours in zip(levels, helps):
        expected = parser.format_help() if is_whole else parser.format_usage().rstrip()
        ours = ours if is_whole else ours.split("\n\n", 1)[0]
        assert ours == expected, f"{words}:\n{ours}\nis not\n{expected}"
    print(len(levels))


if __name__ == "__main__":
    main(*sys.argv[1:])
