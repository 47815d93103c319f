#!/usr/bin/env bash
# Take Debian's packages as they were at one moment, from snapshot.debian.org, instead of as they are today.
#
#   scripts/lib/debian_snapshot.sh [MOMENT]     MOMENT: as in 20261101T000000Z; without one nothing is changed
#
# Changes the lists of sources in /etc/apt that name deb.debian.org.
if [ "${1:-}" = --help ] || [ "${1:-}" = -h ]; then sed -n '2,/^$/s/^# \{0,1\}//p' "$0" | sed '/^if /,$d'; exit 0; fi
set -euo pipefail
[ -n "${1:-}" ] || exit 0
[[ $1 =~ ^[0-9]{8}T[0-9]{6}Z$ ]] || { echo "debian_snapshot: '$1' is no moment as in 20261101T000000Z" >&2; exit 2; }

mapfile -t lists < <(grep -lr deb.debian.org /etc/apt)
[ ${#lists[@]} -gt 0 ] || { echo "debian_snapshot: /etc/apt names no source at deb.debian.org" >&2; exit 1; }
sed -i -E "s#https?://deb.debian.org/(debian[a-z-]*)#http://snapshot.debian.org/archive/\1/$1#" "${lists[@]}"
# An old list of packages is out of date on purpose.
echo 'Acquire::Check-Valid-Until "false";' >/etc/apt/apt.conf.d/snapshot
