# Makes Debian's nginx with Lua look like the official OpenResty image. $1 is the image's root directory.
set -eu
. "$COMMON"

rm -rf "$1"/etc/nginx/sites-* "$1"/etc/nginx/modules-* "$1"/etc/nginx/snippets "$1/etc/nginx/nginx.conf"
# `nginx` on the PATH is OpenResty's, so the real one steps aside.
mv "$1/usr/sbin/nginx" "$1/usr/lib/nginx/nginx"

base=$1/usr/local/openresty
mkdir -p "$base/bin" "$base/nginx/logs" "$1/var/run/openresty" "$1/var/lib/nginx"
ln -s /usr/local/openresty/nginx/sbin/nginx "$base/bin/openresty"
ln -s /usr/local/openresty/bin/openresty "$1/usr/bin/openresty"
ln -s /dev/stdout "$base/nginx/logs/access.log"
ln -s /dev/stderr "$base/nginx/logs/error.log"
