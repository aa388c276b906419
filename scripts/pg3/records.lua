--- What PG3 keeps under keys, for the user and the plugin: parameters, notices, the plugin's record and page,
-- which profile is installed, what can be shown and what was chosen (docs/pg3.md, User data). What PG3 has is
-- read before anything is written over it. One that a list does not have may be new, or PG3 may not be ready.
--
-- A part of the host in Lua: host/pg3/pg3_records.c runs it with what it needs and the table that becomes
-- `host`, which gets more functions here, and takes what PG3's messages come to.

local json = require "pg3.json"
local lists = require "types.lists"

local base, host = ...
local decode, due, log = base.decode, base.due, base.log

local PREFIX = "plugin_"            -- of our notices: those of an earlier run are told from PG3's own by it
local MOST_NOTICES = 50
local MOST_TRIES = 3                -- of a record that PG3 does not store
local BELIEVED = 3                  -- answers in a row, over nine seconds, with the same text that is none
local PROFILE_SECONDS, PROFILE_AGAIN_SECONDS = 60, 300      -- the ISY takes its time over a profile

local told = {}                     -- what the host tells

--- Of each record: take(value) -> whether it could be understood; text(), nil for the user's own. In it:
-- read: it came well, or it certainly is not there; missing: lists in a row that did not have it; garbled:
-- what came last could not be understood, which is said once; opaque: what came cannot be written back as it
-- was; changed: to be written; open: written, and not answered yet; refused: how often in a row PG3 did
-- not store it, false: it did.
local function record(key, called, needed)
    return { key = key, called = called, needed = needed, missing = 0 }
end

-- Each run of the plugin writes those that are needed; what is kept only if there is something, the offer
-- once there are installations. Choices are the user's.
local PARAMS = record("customparams", "the parameters", true)
local NOTICES = record("notices", "the notices", true)
local PAGE = record("customparamsdoc", "the configuration page", true)
local PROFILE = record("idata", "the profile's version", true)
local DATA = record("customdata", "the state of device scripts")
local OFFER = record("customtypedparams", "the list of what to show")
local CHOICES = record("customtypeddata", "what was chosen to be shown")

local ALL, by_key = { PARAMS, NOTICES, PAGE, PROFILE, DATA, OFFER, CHOICES }, {}
for _, one in ipairs(ALL) do by_key[one.key] = one end

local is_up = false
local short_list = false            -- the last list did not have all that each run writes
local told_missing = false          -- the log has a line that not everything came

local params, defaults = {}, {}     -- { [name] = text }: the user's | those that the page should show
local on_way                        -- { added = defaults, all = parameters } as written, not answered yet,
                                    -- saved = what the user saved meanwhile
local notices, foreign = {}, {}     -- ours | PG3's own
local notices_told                  -- as they were written last
local data, data_text               -- what PG3 had | what it is to have
local bad_data, bad_data_told = nil, 0      -- what PG3 told in its place and is none, and how often in a row
local choices

--- Tells what has to be written: defaults at once, the others after the first values; the state of scripts
-- and which profile PG3 has before the end.
local function look_due()
    local changed = false
    for _, one in ipairs(ALL) do changed = changed or one.changed and one.read and not one.opaque end
    local kept = DATA.changed and DATA.read or PROFILE.changed and PROFILE.read
    due(next(defaults) ~= nil and PARAMS.read and not PARAMS.opaque, changed, kept)
end

local function change(one)
    one.changed = true
    look_due()
end

------------------------------------------------------------------------------------------- as PG3 tells

--- An array is none; an empty one cannot be told from an empty object.
local function is_object(value) return type(value) == "table" and #value == 0 end

--- The members as texts; whether one of them is none, and cannot be written back as it was.
local function texts_of(value)
    local texts, opaque = {}, false
    for key, member in pairs(value) do
        local kind = type(member)
        if math.type(member) == "float" then member = ("%.14g"):format(member) end
        if kind == "table" then member = "" end
        if type(key) == "string" then
            texts[key] = tostring(member)
            opaque = opaque or (key .. texts[key]):find("\0", 1, true) ~= nil
        end
        opaque = opaque or kind == "table"
    end
    return texts, opaque
end

function PARAMS.take(value)
    if not is_object(value) then return false end
    local before = params
    params, PARAMS.opaque = texts_of(value)
    if on_way and not lists.same(params, on_way.all) then on_way.saved = params end
    if lists.same(params, before) then return true end
    if not PARAMS.read then defaults = {} end   -- they may be there by other names, which nobody knew
    base.changed()
    return true
end

--- Ours are known better here, and PG3's must not be wiped.
function NOTICES.take(value)
    if not is_object(value) then return false end
    local all, opaque = texts_of(value)
    if opaque and not NOTICES.opaque then
        log("warning", "PG3 keeps a notice that this plugin cannot write back as it is; the plugin's own are"
            .. " not shown until it is gone")
    end
    NOTICES.opaque, foreign = opaque, {}
    for key, text in pairs(all) do
        if key:sub(1, #PREFIX) ~= PREFIX then foreign[key] = text end
    end
    return true
end

function PAGE.take(value)
    if type(value) ~= "string" then return false end
    PAGE.html = PAGE.html or value
    return true
end

function PROFILE.take(value)
    if not is_object(value) then return false end
    local version = type(value.profile_version) == "string" and value.profile_version or ""
    if not PROFILE.open then PROFILE.remembered = version end
    -- What we are about to write is newer.
    local ours = PROFILE.installing or PROFILE.changed or PROFILE.open
    if not ours then PROFILE.installed = version end
    return true
end

function DATA.take(value)
    if type(value) ~= "table" then return false end
    data, bad_data = value, nil
    return true
end

--- It is echoed later, but only what is from before this run is news: of a large account it has 100 kB.
local function has_data() return data or data_text or DATA.read and not bad_data end

--- What is offered is known here.
function OFFER.take(value) return type(value) == "table" end

function CHOICES.take(value)
    if type(value) ~= "table" then return false end
    local before = choices
    choices = value
    if not lists.same(choices, before or {}) then base.changed() end
    return true
end

local ROW_FIELDS = { value = true, key = true, id = true, uuid = true, profileNum = true, dbVersion = true }

--- Whether an object wraps a record: nothing but a row's own fields, and a value that is an object or its
-- text (of the page: any text). A parameter that the user named "value" is no wrapper.
local function is_wrapper(object, one)
    for name in pairs(object) do
        if not ROW_FIELDS[name] then return false end
    end
    local value = object.value
    return type(value) == "table"
        or type(value) == "string" and (one == PAGE or value:sub(1, 1) == "{")
end

--- The text of the plugin's own record could not be read, or is no object. Only one that PG3 tells over and
-- over, beside good records, is what it keeps.
local function note_bad_data(text)
    bad_data_told = text == bad_data and bad_data_told + 1 or 1
    bad_data = text
end

--- A value is an object, JSON text, or an object whose `value` is either; of the page it is its HTML.
local function take_value(one, value)
    if one == DATA and has_data() then return true end
    if type(value) == "table" and is_wrapper(value, one) then return take_value(one, value.value) end
    if type(value) ~= "string" or one == PAGE then return one.take(value) end
    local decoded = decode(value)
    if one == DATA and type(decoded) ~= "table" and not DATA.read then note_bad_data(value) end
    return one.take(decoded)
end

local function take(one, value)
    local good = take_value(one, value)
    one.missing = 0
    if not good and not one.garbled then
        log("warning", ("PG3 sent a record %s that cannot be understood; what was there before stays. If this"
            .. " stays, save it anew in PG3."):format(one.key))
    end
    one.garbled, one.read = not good, one.read or good or false
end

local function all_read()
    for _, one in ipairs(ALL) do
        if not one.read then return false end
    end
    return true
end

--- Goes on if now enough is known: what lists did not have is believed once that is beyond doubt.
function told.progress()
    local known = base.known()      -- how many nodes PG3 has of the plugin; nil: it has not told
    local doubt = not known or known > 0 and short_list
    for _, one in ipairs(ALL) do
        one.read = one.read or one.missing > (doubt and 1 or 0)
    end
    local all = all_read()
    if told_missing and known and all then
        log("info", "PG3 has told everything now")
        told_missing = false
    end
    look_due()
    base.progress(all)
end

local function take_all(given)
    for _, one in ipairs(ALL) do
        if given[one.key] ~= nil then take(one, given[one.key]) end
    end
end

--- Records came, { [key] = value }, false: a row without its value.
function told.records(given)
    take_all(given)
    told.progress()
end

--- A text that is no JSON object, told over and over beside records that are good, is what PG3 keeps:
-- nothing can come in its place but what the plugin writes.
local function give_up_data(listed)
    for key in pairs(listed) do
        if by_key[key] ~= DATA and by_key[key].garbled then return end
    end
    if not DATA.read and listed[DATA.key] ~= nil and bad_data_told >= BELIEVED then
        DATA.read, DATA.garbled = true, false
    end
end

--- A list of all records, as told.records has them. whole: each of its rows was one.
function told.list(listed, whole)
    take_all(listed)
    if whole then give_up_data(listed) end
    local good = whole
    short_list = false
    for _, one in ipairs(ALL) do
        local is_there = listed[one.key] ~= nil
        one.missing = (is_there or one.read) and 0 or one.missing + (whole and 1 or 0)
        short_list = short_list or one.needed and not is_there and not one.read
        good = good and not (is_there and one.garbled)
    end
    told.progress()
    if good and all_read() then base.answered() end
end

--- Says, once, what is missing.
function told.late()
    local known = base.known()
    if told_missing or known and all_read() then return end
    local missing = { not known and "the configuration with the nodes" or nil }
    for _, one in ipairs(ALL) do missing[#missing + 1] = not one.read and one.called or nil end
    log("warning", ("PG3 has not told this so that it could be read: %s. The plugin goes on without, writes"
        .. " none of it over and asks again; if this stays, restart PG3.")
        :format(table.concat(missing, ", ")))
    told_missing = true
end

----------------------------------------------------------------------------------------------- written

function PARAMS.text() return json.encode(params) end

function NOTICES.text()
    local all = {}
    for _, some in ipairs { foreign, notices } do
        for key, text in pairs(some) do all[key] = text end
    end
    return json.encode(all)
end

function PAGE.text() return json.quote(PAGE.html) end
function PROFILE.text() return json.encode { profile_version = PROFILE.installed } end
function DATA.text() return data_text end
function OFFER.text() return OFFER.json end

--- Adds what the user's parameters lack of `wanted` -> that.
local function add_to_params(wanted)
    local added, all = {}, {}
    for name, value in pairs(wanted) do added[name] = params[name] == nil and value or nil end
    for _, some in ipairs { params, added } do
        for name, text in pairs(some) do all[name] = text end
    end
    params = all
    return added
end

--- The defaults that the user's parameters lack, once: what PG3 echoes holds them already.
function told.write_defaults()
    local added = add_to_params(defaults)
    defaults = {}
    if next(added) and base.write(PARAMS.key, PARAMS.text(), true) then
        on_way = { added = added, all = params }
    end
    look_due()
end

--- What the user saved before PG3 had the defaults is written over by them: it is written once more, with
-- them, but not a third time, for a PG3 that makes something else of all that is written.
local function give_back(saved, added)
    local before = params
    params = saved
    add_to_params(added)
    base.write(PARAMS.key, PARAMS.text(), true)
    if not lists.same(params, before) then base.changed() end
end

--- -> whether it need not be tried again.
local function write(one)
    local text = one.text()
    if one == NOTICES and text == notices_told then return true end  -- one came and went again
    if not base.write(one.key, text) then return false end
    if one == NOTICES then notices_told = text end
    if one == PROFILE then PROFILE.remembered = PROFILE.installed end
    return true
end

--- Whether a record that PG3 did not store goes along now; it may be that it never does.
local function is_tried_again(one)
    return one.refused and one.refused < MOST_TRIES and not one.open and one ~= PARAMS
end

--- What changed. What PG3 keeps is not written over before it was read.
function told.write()
    for _, one in ipairs(ALL) do
        local due_now = one.changed or is_tried_again(one)
        if due_now and one.read and not one.opaque and write(one) then
            one.changed, one.open = false, true
        end
    end
    look_due()
end

--- What was written is not there.
local function refuse(one)
    if one.open then one.refused = (one.refused or 0) + 1 end
    if one == NOTICES then notices_told = nil end
end

--- PG3 answered what was written under a key; problem nil: stored.
function told.stored(key, problem)
    local one = by_key[key]
    if problem then
        log("warning", ("PG3 did not store %s (%s); if this goes on, restart PG3"):format(key, problem))
        if one then refuse(one) end
    elseif one then
        one.refused = false
    end
    if one then one.open = false end
    if one ~= PARAMS or not on_way then return end
    local saved, added = on_way.saved, on_way.added
    on_way = nil
    if saved and not (problem or PARAMS.opaque) then give_back(saved, added) end
end

------------------------------------------------------------------------------------------------ profile

local profile_failed

--- Asks PG3 to install the profile on disk unless it has.
local function install()
    if not is_up or not PROFILE.wanted or PROFILE.wanted == PROFILE.installed then return end
    PROFILE.installing = base.install()
    base.alarm("profile_late", PROFILE.installing and PROFILE_SECONDS or nil)
    PROFILE.asked, PROFILE.late = PROFILE.wanted, nil
    if not PROFILE.installing then profile_failed "too many messages wait" end
end

function profile_failed(why)
    log("error", ("PG3 could not install the profile (%s); nodes may look wrong. Trying again in %d minutes.")
        :format(why, PROFILE_AGAIN_SECONDS // 60))
    base.alarm("profile_again", PROFILE_AGAIN_SECONDS)
    PROFILE.fails = true
end

local function answered()
    PROFILE.installing = false
    base.alarm("profile_late", nil)
    base.installed()
end

function told.profile_late()
    answered()
    PROFILE.late = PROFILE.asked
    profile_failed "no answer within 60 s"
end

function told.profile_again()
    PROFILE.fails = false
    if not PROFILE.installing then install() end
end

--- An ISY with many nodes may take longer than is waited for: that it has the profile counts later too.
function told.profile_answered(problem)
    local late = PROFILE.late
    if not PROFILE.installing and (problem or not late) then return end
    answered()
    if problem then return profile_failed(problem) end
    PROFILE.installed, PROFILE.late, PROFILE.fails = late or PROFILE.wanted, nil, false
    base.alarm("profile_again", nil)
    log("info", "PG3 installed the profile; an Admin Console that is open must be reopened")
    PROFILE.changed = PROFILE.installed ~= PROFILE.remembered
    look_due()
end

--- There is a profile of this hash on disk.
function told.profile(hash)
    PROFILE.wanted = hash
    install()
end

--------------------------------------------------------------------------------------------- connection

function told.up()
    is_up = true
    install()                       -- the answer to an earlier try may be lost
end

--- What PG3 has not answered may be lost.
function told.down()
    is_up, notices_told, PROFILE.installing, PROFILE.late = false, nil, false, nil
    on_way = nil
    base.alarm("profile_late", nil)
    for _, one in ipairs(ALL) do one.changed, one.open = one.changed or one.open, false end
    -- Others write these too: what they are after a reconnection is to be read again.
    for _, one in ipairs { PARAMS, NOTICES, CHOICES } do
        one.read, one.missing, one.garbled, one.refused = false, 0, false, false
    end
    look_due()
end

--- Something PG3 told found no memory, maybe the answer about the profile.
function told.missed()
    if PROFILE.installing or PROFILE.fails then install() end
end

-------------------------------------------------------------------------------------------------- host

local function trim(text) return text:match "^%s*(.-)%s*$" end

local function check(value, kind)
    if type(value) ~= kind then error(("a %s expected, not a %s"):format(kind, type(value)), 3) end
end

--- A table as JSON, its secrets masked. Raises what cannot be kept, and what is too large.
local function text_of(tab, name)
    check(tab, "table")
    local ok, text = pcall(json.encode, tab)
    if ok and #text > base.most then ok, text = false, ("it does not fit %d bytes"):format(base.most) end
    if ok then return base.hide(text) end
    error(type(text) == "string" and name .. ": " .. text or text, 3)
end

--- host.params() -> { [name] = text }: the user's parameters.
function host.params()
    local trimmed = {}
    for name, text in pairs(params) do trimmed[trim(name)] = trim(text) end
    return trimmed
end

--- host.default_params{ [name] = value } -> whether PG3 has told the parameters there are: those that are not
-- are added to what the user sees. Else, when it does, these do not count any more: they are to be given
-- again at the event "params".
function host.default_params(wanted)
    check(wanted, "table")
    for name, value in pairs(wanted) do
        check(name, "string")
        check(value, "string")
    end
    for name, value in pairs(wanted) do defaults[name] = value end
    look_due()
    return PARAMS.read or not base.linked
end

--- host.data() -> what host.save saved in an earlier run | nil.
function host.data() return data end

--- host.unreadable() -> the text that PG3 keeps in the place of what host.data() gives and that is no JSON
-- object, until host.save replaces it | nil.
function host.unreadable() return DATA.read and bad_data or nil end

--- host.save(table) -> whether it was taken: not before PG3 told what it has.
function host.save(tab)
    local text = text_of(tab, "host.save")
    if not base.linked then return true end
    if not DATA.read then return false end
    data_text, bad_data = text, nil
    change(DATA)
    return true
end

--- host.saved() -> whether PG3 has confirmed what was saved last: it outlives a crash. True without PG3.
function host.saved()
    return not base.linked or is_up and DATA.read and not (DATA.changed or DATA.open or DATA.refused)
end

--- host.offer(list of { name, title, type, defaultValue, desc }): what the user may choose on the
-- configuration page (docs/pg3.md, User data).
function host.offer(list)
    local text = text_of(list, "host.offer")
    if OFFER.json == text then return end
    OFFER.json = text
    change(OFFER)
end

--- host.choices() -> what the user chose of host.offer's, by name | nil: nothing yet.
function host.choices() return choices end

--- host.notice(key, html | nil): shows a text to the user, or takes it away.
function host.notice(key, html)
    check(key, "string")
    if html ~= nil then check(html, "string") end
    local own, text = PREFIX .. key, html and base.hide(html)
    if notices[own] == text then return end
    if text and not notices[own] and lists.count(notices) >= MOST_NOTICES then
        log("warning", ("there are %d notices already; one more is not shown"):format(MOST_NOTICES))
        return
    end
    notices[own] = text
    change(NOTICES)
end

--- host.doc(html): the plugin's configuration page; sent only if PG3 has another.
function host.doc(html)
    check(html, "string")
    if PAGE.html == html then return end
    PAGE.html = html
    change(PAGE)
end

NOTICES.changed = true              -- takes away what an earlier run left

return told
