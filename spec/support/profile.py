"""Reads an installed profile/ as IoX does (docs/pg3.md, Node definitions, Editors, Texts)."""

import glob
import os
import re
import xml.etree.ElementTree as ElementTree


class Range:
    """One <range> of an editor."""

    def __init__(self, element):
        self.uom = int(element.get("uom"))
        self.prec = int(element.get("prec", "0"))
        self.min = element.get("min")
        self.max = element.get("max")
        self.subset = element.get("subset")
        self.nls = element.get("nls")

    def subset_values(self):
        """The whole numbers a subset like "0-5,7,-3--1" allows; None without a subset."""
        if self.subset is None:
            return None
        values = []
        for part in self.subset.split(","):
            low, high = re.fullmatch(r"(-?\d+)(?:-(-?\d+))?", part.strip()).groups()
            values.extend(range(int(low), int(high if high is not None else low) + 1))
        return values


class NodeDef:
    """One <nodeDef>: `drivers` maps driver id to editor id, in the file's order."""

    def __init__(self, element):
        self.id = element.get("id")
        self.nls = element.get("nls")
        self.drivers = {st.get("id"): st.get("editor") for st in element.findall("./sts/st")}
        self.accepts = {cmd.get("id"): [(p.get("id"), p.get("editor")) for p in cmd.findall("p")]
                        for cmd in element.findall("./cmds/accepts/cmd")}
        self.sends = [cmd.get("id") for cmd in element.findall("./cmds/sends/cmd")]


class Profile:
    """The three kinds of files below `folder`/profile."""

    def __init__(self, folder):
        root = os.path.join(str(folder), "profile")
        self.files = sorted(path for path in glob.glob(root + "/**", recursive=True)
                            if os.path.isfile(path))
        self.nodedefs, self.editors, self.nls = {}, {}, {}
        for path in sorted(glob.glob(root + "/nodedef/*.xml")):
            for element in ElementTree.parse(path).getroot().iter("nodeDef"):
                self.nodedefs[element.get("id")] = NodeDef(element)
        for path in sorted(glob.glob(root + "/editor/*.xml")):
            for element in ElementTree.parse(path).getroot().iter("editor"):
                ranges = [Range(item) for item in element.findall("range")]
                self.editors[element.get("id")] = {item.uom: item for item in ranges}
        for path in sorted(glob.glob(root + "/nls/*.txt")):
            with open(path, encoding="ascii") as file:
                self._read_nls(file)

    def _read_nls(self, lines):
        for line in lines:
            key, equals, value = line.partition("=")
            if equals and not line.lstrip().startswith("#"):
                self.nls[key.strip()] = value.strip()

    def editor_ranges(self, editor):
        """{uom: Range or None} of an editor id, encoded ids (`_72_2`) included; {} if unknown."""
        if editor in self.editors:
            return self.editors[editor]
        encoded = re.match(r"_(\d+)_(\d+)", editor or "")
        return {int(encoded.group(1)): None} if encoded else {}

    def label(self, nodedef_id, driver):
        """The text IoX shows for a driver; None if there is none."""
        nodedef = self.nodedefs[nodedef_id]
        return self.nls.get(f"ST-{nodedef.nls}-{driver}-NAME", self.nls.get(f"ST-{driver}-NAME"))

    def driver(self, nodedef_id, *labels):
        """The driver whose label matches the first of these patterns that fits any (no case)."""
        nodedef = self.nodedefs[nodedef_id]
        for pattern in labels:
            for driver in nodedef.drivers:
                if re.search(pattern, self.label(nodedef_id, driver) or "", re.IGNORECASE):
                    return driver
        known = {driver: self.label(nodedef_id, driver) for driver in nodedef.drivers}
        raise AssertionError(f"{nodedef_id} has no driver labelled like {labels}: {known}")

    def value_name(self, nodedef_id, driver, value):
        """The name of an index value ("Connected" for 1); None if it has none."""
        for item in self.editor_ranges(self.nodedefs[nodedef_id].drivers[driver]).values():
            if item is not None and item.nls and f"{item.nls}-{value}" in self.nls:
                return self.nls[f"{item.nls}-{value}"]
        return None
