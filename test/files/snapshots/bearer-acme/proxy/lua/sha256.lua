-- SHA-256 as lower-case hex.

local crypto = require "crypto"
local ffi = require "ffi"

ffi.cdef [[
  unsigned char *SHA256(const unsigned char *data, size_t size, unsigned char *digest);
]]

local digest = ffi.new("unsigned char[32]")
local hex = ffi.new("char[64]")
local DIGITS = ffi.new("const char[17]", "0123456789abcdef")

return function(text)
  crypto.SHA256(text, #text, digest)
  for index = 0, 31 do
    local byte = digest[index]
    hex[2 * index] = DIGITS[math.floor(byte / 16)]
    hex[2 * index + 1] = DIGITS[byte % 16]
  end
  return ffi.string(hex, 64)
end
