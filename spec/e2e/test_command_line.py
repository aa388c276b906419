"""The command line: help, what is not understood, completion, and what a program is given of the values."""

import json
import os
import pty
import re
import subprocess

import pytest

from support.plugin import Plugin
from support.world import address
from vrm import HOUSE

PATIENCE = 60.0
BATTERY = address(HOUSE, "bm", 289)


@pytest.fixture
def program(plugin_source, tmp_path):
    made = Plugin(plugin_source, tmp_path)
    yield made
    assert made.reports_text() == "", made.reports_text()


def run(program, *arguments, **how):
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **how}
    done = subprocess.run([program.program(), *arguments], cwd=program.folder, env=program.environment(None),
                          stdin=subprocess.DEVNULL, timeout=PATIENCE, **how)
    return done.returncode, (done.stdout or b"").decode(), (done.stderr or b"").decode()


# Fault: `-h` and `-V` are not understood; the help has no example and does not say what an exit code means.
# Expected: Both work, and the help has examples and all exit codes.
def test_help_and_version(program):
    code, out, err = run(program, "-h")
    assert (code, err) == (0, "") and run(program, "--help") == (0, out, "")
    assert "Examples:" in out and re.findall(r"(?m)^  (\d)  ", out) == ["0", "1", "2", "3", "4"]
    assert all(len(line) <= 100 for line in out.splitlines())
    assert run(program, "-V") == run(program, "--version") and run(program, "-V")[1].startswith("victron-host ")


# Fault: A word that was mistyped is answered with "not understood" and nothing else.
# Expected: One sentence on stderr names the word and what may have been meant; exit code 2.
@pytest.mark.parametrize("words, part", [
    (["--wacth"], '"--wacth" is not understood. Did you mean --watch?'),
    (["--tokenfile", "x"], "Did you mean --token-file?"),
    (["--hlep"], "Did you mean --help?"),
    (["--chek"], "Did you mean --check?"),
    (["--verbose"], '"--verbose" is not understood. Try'),
    (["watch"], "Did you mean --watch?"),
    (["--json=yes", "--demo"], '"--json=yes" is not understood. Did you mean --json?'),
    (["--check=scripts/devices/tank.lua"], "Did you mean --check?"),
    (["--qqqqqq"], '"--qqqqqq" is not understood. Try --help.'),
    (["-x"], '"-x" is not understood. Try --help.'),
    (["--token-file"], "--token-file wants a FILE behind it."),
    (["--once"], "--once and --record go with"),
    (["--json", "--check"], "--json goes with"),
    (["--find", "x", "--demo"], "--find, --lines and --new go with --rows."),
    (["--replay", "x", "--demo"], "--replay goes with neither"),
    (["get"], "get wants one NODE.DRIVER"),
    (["get", "a.ST", "b.ST"], "get wants one NODE.DRIVER"),
    (["--demo", "--param", "live"], "--param wants NAME=VALUE behind it"),
    (["--check", "--param", "live=vrm"], "--param goes with"),
    (["--demo", "more"], '"more" is not understood.'),
    (["--completion", "fish"], 'none for "fish"'),
])
def test_what_is_not_understood(program, words, part):
    code, out, err = run(program, *words)
    assert code == 2 and out == "" and part in err and err.startswith("victron-host: ") and err.count("\n") == 1, err


# Fault: Without a token, --watch answers with a line of a log; one in the environment that is too long is cut.
# Expected: A sentence, as any command gives.
def test_messages_are_no_log_lines(program):
    code, out, err = run(program, "--watch")
    assert code == 1 and out == ""
    assert err.startswith("victron-host: Your VRM access token is needed") and err.count("\n") == 1, err
    assert not re.search(r"\d\d:\d\d|ERROR", err), err
    code, _, err = run(program, "--watch", "--token-file=/nowhere")
    assert code == 1 and err.startswith("victron-host: The token's file /nowhere "), err
    done = subprocess.run([program.program(), "--watch"], capture_output=True, timeout=PATIENCE, cwd=program.folder,
                          env={**program.environment(None), "VICTRON_VRM_TOKEN": 300 * "a"}, stdin=subprocess.DEVNULL)
    assert done.returncode == 1
    assert done.stderr == b"victron-host: VICTRON_VRM_TOKEN holds no access token. Put the token there.\n"


# Fault: Where there is no python3, the demo says "No such file or directory", and not of what.
# Expected: It says what to install.
def test_the_demo_says_what_it_needs(program, tmp_path):
    done = subprocess.run([program.program(), "--demo", "--once"], capture_output=True, timeout=PATIENCE,
                          env={**program.environment(None), "PATH": str(tmp_path)}, cwd=program.folder)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.endswith(b"did not start: The python3 command was not found: install the package python3.\n")


# Fault: Started bare on a terminal it complains about PG3INIT and leaves a folder logs/ there.
# Expected: It prints its help and leaves with 0; no file is made.
def test_started_bare_on_a_terminal(program, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    ours, its = pty.openpty()
    process = subprocess.Popen([os.path.join(program.folder, program.program())], cwd=folder, stdin=its, stdout=its,
                               stderr=its, env=program.environment(None))
    os.close(its)
    text = b""
    try:
        while part := os.read(ours, 65536):
            text += part
    except OSError:
        pass                # the other side has closed
    assert process.wait(timeout=PATIENCE) == 0 and b"Examples:" in text, text
    assert os.listdir(folder) == []


# Fault: Started bare by a script, where no plugin is, it leaves a folder logs/ there and says nothing.
# Expected: No file is made, one line says what is missing, and it leaves with 2.
def test_started_bare_in_another_folder(program, tmp_path):
    folder = tmp_path / "empty"
    folder.mkdir()
    done = subprocess.run([os.path.join(program.folder, program.program())], cwd=folder, stdin=subprocess.DEVNULL,
                          capture_output=True, env=program.environment(None), timeout=PATIENCE)
    assert done.returncode == 2 and done.stdout == b""
    assert done.stderr == b"victron-host: PG3 starts it without options; by hand it wants one. Try --help.\n"
    assert os.listdir(folder) == []


# Fault: An option was added, and the completion does not know it; a file with a blank in its name comes as two.
# Expected: bash completes every option of the help, and files behind those that want one, each whole.
def test_completion(program, tmp_path):
    (tmp_path / "token.txt").write_text("x")
    (tmp_path / "my tank.lua").write_text("x")
    _, script, _ = run(program, "--completion", "bash")
    ask = 'source /dev/stdin; COMP_WORDS=(victron-host %s "%s"); COMP_CWORD=%d; _victron_host; printf "%%s\\n" "${COMPREPLY[@]}"'

    def complete(before, word):
        done = subprocess.run(["bash", "-c", ask % (before, word, 2 if before else 1)], input=script.encode(),
                              cwd=tmp_path, capture_output=True, check=True)
        assert done.stderr == b""
        return done.stdout.decode().rstrip("\n").split("\n")

    in_help = set(re.findall(r"(?m)^  [ -].*?(--[a-z-]+)", run(program, "--help")[1].split("Examples")[0]))
    assert len(in_help) >= 13 and set(complete("", "--")) == in_help
    assert complete("", "--tok") == ["--token-file"] and complete("", "ge") == ["get"]
    assert complete("--token-file", "tok") == ["token.txt"] and complete("--check", "my") == ["my tank.lua"]
    assert complete("--find", "to") == complete("--new", "") == [""]
    _, zsh, _ = run(program, "--completion", "zsh")
    assert set(re.findall(r"'(--[a-z-]+)\[", zsh)) == in_help
    assert "compadd get" in zsh
    for name in ("victron-host", "victron-host-freebsd-amd64"):
        load = ["zsh", "-f", "-c", f"autoload -U compinit; compinit -D -u; source /dev/stdin; print $_comps[{name}]"]
        done = subprocess.run(load, input=zsh.encode(), cwd=tmp_path, capture_output=True, check=True)
        assert (done.stdout.decode().strip(), done.stderr) == ("_victron_host", b"")


# Fault: Started by its name alone, from elsewhere, or through a link, the program looks for its scripts where it was built.
# Expected: It is that of the plugin's folder it is in.
def test_it_is_found_as_the_shell_finds_it(program, tmp_path):
    os.symlink(os.path.join(program.folder, program.program()), tmp_path / "victron-host")
    own = os.path.join(program.folder, "scripts", "tools", "options.lua")
    with open(own, encoding="utf-8") as file:
        text = file.read().replace("print the version", "print its version")
    with open(own, "w", encoding="utf-8") as file:
        file.write(text)
    environment = program.environment(None)
    for command, path in (["victron-host"], f"{tmp_path}:{environment['PATH']}"), ([str(tmp_path / "victron-host")], "/nowhere"):
        done = subprocess.run([*command, "--help"], cwd=tmp_path, env={**environment, "PATH": path}, capture_output=True, check=True)
        assert b"print its version" in done.stdout, done


# Fault: A program has to read the table that is made for people.
# Expected: --json gives one object a line and nothing else on stdout; get gives one number.
def test_values_for_programs(program):
    code, out, err = run(program, "--demo", "--once", "--json")
    assert (code, err) == (0, "")
    lines = [json.loads(line) for line in out.splitlines()]
    charge = next(line for line in lines if (line["node"], line["driver"]) == (BATTERY, "BATLVL"))
    assert charge["unit"] == "%" and charge["state"] == "fresh" and 0 < charge["value"] <= 100
    assert charge["installation"] == "Harbour House"
    code, out, err = run(program, "get", BATTERY + ".BATLVL", "--demo")
    assert (code, err) == (0, "") and 0 < float(out) <= 100
    code, out, err = run(program, "get", "nowhere.ST", "--demo")
    assert (code, out) == (1, "") and "there is no node nowhere" in err


def example(section):
    """The block of sh below a heading of docs/programs.md, for the made-up installations and to its end."""
    path = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "programs.md")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    block = re.search(rf"(?ms)^{re.escape(section)}\n.*?^```sh\n(.*?)^```$", text).group(1)
    return block.replace("--watch --json --token-file FILE", "--demo --once --json")


def run_example(program, tmp_path, text):
    """Its output; victron-host is the program, found as a user's shell does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    os.symlink(os.path.join(program.folder, program.program()), folder / "victron-host")
    environment = program.environment(None)
    environment["PATH"] = f"{folder}:{environment['PATH']}"
    done = subprocess.run(["sh", "-c", text], cwd=tmp_path, env=environment, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0, done
    return done.stdout.decode()


# Fault: The disk was full, and the program ended as if all were well: what a script had from it was empty.
# Expected: A sentence on stderr, and exit code 1. (That nobody reads any more is no failure: test_demo.py.)
@pytest.mark.parametrize("arguments", [["--demo", "--json"], ["--demo", "--once"], ["--demo", "get", BATTERY + ".BATLVL"],
                                       ["--check", "scripts/examples/tank.lua"]])
def test_a_full_disk_is_told(program, arguments):
    with open("/dev/full", "wb") as full:
        code, _, err = run(program, *arguments, stdout=full)
    assert (code, err) == (1, "victron-host: What is shown cannot be written: No space left on device.\n")


# Fault: An example of the page does not work: a name with a quote breaks the database's statement.
# Expected: As it stands there, with the made-up installations, the values arrive.
def test_the_pages_database_example(program, tmp_path):
    shown = [line.split("|") for line in run_example(program, tmp_path, example("SQLite:")).splitlines()]
    assert len(shown) > 5 and all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", time) for time, _ in shown)
    assert any(0 < float(value) <= 100 for _, value in shown if value)
    quoted = "printf '%s\\n' '{\"name\":\"Ann'\\''s\",\"value\":1}'"
    text = example("SQLite:").replace("victron-host --demo --once --json", quoted)
    text = text.replace("$.driver') = 'BATLVL'", "$.name') = 'Ann''s'")
    done = subprocess.run(["sh", "-c", text], cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "|1"


# Fault: The lines do not pass through the usual way into Kafka.
# Expected: Each line is one message; the broker is librdkafka's own stand-in.
def test_the_pages_kafka_example(program, tmp_path):
    text = example("## Kafka").replace("-b BROKER", "-b stand-in -X test.mock.num.brokers=1 -T")
    messages = [json.loads(line) for line in run_example(program, tmp_path, text).replace("}{", "}\n{").splitlines()]
    assert len(messages) > 100 and {"node", "value", "state"} < set(messages[0])


MADE_UP = ["Harbour House", "Workshop Van", "Ridge Farm", "Demo User", "demo@example.com", "300200", "c0619a", "Portugal",
           "Europe/Lisbon", "192.0.2.10", "House bank", "Barn battery"]


# Fault: Who wants to report a fault cannot show what VRM answered without showing who he is.
# Expected: --record makes one file in which nothing of the account is named; --replay shows the nodes again, in a table, as
# lines, for --rows and for get, without VRM, python3 and openssl.
def test_record_and_replay(program):
    code, out, err = run(program, "--demo", "--once", "--record", "report.jsonl")
    assert (code, err) == (0, ""), err
    path = os.path.join(program.folder, "report.jsonl")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert os.stat(path).st_mode & 0o077 == 0 and len(text) > 100000
    assert not [part for part in MADE_UP if part.lower() in text.lower()]
    nodes = set(re.findall(r", \w+?(_\w+)\)", out))
    assert len(nodes) > 50
    code, again, err = run(program, "--replay", "report.jsonl", "--once")
    assert (code, err) == (0, "") and set(re.findall(r", \w+?(_\w+)\)", again)) == nodes
    assert again.count("Data state Fresh") == out.count("Data state Fresh")
    code, lines, _ = run(program, "--replay", "report.jsonl", "--json")
    values = [json.loads(line) for line in lines.splitlines()]
    battery = next(value["node"] for value in values if value["node"].endswith("_bm289"))
    assert code == 0 and {value["state"] for value in values if value["node"] == battery} <= {"none", "fresh"}
    code, charge, _ = run(program, "get", battery + ".BATLVL", "--replay", "report.jsonl")
    assert code == 0 and 0 < float(charge) <= 100
    code, rows, _ = run(program, "--rows", "--replay", "report.jsonl")
    assert code == 0 and rows.count("(installation ") == 3 and "/Dc/0/Voltage" in rows
    code, _, err = run(program, "--demo", "--once", "--record", "report.jsonl")
    assert code == 1 and "is there already" in err
