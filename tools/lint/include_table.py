"""Holds the folders to the include table of the design: `include_table.py ROOT` prints every include
that goes against it, and exits 1 when there is one."""

import re
import sys
from pathlib import Path

# What each folder may include of the others, itself apart.
ALLOWED = {
    "base": set(),
    "packed_net": set(),
    "replay": {"base"},
    "env_bridge": {"base", "proto"},
    "trainer": {"base", "replay", "env_bridge", "packed_net", "proto"},
    "viewer": {"proto"},
}

# Parts of a folder that keep to less than it, so that they build and test without LibTorch.
NO_TORCH = ("trainer/checkpoint/", "trainer/config/", "trainer/metrics/")

# Headers that only some places may include: LibTorch the trainer, windows the viewer, and the wire's types
# those who are at its ends.
OWNERS = {
    re.compile(r"(torch|ATen|c10)/"): ("trainer/",),
    re.compile(r"(SDL|imgui|implot)"): ("viewer/window/",),
    re.compile(r"(grpcpp|google/protobuf|dqnd/v1)/"): ("env_bridge/remote/", "env_bridge/rpc/", "viewer/"),
}

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def violations(root: Path) -> list[str]:
    found = []
    for folder, allowed in ALLOWED.items():
        for path in sorted((root / folder).rglob("*.[ch]*")):
            place = path.relative_to(root)
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                header = match.group(1)
                top = header.split("/")[0]
                if top in ALLOWED and top != folder and top not in allowed:
                    found.append(f"{place}:{number}: {folder}/ may not include {header}")
                for pattern, owners in OWNERS.items():
                    if not pattern.match(header):
                        continue
                    if not str(place).startswith(owners):
                        found.append(f"{place}:{number}: only {' and '.join(owners)} may include {header}")
                    elif owners == ("trainer/",) and str(place).startswith(NO_TORCH):
                        found.append(f"{place}:{number}: {place.parent} keeps free of LibTorch, but includes {header}")
    return found


if __name__ == "__main__":
    lines = violations(Path(sys.argv[1]))
    print("\n".join(lines))
    sys.exit(1 if lines else 0)
