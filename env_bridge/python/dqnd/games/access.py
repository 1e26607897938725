"""What others need to reach a worker over a network: a token, and a certificate whose owner they can be sure of."""

from __future__ import annotations

import datetime
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

TOKEN, CERTIFICATE, KEY = "token", "certificate.pem", "key.pem"
NAME = "dqnd"  # that certificates are made out to, whatever the host
DAYS = 3650


@dataclass(frozen=True)
class Access:
    token: str
    certificate_pem: bytes
    key_pem: bytes


def find_or_make(folder: Path) -> Access:
    """What lies in `folder`, or new ones; nobody but their owner can read them. Raises OSError, and ValueError
    where only half of a pair is there."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / TOKEN).exists():
        _write(folder / TOKEN, secrets.token_hex(32).encode() + b"\n")
    halves = [(folder / name).exists() for name in (CERTIFICATE, KEY)]
    if halves == [False, False]:
        _make_certificate(folder)
    elif not all(halves):
        raise ValueError(f"{folder} holds only one of {CERTIFICATE} and {KEY}; add the other, or remove it")
    token = (folder / TOKEN).read_text().strip()
    if len(token) < 16:
        raise ValueError(f"{folder / TOKEN} has {len(token)} characters; a token has at least 16; remove it for a new one")
    return Access(token, (folder / CERTIFICATE).read_bytes(), (folder / KEY).read_bytes())


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _make_certificate(folder: Path) -> None:
    """Self-signed, ECDSA on P-256."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))  # clocks differ a little
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    no_password = serialization.NoEncryption()
    _write(folder / KEY, key.private_bytes(pem, serialization.PrivateFormat.PKCS8, no_password))
    _write(folder / CERTIFICATE, certificate.public_bytes(pem))
