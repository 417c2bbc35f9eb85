-- The key file in memory: the SHA-256 of a key -> who has it. Each worker looks at the file
-- every 0.4 s; a request only looks up, which costs the same with ten keys and with 100,000.
--
-- A line is NAME:ROLE:SHA256, the digest in lower-case hex; # begins a comment. Whatever else
-- stands there counts for nobody and is named in the log by its number, never by its text:
--   a field more than this file knows (it might limit the key),
--   a last line without a newline (it might be half of one),
--   a digest that comes twice (removing one name would leave the key alive under the other).
-- A file that can't be read lets nobody in.

local ffi = require "ffi"

ffi.cdef [[
  int open(const char *path, int flags, ...);
  ssize_t read(int fd, void *buffer, size_t size);
  int close(int fd);
  int memcmp(const void *a, const void *b, size_t size);
]]

local EVERY = 0.4
-- While loading, others are let on after this many lines. sleep(0) doesn't do it.
local PAUSE_AFTER = 500
local PAUSE = 0.001
-- O_RDONLY | O_CLOEXEC | O_NONBLOCK: a FIFO in the file's place must not block the worker.
local FLAGS = 0x80800
local MOST_BYTES = 64 * 1024 * 1024
local MOST_NAMED = 20

local keys = {}
local name_of, role_of = {}, {}

-- What the file holds, and what it held when it was last loaded. Outside of Lua's heap, so that
-- reading megabytes twice a second leaves no garbage.
local fresh = { size = 0, room = 0 }
local loaded = { size = 0, room = 0 }
local never_loaded = true
local last_trouble

local function warn(...)
  ngx.log(ngx.ERR, "credentials/keys: ", ...)
end

-- Reads the file into `fresh`. Returns what is wrong, or nil.
local function read_file(path)
  local fd = ffi.C.open(path, FLAGS)
  if fd < 0 then
    return "can't be opened"
  end
  fresh.size = 0
  local problem
  repeat
    if fresh.room - fresh.size < 4096 then
      local room = math.max(65536, fresh.room * 2)
      local bytes = ffi.new("uint8_t[?]", room)
      ffi.copy(bytes, fresh.bytes or "", fresh.size)
      fresh.bytes, fresh.room = bytes, room
    end
    local got = tonumber(ffi.C.read(fd, fresh.bytes + fresh.size, fresh.room - fresh.size))
    if got < 0 then
      problem = "can't be read"
    elseif fresh.size + got > MOST_BYTES then
      problem = "is too large"
    else
      fresh.size = fresh.size + got
    end
  until problem or got == 0
  ffi.C.close(fd)
  return problem
end

-- Text -> digest -> name, digest -> role, numbers of the lines that don't count.
local function parse(text)
  local names, roles, odd, number = {}, {}, {}, 0
  for line in text:gmatch("([^\n]*)\n") do
    number = number + 1
    local name, role, digest = line:match("^(%w[%w._@-]*):(%l+):([0-9a-f]+)\r?$")
    if name and #name <= 64 and #digest == 64 and (role == "user" or role == "admin") then
      if names[digest] == nil then
        names[digest], roles[digest] = name, role
      else
        names[digest], roles[digest] = false, nil
        odd[#odd + 1] = number
      end
    elseif not line:find("^%s*\r?$") and not line:find("^%s*#") then
      odd[#odd + 1] = number
    end
    if number % PAUSE_AFTER == 0 then
      ngx.sleep(PAUSE)
    end
  end
  if text ~= "" and text:sub(-1) ~= "\n" then
    odd[#odd + 1] = number + 1
  end
  return names, roles, odd
end

local function close(problem)
  name_of, role_of, never_loaded = {}, {}, true
  if problem ~= last_trouble then
    warn(problem, ": nobody gets in")
    last_trouble = problem
  end
end

local function look(path)
  local problem = read_file(path)
  if problem then
    return close(problem)
  end
  if not never_loaded and fresh.size == loaded.size and ffi.C.memcmp(fresh.bytes, loaded.bytes, fresh.size) == 0 then
    return
  end
  -- Swapped, so that the next look doesn't write over what is compared with.
  fresh, loaded = loaded, fresh
  local text = ffi.string(loaded.bytes, loaded.size)
  -- An editor's byte order mark belongs to no name.
  if text:sub(1, 3) == "\239\187\191" then
    text = text:sub(4)
  end
  local names, roles, odd = parse(text)
  name_of, role_of, never_loaded, last_trouble = names, roles, false, nil
  if #odd > 0 then
    local more = #odd > MOST_NAMED and ", ..." or ""
    warn("ignored line ", table.concat(odd, ", ", 1, math.min(#odd, MOST_NAMED)), more)
  end
  if next(role_of) == nil then
    warn("holds no key: nobody gets in")
  end
end

local function tick(premature, path)
  if premature then
    return
  end
  local ok, problem = pcall(look, path)
  if not ok then
    close(tostring(problem))
  end
  ok, problem = ngx.timer.at(EVERY, tick, path)
  if not ok then
    close("can't be watched (" .. tostring(problem) .. ")")
  end
end

function keys.start(path)
  assert(ngx.timer.at(0, tick, path))
end

-- Name and role of the person with this digest, or nil.
function keys.find(digest)
  local name = name_of[digest]
  if name then
    return name, role_of[digest]
  end
end

return keys
