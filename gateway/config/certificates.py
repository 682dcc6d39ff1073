"""What is wrong, or soon will be, with the certificates that a configuration names.

A `Config` goes in, findings come out. The files are read; nothing of a key is kept or shown.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gateway.config.faults import Finding
from gateway.config.locate import KeyPath
from gateway.config.model import Config
from gateway.config.tls import CertificateSettings, TlsSettings

__all__ = ["SOON", "certificate_doubts", "certificate_findings"]

SOON: Final = timedelta(days=21)
"""A certificate that ends within this is told: those that renew themselves do so a month before."""
TLS: Final[KeyPath] = ("sip", "tls")


class Unusable(Exception):
    """A file that cannot serve; carries where it is named, what is wrong and the mend."""

    def __init__(self, path: KeyPath, what: str, mend: str) -> None:
        self.finding = Finding(path, what, mend)
        super().__init__(what)


def certificate_findings(config: Config) -> Iterator[Finding]:
    """Everything that keeps TLS from working."""
    tls = config.sip.tls
    if tls.certificate is None and tls.key is not None:
        yield Finding((*TLS, "key"), "there is a key without its certificate", "set certificate = beside it")
    for path, pair in _pairs(tls):
        try:
            _check(path, pair, datetime.now(UTC))
        except Unusable as why:
            yield why.finding
    if tls.authorities is not None:
        try:
            _chain((*TLS, "authorities"), tls.authorities, "certificates of authorities")
        except Unusable as why:
            yield why.finding


def certificate_doubts(config: Config) -> Iterator[Finding]:
    """What will be wrong soon, or is worth a look: a certificate near its end, a key that all may read.

    Raises:
        OSError: a file that was there when the configuration was checked is not any more.
    """
    for path, pair in _pairs(config.sip.tls):
        yield from _doubts(path, pair, datetime.now(UTC))


def _pairs(tls: TlsSettings) -> Iterator[tuple[KeyPath, CertificateSettings]]:
    if tls.certificate is not None:
        yield TLS, CertificateSettings.model_construct(certificate=tls.certificate, key=tls.key)
    for name, pair in tls.names.items():
        yield (*TLS, "names", name), pair


def _check(path: KeyPath, pair: CertificateSettings, now: datetime) -> None:
    certificate = _chain((*path, "certificate"), pair.certificate, "a certificate")[0]
    if certificate.not_valid_after_utc <= now:
        what = f"{pair.certificate} ended on {certificate.not_valid_after_utc:%Y-%m-%d}"
        raise Unusable((*path, "certificate"), what, "have it renewed")
    if certificate.not_valid_before_utc > now:
        what = f"{pair.certificate} is good from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC only"
        raise Unusable((*path, "certificate"), what, "see whether this machine's clock is right")
    where = (*path, "key" if pair.key is not None else "certificate")
    key = _key(where, pair.key or pair.certificate)
    ours, its = (
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for public in (key.public_key(), certificate.public_key())
    )
    if ours != its:
        what = f"the key in {pair.key or pair.certificate} is not that of {pair.certificate}"
        raise Unusable(where, what, "name the key with which the certificate was asked for")


def _doubts(path: KeyPath, pair: CertificateSettings, now: datetime) -> Iterator[Finding]:
    ends = _chain((*path, "certificate"), pair.certificate, "a certificate")[0].not_valid_after_utc
    if ends - now < SOON:
        days = (ends - now).days
        yield Finding(
            (*path, "certificate"),
            f"{pair.certificate} ends on {ends:%Y-%m-%d}, in {days} days",
            "have it renewed, then reload (SIGHUP)",
        )
    key = pair.key or pair.certificate
    if key.stat().st_mode & stat.S_IROTH:
        yield Finding((*path, "key"), f"everybody on this machine can read the key in {key}", f"chmod 600 {key}")


def _chain(path: KeyPath, file: Path, what: str) -> list[x509.Certificate]:
    data = _octets(path, file)
    try:
        return x509.load_pem_x509_certificates(data)
    except ValueError:
        said = f"{file} holds no {what.removeprefix('a ')} in PEM form"
        raise Unusable(path, said, f"name a file with {what}") from None


def _key(path: KeyPath, file: Path) -> PrivateKeyTypes:
    data = _octets(path, file)
    try:
        return load_pem_private_key(data, password=None)
    except TypeError:
        raise Unusable(path, f"the key in {file} is encrypted", "write it without a passphrase, mode 600") from None
    except ValueError:
        mend = "write key = with the file that holds it" if path[-1] == "certificate" else "name one that does"
        raise Unusable(path, f"{file} holds no private key in PEM form", mend) from None


def _octets(path: KeyPath, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise Unusable(path, f"{file} cannot be read: {reason}", "name a file that can") from None
