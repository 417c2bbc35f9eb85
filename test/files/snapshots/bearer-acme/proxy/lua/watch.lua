-- Looks at a file every 0.3 s and hands its text on whenever it has changed. The bytes are
-- compared: no time stamp, inode or size tells every edit that an editor can make.

local ffi = require "ffi"

ffi.cdef [[
  int open(const char *path, int flags, ...);
  ssize_t read(int fd, void *buffer, size_t size);
  int close(int fd);
  int memcmp(const void *a, const void *b, size_t size);
  void *realloc(void *memory, size_t size);
]]

local EVERY = 0.3
-- O_RDONLY | O_CLOEXEC | O_NONBLOCK: a FIFO in the file's place must not block the worker.
local FLAGS = 0x80800
local MOST_BYTES = 64 * 1024 * 1024

-- What the file held at the last look. Outside of Lua's heap, and looked at in pieces, so that
-- reading megabytes twice a second leaves no garbage.
local known, room, known_size = nil, 0, 0
local nothing_known = true
local PIECE = 65536
local piece = ffi.new("uint8_t[?]", PIECE)

-- Brings `known` up to date from the first piece that differs. Returns whether one did, or nil
-- and what is wrong.
local function compare(fd)
  local size, differs = 0, false
  while true do
    local got = tonumber(ffi.C.read(fd, piece, PIECE))
    if got < 0 then
      return nil, "can't be read"
    elseif got == 0 then
      differs = differs or size ~= known_size
      known_size = size
      return differs
    elseif size + got > MOST_BYTES then
      return nil, "is too large"
    end
    differs = differs or size + got > known_size or ffi.C.memcmp(piece, known + size, got) ~= 0
    if differs then
      if size + got > room then
        local more = 2 * math.max(room, PIECE)
        local larger = ffi.C.realloc(known, more)
        if larger == nil then
          return nil, "doesn't fit into memory"
        end
        known, room = ffi.cast("uint8_t *", larger), more
      end
      ffi.copy(known + size, piece, got)
    end
    size = size + got
  end
end

local function look(path, changed)
  local fd = ffi.C.open(path, FLAGS)
  if fd < 0 then
    return "can't be opened"
  end
  local differs, problem = compare(fd)
  ffi.C.close(fd)
  if problem then
    return problem
  end
  if differs or nothing_known then
    changed(known_size > 0 and ffi.string(known, known_size) or "")
    nothing_known = false
  end
end

local watch = {}

-- changed(text) for each new content, lost(problem) at each look that failed.
function watch.start(path, changed, lost)
  local function fail(problem)
    nothing_known = true
    known_size = 0
    lost(problem)
  end
  local function tick(premature)
    if premature then
      return
    end
    local ok, problem = pcall(look, path, changed)
    if not ok or problem then
      fail(tostring(problem))
    end
    if ngx.worker.exiting() then
      return
    end
    ok, problem = ngx.timer.at(EVERY, tick)
    if not ok then
      fail("can't be watched (" .. tostring(problem) .. ")")
    end
  end
  assert(ngx.timer.at(0, tick))
end

return watch
