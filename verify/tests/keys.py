"""Fresh keys for tests of signatures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

if TYPE_CHECKING:
    from pathlib import Path


def fresh_keys(folder: Path, name: str) -> tuple[Path, Path]:
    """Return the files of a fresh private key and of its public one."""
    private = ed25519.Ed25519PrivateKey.generate()
    pem = serialization.Encoding.PEM
    one, other = folder / f"{name}.pem", folder / f"{name}.pub"
    one.write_bytes(private.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    other.write_bytes(private.public_key().public_bytes(pem, serialization.PublicFormat.SubjectPublicKeyInfo))
    return one, other
