"""install.sh on machines that lack something: `apt-get` and `sudo` of ours note what they are asked."""

from __future__ import annotations

import shutil
import subprocess
import sys
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


class Machine:
    """A machine with a virtual environment, whose user is not root.

    Args:
        sudo: whether its user may install packages.
        online: whether the lists of packages can be fetched.
    """

    def __init__(self, folder: Path, *, sudo: bool = True, online: bool = True) -> None:
        self._folder = folder
        self._programs = folder / "bin"
        self._told = folder / "told"
        self._told.touch()
        self._program("id", "#!/bin/sh\necho 1000\n")
        self._program("apt-get", _APT.format(told=self._told, update=0 if online else 100))
        self._program("venv/bin/python", f'#!/bin/sh\necho "$*" >> {self._told}\n')
        (self._programs / "python3").symlink_to(sys.executable)
        (self._programs / "env").symlink_to(str(shutil.which("env")))
        if sudo:
            self._program("sudo", '#!/bin/sh\nexec "$@"\n')

    def _program(self, name: str, text: str) -> None:
        path = self._programs / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def install(self, *needs: str) -> tuple[int, str, list[str]]:
        """Install a project: the exit code, what is said, and what packagers are asked to do."""
        done = subprocess.run(
            ["/bin/sh", str(SCRIPT), str(self._programs / "venv"), "project", *needs],
            env={"PATH": str(self._programs)},
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


def test_a_package_that_there_is_none_of_is_left_out(tmp_path: Path) -> None:
    code, said, told = Machine(tmp_path).install("not-here:package-of-elsewhere?")
    assert code == 0 and is_installed(told)
    assert "no package package-of-elsewhere here: left out" in said
    assert not any(line.startswith("install -y") for line in told)
