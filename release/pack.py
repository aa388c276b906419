#!/usr/bin/env python3
"""Packs a folder, its files at the archive's root, the same bytes each time: sorted names, one owner, one time.

    python3 release/pack.py FOLDER NAME SECONDS     writes NAME.tgz and NAME.zip; SECONDS: unix time of all files
"""

import gzip
import os
import sys
import tarfile
import time
import zipfile

EXECUTABLE, PLAIN = 0o755, 0o644


def files_of(folder):
    """Their names relative to `folder`, in order, with "/"."""
    names = []
    for root, _, files in os.walk(folder):
        names += [os.path.relpath(os.path.join(root, name), folder) for name in files]
    return sorted(name.replace(os.sep, "/") for name in names)


def mode_of(path):
    return EXECUTABLE if os.access(path, os.X_OK) and os.stat(path).st_mode & 0o100 else PLAIN


def pack_tgz(folder, path, seconds):
    with open(path, "wb") as out, gzip.GzipFile("", "wb", 9, out, mtime=seconds) as packed, \
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in files_of(folder):
            source = os.path.join(folder, name)
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.mode = os.path.getsize(source), seconds, mode_of(source)
            with open(source, "rb") as file:
                archive.addfile(entry, file)


def pack_zip(folder, path, seconds):
    when = time.gmtime(seconds)[:6]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in files_of(folder):
            source = os.path.join(folder, name)
            entry = zipfile.ZipInfo(name, when)
            entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3      # 3: modes of Unix
            entry.external_attr = (0o100000 | mode_of(source)) << 16
            with open(source, "rb") as file:
                archive.writestr(entry, file.read())


if __name__ == "__main__":
    pack_tgz(sys.argv[1], sys.argv[2] + ".tgz", int(sys.argv[3]))
    pack_zip(sys.argv[1], sys.argv[2] + ".zip", int(sys.argv[3]))
