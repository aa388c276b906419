"""VRM lies: other types than documented, other languages, odd fields. Nothing of it does harm."""

import time

import pytest
from vrm import HOUSE, VAN

from support.world import AUTHENTICATION_FAILED, CONTROLLER, FRESH, address

BANK = address(HOUSE, "bm", 289)


RECORDS = ["records_false", "records_null", "records_object", "records_keyed", "records_text"]
ANYWHERE = ["mixed", "strings_for_numbers", "null_values", "missing_fields", "success_missing", "not_object"]
LIES = {
    "me": ANYWHERE,
    "installations": ANYWHERE + RECORDS + ["bad_rows"],
    "system-overview": ANYWHERE + RECORDS + ["devices_false", "bad_rows"],
    "diagnostics": ANYWHERE + RECORDS + ["unknown_enums", "enum_text", "bad_rows"],
}
HARMLESS = ["records_keyed", "strings_for_numbers", "unknown_enums", "bad_rows"]


@pytest.mark.parametrize("where", LIES)
def test_lies_do_no_harm(world, where):
    """All lies about one thing, one after the other. A new token each time makes the plugin ask
    for everything at once, whatever back-off it is in."""
    tokens = [world.vrm.token, "otherplanted9f1d9e0a77c2b64e8f3a1b2c3d4e5f60718293a4b5c6d7e8f90a"]
    world.secrets.append(tokens[1])
    world.vrm.set_tokens(tokens)
    world.running()
    world.pg3.rules.tokens.append(tokens[1])

    def ask_anew():
        tokens.reverse()
        asked = world.vrm.count(where)
        world.pg3.set_params({**world.pg3.customs["customparams"], "vrm_token": tokens[0]})
        return world.vrm.wait_for_requests(where, asked + 1, timeout=5)

    for lie in LIES[where]:
        world.vrm.clear_faults()
        world.vrm.fault(where, "wrong_types", what=lie)
        assert ask_anew(), f"{where} was not asked for again before {lie}"
        time.sleep(0.15)
        assert world.plugin.running(), f"{where} {lie}: {world.plugin.log_tail()}"
    world.vrm.clear_faults()
    ask_anew()
    world.recover(timeout=30)


@pytest.mark.parametrize("lie", HARMLESS)
def test_odd_types_still_give_values(world, lie):
    world.vrm.fault("diagnostics", "wrong_types", what=lie)
    world.start()
    world.wait_fresh([BANK])
    assert world.labelled(BANK, "state of charge") == 76.5


def test_a_translated_answer_gives_the_same_values(world):
    world.vrm.fault("diagnostics", "translated")
    world.running()
    assert world.labelled(BANK, "state of charge") == 76.5


def test_alarms_as_texts_instead_of_objects_are_counted(world):
    world.vrm.set_site(HOUSE, current_alarms=["Low state-of-charge"], num_alarms=1, alarm=True,
                       images=False, tags=False)
    world.running()


@pytest.mark.parametrize("fields", [{"name": None}, {"name": False}, {"identifier": None},
                                    {"last_timestamp": False}, {"current_alarms": False}, {"name": '<b>"x"</b>/'},
                                    {"current_alarms": None, "num_alarms": None, "alarm": None}], ids=str)
def test_odd_fields_of_an_installation_do_no_harm(world, fields):
    world.vrm.set_site(HOUSE, **fields)
    world.running()


@pytest.mark.parametrize("fields", [{"lastConnection": False}, {"lastConnection": "1700000000"},
                                    {"customName": None, "productName": None}, {"idDeviceType": None}, {"productCode": ""}], ids=str)
def test_odd_fields_of_a_device_do_no_harm(world, fields):
    world.vrm.set_device(HOUSE, "battery", 289, **fields)
    world.running()


@pytest.mark.parametrize("interval", [False, None, "60", 0, -5, "soon"])
def test_an_odd_logging_interval_does_no_harm(world, interval):
    world.vrm.set_device(HOUSE, "gateway", None, loggingInterval=interval)
    world.running()


def test_an_account_without_installations_is_connected_and_empty(world):
    world.vrm.remove_site(HOUSE)
    world.vrm.remove_site(VAN)
    world.start()
    world.wait_node(CONTROLLER)
    world.wait(lambda: world.vrm.count("installations") >= 1, "the question")
    time.sleep(0.5)
    assert list(world.pg3.nodes) == [CONTROLLER]
    assert world.pg3.value(CONTROLLER, "GV0") != AUTHENTICATION_FAILED
    new = world.vrm.add_site("First", [("battery", 1)])
    world.pg3.long_poll()
    world.wait_fresh([address(new, "bm", 1)])
    assert world.pg3.value(address(new, "bm", 1), "GV30") == FRESH
