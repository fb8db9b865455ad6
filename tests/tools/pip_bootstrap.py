# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give a virtual environment its pip: what ansible-test else downloads a script for, which closed networks forbid.

ansible-test calls it with the arguments of ``pip install``. Python's own ensurepip brings the first pip, and that one
installs the version asked for. The two options that are dropped belong to the original script, not to pip.
"""

from __future__ import annotations

import os
import subprocess
import sys

# The wrapper that starts this script reads the variable; the pip below must not meet it.
os.environ.pop("GET_PIP", None)

requested = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=subprocess.DEVNULL)
subprocess.check_call([sys.executable, "-m", "pip", "install", "--quiet", *requested])
