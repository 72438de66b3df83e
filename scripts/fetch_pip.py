"""Print the path of a pip wheel fetched from the package index, for a Python without pip and ensurepip.

A wheel runs without being installed: `python pip-X.whl/pip install ...`.
"""

import hashlib
import json
import os
import re
import sys
import urllib.request
from pathlib import Path
from urllib.parse import urljoin

index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
request = urllib.request.Request(f"{index}/pip/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
with urllib.request.urlopen(request, timeout=60) as response:  # nosec B310  # the user's own index
    files = json.load(response)["files"]

releases = {}
for file in files:
    named = re.fullmatch(r"pip-(\d+(?:\.\d+)*)-py3-none-any\.whl", file["filename"])
    if named and not file.get("yanked"):
        releases[tuple(map(int, named[1].split(".")))] = file
wheel = releases[max(releases)]
url = urljoin(request.full_url, wheel["url"])
with urllib.request.urlopen(url, timeout=60) as response:  # nosec B310  # a URL from that index
    content = response.read()
if hashlib.sha256(content).hexdigest() != wheel["hashes"]["sha256"]:
    sys.exit(f"{url} is damaged: try again.")

target = Path(sys.argv[1], wheel["filename"])
target.parent.mkdir(parents=True, exist_ok=True)
target.write_bytes(content)
print(target)
