"""Secrets: a planted token is looked for in everything the plugin wrote, sent or shows.

Every other test looks for it in the files and messages too (World.finish, pg3_rules); here the
plugin is led through everything that could spill it."""

import base64
import glob
import os
import time

import pytest
from vrm import HOUSE

from support.pg3 import ISY_PASSWORD, PASSWORD
from support.world import AUTHENTICATION_FAILED, Behaviour, address

BANK = address(HOUSE, "bm", 289)


def private_key_lines(folder):
    """The base64 lines of the private keys PG3 laid into the plugin's folder."""
    lines = []
    for path in glob.glob(os.path.join(folder, "*.key")):
        with open(path, encoding="ascii") as file:
            lines += [line.strip() for line in file if not line.startswith("-----") and len(line) > 20]
    return lines


def everything_that_talks(world):
    """Leads the plugin through errors, odd messages and a change of parameters at level DEBUG."""
    pg3, vrm = world.pg3, world.vrm
    pg3.send({"setLogLevel": {"level": "DEBUG"}})
    pg3.send({"config": pg3.config()})
    pg3.send({"getIsyInfo": {"isy_username": "admin", "isy_password": ISY_PASSWORD}})
    pg3.send({"customparams": "{broken " + vrm.token})
    pg3.send({"custom": {"customparams": '{"vrm_token": "' + vrm.token + '"}', "token": PASSWORD}})
    pg3.send(b'{"half": "' + vrm.token.encode())
    pg3.send({"neverHeardOf": {"token": vrm.token, "password": PASSWORD}})
    for kind in ("html200", "cut", "truncated_json"):
        vrm.fault("diagnostics", kind, times=1)
        pg3.query("all")
        time.sleep(0.3)
    vrm.fault("*", "status", times=3, code=500, errors=f"Token {vrm.token} failed")
    pg3.discover()
    time.sleep(0.3)
    vrm.clear_faults()


@pytest.mark.parametrize("mode", ["tls", "legacy"])
def test_no_secret_is_written_anywhere(world, mode):
    pg3 = world.start(mode=mode, behaviour=Behaviour(wire="2021" if mode == "legacy" else "pg3x"))
    world.wait_fresh()
    init_text = pg3.init_text()
    everything_that_talks(world)
    world.recover(timeout=30)
    arguments = world.plugin.arguments() or []
    world.stop()
    header = f"Token {world.vrm.token}".encode()
    world.secrets += [init_text, base64.b64encode(header).decode(), *private_key_lines(world.plugin.folder)]
    assert world.plugin.files_with(world.secrets) == []
    assert not any(secret in word for word in arguments for secret in world.secrets)
    stored = {key: value for key, value in pg3.customs.items() if key != "customparams"}
    assert not any(secret in repr(stored) for secret in world.secrets)


def test_a_token_that_is_refused_is_a_secret_too(world):
    refused = "refusedplanted7c2b64e8f3a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4"
    pg3 = world.setup(params={"api_key": refused})
    pg3.rules.tokens.append(refused)
    world.secrets.append(refused)
    world.start_plugin()
    world.wait_system(AUTHENTICATION_FAILED)
    pg3.send({"setLogLevel": {"level": "DEBUG"}})
    pg3.set_params({"vrm_token": refused, "api_key": refused})
    time.sleep(0.5)
    assert refused not in " ".join(pg3.notices().values())


def test_a_token_with_a_line_break_cannot_add_a_header(world):
    pg3 = world.start(params={"vrm_token": f"abc\r\nX-Evil: 1\r\nX: {world.vrm.token}"})
    world.wait(pg3.notices, "a notice")
    time.sleep(0.5)
    assert world.vrm.violations == []
    assert BANK not in pg3.nodes
