"""Who is at the other end: the token goes to the real VRM only, over TLS that is verified."""

import time

import pytest

from support.world import AUTHENTICATION_FAILED, CONNECTED, CONTROLLER


# Fault: A firewall that looks into TLS puts its certificate in the place of VRM's; the owner looks at clock and files.
# Expected: No token leaves; the notice says what may be on the way, and of the clock only where that is wrong.
@pytest.mark.parametrize("certificate", ["wrong-name", "expired", "untrusted"])
def test_a_server_that_is_not_vrm_gets_no_token(world, certificate):
    world.vrm.set_certificate(certificate)
    world.start()
    world.wait_node(CONTROLLER)
    world.wait_log("certificate")
    assert world.vrm.requests == []
    assert world.pg3.value(CONTROLLER, "GV0") not in (CONNECTED, AUTHENTICATION_FAILED)
    assert list(world.pg3.nodes) == [CONTROLLER]
    world.wait(lambda: ("clock" if certificate == "expired" else "firewall") in str(world.pg3.notices()), "the notice")
    world.vrm.set_certificate("ok")
    world.recover(timeout=30)


def test_a_foreign_ca_is_refused(world, foreign_authority):
    world.start(VICTRON_CA_FILE=foreign_authority.ca_file)
    world.wait_node(CONTROLLER)
    world.wait_log("certificate")
    assert world.vrm.requests == []


def test_without_a_ca_file_the_systems_trust_counts(world):
    world.start(VICTRON_CA_FILE=None)
    world.wait_node(CONTROLLER)
    world.wait_log("certificate")
    assert world.vrm.requests == []


def test_plain_http_is_refused(world):
    world.start(VICTRON_VRM_URL=world.vrm.plain_url)
    world.wait_log("https")
    time.sleep(1)
    assert world.vrm.plain_http_seen == []
    if world.plugin.running():
        assert world.pg3.value(CONTROLLER, "GV0") != CONNECTED
    else:
        assert world.plugin.process.returncode == 1


@pytest.mark.parametrize("where", ["me", "diagnostics"])
def test_a_redirection_to_plain_http_is_not_followed(world, where):
    world.vrm.fault(where, "redirect", to=world.vrm.plain_url)
    world.start()
    world.wait_node(CONTROLLER)
    world.wait(lambda: world.plugin.log_lines("WARNING", "ERROR"), "a complaint in the log")
    time.sleep(0.5)
    assert world.vrm.plain_http_seen == []
    world.vrm.clear_faults()
    world.recover(timeout=30)


def test_the_connection_is_kept_from_poll_to_poll(running):
    running.wait_energy()
    running.poll()
    before = running.vrm.handshakes
    running.poll(times=3)
    # Requests that overlap have a connection each, which is kept as well.
    assert running.vrm.handshakes - before < 3, "each poll made a new TLS handshake"
