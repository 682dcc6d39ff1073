"""Tokens for tags, branches and Call-IDs."""

from __future__ import annotations

from gateway.sip.grammar import is_token
from gateway.sip.token import AT_A_TIME, LENGTH, Tokens


def test_no_token_comes_twice_and_each_has_64_bits() -> None:
    tokens = Tokens()
    given = [tokens() for _ in range(3 * AT_A_TIME)]
    assert len(set(given)) == len(given)
    assert all(len(token) == LENGTH and is_token(token) and int(token, 16) >= 0 for token in given)


def test_those_of_two_stacks_have_nothing_in_common() -> None:
    one, other = Tokens(), Tokens()
    assert not {one() for _ in range(AT_A_TIME)} & {other() for _ in range(AT_A_TIME)}
