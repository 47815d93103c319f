#!/bin/sh
# Makes sure that a checkpoint folder is what a list of SHA-256 sums says, before a server loads it. Needs coreutils alone.
#
#   checkpoint.sh verify FOLDER SUMS          every listed file has its sum, and no other file lies beside them
#   checkpoint.sh copy SOURCE FOLDER SUMS     copies the listed files, then verifies the copy; what is there and right stays
#
# SUMS, an absolute path, is made (names without spaces) where the checkpoint is known to be right: cd CHECKPOINT && sha256sum * > SHA256SUMS
# Exit code: 0 right; 1 wrong, or a file is missing; 2 bad usage.
set -eu

die() { echo "checkpoint: $1" >&2; exit "${2:-1}"; }

# The names in $sums, one a line, without the mark of a binary read.
listed() {
  while read -r _ name; do
    name=${name#\*}
    echo "${name#./}"
  done <"$sums"
}

is_listed() {
  for known in $(listed); do
    [ "$known" != "$1" ] || return 0
  done
  return 1
}

verify() {
  cd "$1" || die "$1 is not there: is the volume mounted?"
  sha256sum --check --strict --quiet "$sums" || die "$1 is not the checkpoint that $sums lists; copy it again, or renew the list"
  for file in * .[!.]*; do
    [ -f "$file" ] || continue
    is_listed "$file" || die "$1/$file is not in $sums: remove it, or renew the list"
  done
  echo "checkpoint: $1 is right: $(listed | wc -l) files"
}

# Copies what is not there, or not right, each file under another name first: a copy that was broken off is never taken for one.
copy() {
  for name in $(listed); do
    (cd "$2" && [ -f "$name" ] && sha256sum "$name" | same_sum "$name") && continue
    [ -f "$1/$name" ] || die "$1/$name is not there, but in $sums"
    case $name in */*) mkdir -p "$2/${name%/*}" ;; esac
    cp "$1/$name" "$2/$name.part"
    mv "$2/$name.part" "$2/$name"
  done
}

# Whether the sum that comes in is the one listed for $1.
same_sum() {
  read -r found _
  while read -r sum name; do
    name=${name#\*}
    [ "${name#./}" != "$1" ] || [ "$sum" != "$found" ] || return 0
  done <"$sums"
  return 1
}

case ${1:-} in
  verify) [ $# = 3 ] || die "verify FOLDER SUMS" 2 ;;
  copy) [ $# = 4 ] || die "copy SOURCE FOLDER SUMS" 2 ;;
  *) die "verify FOLDER SUMS | copy SOURCE FOLDER SUMS" 2 ;;
esac
action=$1
shift
for sums in "$@"; do :; done
case $sums in /*) ;; *) die "$sums: give the list's absolute path" 2 ;; esac
[ -s "$sums" ] || die "$sums is empty or not there: it is the list that sha256sum writes"
if [ "$action" = copy ]; then
  copy "$1" "$2"
  shift
fi
verify "$1"
