"""Where a daemon listens, as people and run directories write it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qs

LINK = "dqnd://"
UNIX = "unix:"
FORMS = "give a run directory, HOST:PORT, unix:PATH, or the dqnd:// link that the daemon printed"


@dataclass(frozen=True)
class Address:
    """`target`: HOST:PORT or unix:PATH. `fingerprint`: 64 hexadecimal digits of the certificate's SHA-256; empty:
    the daemon speaks plain text."""

    target: str
    token: str = ""
    fingerprint: str = ""

    def __repr__(self) -> str:  # without the token
        return f"Address({self.target!r})"

    @property
    def is_unix(self) -> bool:
        return self.target.startswith(UNIX)


def resolve(where: str | os.PathLike[str], token: str = "", fingerprint: str = "") -> Address:
    """Raises ValueError."""
    address = _read_run(Path(where)) if Path(where).is_dir() else _parse(str(where))
    if token:
        address = replace(address, token=token)
    if fingerprint:
        address = replace(address, fingerprint=_digits(fingerprint))
    return address


def _parse(text: str) -> Address:
    if text.startswith(UNIX) and text != UNIX:
        return Address(UNIX + text.removeprefix(UNIX).removeprefix("//"))
    place, _, parameters = text.removeprefix(LINK).partition("?")
    host, _, port = place.rstrip("/").rpartition(":")
    if not re.fullmatch(r"[^\s/:]+|\[[0-9a-fA-F:]+\]", host) or not (port.isascii() and port.isdigit()) or not 1 <= int(port) <= 65535:
        raise ValueError(f'"{place}" names no daemon; {FORMS}')
    values = {name: value[0] for name, value in parse_qs(parameters).items()}
    if unknown := set(values) - {"token", "fingerprint"}:
        raise ValueError(f"{min(unknown)!r} is nothing that a dqnd:// link has; it has token and fingerprint")
    return Address(f"{host}:{port}", values.get("token", ""), _digits(values.get("fingerprint", "")))


def _digits(fingerprint: str) -> str:
    digits = fingerprint.lower().removeprefix("sha256:").replace(":", "")
    if digits and not re.fullmatch("[0-9a-f]{64}", digits):
        raise ValueError(f'"{fingerprint}" is no fingerprint: sha256: and 64 hexadecimal digits, as the daemon prints them')
    return digits


def _read_run(run: Path) -> Address:
    """With the control token where this user may read it, otherwise with the read-only one."""
    try:
        address = _parse((run / "address").read_text().strip())
    except FileNotFoundError:
        raise ValueError(f'{run} has no file "address": no daemon listens for it; start one with dqnd train or dqnd serve') from None
    if address.is_unix:
        return address
    target = re.sub(r"^0\.0\.0\.0:", "127.0.0.1:", re.sub(r"^\[::\]:", "[::1]:", address.target))
    for name in ("control_token", "read_only_token"):
        try:
            return replace(address, target=target, token=(run / "access" / name).read_text().strip())
        except OSError:
            continue
    return replace(address, target=target)
