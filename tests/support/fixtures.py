# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program that fills a registry with the images of the test gallery, and a directory with all the rest.

The directory then holds `gallery.yaml`, `gallery.ref`, the archives, `sources/` and `fixtures.json`, which tells the
digests of what was pushed. Run again with another `--version`, it moves the tags to other content.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
from pathlib import Path

from .archives import write_tree
from .gallery import REPOSITORY, Gallery, gallery
from .images import Platform, host_platform
from .push import Pusher, add_options, target


def write_files(content: Gallery, registry: str, base_url: str, output: Path) -> None:
    """Write the gallery, the archives and the directories."""
    output.mkdir(parents=True, exist_ok=True)
    output.joinpath("gallery.yaml").write_text(content.index(registry, base_url, output), encoding="utf-8")
    output.joinpath("gallery.ref").write_text("gallery.yaml\n", encoding="utf-8")
    for name, data in content.archives.items():
        output.joinpath(name).write_bytes(data)
    sources = output / "sources"
    shutil.rmtree(sources, ignore_errors=True)
    for name, entries in content.sources.items():
        write_tree(sources / name, entries)


def main() -> None:
    """Do both, as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_options(parser)
    parser.add_argument("--registry", required=True, metavar="HOST:PORT")
    parser.add_argument("--output", type=Path, required=True, help="directory to write")
    parser.add_argument("--base-url", default="http://127.0.0.1:1", help="where that directory is served")
    parser.add_argument("--version", default="1", help="what the backends print as their version")
    parser.add_argument("--tag", default="latest", help="prefix of the tags")
    parser.add_argument("--architecture", default=host_platform().architecture)
    options = parser.parse_args()
    output = options.output.resolve()
    content = gallery(options.version, options.tag, Platform(options.architecture))
    write_files(content, options.registry, options.base_url, output)
    pusher = Pusher(target(options.registry, options))
    images = {}
    for tag, artifact in content.images.items():
        reference = pusher.push(REPOSITORY, tag, artifact)
        images[tag] = {"reference": reference, "digest": artifact.digest}
    archives = {
        name: {"url": f"{options.base_url}/{name}", "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in content.archives.items()
    }
    facts = {"repository": f"{options.registry}/{REPOSITORY}", "images": images, "archives": archives}
    text = json.dumps(facts, indent=2) + "\n"
    output.joinpath("fixtures.json").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
