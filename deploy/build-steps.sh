# Steps that the builds of the ephemeral OS and of the deployable image share. Sourced, not run.
#
# Every build works in a folder of its own below the cache and renames it into place at the end,
# so a build that is interrupted leaves nothing that looks complete.

# The Debian release that everything is built from, and where it comes from.
readonly suite=bookworm
readonly mirror=${IRONRAFT_DEBIAN_MIRROR:-http://deb.debian.org/debian}
readonly security_mirror=${IRONRAFT_DEBIAN_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
readonly cache=${IRONRAFT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/ironraft}

say() { printf '%s: %s\n' "${0##*/deploy/}" "$*" >&2; }

fail() {
    say "$*"
    exit 1
}

# require_tools PROGRAM:PACKAGE...: names every program that is missing, with its Debian package.
require_tools() {
    local pair missing=()
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null || missing+=("${pair%%:*} (package ${pair##*:})")
    done
    ((${#missing[@]} == 0)) || fail "missing: ${missing[*]}"
    ((EUID == 0)) || fail "must be run as root, to make device nodes and file owners"
}

# content_hash FILE...: a short hash of the files' names and content, for the cache's folder names.
content_hash() {
    local file
    for file in "$@"; do
        printf '%s %s\n' "${file#"$here"/}" "$(sha256sum <"$file")"
    done | sha256sum | cut -c1-16
}

# sources: the package sources, one a line, as mmdebstrap takes them.
sources() {
    printf 'deb %s %s main\n' "$mirror" "$suite"
    printf 'deb %s %s-updates main\n' "$mirror" "$suite"
    printf 'deb %s %s-security main\n' "$security_mirror" "$suite"
}

# listed FILE: the entries of a list file, without comments and blank lines.
listed() { sed -e 's/#.*//' -e 's/[[:space:]]*$//' -e '/^$/d' "$1"; }

# publish FOLDER TARGET: puts a finished folder into the cache; a build at the same time may win.
publish() {
    if ! mv -T "$1" "$2" 2>/dev/null; then
        [ -d "$2" ] || fail "cannot move $1 to $2"
        rm -rf "$1"
    fi
}
