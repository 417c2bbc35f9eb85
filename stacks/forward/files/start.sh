# nginx takes no variables where it listens and connects; compose.yaml says both (LISTEN, UPSTREAM).
set -eu

case $UPSTREAM in
# A socket file, or a name that Docker writes into /etc/hosts: known at the start.
unix:* | host.docker.internal:*) pass="proxy_pass $UPSTREAM;" ;;
# Another machine's name may get another address: asked for anew, and no reason not to start.
*) pass="set \$ollama $UPSTREAM; proxy_pass \$ollama;" ;;
esac
printf 'listen %s;\n%s\n' "$LISTEN" "$pass" >/tmp/server.conf

# One that was left behind is nobody's, and nginx wouldn't take its place.
case $LISTEN in unix:*) rm -f "${LISTEN#unix:}" ;; esac

exec nginx -p /tmp -c /forward/nginx.conf -e stderr -g "daemon off;"
