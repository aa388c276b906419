"""What goes wrong in a soak. A fault is a function of the world and its dice: it breaks something, lets some polls
pass, mends it, and returns within how many virtual seconds all must be well again."""

import os
import shutil

import paho.mqtt.client as paho
from gx_device import FULL, OFF, PORTAL_MODE
from vrm import HOUSE, VAN
from vrm_faults import WRONG_TYPES

from support.gx_lan import USER
from support.world import CONTROLLER, FRESH, address

from .world import BANK, BEAT, LONG_POLL, LONGEST_PAUSE, POLL, POLLED, ROOF, ROUND, SCRIPT

AT_A_POLL = POLL + 10               # the plugin tries again at each poll, whatever its own pause is
AT_A_LONG_POLL = LONG_POLL + AT_A_POLL
SCRIPT_SECONDS = 15                 # until a changed file serves, and one that is gone is believed to be
REFUSED, RATE_LIMITED, UNREACHABLE, VRM_ERROR, NO_ANSWER, NOT_TRUSTED, FOREIGN = 2, 4, 5, 6, 8, 9, 10
REQUEST_REFUSED, TOO_LARGE = 11, 12
TOOLS = address(VAN, "iv", 257)
FAULTS = {}


def fault(function):
    FAULTS[function.__name__.replace("_", " ")] = function
    return function


def lasting(dice):
    """For how many polls: mostly few, at times until the pause between tries is the longest."""
    return dice.choice([2, 2, 3, 3, 5, 12])


# -- VRM -------------------------------------------------------------------------------------------

def vrm_fails(name, kind, shows, hangs=False, **arguments):
    def run(world, dice):
        where = dice.choice(["diagnostics", "diagnostics", "*"])
        world.vrm.fault(where, kind, **arguments)
        world.vrm_hangs = hangs
        world.poll_in_trouble(lasting(dice))
        world.expect_status(shows)
        world.vrm_hangs = False
        world.vrm.clear_faults()
        return AT_A_POLL if where == "diagnostics" else AT_A_LONG_POLL
    FAULTS["VRM: " + name] = run


vrm_fails("401", "status", REFUSED, code=401)
vrm_fails("500", "status", VRM_ERROR, code=500)
vrm_fails("502 in HTML", "status", VRM_ERROR, code=502, body="html")
vrm_fails("503 without a body", "status", VRM_ERROR, code=503, body="empty")
vrm_fails("404", "status", REQUEST_REFUSED, code=404)
vrm_fails("HTML", "html200", FOREIGN)
vrm_fails("an empty answer", "empty200", FOREIGN)
vrm_fails("success false", "success_false", REQUEST_REFUSED)
vrm_fails("half a JSON text", "truncated_json", FOREIGN)
vrm_fails("half an answer", "cut", NO_ANSWER)
vrm_fails("a closed connection", "reset", NO_ANSWER)
vrm_fails("an answer that never comes", "hang", NO_ANSWER, hangs=True)
vrm_fails("too big an answer", "big", TOO_LARGE)
vrm_fails("a redirect", "redirect", FOREIGN)


@fault
def VRM_429(world, dice):
    seconds = dice.choice([None, 20, 90, 400, 1500])
    arguments = {} if seconds is None else {"retry_after": seconds}
    if seconds and dice.random() < 0.3:
        arguments = {"retry_after_date": seconds + world.clock.ahead}
    world.vrm.fault("diagnostics", "status", code=429, **arguments)
    world.poll_in_trouble(lasting(dice))
    world.expect_status(RATE_LIMITED)
    world.vrm.clear_faults()
    return max(seconds or 0, LONGEST_PAUSE) + AT_A_POLL


@fault
def VRM_lies(world, dice):
    where = dice.choice(["diagnostics", "system-overview", "installations"])
    what = dice.choice(sorted(WRONG_TYPES))
    world.vrm.fault(where, "wrong_types", what=what)
    world.poll_in_trouble(6)                    # a long poll is among them
    world.vrm.clear_faults()
    return AT_A_LONG_POLL


@fault
def VRM_fails_where_it_is_asked_seldom(world, dice):
    where = dice.choice(["system-overview", "installations", "me"])
    world.vrm.fault(where, "status", code=dice.choice([401, 403, 500]))
    world.poll_in_trouble(12)
    world.vrm.clear_faults()
    return AT_A_LONG_POLL               # the account's list is asked for then, or after its own pause


@fault
def VRM_answers_in_another_language(world, dice):
    world.vrm.fault("*", "translated")
    world.poll_in_trouble(6)
    world.vrm.clear_faults()
    return AT_A_POLL


@fault
def VRM_is_slow(world, dice):
    world.vrm.fault("diagnostics", "drip", seconds=0.2)
    world.poll_in_trouble(2)
    world.vrm.clear_faults()
    return AT_A_POLL


@fault
def VRM_is_down(world, dice):
    world.vrm.stop()
    world.poll_in_trouble(lasting(dice))
    world.expect_status(UNREACHABLE)
    world.vrm.start()
    return AT_A_LONG_POLL


@fault
def VRM_has_another_certificate(world, dice):
    world.vrm.stop()
    world.vrm.set_certificate(dice.choice(["wrong-name", "untrusted"]))
    world.vrm.start()
    world.poll_in_trouble(lasting(dice))
    world.expect_status(NOT_TRUSTED)
    world.vrm.stop()
    world.vrm.set_certificate("ok")
    world.vrm.start()
    return AT_A_LONG_POLL


@fault
def the_token_is_withdrawn(world, dice):
    world.vrm.set_tokens([])
    world.poll_in_trouble(lasting(dice))
    world.expect_status(REFUSED)
    world.vrm.set_tokens([world.vrm.token])
    return AT_A_POLL


@fault
def one_installation_is_forbidden(world, dice):
    world.vrm.deny(VAN)
    world.poll_in_trouble(lasting(dice))
    world.vrm.deny(VAN, False)
    return AT_A_POLL


@fault
def the_account_loses_an_installation(world, dice):
    world.vrm.set_tokens({world.vrm.token: [HOUSE]})
    world.poll_in_trouble(6)
    world.vrm.set_tokens([world.vrm.token])
    return AT_A_LONG_POLL


@fault
def a_device_goes_away(world, dice):
    world.vrm.drop_device(VAN, "inverter", 257, listed=dice.random() < 0.5)
    world.poll_in_trouble(7)
    world.expect(world.pg3.value(TOOLS, "GV30") != FRESH, "a device that is away is shown as Fresh")
    world.vrm.restore_device(VAN, "inverter", 257)
    return AT_A_LONG_POLL


@fault
def a_gateway_is_silent(world, dice):
    world.vrm.age_device(HOUSE, "gateway", None, 1)
    world.poll_in_trouble(7)
    world.expect(world.pg3.value(BANK, "GV30") != FRESH, "old data is shown as Fresh")
    world.vrm.age_device(HOUSE, "gateway", None, 0)
    return AT_A_POLL


# -- live data -------------------------------------------------------------------------------------

def live(within, name="live", gateways="vrms_gateways"):
    """A fault while values come live; they must do so again within so many virtual seconds after its end."""
    def take(function):
        def run(world, dice):
            world.gateways = getattr(world, gateways)
            before = world.live_begins()
            world.expect_live_truth()
            function(world, dice)
            world.live_comes(within)
            world.expect_live_truth()
            world.live_ends(before)
            return AT_A_POLL
        FAULTS[f"{name}: " + function.__name__.replace("_", " ")] = run
        return function
    return take


@live(within=40)
def hearts_stand_still(world, dice):
    stops = world.live_stops()
    world.gateways.heart = False                # the answers to questions are signs of life, too
    world.live_goes(dice.choice([60, 200]))
    world.expect(world.live_stops() == stops + 2, "live data comes and goes without a heartbeat")
    world.gateways.heart = True


@live(within=40)
def the_gateways_are_off_VRM(world, dice):
    stops = world.live_stops()
    for gx in world.gateways.gx.values():
        gx.values[PORTAL_MODE] = OFF
    world.live_goes(dice.choice([30, 200]))
    world.expect(world.sources() == {POLLED}, "a gateway that is off VRM is said to be live")
    world.expect(world.live_stops() == stops + 2, "that live data has stopped is not told once")
    for gx in world.gateways.gx.values():
        gx.values[PORTAL_MODE] = FULL


@live(within=60)
def a_gateway_starts_anew(world, dice):
    dice.choice(list(world.gateways.gx.values())).restart()


@live(within=LONGEST_PAUSE)
def VRMs_broker_restarts(world, dice):
    world.gateways.stop()
    world.live_goes(dice.choice([0, 20, 400]))
    world.gateways.start()


@live(within=LONGEST_PAUSE)
def VRMs_broker_stands_still(world, dice):
    world.gateways.freeze()
    world.live_goes(dice.choice([20, 200]))
    world.gateways.thaw()


@live(within=AT_A_POLL)
def VRMs_broker_refuses_the_token(world, dice):
    world.gateways.stop()
    world.gateways.start(token="another")
    world.live_goes(dice.choice([60, 400]))
    world.expect(world.sources() == {POLLED}, "values are said to come live without a login")
    world.gateways.stop()
    world.gateways.start()
    world.save_all_params({**world.save_params(live="off"), "live": "vrm"})


@live(within=0)
def a_flood(world, dice):
    for number in range(3):
        world.gateways.gx[HOUSE].flood(2000, f"solarcharger/288/Dc/{number}")
        world.gateways.pass_on()
        world.live_goes(5)
        world.ping()


@live(within=0)
def odd_payloads(world, dice):
    gx = world.gateways.gx[HOUSE]
    values = dict(gx.values)
    for payload in ("", "null", "7", '{"value":', '{"value":{"a":[1]}}', '{"value":1e999}', '{"value":"NaN"}', "\ufffd" * 99,
                    '{"value":true}', '{"value":null,"min":"x","max":[]}', '[{"value":1}]', '{"value":"' + "x" * 9000 + '"}'):
        for topic in ("battery/289/Soc", "solarcharger/288/Yield/Power", "heartbeat", "full_publish_completed",
                      "battery/x/Soc", "battery/99999999999999999999/Soc"):
            world.gateways.say(topic, payload)
        world.gateways.pass_on()
        world.live_goes(BEAT)
    world.gateways.say("keepalive", "7")        # all is asked for again
    gx.set("battery/289/Soc", None)
    world.live_goes(35)
    gx.remove("battery/289")
    world.live_goes(35)
    for path, value in values.items():
        gx.set(path, value)


@live(within=60)
def the_machine_sleeps_meanwhile(world, dice):
    world.leap(dice.choice([60, 600, 5 * 3600]))
    world.next_poll = world.clock.elapsed()


# -- live data of a GX on the LAN ------------------------------------------------------------------

def of_gx(within):
    return live(within, "GX", "gx_on_lan")


def expect_notice(world, words):
    until = world.clock.elapsed() + LONGEST_PAUSE
    while words not in str(world.pg3.notices()) and world.clock.elapsed() < until:
        world.live_goes(BEAT)
    world.live_goes(30)                         # it is not tried again
    world.expect(world.sources() == {POLLED}, "values are said to come live from a GX that is not believed")
    world.expect(words in str(world.pg3.notices()), f"there is no notice with the words {words}")


@of_gx(within=LONGEST_PAUSE)
def it_is_found_by_a_search_and_restarts(world, dice):
    searches = world.gateways.side.searched
    world.save_params(gx_host="")
    world.must(lambda: world.gateways.side.searched > searches, "search for the GX")
    world.live_comes(LONGEST_PAUSE)
    world.gateways.stop()
    shutil.rmtree(world.plugin.path("persist"))         # the file with its certificate, and the script
    world.write_script(world.script())
    world.live_goes(dice.choice([20, 400]))
    world.gateways.start()


@of_gx(within=AT_A_POLL)
def it_shows_another_certificate(world, dice):
    world.gateways.stop()
    world.gateways.side.mqtt.renew()
    world.gateways.start()
    expect_notice(world, "another certificate than before")
    world.save_params(gx_fingerprint=world.gateways.side.mqtt.fingerprint()[:16])


@of_gx(within=AT_A_POLL)
def its_password_changes(world, dice):
    password = f"correct horse {dice.random()}"
    world.gateways.stop()
    world.gateways.side.set_users({**world.gateways.side.users, USER: password})
    world.gateways.start()
    expect_notice(world, "refuses the login")
    world.gateways.params["gx_password"] = password
    world.save_params(gx_password=password)


@of_gx(within=AT_A_POLL)
def it_pairs_and_takes_the_token_away(world, dice):
    side = world.gateways.side
    world.save_params(gx_password="")
    world.live_goes(dice.choice([10, 200]))
    side.pairing = True
    world.live_comes(LONGEST_PAUSE)
    side.pairing, users = False, side.users
    world.gateways.stop()
    side.set_users({USER: users[USER]})
    world.gateways.start()
    expect_notice(world, "pairing mode")
    side.set_users(users)                       # the next time the token is good
    world.save_params(gx_password=world.gateways.params["gx_password"])


# -- PG3's broker ----------------------------------------------------------------------------------

@fault
def the_broker_restarts(world, dice):
    world.broker_goes()
    world.pg3.broker.stop()
    world.go(dice.choice([0, 5, 60, 900]), 10)
    world.pg3.broker.start()
    world.broker_comes()
    return AT_A_POLL


@fault
def the_broker_restarts_again_and_again(world, dice):
    for _ in range(3):
        world.broker_goes()
        world.pg3.broker.stop()
        world.pg3.broker.start()
        world.broker_comes()
    return AT_A_POLL


@fault
def the_broker_stands_still(world, dice):
    world.broker_goes()
    world.pg3.broker.freeze()
    world.go(dice.choice([30, 240, 900]), 10)
    world.pg3.broker.thaw()
    world.broker_comes()
    return AT_A_POLL


@fault
def another_login_throws_the_plugin_out(world, dice):
    logins = world.pg3.connected_count()
    world.broker_goes()
    thief = paho.Client(client_id=world.pg3.id)
    thief.connect("127.0.0.1", world.pg3.broker.test_port)
    thief.loop_start()
    world.wait(lambda: world.pg3.connected_count() > logins, "the other login")
    thief.disconnect()
    thief.loop_stop()
    world.broker_comes()
    return AT_A_POLL


# -- PG3 -------------------------------------------------------------------------------------------

@fault
def PG3_sends_half_messages(world, dice):
    for text in (b'{"shortPoll": {', b"", b"null", b'[{"query":', b'{"custom":{"customparams":"{\\"vrm_to"}}',
                 b"\xff\xfe"):
        world.pg3.send(text)
    return 0


@fault
def PG3_sends_unknown_and_odd_keys(world, dice):
    for message in ({"aStranger": {"x": [1, None, True]}}, {"set": None}, {"config": []}, {"custom": [1]},
                    {"addnode": [{"error": "no"}]}, {"command": {"address": 7}}, {"customRequest": {}},
                    {"getNsInfo": None}):
        world.pg3.send(message)
    world.pg3.behaviour.unknown_keys = True
    world.poll_in_trouble(2)
    world.pg3.behaviour.unknown_keys = False
    return ROUND


@fault
def PG3_asks_and_asks(world, dice):
    for asked in dice.sample(world.device_addresses() + [CONTROLLER, "all"], 3):
        world.ask(asked)
    for asked in ("all", BANK, "nobody_42"):
        world.pg3.status(asked, requestId=f"status {asked}")
    return AT_A_POLL


@fault
def PG3_floods(world, dice):
    for _ in range(30):
        world.pg3.short_poll()
    for _ in range(3):
        world.pg3.long_poll()
        world.pg3.discover()
    world.poll_in_trouble()     # what came too soon is made up for after ten seconds
    return AT_A_POLL


@fault
def PG3_loses_the_answers_to_values(world, dice):
    world.pg3.lose_set_answers = True
    world.poll_in_trouble(3)
    world.pg3.lose_set_answers = False
    return ROUND


@fault
def a_node_is_deleted_in_PG3(world, dice):
    node, how = dice.choice([BANK, ROOF]), dice.choice(["taken", "lost", "refused"])
    if how == "lost":
        world.pg3.behaviour.addnode_silent = {node: 1}
    elif how == "refused":
        world.pg3.behaviour.addnode_errors = {node: 2}
    world.pg3.delete_node(node)
    world.poll_in_trouble(2)
    world.pg3.in_flight = set()
    world.pg3.forgive(f"set {node}", "PG3 has no such node")
    return 2 * AT_A_POLL


@fault
def a_wrong_token_is_saved(world, dice):
    wrong = dice.choice(["", "not-a-token-of-vrms", "me@example.com", "123"])
    good = world.save_params(vrm_token=wrong)
    world.poll_in_trouble(2)
    world.expect(world.pg3.notices(), "there is no notice about a wrong token")
    world.save_all_params(good)
    return AT_A_POLL


@fault
def parameters_change(world, dice):
    good = world.save_params(temp_unit="F", stale_values="keep")
    world.poll_in_trouble(1)
    reading = world.pg3.reading(BANK, "CLITEMP")
    world.expect(reading.uom == 17, f"the temperature is not shown in °F but in unit {reading.uom}")
    world.save_params(temp_unit="warm", stale_values="blue", script_folder="here")
    world.poll_in_trouble(1)
    world.expect(world.pg3.notices(), "there is no notice about a wrong parameter")
    world.save_all_params(good)
    world.poll_in_trouble(1)
    reading = world.pg3.reading(BANK, "CLITEMP")
    world.expect(reading.uom == 4, f"the temperature is not shown in °C again but in unit {reading.uom}")
    return AT_A_POLL


# -- device scripts --------------------------------------------------------------------------------

@fault
def a_script_is_saved_broken(world, dice):
    good = world.script()
    bad = dice.choice([good[:len(good) // 2], good.replace("expect = { ST = 87.5", "expect = { ST = 1"),
                       good.replace('id = "VICBATT"', 'id = "VICGW"'), "return 7", ""])
    world.write_script(bad)
    world.go(SCRIPT_SECONDS, 1)
    world.expect(world.pg3.value(CONTROLLER, "GV3") == 1, "a broken script is not counted")
    world.poll_in_trouble(lasting(dice))
    world.expect(world.pg3.value(BANK, "GV30") == FRESH, "a broken file ends the values of the script before it")
    world.write_script(good)
    world.go(SCRIPT_SECONDS, 1)
    return AT_A_POLL


@fault
def a_script_fails_at_work(world, dice):
    good = world.script()
    world.write_script(good.replace("node.state.charge =", "error('broken', 0) node.state.charge =", 1))
    world.go(SCRIPT_SECONDS, 1)
    world.poll_in_trouble(lasting(dice))
    world.expect(world.pg3.value(CONTROLLER, "GV3") == 1, "a failing script is not counted")
    world.write_script(good)
    world.go(SCRIPT_SECONDS, 1)
    return AT_A_POLL


@fault
def a_script_is_deleted_and_put_back(world, dice):
    os.remove(world.plugin.path(SCRIPT))
    world.go(SCRIPT_SECONDS, 1)
    world.poll_in_trouble(1)
    world.expect(world.pg3.value(BANK, "GV30") == FRESH, "the built-in script does not take over")
    world.write_script(world.script())
    world.go(SCRIPT_SECONDS, 1)
    return AT_A_POLL


@fault
def scripts_are_loaded_again(world, dice):
    world.pg3.command(CONTROLLER, "RELOAD")
    world.go(SCRIPT_SECONDS, 1)
    return AT_A_POLL


# -- the machine -----------------------------------------------------------------------------------

@fault
def the_disk_is_full(world, dice):
    world.clock.disk_full(True)
    world.write_script(world.script() + "-- another copy is to be kept\n")
    world.go(SCRIPT_SECONDS, 1)
    world.say_something()
    world.poll_in_trouble(lasting(dice))
    world.clock.disk_full(False)
    world.write_script(world.script())
    world.go(SCRIPT_SECONDS, 1)
    world.expect_logged()
    return AT_A_POLL


@fault
def the_log_folder_is_deleted(world, dice):
    shutil.rmtree(world.plugin.path("logs"))
    world.say_something()
    world.poll_in_trouble(lasting(dice))
    os.makedirs(world.plugin.path("logs"), exist_ok=True)
    world.expect_logged()
    return ROUND


@fault
def the_log_folder_is_moved_for_a_while(world, dice):
    os.rename(world.plugin.path("logs"), world.plugin.path("moved"))
    world.say_something()
    world.poll_in_trouble(lasting(dice))
    shutil.rmtree(world.plugin.path("logs"), ignore_errors=True)
    os.rename(world.plugin.path("moved"), world.plugin.path("logs"))
    world.expect_logged()
    return ROUND


@fault
def the_persist_folder_is_gone(world, dice):
    shutil.rmtree(world.plugin.path("persist"))
    world.go(SCRIPT_SECONDS, 1)
    world.poll_in_trouble(lasting(dice))
    world.write_script(world.script())
    world.go(SCRIPT_SECONDS, 1)
    return AT_A_POLL


@fault
def the_machine_sleeps(world, dice):
    world.leap(dice.choice([600, 5 * 3600, 11 * 3600]))
    world.next_poll = world.clock.elapsed()
    world.poll_in_trouble(1)
    return AT_A_POLL


