"""The folders keep to the include table, and the tool that says so does notice when they do not."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools" / "lint"))

from include_table import violations  # noqa: E402


def test_no_include_goes_against_the_table():
    assert violations(ROOT) == []


def test_a_forbidden_include_is_noticed(tmp_path):
    for name, line in {
        "replay/a.h": '#include "trainer/dqn.h"',
        "base/b.cc": "#include <ATen/ATen.h>",
        "trainer/config/c.cc": "#include <ATen/ATen.h>",
        "trainer/d.cc": '#include "viewer/window.h"',
        "trainer/e.cc": '#include "dqnd/v1/run.pb.h"',
        "env_bridge/rpc/allowed.cc": '#include "dqnd/v1/run.pb.h"',
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(line + "\n")
    assert len(violations(tmp_path)) == 5
