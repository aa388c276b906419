--- Texts for values: a device script names one of these lists as the second entry of a row, "charge_state".
--
-- The numbers are Victron's (VRM's own tables, else the D-Bus documentation); ISY shows the text for uom 25.
-- A released number never changes its meaning. A number that is not here is shown as "code N".

--- "27 Short circuit; 80-87 Shut down" -> { [0] = "No error", [27] = "#27 Short circuit", ... }. form: how a
-- number stands before its text.
local function errors(form, text)
    local list = { [0] = "No error" }
    for first, last, words in text:gmatch("(%d+)%-?(%d*)%s+([^;]*[^;%s])") do
        for number = tonumber(first), tonumber(last) or tonumber(first) do
            list[number] = form:format(number) .. words
        end
    end
    return list
end

local names = {
    ---------------------------------------------------------------- this plugin's own
    pg3_connection = { [0] = "Disconnected", "Connected", "Failed" },
    system_connection = { [0] = "Disconnected", "Connected", "Authentication Failed", "Connecting",
        "Rate limited", "VRM unreachable", "VRM error", "No installations or no permission",
        "No answer in time", "Certificate not trusted", "Not VRM's answer", "Request refused",
        "Answer too large", "Answer not understood", "Error in the plugin" },
    data_state = { [0] = "No data yet", "Fresh", "Stale", "Offline" },
    -- What became of the last command that writes to a device (control.writes).
    command_result = { [0] = "None yet", "Under way", "Done", "Control is off", "No live connection",
        "Not allowed now", "Not taken", "Limited by the device", "Taken back", "Not known" },
    gateway_status = { [0] = "Offline", "Online" },
    vrm_connection = { [0] = "Disconnected", "Connected" },
    data_source = { [0] = "None", "VRM, polled", "VRM, live", "GX, live" },
    system_status = { [0] = "Unknown", "OK", "Warning", "Alarm" },

    ---------------------------------------------------------------- general
    off_on = { [0] = "Off", "On" },
    no_yes = { [0] = "No", "Yes" },
    open_closed = { [0] = "Open", "Closed" },
    alarm = { [0] = "No alarm", "Warning", "Alarm" },

    ---------------------------------------------------------------- system (the gateway's rows)
    battery_state = { [0] = "Idle", "Charging", "Discharging" },
    system_state = {
        [0] = "Off", [1] = "AES mode", [2] = "Fault", [3] = "Bulk", [4] = "Absorption", [5] = "Float",
        [6] = "Storage", [7] = "Equalize", [8] = "Passthru", [9] = "Inverting", [10] = "Assisting",
        [11] = "Power supply", [244] = "Sustain", [245] = "Starting up", [246] = "Repeated absorption",
        [247] = "Equalize", [248] = "Battery safe", [249] = "Test", [250] = "Blocked", [251] = "Test",
        [252] = "External control", [256] = "Discharging", [257] = "Sustain", [258] = "Recharging",
        [259] = "Scheduled charge", [260] = "Dynamic ESS", [261] = "Battery overvoltage protection",
    },
    ac_source = { [0] = "Not available", [1] = "Grid", [2] = "Generator", [3] = "Shore",
        [240] = "Inverting" },
    grid_alarm = { [0] = "Grid ok", "Warning", "Grid lost" },

    ---------------------------------------------------------------- ESS and charging (the gateway's rows)
    inactive_active = { [0] = "Inactive", "Active" },
    ess_state = {
        [0] = "No longer used", [1] = "Optimized with BatteryLife", [2] = "Self-consumption",
        [3] = "Self-consumption, SoC above 85 %", [4] = "Self-consumption, SoC at 100 %",
        [5] = "Discharge disabled, SoC below the limit", [6] = "Slow charge, below the limit for 24 h",
        [7] = "Sustain", [8] = "Recharge, SoC 5 % below the minimum", [9] = "Keep batteries charged",
        [10] = "Optimized without BatteryLife", [11] = "Without BatteryLife, SoC below the minimum",
        [12] = "Without BatteryLife, recharge",
    },
    ess_mode = { [1] = "Optimized, total of all phases", [2] = "Optimized, each phase on its own",
        [3] = "External control" },
    ess_meter = { [0] = "External meter", "Inverter/charger" },
    ess_loads = { [0] = "All system loads", "Only critical loads" },
    peak_shaving = { [0] = "Above minimum SoC only", "Always" },
    dvcc_mode = { [0] = "Off", "On", "Forced off", "Forced on" },
    current_sense = { [0] = "Disabled by user", "External control", "No chargers", "No battery monitor",
        "Enabled" },
    charge_days = {                                 -- 99 is this plugin's: Victron has a negative day for off
        [0] = "Sunday", [1] = "Monday", [2] = "Tuesday", [3] = "Wednesday", [4] = "Thursday", [5] = "Friday",
        [6] = "Saturday", [7] = "Every day", [8] = "Weekdays", [9] = "Weekends", [11] = "Monthly",
        [99] = "Off",
    },
    self_consumption = { [0] = "PV", "PV and battery" },
    schedule_status = { [0] = "OK", "No ESS", "No SoC", "ESS mode", "Blocked" },
    dess_mode = { [0] = "Off", "Auto (VRM)", "Buy", "Sell", "Local (Node-RED)" },
    dess_strategy = { [0] = "Target SoC", "Self-consumption", "Pro battery", "Pro grid" },
    dess_restrictions = { [0] = "None", "Battery to grid restricted", "Grid to battery restricted",
        "No flow between battery and grid" },
    dess_error = { [0] = "No error", "No ESS", "ESS mode", "No matching schedule", "SoC low",
        "Battery capacity not set" },
    dess_flags = { [0] = "Nothing", "Fast charge", "No solar power", "Fast charge, no solar power" },
    dess_operation = { [0] = "Trade mode", "Green mode" },
    dess_reaction = {
        [1] = "Scheduled self-consumption", [2] = "Scheduled charge, grid allowed",
        [3] = "Scheduled charge, enhanced", [4] = "Self-consumption, accept charge",
        [5] = "Idle, scheduled feed-in", [6] = "Scheduled discharge",
        [7] = "Self-consumption, accept discharge", [8] = "Idle, maintain surplus",
        [9] = "Idle, maintain target SoC", [10] = "Scheduled charge, smooth transition",
        [11] = "Scheduled charge, feed-in", [12] = "Scheduled charge, no grid",
        [13] = "Scheduled minimum discharge", [14] = "Self-consumption, no grid",
        [15] = "Idle, no opportunity", [16] = "Unscheduled charge, catch up target SoC",
        [17] = "Self-consumption, increased discharge", [18] = "Keep battery charged",
        [19] = "Scheduled discharge, smooth transition", [20] = "Self-consumption, accept below target SoC",
        [21] = "Idle, no opportunity to discharge", [91] = "Self-consumption, invalid target SoC",
        [92] = "Dynamic ESS disabled",
        [93] = "Self-consumption, unexpected exception", [94] = "Self-consumption, faulty charge rate",
        [95] = "Unknown operating mode", [96] = "ESS low SoC", [97] = "Self-consumption, unmapped state",
        [98] = "Self-consumption, unpredicted", [99] = "No window",
    },

    ---------------------------------------------------------------- the GX itself (the gateway's rows)
    ac_input_type = { [0] = "Not used", "Grid", "Generator", "Shore" },
    vrm_portal = { [0] = "Off", "Read-only", "Full" },
    node_red = { [0] = "Off", "On", "On (safe mode)" },
    mqtt_local = { [0] = "Off", "On", "Paired devices only" },
    firmware_update = { [997] = "Update file not found", [998] = "Error during update",
        [999] = "Error during check", [1000] = "Idle", [1001] = "Checking",
        [1002] = "Downloading and installing", [1003] = "Rebooting" },
    relay_function = {                              -- 99 is this plugin's: Victron has -1 for none
        [0] = "Alarm relay", [1] = "Generator start/stop", [2] = "Manual", [3] = "Tank pump",
        [4] = "Temperature", [5] = "Connected generator's helper relay", [6] = "Opportunity load",
        [99] = "Disabled",
    },
    relay_polarity = { [0] = "Normally open", "Normally closed" },
    pump_mode = { [0] = "Auto", "On", "Off" },
    load_shedding = { [0] = "Off", "Preparing", "Pre-emptive disconnect", "Power fail", "Reconnect delay",
        "Recovery" },
    lost_communication = { [0] = "Stop generator", "Start generator", "Keep generator running" },

    ---------------------------------------------------------------- chargers
    charge_state = {
        [0] = "Off", [1] = "Low power", [2] = "Fault", [3] = "Bulk", [4] = "Absorption", [5] = "Float",
        [6] = "Storage", [7] = "Equalize", [11] = "Power supply", [244] = "Sustain", [245] = "Off",
        [246] = "Repeated absorption", [247] = "Equalize", [248] = "Battery safe", [250] = "Blocked",
        [252] = "External control",
    },
    charger_mode = { [1] = "On", [4] = "Off" },
    tracker_state = { [0] = "Off", [1] = "Voltage or current limited", [2] = "MPPT active",
        [255] = "Not available" },
    charger_error = errors("#%d ", [[
        1 Battery temperature too high; 2 Battery voltage too high;
        3 Battery temperature sensor miswired (+); 4 Battery temperature sensor miswired (-);
        5 Battery temperature sensor disconnected; 6 Battery voltage sense miswired (+);
        7 Battery voltage sense miswired (-); 8 Battery voltage sense disconnected;
        9 Battery voltage wire losses too high; 10 Battery voltage too low;
        11 Battery ripple voltage too high; 12 Battery low state of charge;
        13 Battery mid-point voltage issue; 14 Battery temperature too low; 15 Battery relay fault;
        16 Battery not found; 17 Charger temperature too high; 18 Charger over-current;
        19 Charger current polarity reversed; 20 Max bulk time exceeded; 21 Charger current sensor issue;
        22 Temperature sensor miswired; 23 Charger temperature sensor disconnected;
        24 Charger internal fan not detected; 25 Charger internal fan over-current;
        26 Charger terminal overheated; 27 Charger short circuit; 28 Charger power stage issue;
        29 Over-charge protection; 31 Input voltage out of range; 32 Input voltage too low;
        33 Input voltage too high; 34 Input current too high; 35 Input power too high;
        36 Input polarity issue; 37 Input voltage absent; 38-39 Input shutdown, battery over-voltage;
        40 PV input failed to shut down; 41 Panel isolation resistance too low;
        42 Ground current above 30 mA; 43 Voltage over ground relay too high; 50 Inverter overload;
        51 Inverter temperature too high; 52 Inverter excessive current; 53 Inverter internal DC level;
        54 Inverter AC level not ok; 55 Inverter DC on output; 56 Inverter AC shape wrong;
        57 AC on the inverter's output; 58 Inverter bridge fault; 59 AC input 1 relay test fault;
        60 AC input 2 relay test fault; 65 Device lost in parallel operation;
        66 Incompatible device in parallel; 67 No BMS; 68-71 Network misconfigured; 72 Phase rotation;
        73 Multiple AC inputs; 74 Too many units in parallel; 75 Network misconfigured;
        76 Network incomplete; 77 Settings sync disabled; 80-87 PV input shutdown; 113 Storage write error;
        114 CPU temperature too high; 115 Communication lost; 116 Calibration data lost;
        117 Incompatible firmware; 118 Incompatible hardware; 119 Settings data lost;
        120 Reference voltage failure; 121 Tester fail; 122 History data invalid; 123 kWh counters invalid;
        150 Battery temperature high; 151 Battery temperature low; 160 Charger temperature high;
        161 Charger short circuit; 162 Charger power stage issue; 180 Pre-charge failed;
        200-203 Internal error; 205 Internal error; 212 Internal error; 215 Internal error;
        220 Solar relay fault; 221 Solar short circuit; 222 Solar connection failed]]),

    ---------------------------------------------------------------- batteries with a BMS, solar chargers
    bms_state = {
        [0] = "Initializing (wait for start)", [1] = "Initializing (before boot)",
        [2] = "Initializing (before boot delay)", [3] = "Initializing (wait for boot)",
        [4] = "Initializing", [5] = "Initializing (measure battery voltage)",
        [6] = "Initializing (calculate battery voltage)", [7] = "Initializing (wait for bus voltage)",
        [8] = "Initializing (wait for Lynx Shunt)", [9] = "Running", [10] = "Error", [11] = "Unknown",
        [12] = "Shutdown", [13] = "Slave updating", [14] = "Standby", [15] = "Going to run",
        [16] = "Pre-charging", [17] = "Contactor check", [18] = "Pending",
    },
    bms_mode = { [3] = "On", [4] = "Off", [252] = "Standby" },
    bms_error = errors("", [[
        1 Battery initialization error; 2 No batteries connected; 3 Unknown battery connected;
        4 Different battery type; 5 Number of batteries incorrect; 6 Lynx Shunt not found;
        7 Battery measure error; 8 Internal calculation error; 9 Batteries in series not ok;
        10 Number of batteries incorrect; 11 Hardware error; 12 Watchdog error; 13 Over voltage;
        14 Under voltage; 15 Over temperature; 16 Under temperature; 17 Hardware fault; 18 Standby shutdown;
        19 Pre-charge charge error; 20 Safety contactor check error; 21 Pre-charge discharge error;
        22 ADC error; 23 Slave error; 24 Slave warning; 25 Pre-charge error; 26 Safety contactor error;
        27 Over current; 28 Slave update failed; 29 Slave update unavailable; 30 Calibration data lost;
        31 Settings invalid; 32 BMS cable; 33 Reference failure; 34 Wrong system voltage;
        35 Pre-charge timeout; 36 ATC or ATD failure; 37 Interlock; 38 Emergency stop;
        39 Communication timeout; 40 Safety lock; 41 Terminal over temperature; 116 Calibration data lost;
        119 Settings invalid]]),
    balancer_state = { [0] = "Unknown", "Balanced", "Balancing", "Cell imbalance" },
    disabled_enabled = { [0] = "Disabled", "Enabled" },
    ok_error = { [0] = "OK", "Error" },
    equalization = { [0] = "No", "Yes", "Error", "Not available" },
    off_reason = {                                     -- bits: see reading.lua for several at once
        [0] = "None", [1] = "No or low input power", [2] = "Power switch", [4] = "Device mode",
        [8] = "Remote input", [16] = "Protection active", [32] = "Needs a token to operate",
        [64] = "Signal from the BMS", [128] = "Engine shutdown on low input voltage",
        [256] = "Analysing input voltage", [512] = "Low temperature", [1024] = "No or low panel power",
        [2048] = "No or low battery power", [32768] = "Active alarm",
        -- Those that were seen, for the ISY:
        [5] = "No or low input power, device mode", [9] = "No or low input power, remote input",
        [12] = "Device mode, remote input",
        [65] = "No or low input power, signal from the BMS",
        [129] = "No or low input power, engine shutdown on low input voltage",
        [132] = "Device mode, engine shutdown on low input voltage",
        [136] = "Remote input, engine shutdown on low input voltage",
    },

    ---------------------------------------------------------------- inverters
    inverter_state = {
        [0] = "Off", [1] = "AES mode", [2] = "Fault", [3] = "Bulk", [4] = "Absorption", [5] = "Float",
        [6] = "Storage", [7] = "Equalize", [8] = "Passthru", [9] = "Inverting", [10] = "Power assist",
        [11] = "Power supply", [244] = "Sustain", [245] = "Starting up", [246] = "Repeated absorption",
        [247] = "Equalize", [248] = "Battery safe", [249] = "Test", [250] = "Blocked", [251] = "Test",
        [252] = "External control", [256] = "Discharging", [257] = "Sustain", [258] = "Recharging",
        [259] = "Scheduled charge",
    },
    inverter_mode = { [1] = "Charger only", [2] = "Inverter only", [3] = "On", [4] = "Off", [5] = "Eco",
        [251] = "Passthrough", [252] = "Standby", [253] = "Hibernate" },
    active_input = { [0] = "Disconnected", "AC input 1", "AC input 2" },
    vebus_charge_state = { [0] = "Initialising", "Bulk", "Absorption", "Float", "Storage",
        "Repeated absorption", "Forced absorption", "Equalize", "Bulk stopped", "Unknown" },
    prefer_renewable = { [0] = "Full charge active", "Renewable priority", "Overridden by generator" },
    rs_ess_mode = { [0] = "Self-consumption with BatteryLife", "Self-consumption", "Keep batteries charged",
        "External control" },
    micro_grid_mode = { [0] = "Grid-forming", [1] = "Grid-following", [3] = "Hybrid droop" },
    micro_grid_operation = { [0] = "Standard", "Micro grid" },
    micro_grid_error = { [0] = "No error", "Fallback droop parameters differ between units",
        "Droop parameters could not be written", "Fmin above Fmax", "Pmin above Pmax", "Umin above Umax",
        "Qmin above Qmax", "Q0 out of range", "Qmin out of range", "Qmax out of range",
        "Voltage droop out of range", "U0 out of range", "P0 out of range", "Pmin out of range",
        "Pmax out of range", "F0 out of range", "Frequency droop out of range", "PF and FP do not match",
        "QU and UQ do not match" },
    vebus_error = errors("%d ", [[
        1 Another phase has switched off; 2 New and old MK2 types are mixed;
        3 Not the expected devices found; 4 No other device detected; 5 Overvoltage on AC out;
        6 Error in DDC program; 7 BMS without its assistant; 8 Ground relay test failed; 9 VE.Bus error;
        10 Time synchronisation problem; 11 Relay test fault; 12-13 VE.Bus error;
        14 Device cannot transmit data; 15 VE.Bus error; 16 Waiting for configuration or dongle;
        17 Phase master missing; 18 AC overvoltage on a slave's output; 19-21 VE.Bus error;
        22 Device cannot function as slave; 23 VE.Bus error; 24 Switch-over protection;
        25 Firmware incompatibility; 26 Internal error; 27-32 VE.Bus error;
        128 Failing relay test: no connection]]),

    ---------------------------------------------------------------- AC meters, gensets, electric vehicles
    device_error = { [0] = "No error" },
    meteo_error = { [0] = "No error", [134217728] = "Not set up", [201326592] = "Not set up" },
    phase_sequence = { [0] = "L1-L2-L3", "L1-L3-L2" },
    load_position = { [0] = "AC output", "AC input", "AC input 2" },
    pv_position = { [0] = "AC input 1", "AC output", "AC input 2" },
    pv_status = { [0] = "Startup 0", "Startup 1", "Startup 2", "Startup 3", "Startup 4", "Startup 5",
        "Startup 6", "Running", "Standby", "Boot loading", "Error", "Running (MPPT)",
        "Running (throttled)" },
    genset_status = { [0] = "Standby", "Startup 1", "Startup 2", "Startup 3", "Startup 4", "Startup 5",
        "Startup 6", "Startup 7", "Running", "Stopping", "Error" },
    -- 1101 is 101 of a genset: see types.codes.
    genset_error = errors("", [[
        1 AC voltage L1 too low; 2 AC frequency L1 too low; 3 AC current L1 too low;
        4 AC power L1 too low; 5 Emergency stop; 6 Servo current too low; 7 Oil pressure too low;
        8 Engine temperature too low; 9 Winding temperature too low; 10 Exhaust temperature too low;
        11 Electronic temperature low; 13 Starter current too low; 14 Glow current too low;
        15 Glow current too low; 16 Fuel holding magnet current too low;
        17 Stop solenoid hold coil current too low; 18 Stop solenoid pull coil current too low;
        19 Optional DC out current too low; 20 5V output voltage too low;
        21 Boost output current too low; 22 Panel supply current too high;
        25 Starter battery voltage too low; 26 Startup aborted (rotation too low); 28 Rotation too low;
        29 Power contactor current too low; 30 AC voltage L2 too low; 31 AC frequency L2 too low;
        32 AC current L2 too low; 33 AC power L2 too low; 34 AC voltage L3 too low;
        35 AC frequency L3 too low; 36 AC current L3 too low; 37 AC power L3 too low;
        38 Output inverter voltage too low; 39 Universal output (1A) voltage too low;
        40 Universal output (5A) voltage too low; 41 AGT DC voltage 1 low; 42 AGT DC current 1 low;
        43 AGT DC voltage 2 low; 44 AGT DC current 2 low; 45 AGT B6 cooler low; 46 AGT B6 rail (-) low;
        47 AGT B6 rail (+) low; 62 Fuel temperature too low; 63 Fuel level too low;
        65 AC voltage L1 too high; 66 AC frequency L1 too high; 67 AC current L1 too high;
        68 AC power L1 too high; 70 Servo current too high; 71 Oil pressure too high;
        72 Engine temperature too high; 73 Winding temperature too high;
        74 Exhaust temperature too high; 75 Electronic temperature high; 77 Starter current too high;
        78 Glow current too high; 79 Glow current too high; 80 Fuel holding magnet current too high;
        81 Stop solenoid hold coil current too high; 82 Stop solenoid pull coil current too high;
        83 Optional DC out current too high; 84 5V output voltage too high;
        85 Boost output current too high; 86 Bus supply current too high;
        89 Starter battery voltage too high; 90 Startup aborted (rotation too high);
        92 Rotation too high; 93 Power contactor current too high; 94 AC voltage L2 too high;
        95 AC frequency L2 too high; 96 AC current L2 too high; 97 AC power L2 too high;
        98 AC voltage L3 too high; 99 AC frequency L3 too high; 100 AC current L3 too high;
        102 Output inverter current too high; 103 Universal output (1A) current too high;
        104 Universal output (5A) current too high; 105 AGT DC voltage 1 high;
        106 AGT DC current 1 high; 107 AGT DC voltage 2 high; 108 AGT DC current 2 high;
        109 AGT B6 cooler high; 110 AGT B6 rail (-) high; 111 AGT B6 rail (+) high;
        126 Fuel temperature too high; 127 Fuel level too high; 130 Lost control unit; 131 Lost panel;
        132 Service needed; 133 Lost 3-phase module; 134 Lost AGT module; 135 Synchronization failure;
        136 Lost external ECU; 137 Intake air filter; 138 Diagnostic message (ECU);
        139 Lost sync module; 140 Load-balance failed; 141 Sync-mode deactivated; 142 Engine controller;
        143 Amber warning lamp (AWL); 144 Malfunction indicator lamp (MIL); 145 Protect lamp (PL);
        148 Rotating field wrong; 149 Fuel level sensor lost; 150 Init failed; 151 Watchdog;
        152 Out: winding; 153 Out: exhaust; 154 Out: cylinder head; 155 Inverter over temperature;
        156 Inverter overload; 157 Inverter communication lost; 158 Inverter sync failed;
        159 CAN communication lost; 160 L1 overload; 161 L2 overload; 162 L3 overload; 163 DC overload;
        164 DC overvoltage; 165 Emergency stop; 166 No connection; 167 Starting without inverter;
        168 Bus #1 dead; 169 Start request denied; 170 Remote start denied;
        171 Forced switch off load relay; 172 Synchronization module is offline; 173 Lost BMS;
        174 Converter DC link voltage low or reverse; 175 Converter DC link current low;
        176 Converter DC precharge voltage low; 177 Converter DC precharge voltage high;
        178 Converter IGBT or MOSFET driver error; 179 Converter error power control loop;
        180 Converter AC frequency detection; 181 Converter control value fail;
        245 Factory setting changed; 251 Parameter changed in admin mode;
        252 Manual intervention (external system); 1101 AC power L3 too high; 65280 Unknown error]]),
    generator_state = { [0] = "Stopped", [1] = "Running", [2] = "Warm-up", [3] = "Cool-down",
        [4] = "Stopping", [5] = "Stopped by tank level", [10] = "Error" },
    generator_reason = { [0] = "Stopped", "Manual start", "Test run", "Loss of communication",
        "State of charge", "AC load", "Battery current", "Battery voltage", "Inverter temperature",
        "Inverter overload", "Stop on AC input 1", "Stop on AC input 2", "Stop by tank level" },
    generator_error = { [0] = "No error", "Remote control disabled", "Remote in fault condition",
        "No generator at AC input", "No gensets enabled" },
    ev_charger_status = { [0] = "Disconnected", "Connected", "Charging", "Charged", "Waiting for sun",
        "Waiting for RFID", "Waiting for start", "Low state of charge", "Ground test error",
        "Welded contacts test error", "CP input test error (shorted)", "Residual current detected",
        "Undervoltage detected", "Overvoltage detected", "Overheating detected",
        [20] = "Charging limit", [21] = "Start charging", [22] = "Switching to 3 phases",
        [23] = "Switching to 1 phase", [24] = "Stop charging" },
    ev_charger_mode = { [0] = "Manual", "Auto", "Scheduled charging" },
    ev_charging_state = { [0] = "Not charging", [1] = "Low power", [3] = "Charging", [244] = "Sustain",
        [245] = "Wake up", [250] = "Blocked", [255] = "Unavailable", [256] = "Discharging",
        [259] = "Scheduled charging" },
    locked_unlocked = { [0] = "Locked", "Unlocked" },
    heat_pump_state = { [0] = "Off", "Error", "Startup", "Heating", "Cooling" },
    ---------------------------------------------------------------- alternators, motors
    alternator_error = errors("%d ", [[
        12 Battery temperature too high; 13 Battery voltage too high; 14 Battery voltage too low;
        15 Battery voltage exceeds its limit; 16 Battery temperature sensor defective;
        21 Alternator temperature too high; 22 Alternator overspeed; 24 Internal error;
        41 Field FET temperature too high; 42 Sensor missing; 43 Alternator voltage too low;
        44 Voltage offset too high; 45 Alternator voltage exceeds its limit; 46 Alternator voltage too high;
        51-52 Battery asks to disconnect; 53 Battery instance out of range; 54 Too many BMSes;
        55 AEBus fault; 56 Too many Victron devices; 57-61 Battery asked to disconnect; 91 BMS lost;
        92 Forced idle; 201 DC-DC converter failed; 202-207 DC-DC error]]),
    motor_direction = { [0] = "Neutral", "Reverse", "Forward" },

    ---------------------------------------------------------------- tanks, sensors, inputs
    fluid = { [0] = "Fuel", "Fresh water", "Waste water", "Live well", "Oil", "Black water (sewage)",
        "Gasoline", "Diesel", "Liquid petroleum gas (LPG)", "Liquid natural gas (LNG)", "Hydraulic oil",
        "Raw water" },
    tank_status = { [0] = "OK", "Open circuit", "Short circuited", "Reverse polarity", "Unknown", "Error" },
    temperature_status = { [0] = "OK", "Disconnected", "Short circuited", "Reverse polarity", "Unknown",
        "Sensor battery low" },
    temperature_type = { [0] = "Battery", "Fridge", "Generic", "Room", "Outdoor", "Water heater",
        "Freezer" },
    input_state = { [0] = "Low", "High", "Off", "On", "No", "Yes", "Open", "Closed", "OK", "Alarm",
        "Running", "Stopped" },
    input_type = { [0] = "Disabled", "Pulse meter", "Door alarm", "Bilge pump", "Bilge alarm",
        "Burglar alarm", "Smoke alarm", "Fire alarm", "CO2 alarm", "Generator", "Generic input",
        "Touch input control" },
    input_level = { [0] = "High or open", "Low or closed" },

    ---------------------------------------------------------------- switches
    switch_state = { [256] = "Running", [257] = "Over temperature", [258] = "Temperature warning",
        [259] = "Channel fault", [260] = "Channel tripped", [261] = "Under voltage" },
    output_status = {                                  -- bits, of which 8 and 1 together are On
        [0] = "Off", [1] = "Powered", [2] = "Tripped", [4] = "Over temperature",
        [6] = "Over temperature, tripped", [8] = "Fault", [9] = "On", [11] = "On, tripped",
        [13] = "On, over temperature", [15] = "On, over temperature, tripped", [16] = "Short circuit",
        [25] = "On, short circuit", [32] = "Disabled", [34] = "Disabled, tripped",
        [36] = "Disabled, over temperature", [41] = "Disabled but on", [43] = "Disabled but on, tripped",
        [45] = "Disabled but on, over temperature", [64] = "Bypassed", [66] = "Bypassed, tripped",
        [68] = "Bypassed, over temperature", [73] = "Bypassed, on", [75] = "Bypassed, on, tripped",
        [77] = "Bypassed, on, over temperature", [128] = "External control",
        [130] = "External control, tripped", [132] = "External control, over temperature",
        [137] = "External control, on", [139] = "External control, on, tripped",
        [141] = "External control, on, over temperature",
    },
    output_type = { [0] = "Momentary", "Toggle", "Dimmable", "Temperature setpoint", "Stepped switch",
        "Slave", "Dropdown", "Basic slider", "Numeric input", "Three-state switch", "Bilge pump control",
        "RGB color", "CCT color", "RGBW color" },
    manual_auto = { [0] = "Manual", "Auto" },
}

-- An alternator may be a DC-DC charger (Orion XS), whose errors are those of chargers: here 1000 higher.
for number, text in pairs(names.charger_error) do
    if number > 0 then names.alternator_error[1000 + number] = text end
end

return names
