"""Write docs/configuration.md from `.env`."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "configuration.md"
HEAD = """# Configuration

`make configuration` writes this page from [.env](../.env), which explains each variable. A variable of the environment
overrides its line there. Variables in brackets are unset by default: the value shown is an example.
"""
TABLE = "| variable | default, or [example] | meaning |\n|---|---|---|"
VARIABLE = re.compile(r"(# )?([A-Z0-9_]+)=(.*)")


def page(env: str) -> str:
    """Return the page that shows the variables of `env`, with what the comments above each one say."""
    lines, comment = [HEAD.rstrip()], ""
    for line in env.partition("\n\n")[2].splitlines():
        if found := VARIABLE.fullmatch(line):
            unset, name, value = found.groups()
            shown = f"[{name}]" if unset else name
            cells = (f"`{shown}`", f"`{value}`" if value else "", comment.strip().replace("|", r"\|"))
            lines.append(f"| {' | '.join(cells)} |".replace("|  |", "| |"))
            comment = ""
        elif line.startswith("# --- "):
            lines.append(f"\n## {line.removeprefix('# --- ')}\n\n{TABLE}")
        else:
            comment += line.removeprefix("#")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page((ROOT / ".env").read_text(encoding="utf-8")), encoding="utf-8")
