"""DEVICE_STATE: of telephones and accounts, with and without a call, and of the dialplan's own devices."""

from __future__ import annotations

from gateway.core.messages import Answered, Held, Released
from gateway.core.switch import DeviceState
from tests.unit.call.exchange import BYE, FXS_101, Exchange, dial_and_bridge

S = DeviceState


def test_a_device_without_a_call_is_as_its_technology_says(exchange: Exchange) -> None:
    exchange.fxs.states["101"] = S.UNAVAILABLE
    assert exchange.manager.device_state("FXS/101") is S.UNAVAILABLE
    assert exchange.manager.device_state(" fxs/102 ") is S.NOT_INUSE
    assert exchange.manager.device_state("SIP/6001") is S.INVALID, "there is no such technology here"
    assert exchange.manager.device_state("Queue:sales") is S.INVALID


def test_calls_of_a_device_tell_its_state(exchange: Exchange) -> None:
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    assert exchange.manager.device_state("FXS/101") is S.RINGING
    exchange.says(exchange.phone, Answered("off-hook"))
    exchange.says(exchange.phone, Held())
    assert exchange.manager.device_state("FXS/101") is S.ONHOLD
    exchange.says(caller, Released(BYE))
    assert exchange.manager.device_state("FXS/101") is S.NOT_INUSE


def test_the_words_of_other_dialplans_mean_the_same_device(exchange: Exchange) -> None:
    fxs = exchange.fxs
    exchange.manager.technologies = {**exchange.manager.technologies, "DAHDI": fxs}
    dial_and_bridge(exchange, FXS_101)
    caller = exchange.offer()
    assert exchange.manager.device_state("DAHDI/101") is S.RINGING
    exchange.says(caller, Released(BYE))


def test_a_custom_device_has_the_state_that_a_script_gave_it(exchange: Exchange) -> None:
    exchange.dialplan(
        """
[office]
exten => 101,1,Set(DEVICE_STATE(Custom:night)=inuse)
 same => n,NoOp(is ${DEVICE_STATE(custom:night)} and ${DEVICE_STATE(Custom:day)}, ${EXTENSION_STATE(300)})
exten => 300,hint,Custom:night
"""
    )
    caller = exchange.offer()
    assert exchange.story_has(caller, "NoOp(is INUSE and UNKNOWN, INUSE)")
    assert exchange.manager.devices.database.get("CustomDevstate/night") == "INUSE"


def test_only_custom_devices_take_a_state_and_only_one_that_there_is(exchange: Exchange) -> None:
    exchange.dialplan(
        """
[office]
exten => 101,1,Set(DEVICE_STATE(FXS/101)=INUSE)
exten => 102,1,Set(DEVICE_STATE(Custom:night)=ASLEEP)
"""
    )
    assert exchange.story_has(exchange.offer(), "Custom:NAME alone, not of 'FXS/101'")
    assert exchange.story_has(exchange.offer("SIP/6001-00000002", "102"), "'ASLEEP' is no state of a device")
