# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The picture in the README: what the example playbook prints in check mode with its diff, and in the run after it."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from ..support.playbook import COLLECTION, environment
from .run import Player, servers

# Without the fonts of a server on the internet.
_FORMAT = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
_UNTIL = "TASK [Show it]"


def main() -> None:
    """`picture FILE`: write it."""
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True, color_system="standard")
    with tempfile.TemporaryDirectory(prefix="localai-demo-") as work, servers(Path(work)) as (_registry, files):
        player = Player(Path(work), files.url, COLLECTION.parents[2])
        settings = {**environment(Path(work)), "ANSIBLE_NOCOLOR": "false", "ANSIBLE_FORCE_COLOR": "true"}
        for arguments in (["--check", "--diff"], []):
            command = player.command(*arguments)
            output = subprocess.run(command, env=settings, stdout=subprocess.PIPE, check=True, text=True).stdout
            task, _until, rest = output.partition(_UNTIL)
            _shown, recap, numbers = rest.partition("PLAY RECAP")
            console.print(Text(" ".join(["$ ansible-playbook backends.yml", *arguments]), style="bold"))
            console.print(Text.from_ansi(task.strip().replace(work, "/srv") + f"\n\n{recap}{numbers.rstrip()}\n"))
    Path(sys.argv[1]).write_text(console.export_svg(title="localai.core", code_format=_FORMAT), encoding="utf-8")


if __name__ == "__main__":
    main()
