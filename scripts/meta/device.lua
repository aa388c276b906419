---@meta
-- What a device script sees, for editors with the Lua language server: completion, help and checks while
-- you type. Nothing here runs. docs/authors.md tells the rest.

--- A measurement as VRM sent it.
---@class row
---@field value number|string|nil a number in the unit VRM uses, or a text; nil: VRM has none
---@field unit? string VRM's unit: "W", "kWh", "°C" ...
---@field timestamp? integer unix seconds of the measurement
---@field text? string a state or a text as VRM formats it, in the language of the account; nil of a number
---@field path? string "/Dc/0/Voltage"
---@field code? string "V"

--- All rows of one device, by D-Bus path and by VRM's code (upper and lower case differ). A row need not be
--- there; for one call, and not to be changed.
---@class rows
---@field [string] row|nil

--- What discovery knows of a device when it looks for its script.
---@class found
---@field service string "battery"
---@field instance integer 288
---@field product string the product's name, "" if VRM gives none
---@field type string VRM's name of the device type, "" if VRM gives none

--- What the plugin knows of an installation, of site_of.
---@class site: facts
---@field id integer VRM's number of the installation
---@field zone string its time zone, "Europe/Berlin"
---@field time integer now, in unix seconds
---@field midnight integer when its day began
---@field clock clock the local time

--- The second argument of the functions of a gateway.lua; a controller.lua's has what it shows.
---@class facts
---@field name string
---@field online boolean the gateway sends data
---@field connected boolean VRM answers
---@field devices integer how many are alive
---@field warnings integer faults that are warnings, each once
---@field alarms integer faults that are alarms, each once
---@field vrm_alarms integer those, and what VRM lists beyond them
---@field interval integer seconds between two logs
---@field source integer where values come from: 0 nowhere, 1 VRM polled, 2 VRM live, 3 GX live
---@field delay? number seconds from the measurement until it is here

--- The local time of an installation.
---@class clock
---@field year integer
---@field month integer
---@field day integer of the month
---@field weekday integer 1 is Monday, 7 Sunday
---@field hour integer
---@field minute integer
---@field second integer

--- A device of an installation; the gateway's service is "gateway".
---@class device_record
---@field service string "battery"
---@field instance integer 288
---@field product string the product's name, "" if VRM gives none
---@field name string the owner's name for it in VRM, else the product's

---@class unit a unit of `unit`
---@field name string
---@field uom integer the ISY's number
---@field places integer decimals shown
---@field min number
---@field max number
---@field zero? boolean a momentary value: may be shown as 0 while its data is old

---@class units
---@field watt unit
---@field kilowatt unit
---@field va unit
---@field var unit
---@field volt unit
---@field ampere unit
---@field hertz unit
---@field percent unit
---@field celsius unit shown in °F if the user wants that
---@field liter unit
---@field power_factor unit
---@field rpm unit
---@field kilopascal unit
---@field kilometer unit
---@field degree unit of latitude and longitude
---@field count unit how many there are now
---@field meter unit
---@field meters_per_second unit
---@field hectopascal unit
---@field lux unit
---@field irradiance unit watt on a square meter
---@field ppm unit
---@field micrograms unit in a cubic meter of air
---@field direction unit a compass's, 0 is north
---@field raw unit a bare number
---@field kwh unit
---@field amp_hours unit
---@field counter unit how often so far
---@field cubic_meters unit how much so far
---@field minutes unit
---@field seconds unit
---@field hours unit
---@field time unit unix seconds

---@type units
unit = {}

--- What a value is: a unit, a list of types/names.lua, or the texts of its numbers.
---@alias kind unit|list_name|table<integer, string>

--- One value: { "CV", unit.volt, "Battery voltage", "/Dc/0/Voltage", "V" }; or one of each:
--- { "GV1 GV2", unit.volt, "Voltage {phase}", "/Ac/Out/{phase}/V", "OV{n}" }
---@class driver_row
---@field [1] driver_ids ST, GV0 to GV29, or a named one (CV, CC, CPW, CLITEMP, BATLVL ...); or several
---@field [2] kind
---@field [3] string label, up to 40 characters
---@field [4] path|nil "/Dc/0/Voltage"
---@field [5] code|nil VRM's, tried after the path; "#521" is VRM's attribute 521
---@field first? (path|code)[] in place of the two: paths and codes; the first that has a number
---@field sum? (path|code|(path|code)[]|table)[] paths or codes to add; inner lists are alternatives; {phase}
--- is all three; an inner list may have a product for where it has no number
---@field product? (path|code|(path|code)[])[] the two to multiply
---@field quotient? (path|code|(path|code)[])[] the two to divide
---@field worst? string "/Alarms/": the highest value of all paths that begin so; or one alarm, of all phases
---@field from? fun(rows: rows, facts: any): number|boolean|nil works the value out; must not wait
---@field by_script? true only node:set gives it a value
---@field by_pg3? true the controller's connection, which PG3 sets
---@field values? table numbers that stand for others: { [240] = 0 }, or { inverter = { [2] = 3 } }
---@field scale? number factor
---@field sign? number -1 turns it around
---@field map? fun(value: number): number|boolean|nil changes the value; must not wait
---@field places? integer decimals, 0 to 4
---@field min? number a value below is no data
---@field max? number a value above is no data
---@field zero? boolean whether it may be shown as 0 while its data is old
---@field measured? true it is measured anew in each interval: no data where VRM only repeats it
---@field while_negative? path|code|(path|code)[] no data while the first with a number is 0 or above
---@field on_change? true logged only when it changes: shown however old it is, while its device lives
---@field daily? true it is of one day: no data once the installation's midnight has passed
---@field day_max? true the highest value since midnight
---@field day_min? true the lowest value since midnight
---@field total? true what has come together of something an hour: of kW kWh
---@field rate? number the change an hour, measured over so many seconds at least
---@field held_for? number a state once it has been the same for so many seconds
---@field events? table which states report which of the table's events: { [0] = "STOPPED", [1] = "STARTED" }
---@field set? table programs may write it: { min = 0, max = 100, step = 5 }, or { choices = { 0, 1 } }

---@class parameter
---@field id string "" for the only one, else capitals: "LEVEL"
---@field label string up to 40 characters
---@field kind kind
---@field min? number smaller numbers are refused; needed for a unit
---@field max? number greater numbers are refused; needed for a unit
---@field places? integer decimals, 0 to 4

--- The numbers a command came with, checked: args.value of the parameter "", args.LEVEL of "LEVEL".
---@alias args table<string, number>

---@class setting_field
---@field default number|string
---@field min? number
---@field max? number

---@class command
---@field name? string what the ISY shows, up to 40 characters
---@field params? parameter[]
---@field run? fun(node: node, args: args): boolean? may wait; false: it was not done. Only the plugin's own
--- commands have none

---@class match
---@field service? service|service[]
---@field product? string|string[] a part of the product's name; closer than service alone
---@field type? string|string[] VRM's name of the device type; closer than service alone
---@field kind? "controller"|"gateway"
---@field last? boolean it gives way to another that fits as well

--- What a sample expects: the values of drivers, those of a part under its letter.
---@alias values table<string, number|"no data"|table<string, number|"no data">>

--- A sample is { rows, expect }, or { steps }.
---@class sample
---@field rows? table<string, number|string|row>
---@field expect? values
---@field steps? step[] the script at work: --check runs them, on a clock that leaps
---@field site? table<string, any> of the installation; midnight: rows before it give daily values nothing;
--- clock = "2026-04-18 06:30": when the sample begins, in UTC
---@field device? table<string, any> what device_of gives: service, instance, product, name
---@field devices? sample_device[] the others of the installation
---@field settings? table<string, number|string> other values than the defaults
---@field vrm? table<string, table> with steps: what vrm.get gives, by path

---@class sample_device
---@field service string
---@field instance? integer
---@field product? string
---@field name? string
---@field rows? table<string, number|string|row>

--- A step of a sample: time passes, then rows come, then a command is given.
---@class step
---@field after? number seconds that pass first
---@field rows? table<string, number|string|row> those with new values; the others stay
---@field command? string one of the table's commands
---@field args? args what it comes with
---@field expect? expected

--- Beside values (ST = 80): what a step has brought.
---@class expected
---@field events? string[] all that were reported in the step, in order
---@field notices? table<string, string> all that are shown now, by their keys
---@field state? table<string, any> fields of node.state; "no data": not there
---@field [string] number|"no data"|table

--- A further node of the same device; its rows are its list part.
---@class part
---@field [integer] driver_row
---@field part string a small letter, which ends the node's address
---@field id string as the device's
---@field name string "trackers": follows the names of the device and of its type
---@field when? string|string[] paths or codes: there is no such node before VRM has sent one of them

--- What a device script returns. The rows of the values are its list part.
---@class device
---@field [integer] driver_row
---@field api 2
---@field id string up to 16 capitals and digits; those that begin with VIC are the plugin's
---@field name string up to 40 characters
---@field icon? string "EnergyMonitor", "Sensor" ...
---@field match match|fun(found: found): number|nil
---@field parts? part[]
---@field commands? table<string, command|fun(node: node, args: args): boolean?>
---@field events? table<string, string> what node:event and rows may report: { DON = "Filled up" }
---@field start? fun(node: node) once the node is there; may wait
---@field update? fun(node: node, rows: rows) when VRM sent something new, after the rows' drivers; may wait
---@field settings? table<string, number|string|setting_field> parameters on PG3's page, with their defaults
---@field samples? sample[]

--- A node of the ISY.
---@class node
---@field address string "392u_bm288"
---@field name string
---@field state table yours: it outlives reload and restart. Change its fields; 60 KiB for all scripts
local node = {}

--- Shows a value on a driver with by_script, rounded to its places; nil, and what is not within its limits or
--- among its names: no data.
---@param driver string
---@param value number|nil in the unit of the row
---@param text? string shown beside it where that is possible
function node:set(driver, value, text) end

--- The number the driver was set to last, not rounded; nil if that was no data.
---@param driver string
---@return number|nil
function node:get(driver) end

--- A parameter of the plugin's configuration page; nil if there is none of that name, or if it is secret.
---@param name string
---@return string|nil
function node:param(name) end

--- A line in the plugin's log.
---@param level "debug"|"info"|"warning"|"error"
---@param format string
---@param ... any
function node:log(level, format, ...) end

--- A notice in PG3, at most five of a script; without a text it goes away. **bold**, `code` and
--- [text](https://...) are shown as such, all else as it is written.
---@param key string
---@param text? string
function node:notice(key, text) end

--- Reports one of the table's events to PG3, for programs; at most twenty at once, then one a second.
---@param cmd string
function node:event(cmd) end

--- Writes what a row of the table declares with `set`, under the same conditions as a command: true when it
--- is done, else nil and a sentence. Waits, 10 to 40 seconds.
---@param path string of the row
---@param value number as the row shows it
---@param minutes? number for so long; then what was before is put back
---@return true|nil done
---@return string|nil err one sentence
function node:write(path, value, minutes) end

vrm = {}

--- Asks VRM, with the user's token and within its rate limit; at most twenty times at once, then once in
--- thirty seconds. Waits.
---@param path string "/installations/1234/stats"
---@param query? table<string, string|number>
---@return table|nil answer
---@return string|nil err one sentence
function vrm.get(path, query) end

timer = {}

--- Runs fn once, after some seconds.
---@param seconds number
---@param fn fun()
---@return integer id
function timer.after(seconds, fn) end

--- Runs fn every so many seconds, at least 0.1.
---@param seconds number
---@param fn fun()
---@return integer id
function timer.every(seconds, fn) end

--- Ends a timer.
---@param id integer
function timer.cancel(id) end

--- The first of these rows' values that is a number.
---@param rows rows|nil
---@param ... path|code
---@return number|nil
function number(rows, ...) end

--- What a lib returns: the file lib/NAME.lua of the first folder of scripts that has it. For the top of a
--- file.
---@param name string a plain word: "tools"
---@return any
function use(name) end

--- The installation of a node, or of rows; nil: none is known, of the plugin's own node, and of one that was
--- not found yet after a start.
---@overload fun(of: node): site|nil
---@param of rows
---@return site
function site_of(of) end

--- The device of a node, or of rows.
---@overload fun(of: node): device_record|nil
---@param of rows
---@return device_record
function device_of(of) end

--- The devices of its installation, its own and the gateway too.
---@param of node|rows
---@param service? service only those
---@return device_record[]
function devices_of(of, service) end

--- The rows of a device of the same installation as they are now: of its own (no service), of the first of a
--- service, or of one. nil: there is none, or it is offline.
---@param of node|rows
---@param service? service "battery"; "gateway" for the gateway
---@param instance? integer
---@return rows|nil
function rows_of(of, service, instance) end

--- A setting of the table: what the owner wrote on PG3's page, else its default. In functions.
---@param name string
---@return any value
function setting(name) end

--- A line in the plugin's log.
---@param ... any
function print(...) end

--- Waits in start, update, a command or a timer.
---@param seconds number
function sleep(seconds) end
