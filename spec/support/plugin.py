"""Installs the plugin into a folder of its own and starts it as PG3 does.

PLUGIN_DIR names an installed plugin (cmake --install ... --prefix PLUGIN_DIR)."""

import glob
import json
import os
import shutil
import signal
import subprocess
import threading
import time

# What ./dev shifted sets: another date, time zone and language for everything a test starts.
SHIFTED = ("LD_PRELOAD", "SHIFT_SECONDS", "TZ", "LC_ALL", "LOCPATH")
STOP_LIMIT = 2.0        # seconds a stop may take (PG3 sends SIGTERM after three)
SANITIZER_EXIT = 99


def sanitizer_options(report_path):
    """Reports go to files outside the plugin's folder: fd 2 may be anywhere. What the caller set
    (suppressions, for example) is kept."""
    common = f"log_path={report_path}:exitcode={SANITIZER_EXIT}:abort_on_error=0"
    special = {"ASAN_OPTIONS": ":verify_asan_link_order=0", "UBSAN_OPTIONS": ":print_stacktrace=1",
               "LSAN_OPTIONS": "", "TSAN_OPTIONS": ""}
    options = {}
    for name, more in special.items():
        given = os.environ.get(name)
        options[name] = (given + ":" if given else "") + common + more
    return options


def busy():
    """How much longer things take than the tests are used to: 1 with up to three programs a processor."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1) / 3)


class Plugin:
    """One installed copy below `work`. Never more than one process at a time."""

    def __init__(self, source, work):
        self.work = str(work)
        self.folder = os.path.join(self.work, "plugin")
        self.home = os.path.join(self.work, "home")
        self.reports = os.path.join(self.work, "sanitizer")
        shutil.copytree(source, self.folder, symlinks=True,
                        ignore=shutil.ignore_patterns("logs", "persist", "data", "*.cert", "*.key"))
        os.makedirs(self.home)
        os.makedirs(self.reports)
        with open(os.path.join(self.folder, "server.json"), encoding="utf-8") as file:
            self.server = json.load(file)
        self.process = None
        self.ending = False         # a test has asked for the end
        self.output = {"stdout": b"", "stderr": b""}
        self._readers = []

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def environment(self, init_text, **more):
        """Only what PG3 gives, the sanitizers' options, where and when we are, and `more`; None
        leaves a name out."""
        shifted = {name: os.environ[name] for name in SHIFTED if name in os.environ}
        names = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.home, "TMPDIR": self.home,
                 "PG3INIT": init_text, **shifted, **sanitizer_options(os.path.join(self.reports, "san")),
                 **more}
        return {name: value for name, value in names.items() if value is not None}

    def start(self, init_text, **environment):
        assert not self.running(), "the plugin runs already"
        self.ending = False
        self.process = subprocess.Popen(
            ["python3", "./" + self.server["executable"]], cwd=self.folder,
            env=self.environment(init_text, **environment), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self._readers = [self._drain("stdout", self.process.stdout),
                         self._drain("stderr", self.process.stderr)]
        return self

    def _drain(self, name, pipe):
        def run():
            with pipe:
                while True:
                    part = os.read(pipe.fileno(), 65536)
                    if not part:
                        return
                    self.output[name] += part
        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def running(self):
        return self.process is not None and self.process.poll() is None

    def died(self):
        """Whether the process ended although nobody asked it to."""
        return self.process is not None and not self.ending and self.process.poll() is not None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout):
        """-> the exit code; None when it still runs after `timeout` seconds."""
        try:
            code = self.process.wait(timeout=timeout)
        except subprocess.TimeoutExpired:
            return None
        for reader in self._readers:
            reader.join(1)
        return code

    def kill(self):
        """As a power cut would."""
        self.ending = True
        self.process.kill()
        self.wait(5)

    def end_within(self, how, limit=STOP_LIMIT):
        """Calls `how` and -> the seconds until the process ended; fails beyond `limit` or when
        the exit code is not 0."""
        self.ending = True
        limit *= busy()
        begin = time.monotonic()
        how()
        code = self.wait(limit)
        seconds = time.monotonic() - begin
        if code is None:
            self.kill()
            raise AssertionError(f"the plugin still runs {limit:.1f} s after it was asked to stop")
        assert code == 0, f"exit code {code} instead of 0\n{self.reports_text()}\n{self.log_tail()}"
        return seconds

    def terminate(self):
        self.signal(signal.SIGTERM)

    def interrupt(self):
        self.signal(signal.SIGINT)

    def hang_up(self):
        self.signal(signal.SIGHUP)

    def program(self):
        """What victron.py becomes: the program built here, else the released one for this system."""
        built, system = self.path("bin", "victron-host"), os.uname()
        machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(system.machine, system.machine)
        return built if os.path.exists(built) else f"{built}-{system.sysname.lower()}-{machine}"

    def run_host(self, *arguments, timeout=20):
        """Runs the program with arguments in the plugin's folder -> CompletedProcess."""
        return subprocess.run([self.program(), *arguments], cwd=self.folder,
                              env=self.environment(None), stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=timeout, check=False)

    # -- what it wrote ---------------------------------------------------------------------------

    def log_text(self):
        """All of its log, also what was rotated away (at midnight)."""
        now = self.path("logs", "debug.log")
        texts = []
        for path in [*sorted(glob.glob(now + ".*")), now]:
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    texts.append(file.read())
            except (FileNotFoundError, NotADirectoryError):
                pass
        return "".join(texts)

    def log_lines(self, *levels):
        """The log's lines of these levels ("ERROR", "WARNING"), all without."""
        lines = self.log_text().splitlines()
        if not levels:
            return lines
        return [line for line in lines if any(f" {level} " in line[:40] for level in levels)]

    def log_tail(self, count=30):
        return "\n".join(self.log_lines()[-count:])

    def reports_text(self):
        """What sanitizers reported; "" when they found nothing."""
        texts = []
        for path in sorted(glob.glob(os.path.join(self.reports, "*"))):
            with open(path, encoding="utf-8", errors="replace") as file:
                texts.append(file.read())
        return "\n".join(texts)

    def arguments(self):
        """The process's command line as a list (Linux); None where that cannot be read."""
        try:
            with open(f"/proc/{self.process.pid}/cmdline", "rb") as file:
                return file.read().decode().rstrip("\0").split("\0")
        except OSError:
            return None

    def rss_kib(self):
        """Resident memory now (Linux)."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmRSS:"):
                    return int(line.split()[1])
        raise RuntimeError("no VmRSS line")

    def written_files(self):
        """Every file the plugin may have written, PG3's certificates left out."""
        for root in (self.folder, self.home):
            for path in glob.glob(root + "/**", recursive=True, include_hidden=True):
                if os.path.isfile(path) and not path.endswith((".cert", ".key")):
                    yield path

    def files_with(self, secrets):
        """Sentences, one for each file that holds one of these texts."""
        found = []
        for path in self.written_files():
            with open(path, "rb") as file:
                data = file.read()
            found += [f"{path} holds the secret {secret[:12]}..." for secret in secrets
                      if secret.encode() in data]
        return found

    def check_silence(self, secrets=()):
        """The end of each test: nothing said, nothing leaked, no sanitizer report."""
        assert self.reports_text() == "", self.reports_text()
        assert self.output == {"stdout": b"", "stderr": b""}, f"PG3 would see {self.output}"
        assert "Traceback" not in self.log_text(), self.log_tail()
        spilt = self.files_with(secrets)
        assert not spilt, "\n".join(spilt)
