"""Breaks the plugin in one place at a time and looks whether the tests notice:  ./dev mutate

Works on a copy of the sources in a temporary folder, with a build folder of its own (sanitizers on, as in
./dev unit). First the chosen tests must pass as things are; then each mutation replaces one text by another,
builds if it is C, and runs only those tests. The end-to-end tests mostly wait, so those of different
mutations run at the same time, each with a plugin folder of its own.

Exit code: 0 every mutation was noticed, 1 one was not, 2 nothing can be said (a text to replace is gone, the
build fails, or the tests fail without a mutation)."""

import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
E2E = "spec/e2e/"

# `tests`: all files of busted (*.lua), all C unit tests (*.c), or tests of pytest.
Mutation = collections.namedtuple("Mutation", "name file old new tests")

MUTATIONS = [
    Mutation("VRM's certificate is not checked", "host/net/http.c",
             "CURLOPT_SSL_VERIFYPEER, 1L", "CURLOPT_SSL_VERIFYPEER, 0L",
             [E2E + "test_vrm_identity.py::test_a_server_that_is_not_vrm_gets_no_token[untrusted]"]),
    Mutation("the name in VRM's certificate is not checked", "host/net/http.c",
             "CURLOPT_SSL_VERIFYHOST, 2L", "CURLOPT_SSL_VERIFYHOST, 0L",
             [E2E + "test_vrm_identity.py::test_a_server_that_is_not_vrm_gets_no_token[wrong-name]"]),
    Mutation("an addnode that failed counts as added", "host/pg3/pg3_in.c",
             "pg3_added(p, address, error);", "pg3_added(p, address, NULL);",
             [E2E + "test_start.py::test_an_addnode_that_fails_is_tried_again"]),
    Mutation("a node PG3 refused is not added again", "host/pg3/pg3.c",
             "bool paused = node->state == NODE_REFUSED || node->state == NODE_KNOWN;",
             "bool paused = node->state == NODE_KNOWN;",
             [E2E + "test_start.py::test_an_addnode_that_fails_is_tried_again"]),
    Mutation("the values that addnode told are sent again", "host/pg3/pg3.c",
             "        node_told(&node->drivers[i]);\n", "",
             [E2E + "test_start.py::test_a_first_start_sends_each_value_once"]),
    Mutation("the data state is fresh before the values are", "host/pg3/wire.c",
             "if (o->last) {", "if (!o->last) {",
             ["spec/c/test_wire.c"]),
    Mutation("a reconnected plugin does not subscribe", "host/net/mqtt.c",
             "        s->asked = false;\n", "",
             [E2E + "test_reconnect.py::test_a_message_sent_after_the_brokers_restart_arrives[plain]"]),
    Mutation("the name in a broker's certificate is not checked", "host/net/mqtt.c",
             "tls->verify = c->ca_file && c->check_name;", "tls->verify = 0;",
             ["spec/c/test_mqtt.c"]),
    Mutation("PG3's stop message is ignored", "host/pg3/pg3_in.c",
             '{"stop", on_stop},', '{"stop it", on_stop},',
             [E2E + "test_stop.py::test_it_ends_at_once_when_asked[plain-message]"]),
    Mutation("SIGTERM and SIGINT are ignored", "host/main.c",
             "    loop_on_signal(a->api.loop, on_stop, a);\n", "",
             [E2E + "test_stop.py::test_it_ends_at_once_when_asked[plain-SIGTERM]"]),
    Mutation("only the first page of measurements is read", "scripts/sources/vrm.lua",
             "if fetched >= (read.integer(json.num_records) or 0) then break end",
             "if fetched >= 0 then break end",
             ["spec/vrm_spec.lua"]),
    Mutation("codes lose their case", "scripts/sources/read.lua",
             "code = code,", "code = code and code:lower(),",
             ["spec/vrm_spec.lua", "spec/discovery_spec.lua"]),
    Mutation("devices of instance 0 are left out", "scripts/model/discovery.lua",
             "elseif row.instance then", "elseif row.instance and row.instance > 0 then",
             ["spec/discovery_spec.lua"]),
    Mutation("user data that could not be read counts as read", "host/pg3/pg3_ask.c",
             "r->read = r->read || good;", "r->read = true;",
             [E2E + "test_records.py"]),
    Mutation("the page of a proxy refuses the token", "scripts/sources/vrm.lua",
             "if not (busy or by_vrm(reply)) then", "if false then",
             ["spec/vrm_spec.lua"]),
    Mutation("a token is looked for after the cut", "scripts/sources/read.lua",
             "text = read.without(text, secret)           -- before", "-- before",
             ["spec/vrm_spec.lua"]),
    Mutation("an error of the plugin's memory is a script's", "scripts/serve/shortage.lua",
             'return type(problem) == "table" and problem.kind == "memory"', "return false",
             ["spec/shortage_spec.lua"]),
    Mutation("a part has a node before VRM sends any of it", "scripts/model/installation.lua",
             "(known[its] or reading.has_part(part, found.rows))", "true",
             ["spec/main_nodes_spec.lua"]),
    Mutation("a product is shown without one of the two", "scripts/model/device.lua",
             'if driver.op ~= "sum" and count < #driver.terms then return nil end',
             'if driver.op ~= "sum" and count < #driver.terms then return 0 end',
             ["spec/device_spec.lua"]),
    Mutation("two lists of texts share an editor", "scripts/pg3/profile.lua",
             "elseif not same_names(driver.names or {}, other.names or {}) then", "elseif false then",
             ["spec/profile_spec.lua"]),
    Mutation("the watch goes on when nobody reads it", "scripts/tools/watch.lua",
             "if not host.print(text) then leave(0) end", "host.print(text)",
             ["spec/watch_spec.lua"]),
]


def give_up(text):
    print(text, file=sys.stderr)
    sys.exit(2)


class Copy:
    """The sources in a folder of their own."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "tree")
        self.background = []
        shutil.copytree(ROOT, self.folder, symlinks=True,
                        ignore=shutil.ignore_patterns("build", ".git", "logs", "__pycache__"))

    def run(self, *command, **environment):
        return subprocess.run(command, cwd=self.folder, text=True, check=False, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, **environment})

    def wait(self):
        """Lets tests in the background come to their end: they take down what they started."""
        for process in self.background:
            if process.poll() is None:
                process.communicate()

    def build(self, name):
        """-> the folder of the installed plugin."""
        target = os.path.join(self.folder, "build", name)
        for command in (["cmake", "-S", ".", "-B", "build/address", "-DSANITIZE=address"],
                        ["cmake", "--build", "build/address", "-j", str(os.cpu_count())],
                        ["cmake", "--install", "build/address", "--prefix", target]):
            done = self.run(*command)
            if done.returncode != 0:
                give_up(f"{name}: {' '.join(command)} fails:\n{done.stdout[-3000:]}")
        return target

    def replace(self, path, old, new):
        """Replaces the one place where `old` stands -> the text before."""
        path = os.path.join(self.folder, path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if text.count(old) != 1:
            give_up(f"{path} holds {text.count(old)} times, not once: {old}\nCorrect spec/mutate.py.")
        self.write(path, text.replace(old, new))
        return text

    def write(self, path, text):
        with open(os.path.join(self.folder, path), "w", encoding="utf-8") as file:
            file.write(text)


class Pytest:
    """End-to-end tests against a plugin folder, in the background; `work` is a folder for their files."""

    def __init__(self, copy, plugin, work, tests):
        self.process = subprocess.Popen(
            [sys.executable, "-B", "-m", "pytest", "-q", "--tb=no", "-rfE", "-x", "-p", "no:cacheprovider",
             "--basetemp", os.path.join(copy.folder, "build", work), *tests],
            cwd=copy.folder, env={**os.environ, "PLUGIN_DIR": plugin}, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        copy.background.append(self.process)

    def failures(self):
        """The names of the tests that failed, once all have ended."""
        output = self.process.communicate()[0]
        names = re.findall(r"^(?:FAILED|ERROR) \S*?(\w+\.py::\S+)", output, re.MULTILINE)
        if self.process.returncode not in (0, 1) or bool(names) != bool(self.process.returncode):
            give_up(f"pytest ends with {self.process.returncode}:\n{output}")
        return names


class Busted:
    """Specs, run at once."""

    def __init__(self, copy, tests):
        self.done = copy.run("lua5.4", "/usr/bin/busted", "--output=TAP", *tests)

    def failures(self):
        names = re.findall(r"^not ok \d+ - (.*)", self.done.stdout, re.MULTILINE)
        if not re.search(r"^1\.\.[1-9]", self.done.stdout, re.MULTILINE):
            give_up(f"busted ran no test:\n{self.done.stdout}")
        return names


class Unit:
    """C unit tests, run at once in a build folder that is there."""

    def __init__(self, copy, tests):
        self.names = []
        for test in tests:
            name = os.path.basename(test)[:-len(".c")]
            built = copy.run("cmake", "--build", "build/address", "-j", str(os.cpu_count()), "--target", name)
            if built.returncode != 0:
                give_up(f"{name} cannot be built:\n{built.stdout[-3000:]}")
            done = copy.run("build/address/" + name)
            failed = re.findall(r": failed: (.*)", done.stdout)
            if done.returncode not in (0, 1) or bool(failed) != bool(done.returncode):
                give_up(f"{name} ends with {done.returncode}:\n{done.stdout}")
            self.names += failed

    def failures(self):
        return self.names


# What runs at once; the others are pytest's.
RUNNERS = {".lua": Busted, ".c": Unit}


def ending(test):
    return os.path.splitext(test)[1]


def check_unbroken(copy):
    """Without a mutation all chosen tests must pass, else their failures mean nothing."""
    plugin = copy.build("unbroken")
    tests = sorted({test for mutation in MUTATIONS for test in mutation.tests})
    files = collections.defaultdict(list)
    for test in tests:
        if ending(test) not in RUNNERS:
            files[test.split("::", maxsplit=1)[0]].append(test)
    runs = [Pytest(copy, plugin, f"unbroken-{number}", chosen)
            for number, chosen in enumerate(files.values())]
    runs += [runner(copy, [test for test in tests if ending(test) == end])
             for end, runner in RUNNERS.items()]
    failures = [name for run in runs for name in run.failures()]
    if failures:
        give_up("These tests fail without any mutation: " + ", ".join(failures))


def start(copy, number, mutation):
    """Breaks the copy, starts the tests, mends the copy -> the run."""
    before = copy.replace(mutation.file, mutation.old, mutation.new)
    if ending(mutation.tests[0]) in RUNNERS:
        run = RUNNERS[ending(mutation.tests[0])](copy, mutation.tests)
    else:
        run = Pytest(copy, copy.build(f"mutation-{number}"), f"work-{number}", mutation.tests)
    copy.write(mutation.file, before)
    return run


def report(mutation, failures):
    if not failures:
        print(f"NOT NOTICED  {mutation.name}: all of these pass: {', '.join(mutation.tests)}", flush=True)
        return
    more = f" and {len(failures) - 1} more" if len(failures) > 1 else ""
    print(f"noticed      {mutation.name}: {failures[0]}{more}", flush=True)


def main():
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(folder)
        try:
            check_unbroken(copy)
            runs = [start(copy, number, mutation) for number, mutation in enumerate(MUTATIONS)]
            for mutation, run in zip(MUTATIONS, runs):
                failures = run.failures()
                missed += not failures
                report(mutation, failures)
        finally:
            copy.wait()
    print(f"mutations: {len(MUTATIONS)}, not noticed: {missed}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
