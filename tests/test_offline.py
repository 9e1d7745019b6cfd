"""A build needs no network, once the press is set up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from offprint.project import PRESS

from .conftest import SAMPLE

# Where the system lets us, the network is taken away; elsewhere, every socket is refused.
REFUSE_SOCKETS = """\
import socket

def refuse(*_, **__):
    raise OSError("no network in this test")

socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
"""


def test_build_passes_with_the_network_cut_off(tmp_path: Path) -> None:
    """All editions are built where no address can be reached."""
    (tmp_path / "sitecustomize.py").write_text(REFUSE_SOCKETS, encoding="utf-8")
    command = [sys.executable, PRESS / "build.py", "--project", SAMPLE, "--output",
               tmp_path / "output", "--quiet"]
    if shutil.which("unshare") and _runs(["unshare", "-rn", "true"]):
        command = ["unshare", "-rn", *command]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "https_proxy": "http://127.0.0.1:9"}

    subprocess.run(command, check=True, env=environment)

    made = {path.name for path in (tmp_path / "output").iterdir()}
    assert {"essay.pdf", "essay.epub", "essay.html"} <= made


def _runs(command: list[str]) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
