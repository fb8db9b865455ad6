# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Sphinx needs to know; `make docs` lays the pages out."""

from __future__ import annotations

project = "localai.core"
html_title = "localai.core"

extensions = ["myst_parser", "sphinx_antsibull_ext"]
nitpicky = True

html_theme = "sphinx_rtd_theme"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
highlight_language = "yaml+jinja"
pygments_style = "ansible"
