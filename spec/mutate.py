"""Breaks the plugin in one place at a time and looks whether the tests notice:  ./dev mutate

Works on a copy of the sources in a temporary folder, with a build folder of its own (sanitizers on, as in
./dev unit). First the chosen tests must pass as things are; then each mutation replaces one text by another,
builds if it is C, and runs only those tests. The end-to-end tests mostly wait, so those of different
mutations run at the same time, each with a plugin folder of its own.

Exit code: 0 every mutation was noticed, 1 one was not, 2 of one nothing can be said (a text to replace is gone,
the build fails), or of none (the tests fail without a mutation)."""

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
             "pg3_added(p, address, error_in(L, at));", "pg3_added(p, address, NULL);",
             [E2E + "test_start.py::test_an_addnode_that_fails_is_tried_again"]),
    Mutation("a node PG3 refused is not added again", "host/pg3/pg3_nodes.c",
             "bool paused = node->state == NODE_REFUSED || node->state == NODE_KNOWN;",
             "bool paused = node->state == NODE_KNOWN;",
             [E2E + "test_start.py::test_an_addnode_that_fails_is_tried_again"]),
    Mutation("the values that addnode told are sent again", "host/pg3/pg3_nodes.c",
             "        node_told(&node->drivers[i]);\n", "",
             [E2E + "test_start.py::test_a_first_start_sends_each_value_once"]),
    Mutation("the data state is fresh before the values are", "host/pg3/wire.c",
             "if (o->last) {", "if (!o->last) {",
             ["spec/c/test_wire.c"]),
    Mutation("a changed value does not say that there is something to tell", "host/pg3/node.c",
             "    if (d->changed) {\n        node_has_news(n, node);\n    }\n", "    (void)n;\n",
             ["spec/c/test_wire.c"]),
    Mutation("the plugin's own scripts are looked at as often as an owner's", "scripts/serve/folders.lua",
             "(place.user or built_in) and", "",
             ["spec/reload_spec.lua"]),
    Mutation("all scripts that found devices need are loaded in one turn", "scripts/serve/scripts.lua",
             "            pause()\n            if slot.aside", "            if slot.aside",
             ["spec/main_start_spec.lua"]),
    Mutation("a value that is not sent is 0", "host/pg3/node.c",
             "} else if (!d->seeded && !decl->sure && !(decl->zero && node->stale)) {",
             "} else if (false) {",
             ["spec/c/test_node.c"]),
    Mutation("a script that took too much cannot be told from one that failed", "host/api/api_script.c",
             '{NULL, "budget", "share"}', '{NULL, NULL, NULL}',
             ["spec/c/test_api.c"]),
    Mutation("what looked at main.lua's time once looks at every instruction", "host/lua/vm.c",
             "    lua_sethook(L, NULL, 0, 0);\n", "",
             ["spec/c/test_vm.c"]),
    Mutation("a reconnected plugin does not subscribe", "host/net/mqtt.c",
             "        s->asked = false;\n", "",
             [E2E + "test_reconnect.py::test_a_message_sent_after_the_brokers_restart_arrives[plain]"]),
    Mutation("the name in a broker's certificate is not checked", "host/net/mqtt.c",
             "tls->verify = c->ca_file && c->check_name;", "tls->verify = 0;",
             ["spec/c/test_mqtt.c"]),
    Mutation("PG3's stop message is ignored", "host/pg3/pg3_in.c",
             '{"stop", NULL, false, "stop"},', '{"stop it", NULL, false, "stop"},',
             [E2E + "test_stop.py::test_it_ends_at_once_when_asked[plain-message]"]),
    Mutation("SIGTERM and SIGINT are ignored", "host/main.c",
             "    loop_on_signal(a->api.loop, on_stop, a);\n", "",
             [E2E + "test_stop.py::test_it_ends_at_once_when_asked[plain-SIGTERM]"]),
    Mutation("a stop leaves data states as they are", "scripts/sources/account.lua",
             "    installation.leave()\n", "",
             ["spec/main_start_spec.lua"]),
    Mutation("every poll of PG3's asks VRM", "scripts/sources/account.lua",
             "if seconds <= 0 then return fn() end", "if seconds < 1e9 then return fn() end",
             ["spec/main_events_spec.lua"]),
    Mutation("only the first page of measurements is read", "scripts/sources/vrm.lua",
             "if told and fetched >= told or not told and #page.rows < PAGE_SIZE then break end",
             "break",
             ["spec/vrm_spec.lua"]),
    Mutation("codes lose their case", "scripts/types/diagnostics.lua",
             "code = code,", "code = code and code:lower(),",
             ["spec/vrm_spec.lua", "spec/discovery_spec.lua"]),
    Mutation("a gateway that was replaced counts", "scripts/sources/answers.lua",
             "if one == chosen or not one.gateway then", "if one ~= nil then",
             ["spec/freshness_spec.lua"]),
    Mutation("a phase that is not there is missed", "scripts/types/reading.lua",
             " and not is_of_no_phase(keys, rows) then", " then",
             ["spec/device_spec.lua"]),
    Mutation("what sums were made of is gone with a restart", "scripts/model/nodes.lua",
             'keep("sums", "sums", function(node, its) sums.take(node.type, node.memory, its) end)\n', "",
             ["spec/main_nodes_spec.lua"]),
    Mutation("an alarm that comes live is not counted", "scripts/model/live_values.lua",
             "    count_alarms(site)\n    return", "    return",
             ["spec/live_spec.lua"]),
    Mutation("a value of a day stays after midnight if VRM is silent", "scripts/model/installation.lua",
             "    if begun then nodes.begin_day(site, moved) end\n    local seconds", "    local seconds",
             ["spec/daily_spec.lua"]),
    Mutation("the energy of today falls", "scripts/sources/energy.lua",
             "value = math.max(value, most.value)", "value = value",
             ["spec/energy_spec.lua"]),
    Mutation("a flow that an installation never had is 0", "scripts/sources/energy.lua",
             "some and has and 0", "some and 0",
             ["spec/energy_spec.lua"]),
    Mutation("a long poll looks for the devices of all installations", "scripts/sources/account.lua",
             "math.min(#list, LOOKS)", "#list",
             ["spec/main_failures_spec.lua"]),
    Mutation("a round that is late is not followed by the next", "scripts/sources/account.lua",
             "    until not s.again\n", "    until true\n",
             ["spec/main_failures_spec.lua"]),
    Mutation("an alarm is pushed for its gateway as well", "scripts/model/events.lua",
             "or of_gateway and not OF_GATEWAYS[event] then", "then",
             ["spec/events_spec.lua"]),
    Mutation("pushes have no end", "scripts/model/events.lua",
             "    if pushed.count > MOST_PUSHES then return end\n", "",
             ["spec/events_spec.lua"]),
    Mutation("a misspelt name of the token is no secret", "scripts/pg3/params.lua",
             "if IS_TOKEN[key or like] and", "if IS_TOKEN[key] and",
             ["spec/main_start_spec.lua"]),
    Mutation("energy is asked for of installations that do not answer", "scripts/sources/account.lua",
             "local answers = site.health.answered and not site.health.kind", "local answers = true",
             ["spec/energy_spec.lua"]),
    Mutation("a lib that is saved changes no script", "scripts/serve/libs.lua",
             "return table.concat(parts)", 'return ""',
             ["spec/libs_spec.lua"]),
    Mutation("a user's lib is used by built-in scripts", "scripts/serve/libs.lua",
             "return user and found.users or found.built_in", "return found.users",
             ["spec/libs_spec.lua"]),
    Mutation("a renamed script is refused", "scripts/serve/scripts.lua",
             "    return slot.gone > 0 and is_owners(slot.serving)\n", "    return false\n",
             ["spec/rename_spec.lua"]),
    Mutation("a renamed script loses node.state", "scripts/serve/state.lua",
             "    if old_name and old_name ~= name then left[old_name] = {} end\n", "",
             ["spec/rename_spec.lua"]),
    Mutation("a new version may lose devices", "scripts/serve/scripts.lua",
             "    check_lost(old, script)\n", "",
             ["spec/rename_spec.lua"]),
    Mutation("an update that fails costs the values", "scripts/serve/trouble.lua",
             "    if enough and what == \"update\" and not state.rests then\n", "    if false then\n",
             ["spec/reload_spec.lua"]),
    Mutation("a match function is not called by the check", "scripts/check/match.lua",
             "    local _, problem = fits(type_)\n", "    local problem\n",
             ["spec/check_spec.lua"]),
    Mutation("node.state takes functions", "scripts/serve/node_state.lua",
             'kind == "table" or kind == "function" or', 'kind == "table" or',
             [E2E + "test_reload.py::test_state_outlives_reload_and_restart"]),
    Mutation("the copy of a script has no libs", "scripts/serve/copies.lua",
             'if ok and text ~= "" then', "if false then",
             ["spec/libs_spec.lua"]),
    Mutation("a lib is used at any time", "host/lua/lib.c",
             "if (!s->loading) {", "if (false) {",
             ["spec/c/test_script.c"]),
    Mutation("a total is made up for a pause", "scripts/types/over_time.lua",
             "and seconds > 0 and seconds <= longest then", "and seconds > 0 then",
             ["spec/over_time_spec.lua"]),
    Mutation("what a replaced meter had counted stays", "scripts/model/nodes.lua",
             "            belief.renew(node.address, memory)\n", "", ["spec/identity_spec.lua"]),
    Mutation("a device's day of before counts until it begins its own", "scripts/model/belief.lua",
             "then value, is_old = nil, true end", "then is_old = true end",
             ["spec/daily_spec.lua"]),
    Mutation("the highest value of yesterday stays", "scripts/types/over_time.lua",
             "> HALF_DAY then kept.value = nil end", "> HALF_DAY then kept.value = kept.value end",
             ["spec/over_time_spec.lua"]),
    Mutation("what words keep ends with the plugin", "scripts/model/nodes.lua",
             "        for address, node in pairs(nodes.all) do all[address] = node.memory[member] end\n", "",
             ["spec/over_time_spec.lua"]),
    Mutation("rows of a device that is offline are given", "scripts/model/nodes.lua",
             "return (state == freshness.FRESH or state == freshness.STALE) and", "return state and",
             ["spec/about_spec.lua"]),
    Mutation("the local time ignores that clocks are changed", "scripts/types/about.lua",
             "midnight, _, of_month, _, seconds = host.midnight(zone, time)",
             "midnight, _, of_month = host.midnight(zone, time)\n        seconds = time - midnight",
             ["spec/about_spec.lua"]),
    Mutation("a setting out of its limits is used", "scripts/pg3/settings.lua",
             "if number and number >= setting.min and number <= setting.max then", "if number then",
             ["spec/about_spec.lua"]),
    Mutation("a script that is called tank.lua.txt is passed over in silence", "scripts/serve/unused.lua",
             'if small:find("%.lua%.txt$") or', "if",
             ["spec/unused_spec.lua"]),
    Mutation("a slip in match takes devices away at a start", "scripts/serve/scripts.lua",
             "if script.problem or not try(slot, copy) then return false end", "if slot then return false end",
             ["spec/rename_spec.lua"]),
    Mutation("a parameter that is not understood is told in a notice only", "scripts/pg3/notices.lua",
             '    warn("params", problems)\n', "",
             ["spec/notices_spec.lua"]),
    Mutation("a notice tells the time of a clock that was not set", "scripts/pg3/notices.lua",
             "date >= CLOCK_SET and os.date", "os.date",
             ["spec/notices_spec.lua"]),
    Mutation("a notice has the time of its first text", "scripts/pg3/notices.lua",
             "if at == nil then at = before and before.html == html and before.at",
             "if at == nil then at = before and before.at",
             ["spec/notices_spec.lua"]),
    Mutation("of a state that stands twice the last counts, silently", "scripts/check/device.lua",
             "elseif one.key and states[one.key] then", "elseif false then",
             ["spec/mistakes_spec.lua"]),
    Mutation("of a field that stands twice the last counts, silently", "scripts/check/device.lua",
             "tab == root and one.again then", "false then",
             ["spec/check_spec.lua"]),
    Mutation("an error in a library's function has no line", "host/lua/vm.c",
             "int named = missing_place(vm, co, status, error, size);", "int named = 0;",
             [E2E + "test_mistakes.py"]),
    Mutation("who has nothing to say does not see that nobody reads", "scripts/tools/watch.lua",
             "if not (in_place or stand_in.left or host.print())", "if false",
             ["spec/watch_spec.lua"]),
    Mutation("no time passes in a sample with steps", "scripts/tools/steps.lua",
             "    if step.after then host.sleep(step.after) end\n", "",
             ["spec/steps_spec.lua"]),
    Mutation("a sample's events are those of the steps before, too", "scripts/tools/steps.lua",
             "    run.events, run.problems = {}, {}\n", "    run.problems = {}\n",
             ["spec/steps_spec.lua"]),
    Mutation("the plugin goes on in an installation's time zone", "host/base/day.c",
             "    set_zone(kept);\n", "",
             ["spec/c/test_day.c"]),
    Mutation("devices of instance 0 are left out", "scripts/model/discovery.lua",
             "elseif service and row.instance then", "elseif service and row.instance and row.instance > 0 then",
             ["spec/discovery_spec.lua"]),
    Mutation("user data that could not be read counts as read", "scripts/pg3/records.lua",
             "one.read or good or false", "true",
             ["spec/c/test_pg3.c"]),
    Mutation("the page of a proxy refuses the token", "scripts/sources/vrm.lua",
             "if not (busy or by_vrm(reply)) then", "if false then",
             ["spec/vrm_spec.lua"]),
    Mutation("the unit that VRM names is believed whatever it shows", "scripts/types/diagnostics.lua",
             "stands_in = agreeing(value, named, shown, last_decimal)", "stands_in = named",
             ["spec/vrm_spec.lua"]),
    Mutation("a token is looked for after the cut", "scripts/sources/answers.lua",
             "text = answers.without(text, secret)           -- before", "-- before",
             ["spec/vrm_spec.lua"]),
    Mutation("an error of the plugin's memory is a script's", "scripts/tasks/shortage.lua",
             'return type(problem) == "table" and problem.kind == "memory"', "return false",
             ["spec/shortage_spec.lua"]),
    Mutation("what the owner hides has nodes", "scripts/model/installation.lua",
             "return not site.hidden[key] and type_ or nil", "return type_",
             ["spec/choices_spec.lua"]),
    Mutation("a node is removed while its installation does not answer", "scripts/model/orphans.lua",
             "if prefix and site and not site.present then", "if false then",
             ["spec/choices_spec.lua"]),
    Mutation("a node that the user renamed is renamed", "host/pg3/pg3_nodes.c",
             "if (is_users) {", "if (false) {",
             [E2E + "test_choices.py::test_a_name_that_changes_in_vrm"]),
    Mutation("an older row sets a counter back", "scripts/model/belief.lua",
             "if older and value < last then return last end", "",
             ["spec/device_spec.lua"]),
    Mutation("a meter that rose by more than can be is believed", "scripts/model/belief.lua",
             "    return shown + AT_ONCE + math.max(seconds, 0) / 3600 * AN_HOUR\n", "    return math.huge\n",
             ["spec/reports_spec.lua"]),
    Mutation("a meter at 0 is believed in time", "scripts/model/belief.lua",
             "return value == 0 and not is_reset or host", "return host",
             ["spec/reports_spec.lua"]),
    Mutation("an event is told again with each answer", "scripts/model/events.lua",
             "    remember(address, id, event, its.quiet)\n", "",
             ["spec/events_spec.lua"]),
    Mutation("a script that the plugin wrote loses the owner's changes", "scripts/serve/generic.lua",
             "text and host.read(serving.path) == serving.text", "text",
             ["spec/generic_spec.lua"]),
    Mutation("a part has a node before VRM sends any of it", "scripts/model/installation.lua",
             "present or known[its] or reading.has_part(part, home.rows)", "true",
             ["spec/main_nodes_spec.lua"]),
    Mutation("a product is shown without one of the two", "scripts/types/reading.lua",
             "if not (a and b) then return nil, a or b end", "if not (a and b) then return 0, a or b end",
             ["spec/device_spec.lua"]),
    Mutation("a sum without a part it had is shown", "scripts/types/reading.lua",
             "if missing then whole = false end", "",
             ["spec/device_spec.lua"]),
    Mutation("the first AC input stands for the active one", "scripts/types/reading.lua",
             "if active then return active == input.index end", "if active then return input.index == 0 end",
             ["spec/devices_spec.lua"]),
    Mutation("a value that is another is not worked out", "scripts/model/store.lua",
             "    if path then keys[path] = true end\n", "",
             ["spec/store_spec.lua", "spec/main_nodes_spec.lua"]),
    Mutation("everything is worked out with each answer", "scripts/model/store.lua",
             "home.changed, home.again, home.unshown = {}, again, unshown", "home.changed, home.unshown = {}, true",
             ["spec/store_spec.lua"]),
    Mutation("a row takes another's place", "scripts/model/store.lua",
             "if row ~= old and place_of(row) ~= place_of(old) then return false end", "",
             ["spec/store_spec.lua"]),
    Mutation("of rows with one key the one that changed is shown", "scripts/model/store.lua",
             "if home.ambiguous or (stamp or 0)", "if (stamp or 0)",
             ["spec/store_spec.lua"]),
    Mutation("an answer taken by halves counts as taken", "scripts/model/store.lua",
             "if self.doubtful or not same_places", "if not same_places",
             ["spec/shortage_spec.lua"]),
    Mutation("a node of another type shows what is known with VRM's next answer only", "scripts/model/nodes.lua",
             "if not is_lost and works(type_) then show_known(node) end", "local _ = is_lost, show_known",
             ["spec/reload_spec.lua"]),
    Mutation("devices look for their type with each answer", "scripts/model/installation.lua",
             "local sorted = discover or not site.store:take(answer.rows)", "local sorted = true",
             ["spec/store_spec.lua"]),
    Mutation("data grows old at polls only", "scripts/model/installation.lua",
             "site.aging = next(site.nodes) and timer.after(", "site.aging = false and timer.after(",
             ["spec/store_spec.lua"]),
    Mutation("a gateway's clock counts as right", "scripts/model/freshness.lua",
             "if sign then site.shift = ", "if sign then local _ = ", ["spec/freshness_spec.lua"]),
    Mutation("a gateway's clock may go faster than time", "scripts/model/freshness.lua",
             "if not stamp or sign.latest and stamp > sign.latest then", "if not stamp then",
             ["spec/freshness_spec.lua"]),
    Mutation("a row of the future tells a device's age", "scripts/model/freshness.lua",
             "return newest or ahead, oldest", "return ahead or newest, oldest", ["spec/freshness_spec.lua"]),
    Mutation("stamps of the future count as the time they say", "scripts/model/freshness.lua",
             "home.heard = home.stamp and math.min(home.stamp + site.shift, home.seen)",
             "home.heard = home.stamp and home.stamp + site.shift", ["spec/freshness_spec.lua"]),
    Mutation("the values of an installation wait for all others", "scripts/sources/vrm.lua",
             "{ priority = priority or vrm.BEGUN,", "{",
             [E2E + "test_sizes.py::test_a_large_account_is_read_one_installation_after_the_other"]),
    Mutation("what is new of an answer is no content", "host/base/sieve.c",
             "        v->element.values[i].at = at;", "",
             ["spec/c/test_sieve.c"]),
    Mutation("a row that changed is taken for known", "host/api/api_list.c",
             "if (note_mark(l, e)) {", "if (note_mark(l, e) || l->known_len > 0) {",
             [E2E + "test_nodes.py"]),
    Mutation("a question of the user waits for the polls", "host/net/http.c",
             "(*list)->priority >= r->priority", "(*list)->url != NULL",
             ["spec/c/test_http.c"]),
    Mutation("the sign of a row is ignored", "scripts/check/rows.lua",
             '* (row.sign or 1)', "",
             ["spec/device_spec.lua"]),
    Mutation("numbers that stand for others stand for themselves", "scripts/types/reading.lua",
             "if driver.values then value = values_of(driver, row)[value] or value end", "",
             ["spec/device_spec.lua", "spec/devices_spec.lua"]),
    Mutation("of alternatives the last is shown", "scripts/types/reading.lua",
             "for i = 1, #keys do", "for i = #keys, 1, -1 do",
             ["spec/device_spec.lua"]),
    Mutation("the worst alarm is the worst of everything", "scripts/types/reading.lua",
             "path:sub(1, #driver.worst) == driver.worst", "path",
             ["spec/device_spec.lua", "spec/devices_spec.lua"]),
    Mutation("a fault counts for each path it stands under", "scripts/types/alarms.lua",
             ':gsub("^L?%d/", "")', ':gsub("^-", "")',
             ["spec/discovery_spec.lua"]),
    Mutation("an alarm is any number", "scripts/types/alarms.lua",
             "local level = LEVELS[value]", "local level = tonumber(value)",
             ["spec/discovery_spec.lua", "spec/device_spec.lua"]),
    Mutation("a register's \"not available\" is a measurement", "scripts/types/codes.lua",
             "set[near] == true", "false",
             ["spec/device_spec.lua", "spec/devices_spec.lua"]),
    Mutation("a row's own limits do not count", "scripts/types/reading.lua",
             "if value < driver.min or value > driver.max then return nil end", "",
             ["spec/device_spec.lua"]),
    Mutation("a number past the limits of its row is in the way of others", "scripts/types/reading.lua",
             "if (driver.op or driver.from) and passes_limits(driver, row) then", "if false then",
             ["spec/numbers_spec.lua"]),
    Mutation("a quantity has another driver in one type", "scripts/devices/solar_charger.lua",
             '{ "CC",   unit.ampere,     "Battery current', '{ "GV29",   unit.ampere,     "Battery current',
             ["spec/devices_spec.lua"]),
    Mutation("a file of the host includes what is above it", "host/base/bucket.c",
             '#include "base/bucket.h"\n', '#include "base/bucket.h"\n#include "net/loop.h"\n',
             ["spec/rules_spec.lua"]),
    Mutation("two lists of texts share an editor", "scripts/pg3/profile.lua",
             "if other and other.lists[id] ~= text then", "if false then",
             ["spec/profile_spec.lua"]),
    Mutation("a command that failed is reported as done", "scripts/main.lua",
             "text or nil, ended and done or false", "text or nil, true",
             ["spec/reload_spec.lua"]),
    Mutation("who awaits a task does not hear of its end", "host/lua/task.c",
             "if (k->state == WAITS && k->awaits == task->co) {", "if (k == task) {",
             ["spec/c/test_task.c"]),
    Mutation("a command to a real device is sent without a question", "scripts/tools/command_form.lua",
             "form.asking = complete and asks", "form.asking = false", ["spec/screen_spec.lua"]),
    Mutation("old values are told to programs as measured", "scripts/tools/values.lua",
             'if change.driver == STATE then whole[change.address] = "due" end', "",
             ["spec/values_spec.lua"]),
    Mutation("no data is told to programs as 0", "scripts/tools/values.lua",
             "number = not none and number or nil,", "number = number,",
             ["spec/values_spec.lua"]),
    Mutation("a recording has the names that labels repeat", "scripts/tools/json_tree.lua",
             "value.kept and keep(value.text) or value.text", "value.text",
             ["spec/record_spec.lua"]),
    Mutation("a recording has what the plugin does not know", "scripts/tools/anonymous.lua",
             'return { text = value.text ~= "" and "-" or "" }', "return value",
             ["spec/record_spec.lua"]),
    Mutation("a recording has parts of paths that somebody wrote", "scripts/tools/anonymous.lua",
             'return not is_known(part) and self:other("part", part) or nil', "return nil",
             ["spec/record_spec.lua"]),
    Mutation("a recording is played by today's clock", "scripts/tools/replay.lua",
             "function host.time() return machine() + ahead end", "host.time = machine",
             ["spec/record_spec.lua"]),
    Mutation("a recording has the portal id in topics", "scripts/tools/record.lua",
             'connections[id].portal = made:other("portal", portal)', "connections[id].portal = portal",
             ["spec/record_spec.lua"]),
    Mutation("a recording has what is told live as it came", "scripts/tools/anonymous.lua",
             "return paint.quoted(plain and self:kept(value) or self:other(measure.kind, value))",
             "return paint.quoted(value)",
             ["spec/record_spec.lua"]),
    Mutation("a recording of live data knows no states and units", "scripts/tools/anonymous.lua",
             'self.measures[(member(members, "dbusServiceType").text or "") .. path] = measure', "",
             ["spec/record_spec.lua"]),
    Mutation("a recording has the position that is told live", "scripts/tools/anonymous.lua",
             'if number then return hidden and "0" or tostring(value) end',
             "if number then return tostring(value) end",
             ["spec/record_spec.lua"]),
    Mutation("the end of a connection is not recorded", "scripts/tools/record.lua",
             'if portal and event ~= "mqtt_values" then', 'if portal and event == "mqtt_up" then',
             ["spec/record_spec.lua"]),
    Mutation("live data is played as fast as it goes", "scripts/tools/replay.lua",
             "sleep(math.max(0, latest - passed()) / speed)", "sleep(0)",
             ["spec/record_spec.lua"]),
    Mutation("what waited when a connection was lost counts as live", "scripts/sources/live.lua",
             "        elseif link.up then                             -- else it has waited since before its end",
             "        else",
             ["spec/live_spec.lua"]),
    Mutation("programs are given 0 for what is old", "scripts/tools/stream.lua",
             'params = { stale_values = "keep" },', "params = {},",
             ["spec/values_spec.lua"]),
    Mutation("the watch goes on when nobody reads it", "scripts/tools/watch.lua",
             "or stand_in.left or host.print()) then return leave(0) end",
             "or stand_in.left or host.print()) then return end",
             ["spec/watch_spec.lua"]),
    Mutation("more live values are shown than PG3 hands on", "scripts/model/pace.lua",
             "local RATE, DEPTH = 8, 24", "local RATE, DEPTH = 80, 24",
             ["spec/pace_spec.lua"]),
    Mutation("trifles are shown like any change", "scripts/model/pace.lua",
             "    if limited and band and value", "    if nil and band and value",
             ["spec/pace_spec.lua", "spec/live_spec.lua"]),
    Mutation("a large change waits behind a trifle", "scripts/model/pace.lua",
             "node.held[driver] = true", "node.held[driver] = nil",
             ["spec/pace_spec.lua"]),
    Mutation("what waits is lost at VRM's next answer", "scripts/model/overlay.lua",
             "    entry.told = true\n", "    entry.told = nil\n",
             ["spec/live_spec.lua"]),
    Mutation("one node takes all turns", "scripts/model/pace.lua",
             "local SHARE = 5 ", "local SHARE = 50 ",
             ["spec/pace_spec.lua"]),
    Mutation("a live state waits for its turn", "scripts/model/pace.lua",
             "if pause > 0 or not driver.names then", "if true then",
             ["spec/pace_spec.lua"]),
    Mutation("live_seconds changes nothing", "scripts/model/pace.lua",
             "fast_seconds = seconds", "fast_seconds = 2",
             ["spec/live_spec.lua"]),
    Mutation("the delay is told though the gateway's clock is wrong", "scripts/model/freshness.lua",
             "site.heard and site.shift == 0 and now - site.heard", "site.heard and now - site.heard",
             ["spec/freshness_spec.lua"]),
    Mutation("the source stays live when live data ends", "scripts/sources/live.lua",
             "link.alive and link.broker.source or nil", "link.broker.source",
             ["spec/live_spec.lua"]),
    Mutation("a shut port has no other", "scripts/sources/live.lua",
             "if link.failures < WAY_TRIES or not ways[2] then return end", "if link.failures then return end",
             ["spec/live_spec.lua"]),
    Mutation("live data never returns to its best port", "scripts/sources/live.lua",
             "if link.alive then look_for_best(link, now) end\n", "",
             ["spec/live_spec.lua"]),
    Mutation("each try of a shut port is in the log", "scripts/sources/live.lua",
             "connect(link, number, link.all_failed)", "connect(link, number)",
             ["spec/live_spec.lua"]),
    Mutation("port 443 is spoken to without a websocket", "host/net/mqtt_link.c",
             "schemes[c->websocket][c->tls]", "schemes[0][c->tls]",
             [E2E + "test_live.py::test_a_blocked_port_has_another"]),
    Mutation("a question to the LAN may be sent over unchecked TLS", "host/net/http.c",
             'return r->lan && !r->certificate && r->ca_file == NULL ? "http" : "https";',
             'return r->lan ? "http,https" : "https";',
             [E2E + "test_contract.py"]),
    Mutation("a question to the LAN waits for VRM's rate limit", "host/net/http.c",
             "list_append(r->lan ? &h->local : &h->waiting, r);", "list_append(&h->waiting, r);",
             [E2E + "test_contract.py"]),
    Mutation("one device on the LAN fills the memory with answers", "host/net/search.c",
             "return all < ANSWERS_MAX && of_one < OF_ONE_MAX;", "return all >= 0 && of_one >= 0;",
             ["spec/c/test_search.c"]),
    Mutation("only the log tells that live data does not come", "scripts/sources/live.lua",
             "    say(link, \"warning\", text)\n    note(link, text)\n", "    say(link, \"warning\", text)\n",
             ["spec/live_spec.lua"]),
    Mutation("what was is not looked at again when nobody knows whether it is back", "scripts/control/timed.lua",
             "return not (result == RESULT.NOT_ALLOWED or result == RESULT.NO_LINK or result == RESULT.NOT_KNOWN)",
             "return not (result == RESULT.NOT_ALLOWED or result == RESULT.NO_LINK)",
             ["spec/control_spec.lua"]),
    Mutation("a GX with another certificate is taken", "scripts/sources/gx.lua",
             "elseif not its or accepts(certificate.fingerprint) then", "elseif certificate then",
             ["spec/gx_spec.lua"]),
    Mutation("a GX's certificate is forgotten at a restart", "scripts/sources/gx.lua",
             "if whole then kept[portal] = { certificate = its.certificate } end", "paired = false",
             ["spec/gx_spec.lua"]),
    Mutation("the deleted file of a GX's certificate is believed to be there", "scripts/sources/gx.lua",
             "device.suspect, device.files = true, {}", "device.suspect = true",
             ["spec/gx_spec.lua"]),
    Mutation("a refused password is tried again with VRM's next session", "scripts/sources/gx.lua",
             "    if is_refused(device) then return nil end\n", "",
             ["spec/gx_spec.lua"]),
    Mutation("of several that say they are the GX one is taken", "scripts/sources/gx.lua",
             "    if #own == 1 then", "    if #own >= 1 then",
             ["spec/gx_spec.lua"]),
    Mutation("who answers a search says who is asked", "scripts/sources/gx_search.lua",
             "local own = at == answer.from", "local own = at",
             ["spec/gx_spec.lua"]),
    Mutation("a password is sent without encryption", "scripts/pg3/params.lua",
             'if hosts[i].plain and password ~= "" then', "if false then",
             ["spec/gx_spec.lua"]),
    Mutation("the GX of another installation counts as live", "scripts/sources/live.lua",
             "        if serial then\n            hear_serial(link, value)\n", "        if false then\n",
             ["spec/gx_spec.lua"]),
    Mutation("a recording of a GX is played as VRM's", "scripts/tools/replay.lua",
             'of_gx = of_gx or line:match', 'of_gx = of_gx and line:match',
             ["spec/record_spec.lua"]),
    Mutation("a password is taken from the command line", "scripts/tools/stand_in.lua",
             'elseif key:find "password" then', 'elseif key:find "passphrase" then',
             ["spec/record_spec.lua"]),
    Mutation("the screen does not follow the terminal's size", "scripts/tools/watch.lua",
             "if anew or columns ~= drawn.columns or rows ~= drawn.rows then", "if anew or not drawn.rows then",
             ["spec/watch_spec.lua"]),
    Mutation("the watch leaves with 0 when VRM is not reached", "scripts/tools/stand_in.lua",
             '"GV0") == 1 and 0 or 1', '"GV0") == 1 and 0 or 0',
             ["spec/watch_spec.lua"]),
    Mutation("the screen is longer than the terminal", "scripts/tools/screen.lua",
             "for i = 1, math.min(rows, #shown) do", "for i = 1, #shown do",
             ["spec/screen_spec.lua"]),
    Mutation("what is chosen is not on the screen", "scripts/tools/screen.lua",
             "local first = math.max(1, math.min(chosen - room // 2, #rows - room + 1))", "local first = 1",
             ["spec/screen_spec.lua"]),
    Mutation("the terminal stays without echo", "host/base/terminal.c",
             "tcsetattr(STDIN_FILENO, TCSANOW, &before);", "tcflush(STDIN_FILENO, 0);",
             [E2E + "test_terminal.py::test_the_terminal_is_given_back[SIGTERM]"]),
    Mutation("a crash leaves the screen taken", "host/base/terminal.c",
             "static void crash(int number) {\n    terminal_give_back();\n", "static void crash(int number) {\n",
             [E2E + "test_terminal.py::test_the_terminal_is_given_back[SIGABRT]"]),
    Mutation("NO_COLOR is not heard", "host/base/terminal.c",
             'getenv("NO_COLOR")', 'getenv("NO_COLOUR")',
             [E2E + "test_terminal.py::test_plain_lines_where_they_are_wanted[NO_COLOR]"]),
    Mutation("live data goes on with a token that VRM refuses", "scripts/sources/account.lua",
             "        if s.health:refused() then live.leave_all() end\n", "",
             ["spec/live_spec.lua"]),
    Mutation("a gateway without a heartbeat is silent", "scripts/sources/live.lua",
             "(link.beats and SILENT_SECONDS or BEATLESS_SECONDS)", "SILENT_SECONDS",
             ["spec/live_spec.lua"]),
    Mutation("a gateway that is back is not asked for what was missed", "scripts/sources/live.lua",
             "    if link.was_alive then ask_for_all(link) end", "    if link.was_alive then link.wants_all = true end",
             ["spec/live_spec.lua"]),
    Mutation("what came while heartbeats were missing is not asked for", "scripts/sources/live.lua",
             "if gap then ask_for_all(link) end", "if false then ask_for_all(link) end",
             ["spec/live_spec.lua"]),
    Mutation("a device is fresh before everything was told", "scripts/sources/live.lua",
             "live_values.prove(link.site, is_whole, ends)", "live_values.prove(link.site, true, ends)",
             ["spec/live_spec.lua"]),
    Mutation("live data that is back waits for VRM", "scripts/model/live_values.lua",
             "if node and (node.lost or node.state ~= freshness.FRESH) and",
             "if node and not node.lost and node.state ~= freshness.FRESH and",
             ["spec/live_spec.lua"]),
    Mutation("a broker that ends each connection is asked all the time", "scripts/sources/live.lua",
             'if why == "fought" and not link.was_alive then', "if false then",
             ["spec/live_spec.lua"]),
    Mutation("control writes without being allowed to", "scripts/control/writes.lua",
             "return not (job.restores or writes.allowed(job.site))", "return false",
             ["spec/control_spec.lua"]),
    Mutation("a write is not read back after ten seconds", "scripts/control/writes.lua",
             "elseif is_there(job, value) then\n        return RESULT.DONE", "elseif value then\n        return RESULT.DONE",
             ["spec/control_spec.lua"]),
    Mutation("a value that was not taken counts as done", "scripts/control/writes.lua",
             "    elseif same(value, before) then\n        local by_vrm",
             "    elseif same(value, before) then\n        do return RESULT.DONE, \"\" end\n        local by_vrm",
             ["spec/control_spec.lua"]),
    Mutation("conditions of a write are not looked at", "scripts/control/writes.lua",
             "return met ~= guard.only and guard.text or nil", "return nil",
             ["spec/control_spec.lua"]),
    Mutation("an inverter is switched off without the owner's word", "scripts/control/writes.lua",
             "if job.switches_off and not (may_switch_off or job.restores) then", "if false then",
             ["spec/control_spec.lua"]),
    Mutation("settings are written at any time", "scripts/control/writes.lua",
             "if passed >= pause_minutes * 60 then return nil end", "if passed >= 0 then return nil end",
             ["spec/control_spec.lua"]),
    Mutation("an older command is written after a newer one", "scripts/control/writes.lua",
             "if newest[key] ~= job then", "if false then",
             ["spec/control_spec.lua"]),
    Mutation("the limits that a device sends do not count", "scripts/control/writes.lua",
             "elseif min and job.value < min or max and job.value > max then", "elseif false then",
             ["spec/control_spec.lua"]),
    Mutation("a gateway that only tells is written to", "scripts/control/writes.lua",
             "if mode == 0 or mode == 1 then", "if false then",
             ["spec/control_spec.lua"]),
    Mutation("what cannot be remembered is written for a time", "scripts/control/timed.lua",
             "if is_stored() and entries[key] == entry then return nil end", "if true then return nil end",
             ["spec/control_spec.lua"]),
    Mutation("what somebody changed meanwhile is put back", "scripts/control/timed.lua",
             "    elseif not is_own(entry, job.set, value) then\n", "    elseif false then\n",
             ["spec/control_spec.lua"]),
    Mutation("a set-point is repeated without PG3", "scripts/control/timed.lua",
             "entry.resend and host.connected()\n", "entry.resend\n",
             ["spec/control_spec.lua"]),
    Mutation("a set-point is not released when the plugin stops", "scripts/control/timed.lua",
             "local site = entry.release and site_of(entry)", "local site = nil",
             ["spec/control_spec.lua"]),
    Mutation("a second command forgets what was before the first", "scripts/control/timed.lua",
             "if present and before and is_own(present, set, before) then", "if false then",
             ["spec/control_spec.lua"]),
    Mutation("what may not be written is put back", "scripts/control/writes.lua",
             "ipairs(job.value and job.set.guards or {}) do", "ipairs(job.restores and {} or job.set.guards) do",
             ["spec/control_spec.lua"]),
    Mutation("a condition whose answer is lost is none", "scripts/control/writes.lua",
             "local later = #silent > 0 and live.ask(job.site, silent, ASK_SECONDS) or {}", "local later = {}",
             ["spec/control_spec.lua"]),
    Mutation("control that is off leaves what is written for a time", "scripts/control/timed.lua",
             "local is_off = site and not writes.allowed(site)", "local is_off = false",
             ["spec/control_spec.lua"]),
]


class CannotTell(Exception):
    """Why a test could not be run."""


class Copy:
    """The sources in a folder of their own."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "tree")
        self.program = os.path.join(self.folder, "build", "address", "victron-host")
        self.background = []
        shutil.copytree(ROOT, self.folder, symlinks=True,
                        ignore=shutil.ignore_patterns("build", ".git", "logs", "__pycache__"))
        self.replace("CMakeLists.txt", " -Werror)", ")")    # what is broken may leave a variable unused

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
                raise CannotTell(f"{name}: {' '.join(command)} fails:\n{done.stdout[-3000:]}")
        return target

    def replace(self, path, old, new):
        """Replaces the one place where `old` stands -> the text before."""
        path = os.path.join(self.folder, path)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        if text.count(old) != 1:
            raise CannotTell(f"{path} holds {text.count(old)} times, not once: {old}\nCorrect spec/mutate.py.")
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
            raise CannotTell(f"pytest ends with {self.process.returncode}:\n{output}")
        return names


class Busted:
    """Specs, run at once."""

    def __init__(self, copy, tests):
        self.done = copy.run("lua5.4", "/usr/bin/busted", "--output=TAP", *tests, VICTRON_HOST=copy.program)

    def failures(self):
        names = re.findall(r"^not ok \d+ - (.*)", self.done.stdout, re.MULTILINE)
        if not re.search(r"^1\.\.[1-9]", self.done.stdout, re.MULTILINE):
            raise CannotTell(f"busted ran no test:\n{self.done.stdout}")
        return names


class Unit:
    """C unit tests, run at once in a build folder that is there."""

    def __init__(self, copy, tests):
        self.names = []
        for test in tests:
            name = os.path.basename(test)[:-len(".c")]
            built = copy.run("cmake", "--build", "build/address", "-j", str(os.cpu_count()), "--target", name)
            if built.returncode != 0:
                raise CannotTell(f"{name} cannot be built:\n{built.stdout[-3000:]}")
            done = copy.run("build/address/" + name)
            failed = re.findall(r": failed: (.*)", done.stdout)
            if failed and done.returncode == 0:
                raise CannotTell(f"{name} fails and ends with 0:\n{done.stdout}")
            if done.returncode != 0 and not failed:         # a sanitizer ended it
                failed = [f"{name} ends with {done.returncode}"]
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
        raise CannotTell("These tests fail without any mutation: " + ", ".join(failures))


def start(copy, number, mutation):
    """Breaks the copy, starts the tests, mends the copy -> the run."""
    before = copy.replace(mutation.file, mutation.old, mutation.new)
    try:
        if ending(mutation.tests[0]) in RUNNERS:
            return RUNNERS[ending(mutation.tests[0])](copy, mutation.tests)
        return Pytest(copy, copy.build(f"mutation-{number}"), f"work-{number}", mutation.tests)
    finally:
        copy.write(mutation.file, before)


def report(mutation, failures):
    """-> whether it was not noticed."""
    if not failures:
        print(f"NOT NOTICED  {mutation.name}: all of these pass: {', '.join(mutation.tests)}", flush=True)
        return True
    more = f" and {len(failures) - 1} more" if len(failures) > 1 else ""
    print(f"noticed      {mutation.name}: {failures[0]}{more}", flush=True)
    return False


def attempt(mutation, function, *arguments):
    """What the function gives; None if nothing can be said of the mutation, which is told."""
    try:
        return function(*arguments)
    except CannotTell as problem:
        print(f"NOT TRIED    {mutation.name}: {problem}", flush=True)
        return None


def try_all(copy):
    """-> how many were not noticed, of how many nothing can be said."""
    missed = untold = 0
    behind = []         # end-to-end tests that run meanwhile

    def count(mutation, run):
        nonlocal missed, untold
        failures = run and attempt(mutation, run.failures)
        if failures is None:
            untold += 1
        else:
            missed += report(mutation, failures)

    for number, mutation in enumerate(MUTATIONS):
        run = attempt(mutation, start, copy, number, mutation)
        if isinstance(run, Pytest):
            behind.append((mutation, run))
        else:
            count(mutation, run)
    for mutation, run in behind:
        count(mutation, run)
    return missed, untold


def main():
    with tempfile.TemporaryDirectory() as folder:
        copy = Copy(folder)
        try:
            check_unbroken(copy)
            missed, untold = try_all(copy)
        except CannotTell as problem:
            print(problem, file=sys.stderr)
            return 2
        finally:
            copy.wait()
    print(f"mutations: {len(MUTATIONS)}, not noticed: {missed}, not tried: {untold}")
    return 2 if untold else 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
