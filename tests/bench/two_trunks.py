"""An office between two trunks, as the benchmarks of calls have it: what comes in by one goes out by the other."""

from typing import Final

__all__ = ["DIALPLAN", "TRUNKS"]

TRUNKS: Final = """\
[trunks.near]
servers = ["{host}:{caller}"]
sources = ["{host}/32"]
registers = false
qualify = 0
[trunks.far]
servers = ["{host}:{callee}"]
registers = false
qualify = 0
[tolls]
onward = ["from-pstn"]
parallel = 0
minutes_per_hour = 0
minutes_per_day = 0
"""
"""Nothing is counted and nothing asked of them but calls."""
DIALPLAN: Final = "[from-pstn]\nexten => _X.,1,Dial(SIP/${EXTEN}@far,30)\n"
