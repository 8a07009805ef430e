#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages of tools/packages.txt that are missing: install_packages.sh build|demo|test
# Calls apt only if something is missing, apt-get update only if a package is not known yet.
set -euo pipefail
list=$(dirname -- "${BASH_SOURCE[0]}")/packages.txt
want=$1

missing=()
while read -r name need reason; do
	case $name in ''|'#'*) continue ;; esac
	# NAME=FILE: another package may have brought the file
	case $name in *=*) [ ! -e "${name#*=}" ] || continue; name=${name%%=*} ;; esac
	[ "$need" = build ] || [ "$want" = test ] || [ "$need" = "$want" ] || continue
	if [ "$(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null)" != installed ]; then
		[ ${#missing[@]} -gt 0 ] || echo "These Debian packages are needed and missing:" >&2
		printf '  %-20s %s\n' "$name" "$reason" >&2
		missing+=("$name")
	fi
done < "$list"
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
	# sudo may ask for a password only where somebody can type one.
	if command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
		as_root=(sudo)
	else
		echo "Not root, and no sudo that works: install them with" >&2
		echo "  apt-get install ${missing[*]}" >&2
		exit 2
	fi
fi
export DEBIAN_FRONTEND=noninteractive
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300)
echo "Installing them with apt-get." >&2
install=("${apt[@]}" install -y --no-install-recommends "${missing[@]}")
known() { [ "$(apt-cache --no-generate pkgnames 2>/dev/null | grep -cxF "$(printf '%s\n' "${missing[@]}")")" -ge ${#missing[@]} ]; }
if ! known || ! "${install[@]}" </dev/null >&2; then
	"${apt[@]}" update </dev/null >&2
	"${install[@]}" </dev/null >&2
fi
