# Makes a plain Debian look like the Ubuntu under the official image: the user `ubuntu`, and neither
# curl nor wget. $1 is the image's root directory.
set -eu
. "$COMMON"

echo 'ubuntu:x:1000:1000:Ubuntu:/home/ubuntu:/bin/bash' >> "$1/etc/passwd"
echo 'ubuntu:x:1000:' >> "$1/etc/group"
mkdir -p "$1/home/ubuntu"
chown 1000:1000 "$1/home/ubuntu"
# A new named volume takes owner and mode from here.
chmod 0750 "$1/home/ubuntu"
