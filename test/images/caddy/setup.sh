# Makes Debian's Caddy look like the official image, which is Alpine: busybox for sh, wget and the
# rest, no bash. $1 is the image's root directory.
set -eu
. "$COMMON"

chroot "$1" busybox --install -s /usr/bin
mkdir -p "$1/config/caddy" "$1/data/caddy" "$1/srv"
chmod 1777 "$1/config" "$1/config/caddy" "$1/data" "$1/data/caddy"
# As in the official image: the binary can't be executed unless this capability is in the bounding set.
chroot "$1" setcap cap_net_bind_service=+ep /usr/bin/caddy
