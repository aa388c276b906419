"""What a user looks for on each kind of node: the labels to find it by, and VRM's row it comes from.

A value is (name, labels as regular expressions, D-Bus path or None when it is computed)."""

BATTERY = [
    ("state of charge", ["state of charge"], "/Soc"),
    ("voltage", [r"^(battery |dc )?voltage"], "/Dc/0/Voltage"),
    ("current", [r"^(battery |dc )?current"], "/Dc/0/Current"),
    ("power", [r"^(battery |dc )?power"], "/Dc/0/Power"),
    ("temperature", ["temperature"], "/Dc/0/Temperature"),
]
BATTERY_STATUS = ["status", r"battery state$", r"^state$"]

SOLAR = [
    ("charger status", ["charge(r)? (state|status)"], "/State"),
    ("PV voltage", ["pv voltage"], "/Pv/V"),
    ("PV power", ["pv power"], "/Yield/Power"),
    ("battery voltage", ["battery voltage"], "/Dc/0/Voltage"),
    ("battery current", ["battery current"], "/Dc/0/Current"),
    ("yield today", ["yield today"], "/History/Daily/0/Yield"),
    ("peak power today", ["(peak|max).*power.*today"], "/History/Daily/0/MaxPower"),
]
PV_CURRENT = ["pv current"]

AC = [
    ("inverter status", ["(inverter|device)? ?(state|status)$"], "/State"),
    ("AC voltage", ["output voltage", "ac (output |out )?voltage"], "/Ac/Out/L1/V"),
    ("AC current", ["output current", "ac (output |out )?current"], "/Ac/Out/L1/I"),
    ("AC power", ["output power", "ac (output |out )?power"], "/Ac/Out/L1/P"),
    ("AC frequency", ["frequency"], "/Ac/Out/L1/F"),
]
VEBUS = AC + [("temperature", ["temperature"], "/Dc/0/Temperature")]
INVERTER = AC + [("temperature", ["temperature"], "/Temperature")]
MULTI = AC + [("temperature", ["temperature"], "/Dc/0/Temperature")]

GATEWAY = [
    ("gateway status", ["gateway.*(status|state)", "online"], None),
    ("system status", ["system (status|state)"], None),
    ("active alarms", ["alarms"], None),
    ("device count", ["device"], None),
    ("VRM connection", ["vrm"], None),
]

TANK = [("level", ["level$"], "/Level"), ("fluid", ["fluid"], "/FluidType")]
TEMPERATURE = [("temperature", ["^temperature$"], "/Temperature")]
GPS = [("speed", ["speed"], "/Speed"), ("latitude", ["latitude"], "/Position/Latitude"),
       ("longitude", ["longitude"], "/Position/Longitude"), ("altitude", ["altitude"], "/Position/Altitude")]

BY_SERVICE = {"battery": BATTERY, "solarcharger": SOLAR, "vebus": VEBUS, "inverter": INVERTER,
              "multi": MULTI, "tank": TANK, "temperature": TEMPERATURE, "gps": GPS}
