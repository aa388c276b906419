"""The rows of VRM's diagnostics, as tables: one table for each kind of device.

A row is (code, idDataAttribute, dbusPath, description, formatWithUnit, value[, age]). `value` is what the static world shows;
vrm_world.py moves some of them in the demo. Codes, paths and ids are VRM's where they are publicly known. Ids from 9000 and
codes that begin with "z" are made up here, because VRM's own are not known: a client can only find those rows by their path.
"""

# How long ago VRM last got a value: measurements with every log, history when it changed, settings at boot, versions when
# they were installed. A client must not judge a device by the old ones.
LIVE = 0
CHANGED = 5 * 3600
BOOT = 18 * 86400
INSTALLED = 4 * 365 * 86400

ALARM = {0: "No alarm", 1: "Warning", 2: "Alarm"}
INPUT = {0: "Not available", 1: "Grid", 2: "Generator", 3: "Shore power"}
ON_OFF = {0: "Off", 1: "On"}
CHARGE = {0: "Off", 2: "Fault", 3: "Bulk", 4: "Absorption", 5: "Float", 6: "Storage", 7: "Equalize", 245: "Off",
          247: "Equalize", 252: "Ext. Control"}
VEBUS = {0: "Off", 1: "AES mode", 2: "Fault", 3: "Bulk", 4: "Absorption", 5: "Float", 6: "Storage", 7: "Equalize",
         8: "Passthru", 9: "Inverting", 10: "Power assist", 11: "Power supply", 244: "Sustain", 246: "Repeated Abs.",
         247: "Equalize", 248: "Battery safe", 249: "Test", 250: "Blocked", 251: "Test", 252: "Ext. control"}
SYSTEM = {**VEBUS, 10: "Assisting", 11: "Power Supply Mode", 256: "Discharging", 257: "Sustain", 258: "Recharging",
          259: "Sched charge", 260: "Dynamic ESS"}
RUN_REASON = {0: "Stopped", 1: "Manual start", 2: "Test run", 3: "Loss of communication", 4: "State of Charge",
              5: "AC Load", 6: "Battery current", 7: "Battery voltage", 8: "Inverter high temp", 9: "Inverter overload",
              10: "Stop on AC-1"}
OPEN_CLOSED = {0: "Open", 1: "Closed"}
INVERTER_MODE = {2: "Inverter only", 4: "Off", 5: "Eco"}

# dataAttributeEnumValues by code.
ENUMS = {
    "AL": ALARM, "AH": ALARM, "ALS": ALARM, "AHS": ALARM, "ASoc": ALARM, "ALT": ALARM, "AHT": ALARM, "AM": ALARM,
    "ALF": ALARM, "AHF": ALARM, "AFB": ALARM, "AHIT": ALARM, "SceH": ALARM, "SceL": ALARM, "eL": ALARM, "eO": ALARM,
    "eT": ALARM, "zAL": ALARM, "zAH": ALARM, "zAO": ALARM, "zAT": ALARM, "Agl": {0: "Grid ok", 2: "Grid lost"},
    "gaNG": {0: "No alarm", 2: "Alarm"}, "bst": {0: "Idle", 1: "Charging", 2: "Discharging"}, "ss": SYSTEM, "S": VEBUS,
    "s": {1: "Charger Only", 2: "Inverter Only", 3: "On", 4: "Off"}, "ScS": CHARGE, "Scs": {1: "On", 4: "Off"},
    "ScERR": {0: "No error", 1: "#1 - Battery temperature too high", 2: "#2 - Battery voltage too high",
              17: "#17 - Charger temperature too high", 18: "#18 - Charger over-current", 67: "#67 - BMS connection lost"},
    "zMPP": {0: "Off", 1: "Voltage/current limited", 2: "MPPT active", 255: "Not available"},
    "SLs": ON_OFF, "SRelay": OPEN_CLOSED, "Relay": OPEN_CLOSED, "zR1": OPEN_CLOSED, "zR2": OPEN_CLOSED,
    "ERR": {0: "No error", 1: "Device is switched off because one of the other phases in the system has switched off",
            3: "Not all, or more than, the expected devices were found in the system", 10: "System time synchronisation problem",
            17: "Phase master missing", 18: "AC overvoltage on the output"},
    "AI": {0: "AC in 1", 1: "AC in 2", 240: "Disconnected"}, "gRC": RUN_REASON, "gaRC": RUN_REASON,
    "zS": {0: "Off", 1: "Low power", 2: "Fault", 9: "Inverting"}, "zM": INVERTER_MODE, "zmS": VEBUS,
    "zmM": {1: "Charger Only", 2: "Inverter Only", 3: "On", 4: "Off"}, "sca": {0: "Not active", 1: "Active"},
    "cp": {1: "MQTT-RPC", 2: "MQTT-RPC new firmware update command", 4: "VNC-SSH authentication", 8: "VregLink",
           16: "Multiple generator start-stop services is supported", 64: "Has DESS support", 128: "Has GUI v2 support"},
    "nrCaps": {1: "Has Node-RED", 2: "Has Dashboard", 4: "Has Dashboard v2"},
    "decp": {1: "Charge/Discharge restrictions are supported", 2: "Coping strategies supported"},
    "dea": {0: "Not available", 1: "Available"}, "si1": INPUT, "si2": INPUT, "sk": ON_OFF, "tw": ON_OFF, "mb": ON_OFF,
    "nr": {0: "Off", 1: "On", 2: "On (safe mode)"}, "dem": {0: "Off", 1: "Auto", 2: "Buy", 3: "Sell", 4: "Node-RED"},
    "vrm": {0: "Off", 1: "Read-only", 2: "Full"}, "shai": {0: "No input side loads", 1: "Input side loads"},
    "GUIv": {1: 1, 2: 2}, "au": {0: "Disabled", 1: "Check and update", 2: "Check only"},
    "tst": {0: "Battery", 1: "Fridge", 2: "Generic", 3: "Room", 4: "Outdoor", 5: "Water Heater", 6: "Freezer"},
    "tf": {0: "Fuel", 1: "Fresh water", 2: "Waste water", 3: "Live well", 4: "Oil", 5: "Black water (sewage)"},
    "gatewayID": {0: "VGR, VGR2 or VER", 1: "Venus", 2: "Venus"},
}
BITMASKS = {"cp", "decp", "nrCaps"}

# Rows of a device that VRM gives without a service and without a path, although they have the device's instance.
NO_SERVICE = {"gatewayID", "v", "cp", "sca", "rtt", "nrCaps", "guiHash", "gaNG", "ScW", "tst", "tscn"}

GATEWAY = [
    ("gatewayID", 1, None, "gatewayID", "%s", 1, INSTALLED),
    ("v", 2, None, "Fw Version", "%s", "v3.55", INSTALLED),
    ("cp", 453, None, "Capabilities", "%s", 16383, BOOT),
    ("sca", 469, None, "ESS Scheduled Charging", "%s", 0),
    ("rtt", 577, None, "D-Bus Round-trip time", "%.0F ms", 3),
    ("nrCaps", 694, None, "Node RED Capabilities", "%s", 0, BOOT),
    ("guiHash", 1283, None, "GUI Hash for Remote Console", "%s", "3d1f0c9a77e24b58", BOOT),
    ("gaNG", 441, None, "Generator not detected at AC-input", "%s", 0),
]

SETTINGS = [(code, number, "/Settings/" + path, text, "%s", value, BOOT) for code, number, path, text, value in [
    ("tw", 250, "Services/MqttVrm", "Two way communication", 1),
    ("si1", 251, "SystemSetup/AcInput1", "AC Input 1 ", 2),
    ("si2", 252, "SystemSetup/AcInput2", "AC Input 2", 0),
    ("nr", 692, "Services/NodeRed", "NodeRed", 0),
    ("sk", 693, "Services/SignalK", "SignalK", 0),
    ("dem", 1270, "DynamicEss/Mode", "DESS Mode", 0),
    ("vrm", 1612, "Network/VrmPortal", "VRM Portal Mode", 2),
    ("shai", 1865, "SystemSetup/HasAcInLoads", "System has normal AC loads", 1),
    ("al", 9001, "System/AccessLevel", "Access level", 1),
    ("au", 9002, "System/AutoUpdate", "Auto update", 2),
    ("dm", 9003, "Gui/DemoMode", "Demo mode", 0),
    ("mb", 9004, "Services/Modbus", "Modbus TCP", 1),
    ("rs", 9005, "System/RemoteSupportPort", "Remote support port", 0),
    ("rss", 9006, "System/RemoteSupport", "Remote support", 0),
    ("sb", 9007, "SystemSetup/BatteryService", "Battery service", "default"),
    ("shd", 9008, "SystemSetup/HasDcSystem", "Has DC system", 1),
    ("sl", 9009, "Vrmlogger/LogInterval", "Log interval", 60),
    ("tz", 9010, "System/TimeZone", "Time zone", "Europe/Lisbon"),
    ("ut", 9011, "System/ReleaseType", "Update feed", 0),
    ("vl", 9012, "Vrmlogger/Logmode", "Log mode", 1),
]]

PLATFORM = [("GUIv", 1722, "/Gui/RunningVersion", "GUI version", "%s", 2, BOOT)]

SYSTEM_ROWS = [
    ("P", 111, "/Ac/PvOnOutput/L1/Power", "PV - AC-coupled on output L1", "%.0F W", 0),
    ("Pdc", 113, "/Dc/Pv/Power", "PV - DC-coupled", "%.0F W", 815.5),
    ("a1", 131, "/Ac/Consumption/L1/Power", "AC Consumption L1", "%.0F W", 310),
    ("g1", 134, "/Ac/Grid/L1/Power", "Grid L1", "%.0F W", 0),
    ("gs1", 9020, "/Ac/Genset/L1/Power", "Genset L1", "%.0F W", 0),
    ("dc", 140, "/Dc/System/Power", "DC System", "%.0F W", 40),
    ("bv", 143, "/Dc/Battery/Voltage", "Voltage", "%.2F V", 13.28),
    ("bs", 144, "/Dc/Battery/Soc", "Battery SOC", "%.1F %%", 76.5),
    ("bc", 147, "/Dc/Battery/Current", "Current", "%.2F A", 12.4),
    ("bst", 215, "/Dc/Battery/State", "Battery state", "%s", 1),
    ("bp", 9021, "/Dc/Battery/Power", "Battery Power", "%.0F W", 164.7),
    ("bT", 9022, "/Dc/Battery/Temperature", "Battery temperature", "%.1F °C", 21.5),
    ("ba", 9023, "/Dc/Battery/ConsumedAmphours", "Battery Consumed Amphours", "%.1F Ah", -47),
    ("bt", 9024, "/Dc/Battery/TimeToGo", "Battery Time to Go", "%.2F h", None),
    ("vc", 9025, "/Dc/Vebus/Current", "VE.Bus charge current", "%.1F A", -25.1),
    ("vp", 9026, "/Dc/Vebus/Power", "VE.Bus charge power", "%.0F W", -333),
    ("st", 570, "/SystemType", "System type", "%s", "Hub-1", BOOT),
    ("ss", 571, "/SystemState/State", "System state", "%s", 9),
    ("gRC", 917, "/Ac/Genset/RunningByConditionCode", "Generator run by condition code", "%s", 0),
    ("decp", 1336, "/DynamicEss/Capabilities", "DESS Capabilities", "%s", 63, BOOT),
    ("dea", 1504, "/DynamicEss/Available", "DESS Available", "%s", 0, BOOT),
    ("abs", 9027, "/ActiveBatteryService", "Battery service", "%s", "com.victronenergy.battery/289", BOOT),
    ("zR1", 9028, "/Relay/0/State", "Relay 1 state", "%s", 0),
    ("zR2", 9029, "/Relay/1/State", "CCGX Relay 2 state", "%s", 0),
    ("Pb", 9030, None, "PV to battery", "%.2F kWh", 0.01),
    ("Pc", 9031, None, "PV to consumers", "%.2F kWh", 0.005),
    ("Bc", 9032, None, "Battery to consumers", "%.2F kWh", 0),
    ("Gb", 9033, None, "Grid to battery", "%.2F kWh", 0),
    ("Gc", 9034, None, "Grid to consumers", "%.2F kWh", 0),
]

# This row belongs to the service "system" and yet has the VE.Bus system's instance.
GRID_LOST = ("Agl", 559, "/Ac/Alarms/GridLost", "Grid alarm", "%s", 0)


def history(number, value, text, unit, path):
    """A row of the battery monitor's history, which VRM gets only when it changed."""
    return ("H%d" % number, 58 if number == 4 else 9040 + number, "/History/" + path, text, unit, value, CHANGED)


BATTERY = [
    ("V", 47, "/Dc/0/Voltage", "Voltage", "%.2F V", 13.28),
    ("VS", 48, "/Dc/1/Voltage", "Starter battery voltage", "%.2F V", 12.71),
    ("I", 49, "/Dc/0/Current", "Current", "%.2F A", 12.4),
    ("zP", 9040, "/Dc/0/Power", "Power", "%.0F W", 164.7),
    ("CE", 50, "/ConsumedAmphours", "Consumed Amphours", "%.1F Ah", -47),
    ("SOC", 51, "/Soc", "State of charge", "%.1F %%", 76.5),
    ("TTG", 52, "/TimeToGo", "Time to go", "%.2F h", 240),
    ("Relay", 54, "/Relay/0/State", "Relay status", "%s", 0),
    ("BT", 115, "/Dc/0/Temperature", "Battery temperature", "%.1F °C", 21.5),
    ("AL", 119, "/Alarms/LowVoltage", "Low voltage alarm", "%s", 0),
    ("AH", 120, "/Alarms/HighVoltage", "High voltage alarm", "%s", 0),
    ("ALS", 121, "/Alarms/LowStarterVoltage", "Low starter-voltage alarm", "%s", 0),
    ("AHS", 122, "/Alarms/HighStarterVoltage", "High starter-voltage alarm", "%s", 0),
    ("ASoc", 123, "/Alarms/LowSoc", "Low state-of-charge alarm", "%s", 0),
    ("ALT", 124, "/Alarms/LowTemperature", "Low battery temperature alarm", "%s", 0),
    ("AHT", 125, "/Alarms/HighTemperature", "High battery temperature alarm", "%s", 0),
    ("AM", 126, "/Alarms/MidVoltage", "Mid-voltage alarm", "%s", 0),
    ("ALF", 155, "/Alarms/LowFusedVoltage", "Low fused-voltage alarm", "%s", 0),
    ("AHF", 156, "/Alarms/HighFusedVoltage", "High fused-voltage alarm", "%s", 0),
    ("AFB", 157, "/Alarms/FuseBlown", "Fuse blown alarm", "%s", 0),
    ("AHIT", 158, "/Alarms/HighInternalTemperature", "High internal-temperature alarm", "%s", 0),
    ("BM", 9070, "/ProductId", "Product id", "%s", "41865", INSTALLED),
    ("BSN", 9071, "/Serial", "Serial", "%s", "HQ2139DEMO1", INSTALLED),
    ("BV", 9072, "/FirmwareVersion", "Firmware version", "%s", "v4.12", INSTALLED),
    history(1, -168.2, "Deepest discharge", "%.1F Ah", "DeepestDischarge"),
    history(2, -52.1, "Last discharge", "%.1F Ah", "LastDischarge"),
    history(3, -71.4, "Average discharge", "%.1F Ah", "AverageDischarge"),
    history(4, 212, "Charge cycles", "%.0F", "ChargeCycles"),
    history(5, 1, "Full discharges", "%.0F", "FullDischarges"),
    history(6, -15230, "Total Ah drawn", "%.0F Ah", "TotalAhDrawn"),
    history(7, 11.02, "Minimum voltage", "%.2F V", "MinimumVoltage"),
    history(8, 14.43, "Maximum voltage", "%.2F V", "MaximumVoltage"),
    history(9, 61230, "Time since last full charge", "%.0F s", "TimeSinceLastFullCharge"),
    history(10, 198, "Automatic syncs", "%.0F", "AutomaticSyncs"),
    history(11, 2, "Low voltage alarms", "%.0F", "LowVoltageAlarms"),
    history(12, 0, "High voltage alarms", "%.0F", "HighVoltageAlarms"),
    history(15, 12.1, "Minimum starter voltage", "%.2F V", "MinimumStarterVoltage"),
    history(16, 14.1, "Maximum starter voltage", "%.2F V", "MaximumStarterVoltage"),
    history(21, 194.94, "Discharged Energy", "%.2F kWh", "DischargedEnergy"),
    history(22, 214.22, "Charged Energy", "%.2F kWh", "ChargedEnergy"),
]

SOLAR_CHARGER = [
    ("ScV", 81, "/Dc/0/Voltage", "Voltage", "%.2F V", 13.31),
    ("ScT", 83, "/Dc/0/Temperature", "Battery temperature", "%.1F °C", 21),
    ("ScS", 85, "/State", "Charge state", "%s", 3),
    ("PVV", 86, "/Pv/V", "PV voltage", "%.2F V", 68.25),
    ("SRelay", 90, "/Relay/0/State", "Relay on the charger", "%s", 0),
    ("YT", 94, "/History/Daily/0/Yield", "Yield today", "%.2F kWh", 1.27),
    ("YY", 96, "/History/Daily/1/Yield", "Yield yesterday", "%.2F kWh", 2.84, CHANGED),
    ("ScW", 107, None, "Battery watts", "%.0F W", 505.8),
    ("PVP", 442, "/Yield/Power", "PV power", "%.0F W", 512),
    ("ScI", 9100, "/Dc/0/Current", "Current", "%.1F A", 38),
    ("ScERR", 9101, "/ErrorCode", "Error code", "%s", 0),
    ("Scs", 9102, "/Mode", "Charger on/off", "%s", 1),
    ("MCPT", 9103, "/History/Daily/0/MaxPower", "Maximum charge power today", "%.0F W", 611),
    ("MCPY", 9104, "/History/Daily/1/MaxPower", "Maximum charge power yesterday", "%.0F W", 598, CHANGED),
    ("YU", 9105, "/Yield/User", "User yield", "%.2F kWh", 1204.5),
    ("SceH", 9106, "/Alarms/HighVoltage", "High voltage alarm", "%s", 0),
    ("SceL", 9107, "/Alarms/LowVoltage", "Low voltage alarm", "%s", 0),
    ("SLs", 9108, "/Load/State", "Load output state", "%s", 1),
    ("SLI", 9109, "/Load/I", "Load current", "%.1F A", 0),
    ("zMPP", 9110, "/MppOperationMode", "Tracker operation mode", "%s", 2),
    ("ScM", 9111, "/ProductId", "Product id", "%s", "41060", INSTALLED),
    ("ScSN", 9112, "/Serial", "Serial", "%s", "HQ2117DEMO2", INSTALLED),
    ("ScVt", 9113, "/FirmwareVersion", "Firmware version", "%s", "v1.61", INSTALLED),
]

VEBUS_SYSTEM = [
    ("IV1", 8, "/Ac/ActiveIn/L1/V", "Input voltage phase 1", "%.1F V", 0),
    ("IP1", 17, "/Ac/ActiveIn/L1/P", "Input power 1", "%.0F W", 0),
    ("OV1", 20, "/Ac/Out/L1/V", "Output voltage phase 1", "%.1F V", 230.4),
    ("OP1", 29, "/Ac/Out/L1/P", "Output power 1", "%.0F W", 310),
    ("CV", 32, "/Dc/0/Voltage", "Voltage", "%.2F V", 13.25),
    ("CI", 33, "/Dc/0/Current", "Current", "%.2F A", -25.1),
    ("S", 40, "/State", "VE.Bus state", "%s", 9),
    ("s", 79, "/Mode", "Switch Position", "%s", 3),
    ("zVT", 521, "/Dc/0/Temperature", "Battery temperature", "%.1F °C", 24.5),
    ("AI", 9120, "/Ac/ActiveIn/ActiveInput", "Active input", "%s", 240),
    ("AILIM", 9121, "/Ac/ActiveIn/CurrentLimit", "Active input current limit", "%.1F A", 16, BOOT),
    ("ERR", 9122, "/VebusError", "VE.Bus Error", "%s", 0),
    ("IF1", 9123, "/Ac/ActiveIn/L1/F", "Input frequency 1", "%.1F Hz", 0),
    ("II1", 9124, "/Ac/ActiveIn/L1/I", "Input current phase 1", "%.1F A", 0),
    ("OF", 9125, "/Ac/Out/L1/F", "Output frequency", "%.2F Hz", 50.02),
    ("OI1", 9126, "/Ac/Out/L1/I", "Output current phase 1", "%.1F A", 1.4),
    ("PC", 9127, "/Ac/NumberOfPhases", "Phase count", "%.0F", 1, BOOT),
    ("VSOC", 9128, "/Soc", "VE.Bus state of charge", "%.1F %%", 76.5),
    ("eL", 9129, "/Alarms/LowBattery", "Low battery", "%s", 0),
    ("eO", 9130, "/Alarms/Overload", "Overload", "%s", 0),
    ("eT", 9131, "/Alarms/HighTemperature", "Temperature", "%s", 0),
    ("vmk2", 9132, "/Interfaces/Mk2/Version", "MK2 version", "%s", "1130152", INSTALLED),
    ("vvp", 9133, "/ProductId", "Product id", "%s", "9796", INSTALLED),
    ("vvv", 9134, "/FirmwareVersion", "Firmware version", "%s", "2644506", INSTALLED),
]

INVERTER = [
    ("zM", 9150, "/Mode", "Mode", "%s", 2),
    ("zS", 9151, "/State", "State", "%s", 9),
    ("zOV", 9152, "/Ac/Out/L1/V", "Output voltage", "%.1F V", 229.8),
    ("zOI", 9153, "/Ac/Out/L1/I", "Output current", "%.2F A", 0.6),
    ("zOP", 9154, "/Ac/Out/L1/P", "Output power", "%.0F W", 138),
    ("zOS", 9155, "/Ac/Out/L1/S", "Output apparent power", "%.0F VA", 145),
    ("zOF", 9156, "/Ac/Out/L1/F", "Output frequency", "%.1F Hz", 50),
    ("zDV", 9157, "/Dc/0/Voltage", "Battery voltage", "%.2F V", 13.19),
    ("zDI", 9158, "/Dc/0/Current", "Battery current", "%.1F A", -11.6),
    ("zT", 9159, "/Temperature", "Temperature", "%.1F °C", 33.5),
    ("zAL", 9160, "/Alarms/LowVoltage", "Low battery voltage alarm", "%s", 0),
    ("zAH", 9161, "/Alarms/HighVoltage", "High battery voltage alarm", "%s", 0),
    ("zAO", 9162, "/Alarms/Overload", "Overload alarm", "%s", 0),
    ("zAT", 9163, "/Alarms/HighTemperature", "High temperature alarm", "%s", 0),
    ("zIp", 9164, "/ProductId", "Product id", "%s", "41585", INSTALLED),
    ("zIs", 9165, "/Serial", "Serial", "%s", "HQ2028DEMO3", INSTALLED),
    ("zIv", 9166, "/FirmwareVersion", "Firmware version", "%s", "v1.22", INSTALLED),
]

MULTI_RS = [
    ("zmM", 9180, "/Mode", "Switch position", "%s", 3),
    ("zmS", 9181, "/State", "Inverter/Charger state", "%s", 9),
    ("zmV", 9182, "/Ac/Out/L1/V", "Output voltage phase 1", "%.1F V", 230.1),
    ("zmI", 9183, "/Ac/Out/L1/I", "Output current phase 1", "%.1F A", 4.2),
    ("zmP", 9184, "/Ac/Out/L1/P", "Output power phase 1", "%.0F W", 958),
    ("zmF", 9185, "/Ac/Out/L1/F", "Output frequency", "%.2F Hz", 49.98),
    ("zmD", 9186, "/Dc/0/Voltage", "Battery voltage", "%.2F V", 52.6),
    ("zmC", 9187, "/Dc/0/Current", "Battery current", "%.1F A", -18.7),
    ("zmT", 9188, "/Dc/0/Temperature", "Battery temperature", "%.1F °C", 22),
    ("zmY", 9189, "/Yield/Power", "PV power", "%.0F W", 0),
]

TEMPERATURE = [
    ("tst", 449, None, "Temperature type", "%s", 3, BOOT),
    ("tsT", 450, "/Temperature", "Temperature", "%.1F °C", 22.8),
    ("tscn", 637, None, "Temperature custom name", "%s", "Engine room", BOOT),
]

TANK = [
    ("tf", 329, "/FluidType", "Tank fluid type", "%s", 1, BOOT),
    ("tl", 330, "/Level", "Tank level", "%.0F %%", 64),
    ("tr", 331, "/Remaining", "Tank remaining fluid", "%.0F L", "45"),
    ("tcn", 638, "/CustomName", "Tank custom name", "%s", "Fresh water", BOOT),
]

# The position's time stamps are null in VRM's own answers.
GPS = [
    ("lt", 4, "/Position/Latitude", "Latitude", "%.5F LAT", 38.52, None),
    ("lg", 5, "/Position/Longitude", "Longitude", "%.5F LNG", -8.89, None),
    ("ls", 142, "/Speed", "Speed", "%.1F m/s", 0),
    ("la", 584, "/Position/Altitude", "Altitude", "%.0F m", 12),
]

# service: (name in VRM, idDeviceType, rows, productName, productCode, firmwareVersion)
KINDS = {
    "battery": ("Battery Monitor", 2, BATTERY, "SmartShunt 500A/50mV", "A389", "v4.12"),
    "solarcharger": ("Solar Charger", 4, SOLAR_CHARGER, "SmartSolar Charger MPPT 100/30", "a05f", "v1.61"),
    "vebus": ("VE.Bus System", 1, VEBUS_SYSTEM, "MultiPlus 48/5000/70-100", "2644", "2644506"),
    "inverter": ("Inverter", 33, INVERTER, "Phoenix Inverter 12V 1200VA 230V", "A271", "v1.22"),
    "multi": ("Multi RS", 31, MULTI_RS, "Multi RS Solar 48V/6000VA/100A", "a442", "v1.18"),
    "temperature": ("Temperature sensor", 17, TEMPERATURE, "Generic Temperature Input", "a162", None),
    "tank": ("Tank", 5, TANK, "Tank sensor (Built-in)", "a161", None),
}
# The services of the gateway itself: (Device in VRM, idDeviceType, rows).
OWN = {
    None: ("Gateway", 0, GATEWAY),
    "settings": ("Gateway", 0, SETTINGS),
    "platform": ("Gateway", 0, PLATFORM),
    "system": ("System overview", 6, SYSTEM_ROWS),
    "gps": ("Gateway", 0, GPS),
}
