# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the trusted root that the collection brings: refresh_public_root.py TRUSTED_ROOT.json VERSION DATE.

TRUSTED_ROOT.json is that of the public instance in the PyPI package sigstore, VERSION the package's, and DATE the day
when that was published, as 2026-10-20.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path

TARGET = Path(__file__).resolve().parents[2] / "plugins" / "module_utils" / "_sigstore" / "public_root.py"
WIDTH = 110
TEXT = '''# Copyright: The Sigstore Authors
# This file is private to the localai.core collection: nothing outside it may import it.
# Apache License 2.0 (see LICENSES/Apache-2.0.txt or https://www.apache.org/licenses/LICENSE-2.0)
# SPDX-License-Identifier: Apache-2.0

"""The trusted root of Sigstore's public instance, as the PyPI package sigstore {version} has it.

`tests/tools/refresh_public_root.py` writes this file. It is loaded where a task verifies and names no other root.
"""

from __future__ import annotations

# When the package was published.
DATE = "{date}"
ROOT = """\\
{root}
"""
'''


def main(path: str, version: str, date: str) -> None:
    document = json.dumps(json.loads(Path(path).read_text(encoding="utf-8")), indent=1)
    # A backslash at the end of a line continues it.
    lines = ["\\\n".join(textwrap.wrap(line, WIDTH, drop_whitespace=False)) for line in document.splitlines()]
    TARGET.write_text(TEXT.format(version=version, date=date, root="\n".join(lines)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
