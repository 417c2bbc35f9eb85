-- The key file in memory: what a person has -> who it is. A request only looks up, which costs
-- the same with ten keys and with 100,000.
--
--   NAME:ROLE:WHAT[:END[:CREATED]]
--
-- WHAT is the SHA-256 of a key in lower-case hex, or `ssh-ed25519 AAAA...` as in a .pub file.
-- END and CREATED are Unix seconds; END may be - for none. # begins a comment. Whatever else
-- stands there counts for nobody and is named in the log by its number, never by its text:
--   a field more than this file knows (it might limit the key),
--   a last line without a newline (it might be half of one),
--   a WHAT that comes twice (removing one name would leave the key alive under the other).
-- A file that can't be read lets nobody in.
--
-- Memory of one worker, measured: 10.4 MB with 10 keys, 10.7 with 1,000, 14.4 with 10,000, 49 with
-- 100,000, so 400 bytes a key; with 100,000 it settles at 66 after some reloads.

local watch = require "watch"

-- While loading, others are let on after this many lines, about 4 ms. sleep(0) doesn't do it.
local PAUSE_AFTER = 1000
local PAUSE = 0.001
local MOST_NAMED = 20

-- By WHAT, which of an ssh key is the base64 alone. A name that is false: the WHAT came twice.
local name_of, is_admin, end_of = {}, {}, {}
local last_trouble

local function warn(...)
  ngx.log(ngx.ERR, "credentials/keys: ", ...)
end

-- Matched in the text itself: each line as a string of its own would be as much garbage again.
local DIGEST = "^(%w[%w._@-]*):(%l+):([0-9a-f]+)([%d:-]*)\r?\n"
-- RFC 8709: the type, its length and the key's length are the same in each, hence the same letters.
local SSH = "^(%w[%w._@-]*):(%l+):ssh%-ed25519 (AAAAC3NzaC1lZDI1NTE5AAAAI[A-P][%w+/]+)([%d:-]*)\r?\n"

-- Name, role, WHAT and the rest of the line that begins `at` and ends at `stop`; nil if it is odd.
local function fields(text, at, stop)
  local size = 64
  local _, last, name, role, what, rest = text:find(DIGEST, at)
  if not last then
    size = 68
    _, last, name, role, what, rest = text:find(SSH, at)
  end
  if last == stop and #name <= 64 and (role == "user" or role == "admin") and #what == size then
    return name, role, what, rest
  end
end

-- `:END:CREATED` -> the end in seconds, or math.huge; nil if it is neither.
local function ending(rest)
  if rest == "" then
    return math.huge
  end
  local finish, created = rest:match("^:([%d-]+)(:?%d*)$")
  if not finish or #finish > 12 or #created > 13 or created == ":" then
    return nil
  end
  return finish == "-" and math.huge or finish:match("^%d+$") and tonumber(finish)
end

local function load(text)
  local names, admins, ends, odd, number, count = {}, {}, {}, {}, 0, 0
  -- An editor's byte order mark belongs to no name.
  local at = text:sub(1, 3) == "\239\187\191" and 4 or 1
  while true do
    local stop = text:find("\n", at, true)
    if not stop then
      break
    end
    number = number + 1
    local name, role, what, rest = fields(text, at, stop)
    local finish = name and ending(rest)
    if finish and names[what] == nil then
      names[what] = name
      admins[what] = role == "admin" or nil
      ends[what] = finish < math.huge and finish or nil
      count = count + 1
    elseif finish then
      count = names[what] and count - 1 or count
      names[what], admins[what], ends[what] = false, nil, nil
      odd[#odd + 1] = number
    elseif not text:find("^[ \t]*\r?\n", at) and not text:find("^[ \t]*#", at) then
      odd[#odd + 1] = number
    end
    at = stop + 1
    if number % PAUSE_AFTER == 0 then
      ngx.sleep(PAUSE)
    end
  end
  if text ~= "" and text:sub(-1) ~= "\n" then
    odd[#odd + 1] = number + 1
  end
  name_of, is_admin, end_of, last_trouble = names, admins, ends, nil
  if #odd > 0 then
    local more = #odd > MOST_NAMED and ", ..." or ""
    warn("ignored line ", table.concat(odd, ", ", 1, math.min(#odd, MOST_NAMED)), more)
  end
  if count == 0 then
    warn("holds no key: nobody gets in")
  end
end

local function close(problem)
  name_of, is_admin, end_of = {}, {}, {}
  if problem ~= last_trouble then
    warn(problem, ": nobody gets in")
    last_trouble = problem
  end
end

local keys = {}

function keys.start(path)
  watch.start(path, load, close)
end

-- Name and role of who has this SHA-256 or ssh key, until its end; else nil and why not.
function keys.find(what)
  local name = name_of[what]
  if not name then
    return nil, "unknown key"
  end
  if ngx.time() < (end_of[what] or math.huge) then
    return name, is_admin[what] and "admin" or "user"
  end
  return nil, "a key whose time is over"
end

return keys
