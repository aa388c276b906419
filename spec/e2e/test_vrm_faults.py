"""VRM fails and lies in every way; the plugin says so, waits, and recovers without a restart."""

import time

import pytest
from vrm import HOUSE, VAN

from support.world import AUTHENTICATION_FAILED, CONNECTED, CONTROLLER, address

BANK = address(HOUSE, "bm", 289)


def not_connected(world):
    """Until the controller shows something else than Connected -> the text of that state."""
    world.poll_until(lambda: world.pg3.value(CONTROLLER, "GV0") != CONNECTED,
                     "a status other than Connected", timeout=30)
    return world.system_status()


def complaints(world):
    return world.plugin.log_lines("WARNING", "ERROR")


def told_at_the_start(world, where, fault, **arguments):
    """Starts while VRM has this fault -> the status and the notices once there is one; then VRM recovers."""
    world.vrm.fault(where, fault, **arguments)
    world.start()
    world.wait(lambda: world.pg3.notices(), "a notice", timeout=30)
    told = world.system_status(), str(world.pg3.notices())
    world.vrm.clear_faults()
    world.recover(timeout=30)
    return told


# -- faults and recovery ---------------------------------------------------------------------------

FAULTS = {
    "500 json": ("status", {"code": 500}),
    "500 html": ("status", {"code": 500, "body": "html"}),
    "502 text": ("status", {"code": 502, "body": "text"}),
    "503 empty": ("status", {"code": 503, "body": "empty"}),
    "404": ("status", {"code": 404}),
    "reset": ("reset", {}),
    "cut": ("cut", {"part": 0.5}),
    "truncated json": ("truncated_json", {"part": 0.5}),
    "damaged gzip": ("damaged_gzip", {}),
    "html 200": ("html200", {}),
    "empty 200": ("empty200", {}),
    "success false": ("success_false", {}),
    "too big": ("big", {}),
}


@pytest.mark.parametrize("kind, arguments", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_of_diagnostics_is_told_and_recovered_from(running, kind, arguments):
    before = len(complaints(running))
    running.vrm.fault("diagnostics", kind, **arguments)
    running.pg3.query(CONTROLLER)
    running.wait(lambda: len(complaints(running)) > before, "a complaint in the log")
    status = not_connected(running)
    assert status and status != "Authentication Failed"
    assert running.pg3.value(CONTROLLER, "GV0") != AUTHENTICATION_FAILED
    running.vrm.clear_faults()
    running.recover(timeout=30)


@pytest.mark.parametrize("where", ["me", "installations", "system-overview", "diagnostics"])
@pytest.mark.parametrize("kind, arguments", [("status", {"code": 500}), ("html200", {}), ("cut", {}),
                                             ("success_false", {})],
                         ids=["500", "html", "cut", "success_false"])
def test_a_fault_at_the_start_is_recovered_from(world, where, kind, arguments):
    world.vrm.fault(where, kind, times=1, **arguments)
    world.start()
    world.wait_node(CONTROLLER)
    world.recover(timeout=30)


def test_vrm_gone_and_back(running):
    running.vrm.stop()
    try:
        not_connected(running)
    finally:
        running.vrm.start()
    running.recover(timeout=30)


def test_vrm_not_there_at_the_start(world):
    world.vrm.stop()
    try:
        world.start()
        world.wait_node(CONTROLLER)
        world.wait(lambda: complaints(world), "a complaint in the log")
        assert world.pg3.value(CONTROLLER, "GV0") != CONNECTED
        assert list(world.pg3.nodes) == [CONTROLLER]
    finally:
        world.vrm.start()
    world.recover(timeout=30)


def test_one_site_that_fails_does_not_disturb_the_other(running):
    running.vrm.fault("diagnostics", "status", site=HOUSE, code=500)
    soc = running.pg3.driver(BANK, "state of charge")
    running.vrm.set_row(VAN, "battery", 0, "/Soc", raw=31.5)
    running.poll_until(lambda: running.pg3.value(address(VAN, "bm", 0), soc) == 31.5, "the other site")
    running.vrm.clear_faults()
    running.recover(timeout=30)


def test_an_answer_that_never_comes_ends_in_a_time_out(running):
    """The longest test: it waits for the plugin's own time-out (at most 20 s)."""
    before = len(complaints(running))
    running.vrm.fault("diagnostics", "hang", site=HOUSE)
    running.pg3.query(CONTROLLER)
    running.wait(lambda: len(complaints(running)) > before, "the time-out in the log", timeout=25)
    running.vrm.clear_faults()
    running.recover(timeout=30)


def test_a_slow_answer_is_waited_for(world):
    world.vrm.fault("diagnostics", "drip", seconds=3.0)
    world.running()


def test_a_name_that_does_not_resolve_is_told(world):
    world.start(VICTRON_VRM_URL="https://vrm.invalid/v2")
    world.wait_node(CONTROLLER)
    world.wait_log("vrm.invalid")
    assert world.pg3.value(CONTROLLER, "GV0") not in (CONNECTED, AUTHENTICATION_FAILED)


# -- the log ---------------------------------------------------------------------------------------

def test_a_lasting_fault_is_logged_once_and_its_end_too(running):
    before = len(complaints(running))
    running.vrm.fault("diagnostics", "status", code=503, body="html")
    for _ in range(6):
        running.pg3.query("all")
        time.sleep(0.5)
    not_connected(running)
    assert len(complaints(running)) - before <= 4, running.plugin.log_tail()
    running.vrm.clear_faults()
    running.recover(timeout=30)


def test_an_error_text_of_vrms_cannot_bring_the_token_into_the_log(running):
    running.pg3.send({"setLogLevel": {"level": "DEBUG"}})
    running.vrm.fault("diagnostics", "status", code=500, errors=f"no such token: {running.vrm.token}")
    before = len(complaints(running))
    running.pg3.query(CONTROLLER)
    running.wait(lambda: len(complaints(running)) > before, "a complaint in the log")
    assert running.vrm.token not in running.plugin.log_text()


# -- many installations ----------------------------------------------------------------------------

# Fault: The list of an account of some 96 installations is larger than the plugin accepts; nothing is shown.
# Expected: The list is asked for without the values that make it large, and every installation is shown.
def test_an_account_of_120_installations(world):
    """As long as the rate limit makes it: two requests for each installation, one in 0.4 s."""
    customers = world.vrm.add_sites(118)
    world.start()
    world.wait(lambda: world.pg3.value(CONTROLLER, "GV1") == 120, "the list of installations", timeout=30)
    world.wait_system(CONNECTED, timeout=120)
    world.wait_fresh([address(site, "bm", 1) for site in customers], timeout=180)
    assert not world.pg3.notices()
    assert not complaints(world)


# Fault: The list of 300 installations, 6 MB, is asked for again and again, or in pages that VRM does not have.
# Expected: It is asked for once, then without values; the first installations are shown while the others wait.
def test_an_account_of_300_installations(world):
    customers = world.vrm.add_sites(298)
    world.start()
    world.wait(lambda: world.pg3.value(CONTROLLER, "GV1") == 300, "the list of installations", timeout=30)
    world.wait_system(CONNECTED)
    world.wait_fresh([address(site, "bm", 1) for site in customers[:10]])
    lists = [ask.query for ask in world.vrm.requests if ask.where == "installations" and "idSite" not in ask.query]
    assert lists == [{"extended": "1"}, {}]
    assert not world.pg3.notices()
    assert not complaints(world)


# Fault: A large answer shows "VRM unreachable", with advice about the internet connection.
# Expected: It has its own state, and the message says how much is accepted.
def test_a_list_that_stays_too_large_is_told_as_such(world):
    status, notices = told_at_the_start(world, "installations", "big")
    assert status == "Answer too large"
    assert "2048 KiB" in notices and "internet connection" not in notices


# Fault: A compressed answer that came damaged shows "VRM unreachable", and its message is to be reported.
# Expected: It is an answer that did not arrive.
def test_a_compressed_answer_that_came_damaged_is_told_as_such(world):
    status, notices = told_at_the_start(world, "installations", "damaged_gzip")
    assert status == "No answer in time"
    assert "damaged" in notices and "report" not in notices


# Fault: A block page with status 403 counts as a refused token: all values are gone, a new token is asked for.
# Expected: It is trouble on the way, with a notice of its own.
@pytest.mark.parametrize("where", ["me", "installations"])
@pytest.mark.parametrize("fault, arguments", [("status", {"code": 403, "body": "html"}), ("html200", {}),
                                              ("redirect", {})], ids=["403", "200", "302"])
def test_a_page_of_something_on_the_way_is_no_refusal(world, where, fault, arguments):
    status, notices = told_at_the_start(world, where, fault, **arguments)
    assert status == "Not VRM's answer"
    assert "login page" in notices and "create a token" not in notices


# -- rights and limits -----------------------------------------------------------------------------

@pytest.mark.parametrize("where, code", [("me", 401), ("me", 403), ("installations", 401),
                                         ("installations", 403)])
def test_a_refusal_is_told_and_mended(world, where, code):
    """A 403 for the list of installations may also be told as a right that is missing."""
    world.vrm.fault(where, "status", code=code)
    world.start()
    world.wait(lambda: world.pg3.notices(), "a notice")
    if (where, code) == ("installations", 403):
        world.wait(lambda: world.pg3.value(CONTROLLER, "GV0") != CONNECTED, "another status")
    else:
        world.wait_system(AUTHENTICATION_FAILED)
    assert list(world.pg3.nodes) == [CONTROLLER]
    world.vrm.clear_faults()
    world.pg3.set_params({**world.params, "touched": "1"})
    world.recover(timeout=30)


def test_a_site_without_rights_does_not_disturb_the_other(world):
    world.vrm.deny(VAN, True)
    world.start()
    world.wait_fresh([BANK])
    assert world.pg3.value(CONTROLLER, "GV0") != AUTHENTICATION_FAILED
    world.vrm.deny(VAN, False)
    world.pg3.long_poll()
    world.recover(timeout=30)


@pytest.mark.parametrize("header", [{"retry_after": 3}, {"retry_after_date": 4}], ids=["seconds", "date"])
def test_retry_after_is_kept_to_and_then_everything_goes_on(running, header):
    running.vrm.fault("diagnostics", "status", times=1, code=429, **header)
    asked = len(running.vrm.polls())
    running.pg3.short_poll()
    running.wait(lambda: any(request.status == 429 for request in running.vrm.requests), "the 429")
    refused = next(request.time for request in running.vrm.requests if request.status == 429)
    for _ in range(4):
        running.pg3.short_poll()
        running.pg3.query("all")
        time.sleep(0.4)
    assert len(running.vrm.polls()) <= asked + 2, "asked although VRM said: later"
    running.recover(timeout=30)
    later = [request.time for request in running.vrm.requests if request.time > refused + 0.3]
    assert min(later) >= refused + 2.5


@pytest.mark.parametrize("body", ["html", "json", "empty"])
def test_a_429_without_retry_after_makes_it_wait_by_itself(running, body):
    running.vrm.fault("diagnostics", "status", times=1, code=429, body=body)
    running.pg3.short_poll()
    running.wait(lambda: any(request.status == 429 for request in running.vrm.requests), "the 429")
    asked = len(running.vrm.polls())
    for _ in range(4):
        running.pg3.short_poll()
        time.sleep(0.2)
    assert len(running.vrm.polls()) <= asked + 2, "asked again at once"
    running.recover(timeout=60)
