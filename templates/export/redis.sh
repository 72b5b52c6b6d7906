#!/bin/sh
# Starts Redis with the password of a file: in a configuration of its own, never in a command line or a variable.
set -eu
umask 077
conf="${REDIS_CONF_FOLDER:-/run/redis}/redis.conf"
# quoted as redis.conf has it; printf is the shell's own and shows in no list of processes
password=$(sed 's/[\\"]/\\&/g' "$REDIS_PASSWORD_FILE")
{
  printf 'dir %s\n' "${REDIS_DATA_FOLDER:-/data}"
  printf 'port %s\n' "${REDIS_PORT:-6379}"
  printf 'appendonly yes\n'
  printf 'requirepass "%s"\n' "$password"
} > "$conf"
if [ "$(id -u)" = 0 ] && id redis > /dev/null 2>&1; then chown redis "$conf"; fi
# the image's own entry: as root it gives the data to the user redis, and becomes that user
exec docker-entrypoint.sh redis-server "$conf"
