#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Installs what the tests take from npm into build/npm: other people's readers of what Vitrine writes. Does
# nothing if they are there. Versions are fixed, so that a test fails for our reasons only.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-$root/build/npm}
packages=(
	@cyclonedx/cyclonedx-library@7.1.0 # validates CycloneDX
	ajv@8.20.0                          # for it, and JSON schemas
	ajv-formats@3.0.1
	ajv-formats-draft2019@1.6.1
	packageurl-js@2.0.1 # purls
	semver@7.7.2        # versions as npm orders them
	@sigstore/core@2.0.0 # DSSE as sigstore encodes it
)
stamp=$folder/.installed
[ "$(cat "$stamp" 2>/dev/null)" != "${packages[*]}" ] || exit 0
mkdir -p "$folder"
echo "Installing from npm: ${packages[*]}" >&2
cd "$folder"
[ -e package.json ] || echo '{"name": "vitrine-tests", "private": true}' >package.json
npm install --no-audit --no-fund --ignore-scripts --loglevel=error "${packages[@]}" >&2
echo "${packages[*]}" >"$stamp"
