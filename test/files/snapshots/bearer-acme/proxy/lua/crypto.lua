-- The libcrypto that nginx has loaded anyway: a shared library in OpenResty's packages and in
-- Debian's nginx. One that was linked in statically shows no symbols.

local ffi = require "ffi"

ffi.cdef [[
  void ERR_clear_error(void);
]]

if pcall(function() return ffi.C.ERR_clear_error end) then
  return ffi.C
end
return ffi.load("crypto")
