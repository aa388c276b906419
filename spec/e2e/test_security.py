"""Secrets: a planted token is looked for in everything the plugin wrote, sent or shows.

Every other test looks for it in the files and messages too (World.finish, pg3_rules); here the
plugin is led through everything that could spill it."""

import base64
import glob
import os
import shutil
import stat
import subprocess
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


def pieces(secret, length=8):
    """What shows a part of a secret: its beginnings from eight characters on begin with this."""
    return [secret[:length], secret[:length].upper()]


# Fault: VRM repeats the token where the plugin cuts VRM's text, and 59 of its 64 characters show.
# Expected: no eight characters of it show, in the log, in notices or in values.
def test_a_token_across_a_cut_does_not_show(world):
    token = world.vrm.token
    pg3 = world.start()
    world.wait_fresh()
    pg3.send({"setLogLevel": {"level": "DEBUG"}})
    shown = set()
    # VRM's text is cut at 200 bytes, and other words follow it.
    for before in range(135, 200, 5):
        world.vrm.fault("diagnostics", "status", times=2, code=500, errors="x" * before + token + " is wrong")
        world.poll_until(lambda before=before: "x" * before in world.plugin.log_text(), "VRM's text in the log")
        shown |= set(pg3.notices().values())
    world.vrm.clear_faults()
    world.recover()                         # the notice of a new outage comes at once
    world.vrm.fault("*", "status", code=500, errors="Token " + token.upper())
    world.poll_until(lambda: any("***" in text for text in pg3.notices().values()), "a notice")
    world.wait_log("Token ***")
    shown |= set(pg3.notices().values())
    pg3.send({"error": "no", "message": "y" * 150 + token})
    world.wait_log("y" * 150)
    world.vrm.clear_faults()
    world.stop()
    assert world.plugin.files_with(pieces(token)) == []
    assert not any(piece in text for piece in pieces(token) for text in shown)


# Fault: --rows prints VRM's texts as they are, with the token in them if VRM repeats it.
# Expected: it is masked in what a person reads in a terminal, too.
def test_a_terminal_shows_no_token(world):
    world.vrm.fault("me", "status", code=500, errors="No: " + world.vrm.token.upper())
    environment = world.plugin.environment(None, VICTRON_VRM_TOKEN=world.vrm.token, **world.environment)
    for mode in (["--rows"], ["--watch", "--once"]):
        done = subprocess.run([world.plugin.program(), *mode], cwd=world.plugin.folder, env=environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=90, check=False)
        text = (done.stdout + done.stderr).decode()
        assert "No: ***" in text
        assert not any(piece in text for piece in pieces(world.vrm.token))


def read_bytes(path):
    with open(path, "rb") as file:
        return file.read()


# Fault: what PG3 hands over in the environment can be read there for as long as the plugin runs.
# Expected: neither PG3's token nor VRM's is left in it.
def test_the_environment_keeps_no_secret(world):
    pg3 = world.start(VICTRON_VRM_TOKEN=world.vrm.token)
    world.wait_fresh()
    environment = read_bytes(f"/proc/{world.plugin.process.pid}/environ")
    assert b"PATH=" in environment
    assert pg3.init_text()[:40].encode() not in environment
    assert world.vrm.token[:8].encode() not in environment


# Fault: the demo's child processes inherit the tokens of whoever starts it.
# Expected: they are in nobody's environment.
def test_the_demo_hands_on_no_secret(world):
    environment = world.plugin.environment("cGxhbnRlZCBzZWNyZXQ=", VICTRON_VRM_TOKEN="planted-secret-token")
    with subprocess.Popen([world.plugin.program(), "--demo"], cwd=world.plugin.folder, env=environment,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as demo:
        try:
            demo.stdout.read(1)                             # the child runs: there is a table
            children = read_bytes(f"/proc/{demo.pid}/task/{demo.pid}/children").split()
            assert children
            for pid in [str(demo.pid).encode(), *children]:
                environment = read_bytes(f"/proc/{pid.decode()}/environ")
                assert b"PATH=" in environment
                assert b"cGxhbnRl" not in environment and b"planted-secret" not in environment
        finally:
            demo.terminate()
            demo.communicate(timeout=20)


# Fault: a crash leaves a core file with all tokens in it.
# Expected: there are no core files.
def test_there_are_no_core_files(world):
    world.start()
    world.wait_fresh()
    limits = read_bytes(f"/proc/{world.plugin.process.pid}/limits").decode()
    line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
    assert line.split()[4:6] == ["0", "0"]


@pytest.fixture
def own_umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


# Fault: who can read the plugin's files depends on the umask PG3 happens to start it with.
# Expected: PG3 can read the log and the profile; all else is the plugin's alone.
@pytest.mark.parametrize("own_umask", [0, 0o077], indirect=True)
def test_files_have_the_modes_they_need(world, own_umask):
    for path in ("profile/nls/en_us.txt", "profile/nls"):
        whole = world.plugin.path(path)
        if os.path.isdir(whole):
            os.rmdir(whole)
        else:
            os.unlink(whole)                                # the plugin writes it anew
    folder = world.plugin.path("persist", "scripts")
    os.makedirs(folder, exist_ok=True)
    with open(world.plugin.path("scripts/examples/tank.lua"), encoding="utf-8") as file:
        text = file.read()
    with open(os.path.join(folder, "tank.lua"), "w", encoding="utf-8") as file:
        file.write(text)
    world.start()
    world.wait_fresh()

    def mode(*path):
        return stat.S_IMODE(os.stat(world.plugin.path(*path)).st_mode)
    world.wait(lambda: os.path.exists(os.path.join(folder, ".last-good", "tank.lua")), "the copy")
    assert (mode("logs"), mode("logs", "debug.log")) == (0o755, 0o644)
    assert (mode("profile", "nls"), mode("profile", "nls", "en_us.txt")) == (0o755, 0o644)
    assert (mode("persist", "scripts", ".last-good"),
            mode("persist", "scripts", ".last-good", "tank.lua")) == (0o700, 0o600)


# Fault: VRM, or who is in its place, redirects to another server, which then gets the token.
# Expected: no redirection is followed.
def test_a_redirection_does_not_carry_the_token_elsewhere(world):
    world.vrm.fault("me", "redirect", to=world.vrm.url.replace("/v2", "/elsewhere"))
    world.start()
    world.wait_log("302")
    world.vrm.clear_faults()
    world.recover(timeout=30)
    assert world.vrm.violations == []                       # it knows no /elsewhere


# -- device scripts ----------------------------------------------------------------------------------

CHARGER = address(HOUSE, "sc", 256)


def charger(world, more):
    """The built-in solar charger with more in it, as a script of the user's."""
    with open(world.plugin.path("scripts", "devices", "solar_charger.lua"), encoding="utf-8") as file:
        head, samples, rest = file.read().partition("    samples = {\n")
    save(world, "persist/scripts/solar_charger.lua", head + more + samples + rest)


def save(world, name, text):
    path = world.plugin.path(name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


# Fault: HTML in a name or in a script's text runs in PG3's page.
# Expected: it is shown as it is written; **bold** and links to http and https are what a script can make.
def test_a_notice_of_a_script_shows_html_as_text(world):
    world.setup()
    charger(world, """start = function(node) node:notice("k", "<img src=x onerror=alert(1)> \U0001F50B **low** "
        .. "[here](https://x.y) [there](javascript:z)") end,
        update = function(node) error("<script>alert(1)</script>") end,\n""")
    world.start_plugin()
    world.wait(lambda: any("onerror" in text for text in world.pg3.notices().values()), "the notice")
    world.wait(lambda: any("alert(1)&lt;/script" in text for text in world.pg3.notices().values()), "the error")
    shown = "\n".join(world.pg3.notices().values())
    assert ("&lt;img src=x onerror=alert(1)&gt; \U0001F50B <b>low</b> "
            '<a href="https://x.y" target="_blank">here</a> [there](javascript:z)') in shown
    assert "<img" not in shown and "<script" not in shown


# Fault: VRM repeats the token to a script, whose notice shows it to whoever sees PG3's page.
# Expected: it is masked there, also where the script's text is cut.
def test_a_notice_of_a_script_shows_no_token(world):
    world.setup()
    charger(world, f"""update = function(node)
        node:notice("k", "it says {world.vrm.token} now")
        node:notice("l", ("x"):rep(970) .. "{world.vrm.token.upper()}") end,\n""")
    world.start_plugin()
    world.wait(lambda: any("it says ***" in text for text in world.pg3.notices().values()), "the notice")
    world.wait(lambda: any("xxx***" in text for text in world.pg3.notices().values()), "the other notice")
    os.unlink(world.plugin.path("persist/scripts/solar_charger.lua"))
    shutil.rmtree(world.plugin.path("persist/scripts/.last-good"))         # it holds what the test wrote


# Fault: A token that was pasted with a word before it is no secret as it was typed, and a script is given it.
# Expected: What has a secret in it is not given to scripts; other parameters are.
@pytest.mark.parametrize("typed", ["{}", "Token {}", "Access token: {}"])
def test_a_script_is_not_given_the_token(world, typed):
    world.params["vrm_token"] = typed.format(world.vrm.token)
    world.setup()
    charger(world, """update = function(node)
        node:log("info", "token: %s, unit: %s", tostring(node:param("vrm_token")), node:param("temp_unit")) end,\n""")
    world.start_plugin()
    world.wait_log("token: nil, unit: C")


FLOOD = """update = function(node)
    for i = 1, 100 do
        node:log("info", "flood %d", i)
        pcall(vrm.get, "/flood" .. i, { function() end })
        pcall(vrm.get, "/flood", { { i, function() end } })
        pcall(node.set, node, "FLOOD" .. i, 1)
        pcall(node.event, node, "FLOOD" .. i)
        pcall(node.notice, node, "flood" .. i, "flood")
        pcall(timer.after, -i, tostring)
    end
    error("flood")
end,
commands = { FLOOD = function(node) error("flood " .. tostring({})) end },\n"""


# Fault: a script fills the log through errors and refused calls, which its limit does not count.
# Expected: one limit for all lines that it causes, and one line that says how many were left out.
def test_a_script_cannot_flood_the_log(world):
    world.setup()
    charger(world, FLOOD)
    world.start_plugin()
    world.wait_fresh([BANK])
    for _ in range(20):
        world.pg3.command(CHARGER, "FLOOD")
    world.wait(lambda: any("flood" in text for text in world.pg3.notices().values()), "a notice of the error")
    charger(world, "")
    world.pg3.command("controller", "RELOAD")
    world.wait_log("more lines were left out")
    lines = [line for line in world.plugin.log_lines() if "flood" in line.lower() or "script_get" in line]
    lines = [line for line in lines if "The command FLOOD" not in line]     # what the ISY sent causes these
    assert len(lines) <= 2 * 60, len(lines)                 # a minute may have ended in between


# Fault: a FIFO in the place of a file that the plugin reads or writes stops it for ever.
# Expected: it goes on without that file, or ends with one sentence, at once.
@pytest.mark.parametrize("name", ["persist/scripts/solar_charger.lua", "data/tank.lua", "POLYGLOT_CONFIG.md",
                                  "persist/scripts/.last-good/inverter.lua",
                                  "persist/scripts/.last-good/inverter.lua.tmp", "profile/nls/en_us.txt",
                                  "profile/nls/en_us.txt.tmp", "persist", "data", "server.json"])
def test_a_fifo_in_the_place_of_a_file_is_not_waited_for(world, name):
    world.setup()
    if name not in ("persist",):
        with open(world.plugin.path("scripts/devices/inverter.lua"), encoding="utf-8") as file:
            save(world, "persist/scripts/inverter.lua", file.read() + "-- another\n")
    if name.endswith(".tmp") and "nls" in name:
        os.unlink(world.plugin.path("profile/nls/en_us.txt"))
    put_fifo(world, name)
    world.start_plugin()
    world.wait_fresh()


def put_fifo(world, name):
    path = world.plugin.path(name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if os.path.isdir(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)
    os.mkfifo(path)


# Fault: a FIFO in the place of a file without which the plugin cannot work stops it for ever, without a word.
# Expected: it ends at once; the log says which file it is.
@pytest.mark.parametrize("name", ["scripts/main.lua", "scripts/sources/vrm.lua", "scripts/types/units.lua",
                                  "scripts/devices/controller.lua"])
def test_a_fifo_in_the_place_of_what_it_needs_ends_it(world, name):
    world.setup()
    put_fifo(world, name)
    world.start_plugin()
    world.plugin.ending = True
    assert world.plugin.wait(10) == 1
    assert name.rpartition("/")[2] in world.plugin.log_text()


# Fault: a FIFO in the place of a certificate or key stops the plugin for ever.
# Expected: it goes on as with a file that is not there, and keeps answering.
@pytest.mark.parametrize("what", ["VICTRON_CA_FILE", "PG3_CA_FILE", "cert", "key"])
def test_a_fifo_in_the_place_of_a_certificate_is_not_waited_for(world, what):
    world.setup(mode="tls")
    fifo = os.path.join(world.work, "fifo")
    os.mkfifo(fifo)
    if what in ("cert", "key"):
        for path in glob.glob(world.plugin.path("*." + what)):
            put_fifo(world, os.path.basename(path))
        world.start_plugin()
    else:
        world.start_plugin(**{what: fifo})
    if what == "PG3_CA_FILE":                               # as if there were none
        world.wait_fresh()
    else:
        world.wait(lambda: world.plugin.log_lines("WARNING", "ERROR"), "a complaint in the log")
    world.stop_asking_nothing(world.plugin.terminate)


# Fault: a FIFO as the token's file or among those to check keeps a person waiting.
# Expected: one sentence, at once.
@pytest.mark.parametrize("arguments", [["--rows", "--token-file"], ["--watch", "--once", "--token-file"], ["--check"],
                                       ["--rows"]])
def test_a_fifo_given_by_a_person_is_refused(world, arguments):
    os.mkfifo(world.plugin.path("fifo.lua"))
    done = world.plugin.run_host(*arguments, "fifo.lua")
    assert done.returncode != 0
    assert b"fifo.lua" in done.stdout + done.stderr
    os.unlink(world.plugin.path("fifo.lua"))
