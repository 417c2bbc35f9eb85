#!/bin/sh
# The official image's entrypoint adjusts configuration first; a stack brings its own, so there is nothing to adjust.
exec "$@"
