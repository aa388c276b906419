#!/usr/bin/env python3
"""What can be said of a released program without its system. Prints each check; exit code 1 if one fails.

    python3 release/check.py freebsd|linux PROGRAM UNSTRIPPED_OBJECTS_FOLDER FORBIDDEN_TEXT...

The program must need nothing but FreeBSD's base libc, libm and libthr (or nothing at all on Linux), run on
FreeBSD 14.0 and on any amd64, be hardened and stripped, and name no path of this machine (FORBIDDEN_TEXT)."""

import glob
import os
import re
import subprocess
import sys

FREEBSD_LIBRARIES = {"libc.so.7", "libm.so.5", "libthr.so.3"}
FREEBSD_INTERPRETER = "/libexec/ld-elf.so.1"
FREEBSD_SYMBOLS = (1, 7)        # the newest version in FreeBSD 14.0's libc, Versions.def; 15.0 adds FBSD_1.8
FREEBSD_RELEASE = 1400097       # __FreeBSD_version of 14.0, in the note that the kernel reads

failed = 0


def tell(passed, what, found=""):
    global failed
    failed += not passed
    print(f"  {'ok    ' if passed else 'FAILED'} {what}{': ' if found else ''}{found}")


def readelf(program, *options):
    return subprocess.run(["readelf", "-W", *options, program], capture_output=True, text=True,
                          check=True).stdout


def check_libraries(system, program):
    dynamic = readelf(program, "-d")
    needed = set(re.findall(r"NEEDED.*\[(.*)\]", dynamic))
    interpreter = re.findall(r"interpreter: (.*)\]", readelf(program, "-l"))
    versions = sorted(set(re.findall(r"Name: (\S+)", readelf(program, "-V"))))
    if system == "linux":
        tell(not needed and not interpreter, "self-contained", "no library, no interpreter")
        return
    tell(re.search("OS/ABI:.*FreeBSD", readelf(program, "-h")) is not None, "a program for FreeBSD")
    tell(needed <= FREEBSD_LIBRARIES, "needed libraries", ", ".join(sorted(needed)))
    tell(interpreter == [FREEBSD_INTERPRETER], "interpreter", ", ".join(interpreter))
    numbers = [tuple(map(int, name.removeprefix("FBSD_").split("."))) for name in versions
               if re.fullmatch(r"FBSD_\d+\.\d+", name)]
    tell(len(numbers) == len(versions) and max(numbers) <= FREEBSD_SYMBOLS, "symbol versions",
         ", ".join(versions))
    notes = readelf(program, "-n", "-x", ".note.tag")
    words = "".join(re.findall(r"^  0x\w+ ((?:\w{8} )+)", notes, re.M)).split()
    releases = [int.from_bytes(bytes.fromhex(word), "little") for word in words]
    tell(FREEBSD_RELEASE in releases, "its note names FreeBSD 14.0", str(FREEBSD_RELEASE))
    imported = re.findall(r"UND (\S+?)@", readelf(program, "--dyn-syms"))
    tell("__stack_chk_fail" in imported, "stack protector")
    print(f"         imported functions and objects: {len(imported)}")


def check_hardening(program):
    header, dynamic, segments = (readelf(program, option) for option in ("-h", "-d", "-l"))
    tell("DYN" in header and "PIE" in dynamic, "position-independent")
    tell("GNU_RELRO" in segments and "NOW" in dynamic, "relocations read-only after the start")
    tell(re.search(r"GNU_STACK.* RW ", segments) is not None, "stack not executable")
    tell(re.search(r"LOAD.* RWE ", segments) is None, "no memory both written and executed")
    tell("TEXTREL" not in dynamic and "RPATH" not in dynamic and "RUNPATH" not in dynamic,
         "no text relocations, no library path of its own")


def check_objects(folder):
    """Each of our own files that has a buffer on its stack must check it."""
    names = sorted(glob.glob(os.path.join(folder, "*.o")))
    symbols = subprocess.run(["nm", "-A", "-u", *names], capture_output=True, text=True, check=True).stdout
    guarded = {line.split(":")[0] for line in symbols.splitlines() if "__stack_chk_fail" in line}
    tell(len(guarded) > len(names) // 3, "stack protector in our files", f"{len(guarded)} of {len(names)}")


def check_text(program, forbidden):
    sections = readelf(program, "-S")
    tell(".symtab" not in sections and ".debug_" not in sections, "stripped")
    tell(".note.gnu.build-id" not in sections, "no build id")
    with open(program, "rb") as file:
        data = file.read()
    found = [text for text in forbidden if text.encode() in data]
    tell(not found, "no path of this machine", ", ".join(found))
    print(f"         size: {len(data) / 1e6:.2f} MB")


def check_processor(program):
    """Polisy's processor has no AVX: no instruction that needs it."""
    if "X86-64" not in readelf(program, "-h"):
        return
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", program], capture_output=True, text=True,
                          check=True).stdout
    tell(re.search(r"%[yz]mm\d", code) is None, "no AVX instruction")


def main(system, program, objects, *forbidden):
    print(f"{program}:")
    check_libraries(system, program)
    check_hardening(program)
    check_objects(objects)
    check_text(program, forbidden)
    check_processor(program)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
