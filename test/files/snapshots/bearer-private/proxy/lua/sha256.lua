-- SHA-256 as lower-case hex, by the libcrypto that nginx has loaded anyway.

local ffi = require "ffi"

ffi.cdef [[
  unsigned char *SHA256(const unsigned char *data, size_t size, unsigned char *digest);
]]

-- An nginx that was linked with a static OpenSSL doesn't show its symbols.
local crypto = ffi.C
if not pcall(function() return crypto.SHA256 end) then
  crypto = ffi.load("crypto")
end

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
