"""install.sh on machines that lack something: `apt-get`, `sudo` and Pythons of ours note what they are asked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "install.sh"

_APT = """#!/bin/sh
echo "$*" >> {told}
case $* in
update*) exit {update} ;;
*--simulate*package-that-there-is) exit 0 ;;
*--simulate*) exit 100 ;;
esac
"""

_PYTHON = """#!/bin/sh
case $* in
"-m venv"*) echo "$*" >> {told}; cp {packaged} {venv} ;;
esac
"""
_PACKAGED = """#!/bin/sh
echo "$*" >> {told}
"""
_EMPTY = """#!/bin/sh
exit 1
"""
"""A virtual environment of Python 3.11, whose /usr/bin/python3 is 3.13 by now."""


class Machine:
    """A machine with a virtual environment, whose user is not root.

    Args:
        sudo: whether its user may install packages.
        online: whether the lists of packages can be fetched.
        upgraded: whether its Python is another than that of the virtual environment.
    """

    def __init__(self, folder: Path, *, sudo: bool = True, online: bool = True, upgraded: bool = False) -> None:
        self._programs = folder / "bin"
        self._told = folder / "told"
        self._told.touch()
        self._program("id", "#!/bin/sh\necho 1000\n")
        self._program("apt-get", _APT.format(told=self._told, update=0 if online else 100))
        packaged = self._program("packaged", _PACKAGED.format(told=self._told))
        venv = self._program("venv/bin/python", _EMPTY if upgraded else packaged.read_text())
        self._program("venv/pyvenv.cfg", "")
        self._program("python3", _PYTHON.format(told=self._told, packaged=packaged, venv=venv))
        for name in ("cp", "env"):
            (self._programs / name).symlink_to(f"/usr/bin/{name}")
        if sudo:
            self._program("sudo", '#!/bin/sh\nexec "$@"\n')

    def _program(self, name: str, text: str) -> Path:
        path = self._programs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def install(self, *needs: str) -> tuple[int, str, list[str]]:
        """Install a project: the exit code, what is said, and what packagers are asked to do."""
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT), str(self._programs / "venv"), "project", *needs],
            env={
                "PATH": str(self._programs),
                "PYTHONHOME": "/nowhere",
            },  # with which /usr/bin/python3 does not start
            capture_output=True,
            text=True,
            timeout=30,
        )
        return done.returncode, done.stdout + done.stderr, self._told.read_text().splitlines()


def is_installed(told: list[str]) -> bool:
    return any(line.startswith("-m pip install") for line in told)


def test_what_can_be_done_without_is_left_out_where_nobody_may_install_it(tmp_path: Path) -> None:
    code, said, told = Machine(tmp_path, sudo=False).install("not-here:package-that-there-is?")
    assert code == 0 and is_installed(told)
    assert "left out, as no packages can be installed here: package-that-there-is" in said


def test_what_is_needed_is_named_where_nobody_may_install_it(tmp_path: Path) -> None:
    code, said, told = Machine(tmp_path, sudo=False).install("not-here:package-that-there-is")
    assert code == 1 and not is_installed(told)
    assert "not root and no sudo here; please run: apt-get install package-that-there-is" in said


@pytest.mark.parametrize("optional", ["", "?"])
def test_a_list_of_packages_that_cannot_be_fetched_stops_nothing(tmp_path: Path, optional: str) -> None:
    machine = Machine(tmp_path, online=False)
    code, said, told = machine.install(f"not-here:package-that-there-is{optional}")
    assert code == 0 and is_installed(told)
    assert "not every list of packages could be fetched" in said
    assert "install -y -qq --no-install-recommends package-that-there-is" in told


def test_a_virtual_environment_of_another_python_is_made_anew(tmp_path: Path) -> None:
    code, said, told = Machine(tmp_path, upgraded=True).install()
    assert code == 0 and is_installed(told)
    assert told[0] == f"-m venv --clear {tmp_path}/bin/venv" and "making a virtual environment" in said


def test_one_that_is_well_is_kept(tmp_path: Path) -> None:
    code, said, told = Machine(tmp_path).install()
    assert code == 0 and is_installed(told) and "making a virtual environment" not in said


def test_a_package_that_there_is_none_of_is_left_out(tmp_path: Path) -> None:
    code, said, told = Machine(tmp_path).install("not-here:package-of-elsewhere?")
    assert code == 0 and is_installed(told)
    assert "no package package-of-elsewhere here: left out" in said
    assert not any(line.startswith("install -y") for line in told)
