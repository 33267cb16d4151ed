"""Signs a Statement and says whether a signature is good: DSSE, ed25519, securesystemslib (extra `signing`)."""

from __future__ import annotations

import base64
import importlib
from pathlib import Path
from typing import Any

PAYLOAD_TYPE = "application/vnd.in-toto+json"


class SigningError(Exception):
    """A key cannot be used, or a signature is not believed. ``exit_code`` ends the command line."""

    exit_code = 2


class UnbelievedError(SigningError):
    """The key did not sign it."""


def sign(payload: bytes, key_file: Path) -> dict[str, Any]:
    """Return the DSSE envelope of *payload*.

    Args:
        payload: What is signed.
        key_file: An ed25519 private key, PEM (PKCS#8) without a password.

    Raises:
        SigningError: The extra is missing, or the key is none.
    """
    dsse, signer = _library("dsse"), _library("signer")
    serialization = _library("cryptography.hazmat.primitives.serialization")
    ed25519 = _library("cryptography.hazmat.primitives.asymmetric.ed25519")
    private = _loaded(key_file, lambda held: serialization.load_pem_private_key(held, None))
    if not isinstance(private, ed25519.Ed25519PrivateKey):
        raise SigningError(f"{key_file} is no ed25519 private key; make one: openssl genpkey -algorithm ed25519")
    envelope = dsse.Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(signer.CryptoSigner(private))
    signed: dict[str, Any] = envelope.to_dict()
    return signed


def unsigned(payload: bytes, payload_type: str) -> dict[str, Any]:
    """Return an envelope of *payload* that nobody signed."""
    return {"payload": base64.b64encode(payload).decode("ascii"), "payloadType": payload_type, "signatures": []}


def payload_of(envelope: Any, name: str) -> bytes:
    """Return what a DSSE envelope holds, whoever signed it.

    Args:
        envelope: The JSON value.
        name: Where it was read, for messages.

    Raises:
        SigningError: It is no envelope of a Statement.
    """
    try:
        if envelope["payloadType"] != PAYLOAD_TYPE:
            raise SigningError(f"{name} holds {envelope['payloadType']}; expected {PAYLOAD_TYPE}")
        return base64.b64decode(envelope["payload"], validate=True)
    except (KeyError, TypeError, ValueError):
        raise SigningError(f"{name} is no DSSE envelope") from None


def opened(envelope: dict[str, Any], key_file: Path, name: str) -> bytes:
    """Return what a DSSE envelope holds, if the key in *key_file* signed it.

    Args:
        envelope: As :func:`sign` gave it.
        key_file: The ed25519 public key, PEM.
        name: Where the envelope was read, for messages.

    Raises:
        SigningError: The extra is missing, or the key is none.
        UnbelievedError: The key did not sign this.
    """
    dsse, signer = _library("dsse"), _library("signer")
    serialization = _library("cryptography.hazmat.primitives.serialization")
    ed25519 = _library("cryptography.hazmat.primitives.asymmetric.ed25519")
    public = _loaded(key_file, serialization.load_pem_public_key)
    if not isinstance(public, ed25519.Ed25519PublicKey):
        raise SigningError(f"{key_file} is no ed25519 public key; expected: openssl pkey -in KEY -pubout")
    try:
        held = dsse.Envelope.from_dict(envelope)
        held.verify([signer.SSlibKey.from_crypto(public)], 1)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with it, it is not believed
        raise UnbelievedError(
            f"{name} is not believed: the key in {key_file} did not sign it ({type(error).__name__})"
        ) from None
    if held.payload_type != PAYLOAD_TYPE:
        raise SigningError(f"{name} holds {held.payload_type}; expected {PAYLOAD_TYPE}")
    payload: bytes = held.payload
    return payload


def _loaded(key_file: Path, load: Any) -> Any:
    try:
        return load(Path(key_file).read_bytes())
    except OSError as error:
        raise SigningError(f"the key {key_file} cannot be read: {error.strerror}") from None
    except (ValueError, TypeError):
        raise SigningError(f"{key_file} is no key in PEM without a password") from None


def _library(name: str) -> Any:
    where = name if name.startswith("cryptography") else f"securesystemslib.{name}"
    try:
        return importlib.import_module(where)
    except ImportError:
        raise SigningError("a signature needs the extra `signing`: pip install 'stormproof[signing]'") from None
