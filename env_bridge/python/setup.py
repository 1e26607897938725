"""Beside pyproject.toml only what it cannot say: dqnd.v1 is generated from the RPC contract in proto/."""

from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

CONTRACT = Path(__file__).resolve().parents[2] / "proto"


class BuildWithContract(build_py):
    def run(self):
        super().run()
        from grpc_tools import protoc  # a build requirement, not one of ours at run time

        files = sorted(str(path) for path in CONTRACT.glob("dqnd/v1/*.proto"))
        if not files:
            raise SystemExit(f"{CONTRACT} holds no contract; install from a checkout of dqnd")
        target = Path(self.build_lib)
        outputs = [f"--{kind}_out={target}" for kind in ("python", "pyi", "grpc_python")]
        if protoc.main(["protoc", f"--proto_path={CONTRACT}", *outputs, *files]) != 0:
            raise SystemExit("protoc failed")
        (target / "dqnd" / "v1" / "__init__.py").touch()


setup(cmdclass={"build_py": BuildWithContract})
