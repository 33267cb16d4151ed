#!/bin/sh
# Tells the network stories on a Redis of your staging environment: through a proxy of this machine, with your
# permission for exactly this server, and only as long as it answers quickly enough.
#
#   examples/staging/run.sh rediss://:PASSWORD@redis.staging:6380/0?ssl_ca_certs=/etc/ssl/staging.pem redis.staging:6380
#
# The server is never flushed, reconfigured or stopped, and the keys of the run are removed afterwards.
set -eu

url=$1
target=$2
shift 2

exec stormproof campaign --tier scenarios --redis "$url" --allow-target "$target" \
    --abort-when 'latency_ms>1500' --abort-when 'key_count>1000000' "$@"
