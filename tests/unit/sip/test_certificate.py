"""RFC 5922 section 7: which SIP domains a certificate is for."""

from __future__ import annotations

import pytest

from gateway.sip.certificate import identities, proves


def certificate(*names: tuple[str, str], common_name: str = "old.example.com") -> dict[str, object]:
    return {"subject": ((("commonName", common_name),),), "subjectAltName": names}


SIP_URI = ("URI", "sip:example.com")
DNS = ("DNS", "Sip1.Example.com")


@pytest.mark.parametrize(
    ("shown", "known"),
    [
        (certificate(SIP_URI, DNS), ["example.com"]),
        (certificate(DNS), ["sip1.example.com"]),
        (certificate(("URI", "https://example.com"), DNS), ["sip1.example.com"]),
        (certificate(("URI", "sip:alice@example.com"), DNS), ["sip1.example.com"]),
        (certificate(("URI", "no uri"), DNS), ["sip1.example.com"]),
        (certificate(), ["old.example.com"]),
        (certificate(("IP Address", "192.0.2.1"), DNS), ["sip1.example.com", "192.0.2.1"]),
        ({}, []),
    ],
)
def test_section_7_1_uris_count_before_dns_names_and_the_subject_only_where_there_are_none(
    shown: dict[str, object], known: list[str]
) -> None:
    assert list(identities(shown)) == known


def test_section_7_2_names_match_whole_and_whatever_their_case() -> None:
    assert proves(certificate(SIP_URI), "EXAMPLE.com.")
    assert not proves(certificate(SIP_URI), "sip1.example.com")
    assert not proves(certificate(DNS), "example.com")
    assert not proves({}, "example.com")


def test_section_7_2_wildcards_do_not_match_unless_told_to() -> None:
    wild = certificate(("DNS", "*.example.com"))
    assert not proves(wild, "pbx.example.com")
    assert proves(wild, "pbx.example.com", wildcards=True)
    assert not proves(wild, "a.b.example.com", wildcards=True)
    assert not proves(wild, "example.com", wildcards=True)
    assert not proves(certificate(("DNS", "*.0.2.1")), "192.0.2.1", wildcards=True)
