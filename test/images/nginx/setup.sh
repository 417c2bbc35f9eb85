# Makes Debian's nginx look like the official image. $1 is the image's root directory.
set -eu
. "$COMMON"

# Debian's own layout, which the official image doesn't have.
rm -rf "$1"/etc/nginx/sites-* "$1"/etc/nginx/modules-* "$1"/etc/nginx/snippets "$1"/var/lib/nginx
echo 'nginx:x:101:101:nginx user:/nonexistent:/bin/false' >> "$1/etc/passwd"
echo 'nginx:x:101:' >> "$1/etc/group"

# Temporary files where the official build has them; the compiled-in paths lead there too.
mkdir -p "$1/var/cache/nginx" "$1/var/log/nginx" "$1/var/lib"
ln -s /var/cache/nginx "$1/var/lib/nginx"
ln -sf /dev/stdout "$1/var/log/nginx/access.log"
ln -sf /dev/stderr "$1/var/log/nginx/error.log"
