"""Run a command with secrets read from files: `python -m operations.secret_files COMMAND...`.

The entry point of the images. With `API_KEY_FILE=/run/secrets/api_key`, the command gets the file's content as
`API_KEY`, and any variable that contains `${API_KEY}`, such as a URL, gets it filled in. A variable that contains
`${API_KEY}` without that file ends the start, so no service falls back to a public secret.
"""

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

SUFFIX = "_FILE"
DIRECTORY = Path("/run/secrets")
"""The folder of secrets; variables such as `SSL_CERT_FILE` that name other files are left alone."""

REFERENCE = re.compile(r"\$\{(\w+)\}")


def with_secrets(environ: Mapping[str, str], directory: Path = DIRECTORY) -> dict[str, str]:
    """Return the environment with the secrets filled in; end the process if a file is missing or unreadable."""
    secrets = {
        name.removesuffix(SUFFIX): _content(name, Path(value))
        for name, value in environ.items()
        if name.endswith(SUFFIX) and Path(value).is_relative_to(directory)
    }
    return {name: _filled(name, value, secrets) for name, value in environ.items()} | secrets


def _content(variable: str, path: Path) -> str:
    try:
        content = path.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SystemExit(
            f"{variable}: {path} cannot be read ({error}): "
            f"mount a text file there that user {os.getuid()} may read, or unset the variable."
        ) from None
    if not content:
        raise SystemExit(f"{variable}: {path} is empty: write the secret into it.")
    return content


def _filled(variable: str, value: str, secrets: Mapping[str, str]) -> str:
    def content(reference: re.Match[str]) -> str:
        name = reference[1]
        if name not in secrets:
            raise SystemExit(
                f"{variable} refers to the secret {name}, which has no file: "
                f"set {name}{SUFFIX} to a file below {DIRECTORY}, or {variable} to a value without '{reference[0]}'."
            )
        return quote(secrets[name], safe="") if "://" in value else secrets[name]

    return REFERENCE.sub(content, value)


def main() -> None:
    """Replace this process by the command."""
    if len(sys.argv) < 2:
        raise SystemExit("Name a command: python -m operations.secret_files COMMAND...")
    os.execvpe(sys.argv[1], sys.argv[1:], with_secrets(os.environ))  # noqa: S606 - the image's own command


if __name__ == "__main__":
    main()
