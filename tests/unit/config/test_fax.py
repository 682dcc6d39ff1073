"""[fax] and t38 in the configuration: what fits, what does not, and where that is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config.load import load
from gateway.core.errors import ConfigError
from gateway.fax import library
from tests.support.fax import needs_spandsp

ACCOUNT = '[accounts.6001]\nsecret = "copper-6001"\n'


def faults(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "office.toml"
    path.write_text(text)
    try:
        load(path)
    except ConfigError as error:
        return [str(fault).removeprefix(f"{path}:") for fault in error.faults]
    return []


@pytest.mark.skipif(bool(needs_spandsp), reason=needs_spandsp)
def test_fax_is_set_so(tmp_path: Path) -> None:
    path = tmp_path / "office.toml"
    path.write_text(
        f'{ACCOUNT}t38 = true\n[trunks.far]\nservers = ["udp:127.0.0.2"]\nregisters = false\nt38 = true\n'
        '[fax]\nfolder = "faxes"\nstation = "+1 256 555 1100"\nheader = "Example Ltd"\nat_once = 2\n'
    )
    config = load(path)
    assert config.accounts["6001"].t38 and config.trunks["far"].t38
    assert config.fax.folder == tmp_path / "faxes" and config.fax.at_once == 2


def test_t38_is_not_encrypted(tmp_path: Path) -> None:
    (fault,) = faults(tmp_path, f'{ACCOUNT}media_encryption = "required"\nt38 = true\n')
    assert fault.startswith("4: ") and ("not encrypted" in fault or needs_spandsp)


def test_t38_without_its_library_is_said_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.spandsp.cache_clear()
    monkeypatch.setattr(library, "LIBRARY", "libnothing.so.2")
    try:
        (fault,) = faults(tmp_path, f"{ACCOUNT}t38 = true\n")
        assert faults(tmp_path, f'{ACCOUNT}[fax]\nfolder = "x"\n') == []
    finally:
        library.spandsp.cache_clear()
    assert fault == (
        "3: fax needs libnothing.so.2, which is not installed; apt-get install libspandsp2, or leave the line out"
    )


@pytest.mark.parametrize("station", ["fax machine", "1" * 21, "+1\\n2"])
def test_a_station_is_a_number(tmp_path: Path, station: str) -> None:
    (fault,) = faults(tmp_path, f'{ACCOUNT}[fax]\nstation = "{station}"\n')
    assert fault.startswith("4: ") and "cannot identify a fax machine" in fault
