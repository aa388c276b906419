"""The user's parameters: token, temp_unit, stale_values; all at once and without a restart."""

import time

import pytest
from vrm import HOUSE, VAN

from support.world import (AUTHENTICATION_FAILED, CONNECTED, CONTROLLER, DISCONNECTED, FRESH, STALE,
                           Behaviour, address)

BANK = address(HOUSE, "bm", 289)
FORMS = [("pg3x", "text"), ("pg3x", "object"), ("pg3x", "value"), ("2021", "text"), ("2021", "object")]


def fahrenheit(celsius):
    return round(celsius * 9 / 5 + 32, 1)


# -- the token ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("params", [False, {}, {"vrm_token": ""}, {"vrm_token": "  \n"}, {"other": "x"}],
                         ids=str)
def test_without_a_token_there_is_one_node_that_says_disconnected(world, params):
    pg3 = world.start(params=params)
    world.wait_node(CONTROLLER)
    world.wait(pg3.notices, "a notice")
    pg3.short_poll()
    pg3.long_poll()
    time.sleep(0.5)
    assert list(pg3.nodes) == [CONTROLLER]
    assert pg3.nodes[CONTROLLER].name == "Victron Energy"
    assert pg3.value(CONTROLLER, "GV0") == DISCONNECTED
    assert world.system_status() == "Disconnected"
    assert "token" in " ".join(pg3.notices().values()).lower()
    assert world.vrm.requests == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_bad_token_shows_authentication_failed_and_is_mended_live(world, status):
    world.vrm.settings["refused_status"] = status
    pg3 = world.start(params={"vrm_token": "0123456789abcdef-not-a-token"})
    world.secrets.append("0123456789abcdef-not-a-token")
    world.wait_system(AUTHENTICATION_FAILED)
    world.wait(pg3.notices, "a notice")
    assert world.system_status() == "Authentication Failed"
    assert list(pg3.nodes) == [CONTROLLER]
    assert "token" in " ".join(pg3.notices().values()).lower()
    world.wait_defaults()
    pg3.set_params(world.params)
    world.wait_fresh()
    world.wait_system(CONNECTED)
    world.wait(lambda: not pg3.notices(), "the notice's end")


def test_a_token_that_is_revoked_is_noticed_and_a_new_one_taken_at_once(running):
    pg3 = running.pg3
    renewed = "newplanted5f1d9e0a77c2b64e8f3a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2"
    running.secrets.append(renewed)
    running.vrm.set_tokens([renewed])
    pg3.query(CONTROLLER)
    running.wait_system(AUTHENTICATION_FAILED)
    running.wait(pg3.notices, "a notice")
    pg3.rules.tokens.append(renewed)
    pg3.set_params({"vrm_token": renewed})
    running.recover()
    running.wait(lambda: not pg3.notices(), "the notices' end")


def test_a_refused_token_is_not_tried_for_ever(world):
    world.vrm.set_tokens([])
    world.start()
    world.wait_system(AUTHENTICATION_FAILED)
    time.sleep(2)
    assert len(world.vrm.requests) <= 4


def test_the_name_api_key_is_accepted_too(world):
    world.running(params={"api_key": world.vrm.token})


@pytest.mark.parametrize("before, after", [("  ", "\n"), ("\t", " "), ("", "\r\n\r\n")])
def test_a_pasted_token_is_trimmed(world, before, after):
    world.running(params={" vrm_token ": before + world.vrm.token + after})


def test_a_token_taken_away_disconnects(running):
    pg3 = running.pg3
    pg3.set_params({"vrm_token": ""})
    running.wait_system(DISCONNECTED)
    running.wait(pg3.notices, "a notice")
    asked = len(running.vrm.polls())
    pg3.short_poll()
    time.sleep(0.5)
    assert len(running.vrm.polls()) == asked
    assert BANK in pg3.nodes


def test_a_token_with_fewer_installations_serves_those(running):
    smaller = "smallerplanted1f1d9e0a77c2b64e8f3a1b2c3d4e5f60718293a4b5c6d7e8f90"
    running.secrets.append(smaller)
    running.vrm.set_tokens({running.vrm.token: None, smaller: [HOUSE]})
    running.pg3.rules.tokens.append(smaller)
    running.pg3.set_params({"vrm_token": smaller})
    installations = running.pg3.driver(CONTROLLER, "installation")
    running.wait_value(CONTROLLER, installations, 1)
    assert address(VAN, "bm", 0) in running.pg3.nodes


# -- the forms in which PG3 tells a change -------------------------------------------------------------

@pytest.mark.parametrize("wire, form", FORMS)
def test_each_form_of_a_change_is_understood(world, wire, form):
    pg3 = world.start(params={}, behaviour=Behaviour(wire=wire))
    world.wait_node(CONTROLLER)
    world.wait_defaults()
    pg3.set_params(world.params, form=form)
    world.wait_fresh()


@pytest.mark.parametrize("body", [None, "", "not json {", "[1]", "7", 7, [], {"value": None}, {"vrm_token": 5}],
                         ids=repr)
def test_odd_user_data_does_no_harm(world, body):
    pg3 = world.running()
    pg3.customs["customparams"] = {}            # what PG3 tells is what PG3 has
    pg3.send({"custom": {"customparams": body}})
    pg3.send({"customparams": body})
    pg3.send({"custom": body})
    pg3.send({"custom": {"customdata": body, "notices": body, "neverHeardOf": body}})
    time.sleep(0.5)
    pg3.set_params(world.params)
    world.recover()


# -- what the plugin writes ------------------------------------------------------------------------

def test_the_users_parameters_are_merged_never_overwritten(world):
    typed = {"my own note": "keep me", "temp_unit": "F", **world.params}
    pg3 = world.start(params=typed)
    world.wait_fresh()
    stored = pg3.customs["customparams"]
    assert {name: stored[name] for name in typed} == typed
    assert {"vrm_token", "temp_unit", "stale_values"} <= set(stored)


def test_the_parameters_names_are_offered_when_there_are_none(world):
    pg3 = world.start(params=False)
    world.wait_defaults()
    assert pg3.customs["customparams"]["vrm_token"] == ""


def test_user_data_that_did_not_come_is_not_overwritten(world):
    """Without an answer to getAll the plugin does not know what the user typed."""
    pg3 = world.start(behaviour=Behaviour(getall="never"))
    world.wait_node(CONTROLLER, timeout=20)
    time.sleep(0.5)
    sent = [item for items in pg3.received("custom", "set") for item in items
            if item["key"] == "customparams"]
    assert sent == []


@pytest.mark.parametrize("wire", ["pg3x", "2021"])
def test_an_echo_is_not_answered(world, wire):
    pg3 = world.start(behaviour=Behaviour(wire=wire, echo=True), params={})
    world.wait(pg3.notices, "a notice")
    world.wait_defaults()
    pg3.set_params(world.params)
    world.wait_fresh()
    world.wait(lambda: not pg3.notices(), "the notice's end")
    time.sleep(1)
    count = len(pg3.received("custom", "set"))
    time.sleep(1.5)
    assert len(pg3.received("custom", "set")) == count, "the plugin answers its own echo"
    assert count <= 15


def test_a_notice_of_pg3s_own_is_kept(world):
    pg3 = world.setup(params={})
    pg3.seed_notice("expired", "Your licence has expired.")
    world.start_plugin()
    world.wait(lambda: len(pg3.notices()) >= 2, "the plugin's notice beside PG3's")
    world.wait_defaults()
    pg3.set_params(world.params)
    world.wait_fresh()
    world.wait(lambda: list(pg3.notices()) == ["expired"], "PG3's notice alone")


# -- temp_unit and stale_values --------------------------------------------------------------------

def test_temp_unit_changes_live(running):
    pg3, token = running.pg3, running.params
    temperature = pg3.driver(BANK, "temperature")
    assert (pg3.value(BANK, temperature), pg3.reading(BANK, temperature).uom) == (21.5, 4)
    asked = len(running.vrm.polls())
    pg3.set_params({**token, "temp_unit": "F"})
    running.wait_value(BANK, temperature, fahrenheit(21.5))
    assert pg3.reading(BANK, temperature).uom == 17
    inverter = address(VAN, "iv", 257)
    running.wait_value(inverter, pg3.driver(inverter, "temperature"), fahrenheit(33.5))
    pg3.set_params({**token, "temp_unit": "C"})
    running.wait_value(BANK, temperature, 21.5)
    assert pg3.reading(BANK, temperature).uom == 4
    assert len(running.vrm.polls()) <= asked + 4, "a unit is no reason to ask VRM much"


@pytest.mark.parametrize("typed, uom", [("f", 17), (" F ", 17), ("c", 4), ("", 4), ("Kelvin", 4)])
def test_temp_unit_is_read_kindly(world, typed, uom):
    world.running(params={**world.params, "temp_unit": typed})
    assert world.pg3.reading(BANK, world.pg3.driver(BANK, "temperature")).uom == uom


def test_a_temperature_pg3_knew_in_celsius_is_not_taken_for_fahrenheit(world):
    pg3 = world.running()
    temperature = pg3.driver(BANK, "temperature")
    world.stop()
    pg3.customs["customparams"]["temp_unit"] = "F"
    world.vrm.fault("diagnostics", "slow", seconds=1.0)
    pg3.history.clear()
    world.start_plugin()
    world.wait_value(BANK, temperature, fahrenheit(21.5))
    shown = [(float(reading.value), reading.uom) for reading in pg3.history[BANK, temperature]]
    assert set(shown) <= {(21.5, 4), (fahrenheit(21.5), 17)}, shown


def test_stale_values_changes_live(world):
    world.vrm.age_device(HOUSE, "battery", 289, 600)
    pg3 = world.start(params={**world.params, "stale_values": "keep"})
    world.wait_node(BANK)
    world.wait_state(BANK, STALE)
    soc = pg3.driver(BANK, "state of charge")
    world.wait_value(BANK, soc, 76.5)
    pg3.set_params({**world.params, "stale_values": "zero"})
    world.wait_value(BANK, soc, 0)
    pg3.set_params({**world.params, "stale_values": "keep"})
    world.wait_value(BANK, soc, 76.5)
    world.vrm.age_device(HOUSE, "battery", 289, 0)
    pg3.query(CONTROLLER)
    world.wait_state(BANK, FRESH)
    world.wait_value(BANK, soc, 76.5)
